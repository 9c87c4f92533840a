package ddl

import (
	"cmp"
	"strings"

	"example.com/ambix/migrator/schema"
)

// statement takes the locks of a statement.
func (l *locker) statement(st Statement) {
	w := &words{tokens(st.SQL)}
	switch {
	case w.accept("CREATE"):
		w.accept("OR", "REPLACE")
		l.create(w, st)
	case w.accept("ALTER"):
		l.alter(w, st)
	case w.accept("DROP"):
		l.drop(w, st)
	case w.accept("COMMENT"), w.accept("SECURITY", "LABEL"):
		l.describe(w, st)
	case w.accept("REFRESH", "MATERIALIZED", "VIEW"):
		l.take(schema.AccessExclusive, l.relation(w.name()))
	case w.accept("DO"): // the state of the triggers of a foreign key
		if _, table, found := strings.Cut(st.SQL, "t.tgrelid = '"); found {
			table, _, _ = strings.Cut(table, "'::")
			l.take(schema.ShareRowExclusive, l.relation(strings.ReplaceAll(table, "''", "'")))
		}
	case w.accept("SELECT"): // the position of a sequence
		if _, sequence, found := strings.Cut(st.SQL, "setval('"); found {
			sequence, _, _ = strings.Cut(sequence, "', ")
			l.take(schema.RowExclusive, l.relation(strings.ReplaceAll(sequence, "''", "'")))
		}
	}
}

func (l *locker) create(w *words, st Statement) {
	o := l.object(st.Object)
	switch st.Object.Kind {
	case schema.Table, schema.ForeignTable:
		for _, parent := range list(o.Fact("parents")) {
			if o.Fact("partition") == "" {
				l.take(schema.ShareUpdateExclusive, l.relation(parent))
			}
		}
		l.add(o)
		if o.Fact("partition") == "" {
			for _, parent := range list(o.Fact("parents")) {
				l.relations[o.Key.Name].link(l.relation(parent))
			}
		}
	case schema.View, schema.MaterializedView, schema.Sequence:
		l.uses(w)
		if old := l.relations[o.Key.Name]; old != nil {
			l.take(schema.AccessExclusive, old)
			return
		}
		l.add(o)
	case schema.Index, schema.Constraint: // the index of a constraint may be made first
		l.createIndex(w, o)
	case schema.Trigger:
		l.addTrigger(o)
		l.take(schema.ShareRowExclusive, l.tablesOfTrigger(o)...)
	case schema.Rule:
		l.take(schema.AccessExclusive, l.relation(o.Parent.Key.Name))
		l.uses(w)
	case schema.Policy:
		l.take(schema.AccessExclusive, l.relation(o.Parent.Key.Name))
	case schema.Statistics:
		l.take(schema.ShareUpdateExclusive, l.statisticsOf(o))
	case schema.Function, schema.Procedure:
		l.uses(w)
	}
}

func (l *locker) createIndex(w *words, o *schema.Object) {
	w.accept("UNIQUE")
	w.accept("INDEX")
	mode := schema.Share
	if w.accept("CONCURRENTLY") {
		mode = schema.ShareUpdateExclusive
	}
	name := w.name()
	w.accept("ON")
	w.accept("ONLY")
	table := l.relation(w.name())
	l.take(mode, table)
	l.addIndex(tokens(table.key.Name)[0]+"."+name, table, o)
}

// tablesOfTrigger returns the tables that have a trigger: that of a partitioned table is copied to the partitions.
func (l *locker) tablesOfTrigger(o *schema.Object) []*relation {
	if table := l.triggers[o.Key]; table != nil {
		return tree(table)
	}
	return []*relation{l.relation(o.Parent.Key.Name)}
}

// statisticsOf returns the table of extended statistics.
func (l *locker) statisticsOf(o *schema.Object) *relation {
	w := &words{tokens(definition(o))}
	for w.next() {
		if w.accept("FROM") && !w.has("FROM") {
			return l.relation(w.name())
		}
	}
	return nil
}

// uses locks the tables that the statements of a view, a rule or a function change, or select from FOR UPDATE. The server
// parses them, and locks the tables as if it ran them.
func (l *locker) uses(w *words) {
	aliases := map[string]*relation{}
	for len(w.rest) > 0 {
		switch {
		case w.accept("INSERT", "INTO"), w.accept("DELETE", "FROM"), w.accept("MERGE", "INTO"):
			w.accept("ONLY")
			l.take(schema.RowExclusive, l.relations[w.name()])
		case w.accept("FOR") && (w.accept("UPDATE", "OF") || w.accept("SHARE", "OF") || w.accept("NO", "KEY", "UPDATE", "OF") || w.accept("KEY", "SHARE", "OF")):
			l.take(schema.RowShare, aliases[w.name()])
			for w.accept(",") {
				l.take(schema.RowShare, aliases[w.name()])
			}
		case w.accept("UPDATE"):
			w.accept("ONLY")
			l.take(schema.RowExclusive, l.relations[w.name()])
		default:
			start := w.rest
			name := w.name()
			if r := l.relations[name]; r != nil {
				aliases[start[len(start)-len(w.rest)-1]] = r
				if len(w.rest) > 0 {
					aliases[w.rest[0]] = r
				}
			}
			if len(w.rest) == len(start) {
				w.next()
			}
		}
	}
}

func (l *locker) alter(w *words, st Statement) {
	switch {
	case w.relationKind():
		l.alterRelation(w, st)
	case w.accept("TYPE"):
		name := w.name()
		if !w.has("ATTRIBUTE") {
			return
		}
		for _, r := range l.relations {
			if r.typed == name {
				l.take(schema.AccessExclusive, tree(r)...)
			}
		}
	case w.accept("DOMAIN"):
		name := w.name()
		domain := l.from.Object(schema.Key{Kind: schema.Domain, Name: cmp.Or(l.types[name], name)})
		validates := w.accept("SET", "NOT", "NULL") || w.accept("VALIDATE") || w.accept("ADD") && !w.has("NOT", "VALID")
		if domain != nil && validates {
			l.tablesOf(domain, schema.Share)
		}
	case w.accept("PUBLICATION"):
		w.name()
		if w.accept("ADD", "TABLE", "ONLY") || w.accept("DROP", "TABLE", "ONLY") {
			l.take(schema.ShareUpdateExclusive, l.relation(w.name()))
		}
	}
}

// tablesOf locks the tables with a column of a domain, or of a domain over it.
func (l *locker) tablesOf(o *schema.Object, mode schema.LockMode) {
	for _, d := range l.from.Dependents(o) {
		switch {
		case d.Key.Kind == schema.Domain:
			l.tablesOf(d, mode)
		case d.Key.Kind == schema.Column && (d.Parent.Key.Kind == schema.Table || d.Parent.Key.Kind == schema.MaterializedView):
			l.take(mode, l.relations[d.Parent.Key.Name])
		}
	}
}

func (l *locker) drop(w *words, st Statement) {
	o := l.from.Object(st.Object)
	switch {
	case w.accept("INDEX", "CONCURRENTLY"):
		l.take(schema.ShareUpdateExclusive, l.relation(w.name()).table)
	case w.relationKind():
		r := l.relation(w.name())
		for _, dropped := range tree(r) {
			l.take(schema.AccessExclusive, dropped)
			l.take(schema.AccessExclusive, dropped.sequences("")...)
			if dropped.object != nil && dropped.object.Fact("partition") != "" {
				for _, parent := range dropped.parents {
					l.take(schema.AccessExclusive, parent, parent.defaultPartition())
				}
			}
		}
	case o == nil:
	case w.accept("TRIGGER"):
		l.take(schema.AccessExclusive, l.tablesOfTrigger(o)...)
		delete(l.triggers, o.Key)
	case w.accept("RULE"), w.accept("POLICY"):
		l.take(schema.AccessExclusive, l.relation(o.Parent.Key.Name))
	case w.accept("STATISTICS"):
		l.take(schema.ShareUpdateExclusive, l.statisticsOf(o))
	}
}

// describe is for comments and labels.
func (l *locker) describe(w *words, st Statement) {
	for !w.accept("ON") && w.next() {
	}
	switch {
	case w.accept("INDEX"):
	case w.relationKind():
		l.take(schema.ShareUpdateExclusive, l.relation(w.name()))
	case w.accept("COLUMN"):
		if o := l.object(st.Object); o != nil && o.Parent != nil {
			l.take(schema.ShareUpdateExclusive, l.relations[o.Parent.Key.Name])
		}
	}
}
