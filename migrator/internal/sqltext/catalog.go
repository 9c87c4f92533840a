package sqltext

import "strings"

// CatalogEffect says what a statement that runs alone, outside a transaction, does to the catalog: enough to look there
// whether it happened.
type CatalogEffect struct {
	// Verb is CREATE INDEX, DROP INDEX, REINDEX, DETACH PARTITION, CREATE DATABASE, DROP DATABASE, CREATE TABLESPACE,
	// DROP TABLESPACE or CREATE SUBSCRIPTION; "" for anything else.
	Verb string
	// Name is the object as SQL: qualified and quoted as it was written. "" for an index whose name the server makes, and
	// for REINDEX of something else than an index.
	Name string
	// Table is the table of CREATE INDEX, DETACH PARTITION (the parent) and REINDEX TABLE, as SQL; "" otherwise.
	Table string
}

// CatalogEffectOf reads the head of a statement of class NonTransactional.
func CatalogEffectOf(src string, s Statement) CatalogEffect {
	r := newTokenReader(src, s)
	if !r.next() {
		return CatalogEffect{}
	}
	switch {
	case r.is("CREATE"):
		return r.created()
	case r.is("DROP"):
		return r.dropped()
	case r.is("REINDEX"):
		return r.reindexed()
	case r.is("ALTER") && r.accept("TABLE"):
		return r.detached()
	}
	return CatalogEffect{}
}

func (r *tokenReader) created() CatalogEffect {
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
	r.ifExists()
	if !r.accept("ON") {
		e.Name = r.qualified()
		r.accept("ON")
	}
	r.accept("ONLY")
	e.Table = r.qualified()
	return e
}

func (r *tokenReader) dropped() CatalogEffect {
	for _, kind := range []string{"INDEX", "DATABASE", "TABLESPACE"} {
		if r.accept(kind) {
			r.accept("CONCURRENTLY")
			r.ifExists()
			return CatalogEffect{Verb: "DROP " + kind, Name: r.qualified()}
		}
	}
	return CatalogEffect{}
}

func (r *tokenReader) reindexed() CatalogEffect {
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

func (r *tokenReader) detached() CatalogEffect {
	r.ifExists()
	r.accept("ONLY")
	e := CatalogEffect{Verb: "DETACH PARTITION", Table: r.qualified()}
	if !r.accept("DETACH") || !r.accept("PARTITION") {
		return CatalogEffect{}
	}
	e.Name = r.qualified()
	return e
}

func (r *tokenReader) ifExists() {
	if r.accept("IF") {
		r.accept("NOT")
		r.accept("EXISTS")
	}
}

// qualified reads a possibly qualified name and gives it without what stands between its parts.
func (r *tokenReader) qualified() string {
	var b strings.Builder
	for part := true; ; part = !part {
		ahead := *r
		if !ahead.next() || part && ahead.tok.Kind != Word && ahead.tok.Kind != QuotedName || !part && !ahead.mark(".") {
			return b.String()
		}
		*r = ahead
		b.WriteString(r.text())
	}
}
