package ddl

import (
	"fmt"
	"slices"

	"example.com/ambix/migrator/schema"
)

// newestMajor is the newest major version whose changes can be written.
const newestMajor = 18

// VersionError reports a server that is newer than this program. Its schema can be read, but what the new version added
// might get lost in a change.
type VersionError struct{ Version int } // in the form of server_version_num

func (e *VersionError) Error() string {
	return fmt.Sprintf("PostgreSQL %d is newer than this version knows: changes are written for PostgreSQL 13 to %d", e.Version/10000, newestMajor)
}

// Change returns the statements that turn a database with the first schema into one with the second. The database may
// have rows; the marks of the statements say what becomes of them. If both schemas are equal, there are no statements.
//
// What can be altered is altered. What cannot is dropped and made again, together with everything that depends on it and
// with its comment, owner and privileges. A table is made again only if Options.Destructive is set. Only renames in
// Options.Renames are written as such; see schema.Schema.RenameCandidates for what could be one.
//
// The order is: renames; values of enums; what separates objects (DETACH, NO INHERIT, OWNED BY NONE); drops, in the reverse
// order of their dependencies; creations and alterations, in the order of theirs; the positions of new sequences for
// columns that have values; types and extensions that columns used until then; and REFRESH of materialized views that were
// made.
//
// The order of columns is not compared. Expressions of servers of different text classes are not compared either, and the
// syntax is that of the first schema's server.
//
// Errors: *RefusedError, *CycleError, *VersionError, *schema.RenameError.
func Change(from, to *schema.Schema, o Options) ([]Statement, error) {
	if refused := refusals(from, to); len(refused) > 0 {
		return nil, &RefusedError{refused}
	}
	if newest := max(from.Version, to.Version); newest/10000 > newestMajor {
		return nil, &VersionError{newest}
	}
	original := from
	r := renamer{from: from, to: to}
	for _, one := range o.Renames {
		if err := r.rename(one); err != nil {
			return nil, err
		}
	}
	r.renameIndexesOfPartitions()
	from = r.from
	c := newChange(from, to, o)
	c.decide()
	if refused := c.refusals(); len(refused) > 0 {
		return nil, &RefusedError{refused}
	}
	c.alterKept()
	statements, err := c.write()
	if err != nil {
		return nil, err
	}
	statements = slices.Concat(r.statements, statements)
	SetLocks([][]Statement{statements}, original, to)
	return statements, nil
}

// refusals returns what cannot be written in either schema.
func refusals(from, to *schema.Schema) []schema.Refusal {
	all := slices.Clone(from.Refused)
	for _, r := range to.Refused {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// change is the way from one schema to another. Objects of the first schema are kept, or they are dropped; those that are
// dropped and are also in the second schema are made again.
type change struct {
	from, to *schema.Schema
	options  Options
	version  int // of the server that runs the statements

	old *writer // of from; it undoes what is dropped
	new *writer // of to; it makes what is new or made again

	dropped  map[*schema.Object]bool // of from
	late     map[*schema.Object]bool // dropped after the alterations, because columns that are kept used it
	retyped  map[*schema.Object]bool // columns of from
	detached map[*schema.Object]bool // tables of from that leave a parent, and remain
	attached map[*schema.Object]bool // tables of to that were there before and get a parent
	untyped  map[*schema.Object]bool // tables of from that are no longer OF a type
	disowned map[*schema.Object]bool // sequences of from that lose their column, and remain
	reasons  map[*schema.Object]string

	different map[schema.Key]map[string]schema.FactChange
	kept      map[*schema.Object][]Statement // alterations of objects of to, by the object whose unit has them

	values   []Statement // of enums
	separate []Statement // what takes objects apart that are kept
	early    []Statement // alterations that free names
	last     []Statement // alterations that follow all others
}

func newChange(from, to *schema.Schema, o Options) *change {
	c := &change{
		from: from, to: to, options: o, version: from.Version,
		old: newWriter(from, o), new: newWriter(to, o),
		dropped: map[*schema.Object]bool{}, late: map[*schema.Object]bool{}, retyped: map[*schema.Object]bool{},
		detached: map[*schema.Object]bool{}, attached: map[*schema.Object]bool{}, untyped: map[*schema.Object]bool{}, disowned: map[*schema.Object]bool{},
		reasons:   map[*schema.Object]string{},
		different: map[schema.Key]map[string]schema.FactChange{}, kept: map[*schema.Object][]Statement{},
	}
	return c
}

// differences compares the schemas, without what the options leave out.
func (c *change) differences() []schema.Difference {
	var except []schema.Facet
	if !c.options.Owners {
		except = append(except, schema.Owner)
	}
	if !c.options.Privileges {
		except = append(except, schema.Privileges)
	}
	return c.from.Compare(c.to, except...)
}

// counterpart returns the object with the same key in the other schema, or nil.
func (c *change) counterpart(o *schema.Object) *schema.Object {
	if other := c.to.Object(o.Key); other != o {
		return other
	}
	return c.from.Object(o.Key)
}

// action is what a statement does that drops or makes an object of one schema.
func (c *change) action(o *schema.Object, alone Action) Action {
	if c.counterpart(o) != nil {
		return Replaces
	}
	return alone
}

// statementsOf returns statements of an object. The marks are those of the first.
func statementsOf(o *schema.Object, does Action, sql []string, marks ...Mark) []Statement {
	var statements []Statement
	for _, s := range sql {
		statements = append(statements, Statement{SQL: s, Object: o.Key, Does: does, Marks: marks})
		marks = nil
	}
	return statements
}

// write puts everything in order.
func (c *change) write() ([]Statement, error) {
	drops, late, err := c.drops()
	if err != nil {
		return nil, err
	}
	creations, err := c.creations()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(c.values, c.separate, c.early, drops, creations, c.last, c.positions(), late, c.refreshes())
	if slices.ContainsFunc(all, func(s Statement) bool { return isRoutine(s.Object.Kind) && s.Does != Drops }) {
		all = slices.Insert(all, 0, Statement{SQL: "SET check_function_bodies = off"})
	}
	return all, nil
}

func isRoutine(k schema.Kind) bool { return k == schema.Function || k == schema.Procedure }

// drops returns the statements that drop objects, and those that have to wait until columns have another type.
func (c *change) drops() (now, late []Statement, err error) {
	w := c.old
	units, err := w.acyclicUnits()
	if err != nil {
		return nil, nil, err
	}
	for _, u := range slices.Backward(sorted(units)) {
		o := u.object
		if c.goesWithColumn(o) {
			continue
		}
		statements := statementsOf(o, c.action(o, Drops), w.undo(u), c.dropMarks(u)...)
		switch {
		case referencesPartitions(o):
			c.separate = slices.Insert(c.separate, 0, statements...) // a partition with rows that are referenced cannot be detached
		case !c.late[o]:
			now = append(now, statements...)
		case c.to.Object(o.Key) == nil:
			late = append(late, statements...)
		case u.step == stepCreate:
			now = append(now, statementsOf(o, Replaces, []string{"ALTER " + o.Key.String() + " RENAME TO " + schema.QuoteIdent(c.oldName(o))})...)
			late = append(late, statementsOf(o, Replaces, []string{"DROP " + o.Key.Kind.String() + " " + schema.Qualify(o.Schema, c.oldName(o))})...)
		}
	}
	return now, late, nil
}

// referencesPartitions reports whether a foreign key references a partitioned table.
func referencesPartitions(o *schema.Object) bool {
	return isForeignKey(o) && slices.ContainsFunc(o.Needs, func(n schema.Need) bool {
		return n.On.Parent != nil && n.On.Parent != o.Parent && n.On.Parent.Fact("partition key") != ""
	})
}

// oldName is the name that a type has while columns change from it to the one that is made again.
func (c *change) oldName(o *schema.Object) string {
	for i := 0; ; i++ {
		suffix := "__old"
		if i > 0 {
			suffix = fmt.Sprintf("__old%d", i)
		}
		name := schema.ClipName(o.Name, len(suffix)) + suffix
		key := schema.Qualify(o.Schema, name)
		taken := func(s *schema.Schema) bool {
			return slices.ContainsFunc([]schema.Kind{schema.Type, schema.Domain, schema.Table, schema.View, schema.Collation}, func(k schema.Kind) bool {
				return s.Object(schema.Key{Kind: k, Name: key}) != nil
			})
		}
		if !taken(c.from) && !taken(c.to) {
			return name
		}
	}
}

// creations returns the statements that make and alter objects.
func (c *change) creations() ([]Statement, error) {
	w := c.new
	units, err := w.acyclicUnits()
	if err != nil {
		return nil, err
	}
	var statements []Statement
	for _, u := range sorted(units) {
		o := u.object
		switch {
		case w.makes(o):
			statements = append(statements, statementsOf(o, c.action(o, Creates), w.render(u), c.createMarks(u)...)...)
		case u.step == stepAttach || u.step == stepAttachIndex || u.step == stepOwnedBy:
			statements = append(statements, statementsOf(o, Alters, []string{u.sql}, c.attachMarks(u)...)...)
		case u.step == stepCreate && !w.stub[o] || u.step == stepViewBody:
			statements = append(statements, c.kept[o]...)
		}
	}
	for _, o := range c.to.Objects {
		if w.makes(o) {
			statements = append(statements, statementsOf(o, c.action(o, Creates), slicesOf(looseMembers(o), copiedTriggers(o)))...)
		}
	}
	return statements, nil
}

// refreshes fills materialized views that were made. Queries of one that was not refreshed fail.
func (c *change) refreshes() []Statement {
	var statements []Statement
	units, _ := c.new.acyclicUnits() // has no cycle any more
	for _, u := range sorted(units) {
		if u.object.Key.Kind == schema.MaterializedView && u.step == stepCreate && c.new.makes(u.object) {
			statements = append(statements, Statement{SQL: "REFRESH " + u.object.Key.String(), Object: u.object.Key, Does: c.action(u.object, Creates)})
		}
	}
	return statements
}
