package ddl

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

// locker follows statements, so that it knows which relations there are, and how they are connected. What it says is compared
// with what servers do by the tests of all changes.
type locker struct {
	from, to  *schema.Schema
	version   int
	relations map[string]*relation
	keys      []foreignKey
	types     map[string]string             // the first names of types and domains that were renamed
	triggers  map[schema.Key]*relation      // those that partitions get too, and their tables
	taken     map[*relation]schema.LockMode // by the current statement
}

// relation is a table, a view, a sequence or an index.
type relation struct {
	key      schema.Key
	object   *schema.Object // nil for one that the schemas do not have, such as a member of an extension
	isNew    bool           // made by the script
	parents  []*relation    // of a table: those that it inherits from, or the one that it is a partition of
	children []*relation    // the tables with this parent
	table    *relation      // of an index, and of a sequence that belongs to a column
	column   string         // of the sequence
	typed    string         // the type that a table is OF
	parts    []*relation    // the indexes and sequences of a table
}

// link makes a table the child of another one.
func (r *relation) link(parent *relation) {
	r.parents, parent.children = append(r.parents, parent), append(parent.children, r)
}

func (r *relation) unlink(parent *relation) {
	isRelation := func(other *relation) func(*relation) bool { return func(r *relation) bool { return r == other } }
	r.parents, parent.children = slices.DeleteFunc(r.parents, isRelation(parent)), slices.DeleteFunc(parent.children, isRelation(r))
}

// belong makes an index or a sequence part of a table; nil: of none.
func (r *relation) belong(table *relation, column string) {
	if r.table != nil {
		r.table.parts = slices.DeleteFunc(r.table.parts, func(part *relation) bool { return part == r })
	}
	if r.table, r.column = table, column; table != nil {
		table.parts = append(table.parts, r)
	}
}

func newLocker(from, to *schema.Schema) *locker {
	l := &locker{from: from, to: to, version: from.Version, relations: map[string]*relation{}, triggers: map[schema.Key]*relation{}, types: map[string]string{}}
	for _, o := range from.Objects {
		l.add(o)
	}
	for _, o := range from.Objects {
		r := l.relations[o.Key.Name]
		switch {
		case isTable(o):
			for _, parent := range list(o.Fact("parents")) {
				r.link(l.relation(parent))
			}
		case o.Key.Kind == schema.Sequence:
			l.own(r, o.Fact("owned by"))
		case o.Key.Kind == schema.Trigger:
			l.addTrigger(o)
		case o.Fact("parent") != "":
			l.relation(indexName(o)).link(l.relation(o.Fact("parent")))
		case isForeignKey(o) && isTable(o.Parent):
			l.keys = append(l.keys, l.newKey(l.relation(o.Parent.Key.Name), o))
		}
	}
	return l
}

// add adds the relations that an object is or has.
func (l *locker) add(o *schema.Object) {
	switch o.Key.Kind {
	case schema.Table, schema.ForeignTable, schema.View, schema.MaterializedView, schema.Sequence:
		l.relations[o.Key.Name] = &relation{key: o.Key, object: o, isNew: true, typed: o.Fact("of type")}
		for _, column := range o.Columns() {
			l.addIdentity(column)
		}
	case schema.Index:
		l.addIndex(o.Key.Name, l.relation(o.Parent.Key.Name), o)
	case schema.Constraint:
		if o.Detail("index") != "" {
			l.addIndex(o.Detail("index"), l.relation(o.Parent.Key.Name), o)
		}
	}
}

func (l *locker) addIndex(name string, table *relation, o *schema.Object) {
	l.relations[name] = &relation{key: schema.Key{Kind: schema.Index, Name: name}, object: o, isNew: true}
	l.relations[name].belong(table, "")
}

func (l *locker) addIdentity(column *schema.Object) {
	if column.Detail("sequence name") == "" {
		return
	}
	name := identitySequence(column)
	l.relations[name] = &relation{key: schema.Key{Kind: schema.Sequence, Name: name}, isNew: true}
	l.relations[name].belong(l.relation(column.Parent.Key.Name), schema.QuoteIdent(column.Name))
}

// own lets a sequence belong to a column, or to none.
func (l *locker) own(sequence *relation, column string) {
	sequence.belong(nil, "")
	if o := l.object(schema.Key{Kind: schema.Column, Name: column}); o != nil {
		sequence.belong(l.relation(o.Parent.Key.Name), schema.QuoteIdent(o.Name))
	}
}

func (l *locker) addTrigger(o *schema.Object) {
	if o.Parent.Fact("partition key") != "" && isForRows(o) {
		l.triggers[o.Key] = l.relation(o.Parent.Key.Name)
	}
}

// relation returns the relation with a name. One that the schemas do not have is a table that existed before.
func (l *locker) relation(name string) *relation {
	if l.relations[name] == nil {
		l.relations[name] = &relation{key: schema.Key{Kind: schema.Table, Name: name}}
	}
	return l.relations[name]
}

// object returns an object of the schemas, or nil.
func (l *locker) object(key schema.Key) *schema.Object {
	if o := l.to.Object(key); o != nil {
		return o
	}
	return l.from.Object(key)
}

// begin begins a script.
func (l *locker) begin() {
	for _, r := range l.relations {
		r.isNew = false
	}
}

// follow returns the locks of the next statement, and remembers what it changes.
func (l *locker) follow(st Statement) []Lock {
	l.taken = map[*relation]schema.LockMode{}
	l.statement(st)
	modes := map[schema.Key]schema.LockMode{}
	for r, mode := range l.taken {
		if !r.isNew && r.key.Kind != schema.Index {
			modes[r.key] = mode
		}
	}
	l.forget(st)
	return sortedLocks(modes)
}

// take notes a lock on relations. Whoever reads or writes a table waits for an exclusive lock on one of its indexes, and for no
// other lock on an index.
func (l *locker) take(mode schema.LockMode, relations ...*relation) {
	for _, r := range relations {
		if r != nil && r.key.Kind == schema.Index {
			if mode != schema.AccessExclusive || r.isNew {
				continue
			}
			r = r.table
		}
		if r != nil && mode.Strength() > l.taken[r].Strength() {
			l.taken[r] = mode
		}
	}
}

// tree returns a table with the tables below it.
func tree(r *relation) []*relation {
	tables := []*relation{r}
	for i := 0; i < len(tables); i++ {
		for _, child := range tables[i].children {
			if !slices.Contains(tables, child) {
				tables = append(tables, child)
			}
		}
	}
	return tables
}

// ancestry returns a table with those above it.
func ancestry(r *relation) []*relation {
	tables := []*relation{r}
	for i := 0; i < len(tables); i++ {
		tables = append(tables, tables[i].parents...)
	}
	return tables
}

// defaultPartition returns the default partition of a table, or nil.
func (r *relation) defaultPartition() *relation {
	for _, child := range r.children {
		if child.object != nil && child.object.Fact("partition bound") == "DEFAULT" {
			return child
		}
	}
	return nil
}

// sequences returns the sequences that belong to a column of a table, or to any if it is "".
func (r *relation) sequences(column string) []*relation {
	var owned []*relation
	for _, part := range r.parts {
		if part.key.Kind == schema.Sequence && (column == "" || part.column == column) {
			owned = append(owned, part)
		}
	}
	return owned
}
