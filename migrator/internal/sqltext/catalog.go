package sqltext

// CatalogEffect is the change that a non-transactional statement makes to the system catalogs, as far as it is needed to
// find out there whether the statement succeeded.
type CatalogEffect struct {
	// Verb is CREATE INDEX, DROP INDEX, REINDEX, DETACH PARTITION, CREATE DATABASE, DROP DATABASE, CREATE TABLESPACE,
	// DROP TABLESPACE, CREATE SUBSCRIPTION, COMMIT PREPARED or ROLLBACK PREPARED; "" for anything else.
	Verb string
	// Name is the object, as SQL: qualified if it was, in lower case or quoted, and without Unicode escapes. It is "" for
	// an index that the server names, for REINDEX of anything but an index, and for a prepared transaction.
	Name string
	// PlainName is the last part of Name, or the identifier of a prepared transaction, as the catalogs contain it: not
	// quoted, but not yet cut to 63 bytes.
	PlainName string
	// Table is the table of CREATE INDEX and REINDEX TABLE, and the parent of DETACH PARTITION, as Name; "" otherwise.
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
	case r.is("COMMIT"), r.is("ROLLBACK"):
		verb := "COMMIT PREPARED"
		if r.is("ROLLBACK") {
			verb = "ROLLBACK PREPARED"
		}
		if r.accept("PREPARED") && r.next() && r.isLiteral() {
			return CatalogEffect{Verb: verb, PlainName: r.literal()}
		}
	}
	return CatalogEffect{}
}

func (r *tokenReader) createEffect() CatalogEffect {
	r.accept("UNIQUE")
	for _, kind := range []string{"DATABASE", "TABLESPACE", "SUBSCRIPTION"} {
		if r.accept(kind) {
			return r.named(CatalogEffect{Verb: "CREATE " + kind})
		}
	}
	if !r.accept("INDEX") {
		return CatalogEffect{}
	}
	r.accept("CONCURRENTLY")
	e := CatalogEffect{Verb: "CREATE INDEX"}
	r.acceptIfExists()
	if !r.accept("ON") {
		e = r.named(e)
		r.accept("ON")
	}
	r.accept("ONLY")
	e.Table, _ = r.qualified()
	return e
}

func (r *tokenReader) dropEffect() CatalogEffect {
	for _, kind := range []string{"INDEX", "DATABASE", "TABLESPACE"} {
		if r.accept(kind) {
			r.accept("CONCURRENTLY")
			r.acceptIfExists()
			return r.named(CatalogEffect{Verb: "DROP " + kind})
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
		e = r.named(e)
	case r.accept("TABLE"):
		r.accept("CONCURRENTLY")
		e.Table, _ = r.qualified()
	}
	return e
}

func (r *tokenReader) detachEffect() CatalogEffect {
	r.acceptIfExists()
	r.accept("ONLY")
	e := CatalogEffect{Verb: "DETACH PARTITION"}
	e.Table, _ = r.qualified()
	if !r.accept("DETACH") || !r.accept("PARTITION") {
		return CatalogEffect{}
	}
	return r.named(e)
}

// named adds the name that follows.
func (r *tokenReader) named(e CatalogEffect) CatalogEffect {
	e.Name, e.PlainName = r.qualified()
	return e
}

func (r *tokenReader) acceptIfExists() {
	if r.accept("IF") {
		r.accept("NOT")
		r.accept("EXISTS")
	}
}
