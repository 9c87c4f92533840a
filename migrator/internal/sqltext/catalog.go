package sqltext

import "strings"

// CatalogEffect is the change that a non-transactional statement makes to the system catalogs, as far as it is needed to
// find out there whether the statement succeeded.
type CatalogEffect struct {
	// Verb is CREATE INDEX, DROP INDEX, REINDEX, DETACH PARTITION, CREATE DATABASE, DROP DATABASE, CREATE TABLESPACE,
	// DROP TABLESPACE or CREATE SUBSCRIPTION; "" for anything else.
	Verb string
	// Name is the object, qualified and quoted as it was written. It is "" for an index that the server names, and for
	// REINDEX of anything but an index.
	Name string
	// Table is the table of CREATE INDEX and REINDEX TABLE, and the parent of DETACH PARTITION, as it was written; ""
	// otherwise.
	Table string
}

// CatalogEffectOf returns the effect of a statement of class NonTransactional, the zero value if it is not known.
func CatalogEffectOf(src string, s Statement) CatalogEffect {
	r := newTokenReader(src, s)
	if !r.next() {
		return CatalogEffect{}
	}
	switch {
	case r.is("CREATE"):
		return r.createEffect()
	case r.is("DROP"):
		return r.dropEffect()
	case r.is("REINDEX"):
		return r.reindexEffect()
	case r.is("ALTER") && r.accept("TABLE"):
		return r.detachEffect()
	}
	return CatalogEffect{}
}

func (r *tokenReader) createEffect() CatalogEffect {
	r.accept("UNIQUE")
	for _, kind := range []string{"DATABASE", "TABLESPACE", "SUBSCRIPTION"} {
		if r.accept(kind) {
			return CatalogEffect{Verb: "CREATE " + kind, Name: r.qualified()}
		}
	}
	if !r.accept("INDEX") {
		return CatalogEffect{}
	}
	r.accept("CONCURRENTLY")
	e := CatalogEffect{Verb: "CREATE INDEX"}
	r.acceptIfExists()
	if !r.accept("ON") {
		e.Name = r.qualified()
		r.accept("ON")
	}
	r.accept("ONLY")
	e.Table = r.qualified()
	return e
}

func (r *tokenReader) dropEffect() CatalogEffect {
	for _, kind := range []string{"INDEX", "DATABASE", "TABLESPACE"} {
		if r.accept(kind) {
			r.accept("CONCURRENTLY")
			r.acceptIfExists()
			return CatalogEffect{Verb: "DROP " + kind, Name: r.qualified()}
		}
	}
	return CatalogEffect{}
}

func (r *tokenReader) reindexEffect() CatalogEffect {
	r.skipParens()
	e := CatalogEffect{Verb: "REINDEX"}
	switch {
	case r.accept("INDEX"):
		r.accept("CONCURRENTLY")
		e.Name = r.qualified()
	case r.accept("TABLE"):
		r.accept("CONCURRENTLY")
		e.Table = r.qualified()
	}
	return e
}

func (r *tokenReader) detachEffect() CatalogEffect {
	r.acceptIfExists()
	r.accept("ONLY")
	e := CatalogEffect{Verb: "DETACH PARTITION", Table: r.qualified()}
	if !r.accept("DETACH") || !r.accept("PARTITION") {
		return CatalogEffect{}
	}
	e.Name = r.qualified()
	return e
}

func (r *tokenReader) acceptIfExists() {
	if r.accept("IF") {
		r.accept("NOT")
		r.accept("EXISTS")
	}
}

// qualified reads a name that may be qualified and returns it without white space and comments between its parts.
func (r *tokenReader) qualified() string {
	var b strings.Builder
	for part := true; ; part = !part {
		ahead := *r
		if !ahead.next() || part && ahead.tok.Kind != Word && ahead.tok.Kind != QuotedName || !part && !ahead.isOperator(".") {
			return b.String()
		}
		*r = ahead
		b.WriteString(r.text())
	}
}
