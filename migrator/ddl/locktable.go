package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// alterRelation is for ALTER TABLE and the like. The kind of relation has been read.
func (l *locker) alterRelation(w *words, st Statement) {
	only := w.accept("ONLY")
	r := l.relation(w.name())
	all := []*relation{r}
	if !only {
		all = tree(r)
	}
	switch {
	case r.key.Kind == schema.Sequence:
		l.alterSequence(w, r)
	case r.key.Kind == schema.Index:
		l.alterIndex(w, r)
	case w.accept("ATTACH", "PARTITION"):
		l.attach(r, l.relation(w.name()))
	case w.accept("DETACH", "PARTITION"):
		l.detach(r, l.relation(w.name()))
	case w.accept("INHERIT"):
		parent := l.relation(w.name())
		l.take(schema.AccessExclusive, all...)
		l.take(schema.ShareUpdateExclusive, parent)
		r.link(parent)
	case w.accept("NO", "INHERIT"):
		l.take(schema.AccessExclusive, r)
		r.unlink(l.relation(w.name()))
	case w.accept("OF"):
		l.take(schema.AccessExclusive, r)
		r.typed = w.name()
	case w.accept("NOT", "OF"):
		l.take(schema.AccessExclusive, r)
		r.typed = ""
	case w.accept("OWNER"):
		l.take(schema.AccessExclusive, r)
		l.take(schema.AccessExclusive, r.sequences("")...)
	case w.accept("SET", "SCHEMA"):
		l.take(schema.AccessExclusive, r)
		l.take(schema.AccessExclusive, r.sequences("")...)
	case w.accept("SET", "LOGGED"), w.accept("SET", "UNLOGGED"):
		l.take(schema.AccessExclusive, r)
		if l.version >= 150000 { // before, sequences are always logged
			l.take(schema.AccessExclusive, r.sequences("")...)
		}
	case w.accept("CLUSTER"), w.accept("SET", "WITHOUT", "CLUSTER"):
		l.take(schema.ShareUpdateExclusive, r)
	case w.accept("SET", "("), w.accept("RESET", "("):
		l.take(optionsMode(w), r)
	case w.accept("RENAME", "COLUMN"):
		l.take(schema.AccessExclusive, all...)
	case w.accept("ADD", "COLUMN"):
		l.take(schema.AccessExclusive, all...)
		l.addIdentityOf(st.Object)
	case w.accept("DROP", "COLUMN"):
		l.take(schema.AccessExclusive, all...)
		l.dropSequences(r, w.name())
	case w.accept("ALTER", "COLUMN"):
		l.alterColumn(w, st, r, all)
	case w.accept("ADD", "CONSTRAINT"):
		l.addConstraint(w, st, r, all)
	case w.accept("RENAME", "CONSTRAINT"), w.accept("ALTER", "CONSTRAINT"), w.accept("DROP", "CONSTRAINT", "IF", "EXISTS"), w.accept("DROP", "CONSTRAINT"):
		l.changeConstraint(w, st, r, all)
	case w.accept("VALIDATE", "CONSTRAINT"):
		l.validate(w, st, r, all)
	case (w.accept("ENABLE") || w.accept("DISABLE")) && w.has("TRIGGER"):
		l.take(schema.ShareRowExclusive, r)
		if o := l.object(st.Object); isPartitioned(r) && (o == nil || o.Key.Kind != schema.Trigger || isForRows(o)) {
			l.take(schema.ShareRowExclusive, all...)
		}
	default:
		l.take(schema.AccessExclusive, r)
	}
}

func (l *locker) attach(parent, child *relation) {
	l.take(schema.ShareUpdateExclusive, parent)
	l.take(schema.AccessExclusive, tree(child)...)
	l.take(schema.AccessExclusive, parent.defaultPartition())
	child.link(parent)
	for _, k := range slices.Clone(l.keys) {
		if slices.Contains(ancestry(parent), k.table) {
			l.inherit(k)
		}
	}
	if l.version >= 150000 {
		l.take(schema.ShareRowExclusive, l.referencing(parent)...)
	}
}

// referencing returns the tables with foreign keys that reference a partitioned table, or one above it.
func (l *locker) referencing(table *relation) []*relation {
	var list []*relation
	for _, k := range l.keys {
		if slices.Contains(ancestry(table), k.references) {
			list = append(list, k.table)
		}
	}
	return list
}

func (l *locker) detach(parent, child *relation) {
	l.take(schema.AccessExclusive, parent, parent.defaultPartition())
	l.take(schema.ShareUpdateExclusive, child)
	if l.version >= 140000 {
		l.take(schema.AccessExclusive, child)
	}
	l.take(schema.AccessExclusive, tree(child)[1:]...) // their bounds are those of another tree
	above := ancestry(parent)
	for _, k := range slices.Clone(l.keys) {
		if slices.Contains(above, k.table) {
			l.take(schema.ShareRowExclusive, tree(k.references)...)
			l.keys = append(l.keys, foreignKey{k.name, k.definition, child, k.references}) // they get a key of their own
		}
	}
	for _, table := range l.triggers {
		if slices.Contains(above, table) {
			l.take(schema.AccessExclusive, tree(child)...) // it loses the copies of the trigger
		}
	}
	l.take(schema.AccessExclusive, l.referencing(parent)...)
	child.unlink(parent)
	for _, index := range child.parts {
		for _, above := range slices.Clone(index.parents) {
			l.take(schema.AccessExclusive, index)
			index.unlink(above)
		}
	}
}

func (l *locker) alterColumn(w *words, st Statement, r *relation, all []*relation) {
	column := w.name()
	switch {
	case w.accept("SET", "STATISTICS"), w.accept("SET", "("), w.accept("RESET", "("):
		l.take(schema.ShareUpdateExclusive, all...)
	case w.accept("DROP", "IDENTITY"):
		l.take(schema.AccessExclusive, all...)
		l.dropSequences(r, column)
	case w.accept("TYPE"):
		l.take(schema.AccessExclusive, all...)
		l.rebuild(all, st.Object)
	case w.accept("ADD", "GENERATED"):
		l.take(schema.AccessExclusive, all...)
		l.addIdentityOf(st.Object)
	case w.accept("SET", "GENERATED"):
		l.take(schema.AccessExclusive, all...)
		l.take(schema.ShareRowExclusive, r.sequences(column)...)
	default:
		l.take(schema.AccessExclusive, all...)
	}
}

// dropSequences is for a column whose sequences are dropped with it.
func (l *locker) dropSequences(table *relation, column string) {
	for _, sequence := range table.sequences(column) {
		l.take(schema.AccessExclusive, sequence)
		l.remove(sequence)
	}
}

// addIdentityOf adds the sequence of an identity column that is made.
func (l *locker) addIdentityOf(column schema.Key) {
	if o := l.to.Object(column); o != nil {
		l.addIdentity(o)
	}
}

// optionsMode returns the lock for changing storage options.
func optionsMode(w *words) schema.LockMode {
	for {
		name := w.name()
		switch {
		case strings.HasPrefix(name, "toast."), strings.HasPrefix(name, "autovacuum_"), strings.HasPrefix(name, "vacuum_"), name == "":
		case slices.Contains([]string{"fillfactor", "parallel_workers", "toast_tuple_target", "n_distinct", "n_distinct_inherited", "deduplicate_items"}, name):
		default:
			return schema.AccessExclusive
		}
		for len(w.rest) > 0 && !w.accept(",") {
			w.next()
		}
		if len(w.rest) == 0 {
			return schema.ShareUpdateExclusive
		}
	}
}

func (l *locker) alterSequence(w *words, r *relation) {
	switch {
	case w.accept("OWNED", "BY"):
		l.take(schema.ShareRowExclusive, r)
		l.own(r, w.name())
	case w.accept("RENAME"), w.accept("SET"), w.accept("OWNER"):
		l.take(schema.AccessExclusive, r)
	default:
		l.take(schema.ShareRowExclusive, r)
	}
}

func (l *locker) alterIndex(w *words, r *relation) {
	switch {
	case w.accept("RENAME"), w.accept("ALTER"): // SHARE UPDATE EXCLUSIVE on the index
	case w.accept("ATTACH", "PARTITION"):
		child := l.relation(w.name())
		l.take(schema.AccessExclusive, child)
		child.link(r)
	case w.accept("SET", "("), w.accept("RESET", "("):
		l.take(optionsMode(w), r)
	default:
		l.take(schema.AccessExclusive, r)
	}
}

func isPartitioned(r *relation) bool { return r.object != nil && r.object.Fact("partition key") != "" }

func isForRows(trigger *schema.Object) bool {
	return strings.Contains(definition(trigger), " FOR EACH ROW ")
}
