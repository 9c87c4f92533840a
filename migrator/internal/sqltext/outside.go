package sqltext

import "strings"

// Effect says what a statement that runs alone, outside a transaction, does to the catalog: enough to look there
// whether it happened.
type Effect struct {
	// Verb is CREATE INDEX, DROP INDEX, REINDEX, DETACH PARTITION, CREATE DATABASE, DROP DATABASE, CREATE TABLESPACE,
	// DROP TABLESPACE or CREATE SUBSCRIPTION; "" for anything else.
	Verb string
	// Name is the object as SQL: qualified and quoted as it was written. "" for an index whose name the server makes, and
	// for REINDEX of something else than an index.
	Name string
	// Table is the table of CREATE INDEX, DETACH PARTITION (the parent) and REINDEX TABLE, as SQL; "" otherwise.
	Table string
}

// EffectOf reads the head of a statement of class NoTransaction.
func EffectOf(src string, s Statement) Effect {
	p := newPhrase(src, s)
	if !p.next() {
		return Effect{}
	}
	switch {
	case p.is("CREATE"):
		return p.created()
	case p.is("DROP"):
		return p.dropped()
	case p.is("REINDEX"):
		return p.reindexed()
	case p.is("ALTER") && p.accept("TABLE"):
		return p.detached()
	}
	return Effect{}
}

func (p *phrase) created() Effect {
	p.accept("UNIQUE")
	for _, kind := range []string{"DATABASE", "TABLESPACE", "SUBSCRIPTION"} {
		if p.accept(kind) {
			return Effect{Verb: "CREATE " + kind, Name: p.qualified()}
		}
	}
	if !p.accept("INDEX") {
		return Effect{}
	}
	p.accept("CONCURRENTLY")
	e := Effect{Verb: "CREATE INDEX"}
	p.ifExists()
	if !p.accept("ON") {
		e.Name = p.qualified()
		p.accept("ON")
	}
	p.accept("ONLY")
	e.Table = p.qualified()
	return e
}

func (p *phrase) dropped() Effect {
	for _, kind := range []string{"INDEX", "DATABASE", "TABLESPACE"} {
		if p.accept(kind) {
			p.accept("CONCURRENTLY")
			p.ifExists()
			return Effect{Verb: "DROP " + kind, Name: p.qualified()}
		}
	}
	return Effect{}
}

func (p *phrase) reindexed() Effect {
	p.skipParens()
	e := Effect{Verb: "REINDEX"}
	switch {
	case p.accept("INDEX"):
		p.accept("CONCURRENTLY")
		e.Name = p.qualified()
	case p.accept("TABLE"):
		p.accept("CONCURRENTLY")
		e.Table = p.qualified()
	}
	return e
}

func (p *phrase) detached() Effect {
	p.ifExists()
	p.accept("ONLY")
	e := Effect{Verb: "DETACH PARTITION", Table: p.qualified()}
	if !p.accept("DETACH") || !p.accept("PARTITION") {
		return Effect{}
	}
	e.Name = p.qualified()
	return e
}

func (p *phrase) ifExists() {
	if p.accept("IF") {
		p.accept("NOT")
		p.accept("EXISTS")
	}
}

// qualified reads a possibly qualified name and gives it without what stands between its parts.
func (p *phrase) qualified() string {
	var b strings.Builder
	for part := true; ; part = !part {
		ahead := *p
		if !ahead.next() || part && ahead.tok.Kind != Word && ahead.tok.Kind != QuotedName || !part && !ahead.mark(".") {
			return b.String()
		}
		*p = ahead
		b.WriteString(p.text())
	}
}
