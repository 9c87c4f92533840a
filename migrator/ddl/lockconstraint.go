package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// foreignKey is a foreign key of a table; the copies that partitions have are none.
type foreignKey struct {
	name, definition  string
	table, references *relation
}

// newKey returns a foreign key of a table.
func (l *locker) newKey(table *relation, o *schema.Object) foreignKey {
	k := foreignKey{name: schema.QuoteIdent(o.Name), definition: definition(o), table: table}
	w := &words{tokens(k.definition)}
	for w.next() && !w.accept("REFERENCES") {
	}
	k.references = l.relation(w.name())
	return k
}

// inherit locks what a foreign key of a partitioned table references, because its partitions get the key too. One that has the
// same key loses the triggers of its own.
func (l *locker) inherit(k foreignKey) {
	l.take(schema.ShareRowExclusive, tree(k.references)...)
	partitions := tree(k.table)[1:]
	l.keys = slices.DeleteFunc(l.keys, func(own foreignKey) bool {
		same := own.definition == k.definition && slices.Contains(partitions, own.table)
		if same {
			l.take(schema.AccessExclusive, tree(k.references)...)
		}
		return same
	})
}

func (l *locker) addConstraint(w *words, st Statement, r *relation, all []*relation) {
	w.name()
	o := l.to.Object(st.Object)
	switch {
	case o != nil && isForeignKey(o):
		k := l.newKey(r, o)
		l.take(schema.ShareRowExclusive, tree(r)...)
		l.take(schema.ShareRowExclusive, tree(k.references)...)
		l.inherit(k)
		l.keys = append(l.keys, k)
	default:
		l.take(schema.AccessExclusive, all...)
	}
	if o != nil {
		l.add(o)
	}
}

func (l *locker) changeConstraint(w *words, st Statement, r *relation, all []*relation) {
	name := w.name()
	l.take(schema.AccessExclusive, r)
	if index := l.relations[tokens(r.key.Name)[0]+"."+name]; index != nil && index.table == r && w.accept("TO") {
		l.renameTo(index, tokens(r.key.Name)[0]+"."+w.name())
		return
	}
	if o := l.object(st.Object); o != nil && o.Detail("index") != "" {
		l.take(schema.AccessExclusive, tree(l.relation(o.Detail("index")))...)
		return
	}
	i := slices.IndexFunc(l.keys, func(k foreignKey) bool { return k.table == r && k.name == name })
	if i < 0 || isPartitioned(r) {
		l.take(schema.AccessExclusive, all...)
	}
	if i < 0 {
		return
	}
	k := l.keys[i]
	switch {
	case strings.HasSuffix(st.SQL, " NOT ENFORCED"):
		l.take(schema.AccessExclusive, tree(k.references)...)
	case strings.HasSuffix(st.SQL, " ENFORCED"):
		l.take(schema.ShareRowExclusive, tree(k.references)...)
	case strings.Contains(st.SQL, " DROP CONSTRAINT "):
		for i, references := range tree(k.references) {
			if i == 0 || !isPartitioned(references) || l.version >= 150000 { // before, partitioned partitions have no triggers
				l.take(schema.AccessExclusive, references)
			}
		}
		l.keys = slices.Delete(l.keys, i, i+1)
	case w.accept("TO"):
		l.keys[i].name = w.name()
	}
}

func (l *locker) validate(w *words, _ Statement, r *relation, all []*relation) {
	name := w.name()
	l.take(schema.ShareUpdateExclusive, all...)
	for _, k := range l.keys {
		if k.table == r && k.name == name {
			l.take(schema.RowShare, k.references)
		}
	}
}

// rebuild is for a column that gets another type: the server makes its indexes and foreign keys again.
func (l *locker) rebuild(tables []*relation, column schema.Key) {
	uses := func(o *schema.Object, table *relation) bool {
		_, name, _ := cutLast(column.Name, ".")
		return slices.ContainsFunc(o.Needs, func(n schema.Need) bool {
			return n.On.Key.Kind == schema.Column && n.On.Key.Name == table.key.Name+"."+name
		})
	}
	for _, table := range tables {
		for _, part := range table.parts {
			if part.object != nil && uses(part.object, table) {
				part.isNew = true
			}
		}
	}
	_, name, _ := cutLast(column.Name, ".")
	for _, k := range l.keys {
		w := &words{tokens(k.definition)}
		w.accept("FOREIGN", "KEY")
		from := w.parenthesized()
		w.accept("REFERENCES")
		w.name()
		to := w.parenthesized()
		if slices.Contains(tables, k.table) && slices.Contains(from, name) || slices.Contains(tables, k.references) && slices.Contains(to, name) {
			l.take(schema.AccessExclusive, slices.Concat(tree(k.table), tree(k.references))...)
		}
	}
}
