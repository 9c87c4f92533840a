package ddl

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/schema"
)

// Statement is one SQL statement.
type Statement struct {
	SQL    string     // without a semicolon
	Object schema.Key // the object that it makes or changes; zero for a setting
	Does   Action
	// Marks say what the statement does to rows and how it has to be run, in the order of their effects. Statements on
	// objects that are new have none.
	Marks []Mark
	// Locks are the strongest locks that the statement takes on relations that existed before the first statement, the strongest
	// one first. ACCESS SHARE, which every query takes, is left out; so are relations of the system and of extensions whose names
	// the statement does not contain. A lock on an index counts as one on its table if it is ACCESS EXCLUSIVE, because no query of
	// the table can be planned meanwhile, and not at all otherwise.
	Locks []Lock
}

// Action is what a statement does to its object.
type Action uint8

// The actions.
const (
	Creates  Action = iota + 1 // makes an object that did not exist, or sets a property of one
	Alters                     // changes an object in place
	Drops                      // removes an object that does not exist afterwards
	Replaces                   // drops an object that is made again, or makes it again
)

// String returns create, alter, drop or replace. It is "set" for the action of a setting, which has no object.
func (a Action) String() string { return [...]string{"set", "create", "alter", "drop", "replace"}[a] }

// Mark is one effect of a statement that needs attention.
type Mark struct {
	Effect Effect
	Object schema.Key // the table, column or other object with the rows that it concerns
}

// Effect is what a mark says.
type Effect uint8

// The effects.
const (
	Destroys            Effect = iota + 1 // removes rows or values
	Rewrites                              // writes every row of the table again, under an ACCESS EXCLUSIVE lock
	Scans                                 // reads every row of the table, under a lock that blocks writes
	MayFail                               // fails if existing rows do not satisfy it
	NeedsOwnTransaction                   // has to be committed before other statements can use what it makes
	AsksUsing                             // converts values through text, because there is no cast: the USING has to be checked
)

// String returns the words for an effect, such as "may fail on rows".
func (e Effect) String() string {
	return [...]string{"", "destroys", "rewrites", "scans", "may fail on rows", "needs its own transaction", "asks for USING"}[e]
}

// Options say what is written. The zero value writes the structure and comments.
type Options struct {
	Owners     bool // ALTER … OWNER TO for every object
	Privileges bool // GRANT and REVOKE, and default privileges
	// Role, of Create with Owners, is the role that will run the statements, whatever its name then is: objects of this one
	// get no OWNER TO, and default privileges for objects of this one are written without FOR ROLE. "": none.
	Role string
	// Destructive lets Change drop and make again a table that cannot be altered, with all its rows. Otherwise such a
	// table is refused.
	Destructive bool
	// NewEnums lets Change make enums again that get values, because a value that was added cannot be used in the same
	// transaction. It rewrites the tables with columns of the type.
	NewEnums bool
	// Renames are applied to the first schema of Change, in this order, before it is compared. Create and Drop ignore them.
	Renames []schema.Renaming
}

// RefusedError reports objects that cannot be written as SQL.
type RefusedError struct{ Refused []schema.Refusal }

func (e *RefusedError) Error() string {
	var lines []string
	for _, r := range e.Refused {
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

// CycleError reports objects that need each other in a way that no order of statements satisfies.
type CycleError struct{ Path []schema.Key } // the first and the last are the same

func (e *CycleError) Error() string {
	var names []string
	for _, k := range e.Path {
		names = append(names, k.String())
	}
	return "these objects need each other: " + strings.Join(names, " -> ")
}

// Create returns the statements that make the schema in an empty database. Errors: *RefusedError, *CycleError.
func Create(s *schema.Schema, o Options) ([]Statement, error) {
	if len(s.Refused) > 0 {
		return nil, &RefusedError{s.Refused}
	}
	w := newWriter(s, o)
	units, err := w.acyclicUnits()
	if err != nil {
		return nil, err
	}
	statements := []Statement{{SQL: "SET check_function_bodies = off"}}
	for _, u := range sorted(units) {
		for _, sql := range w.render(u) {
			if u.object.Key.Kind == schema.DefaultPrivileges {
				sql = w.forOwnRole(sql)
			}
			statements = append(statements, Statement{SQL: sql, Object: u.object.Key, Does: Creates})
		}
	}
	return append(statements, w.finish()...), nil
}

// Script returns the statements as a script: a blank line before each object that is made, and a semicolon and a line end after each
// statement.
func Script(statements []Statement) string {
	var b strings.Builder
	for i, s := range statements {
		if i > 0 && s.Object != statements[i-1].Object {
			b.WriteString("\n")
		}
		b.WriteString(s.SQL + ";\n")
	}
	return b.String()
}

// writer writes the statements of one schema.
type writer struct {
	schema  *schema.Schema
	options Options
	inline  map[*schema.Object]bool // defaults and checks that are written inside their table or domain
	stub    map[*schema.Object]bool // views that are first made with empty columns
	shell   map[*schema.Object]bool // types that are first made as a shell

	// Only of a change. The objects that are not in made are kept.
	made      map[*schema.Object]bool     // objects that are made, or dropped; nil means all
	altered   map[*schema.Object]bool     // kept objects that have statements
	separated map[*schema.Object]bool     // kept tables that get a parent, or leave one
	untyped   map[*schema.Object]bool     // kept tables that are not OF a type while the others change
	joins     map[*schema.Object]bool     // kept tables that become a partition
	inherit   map[*schema.Object][]string // parents that kept tables get
	owns      map[*schema.Object]bool     // kept sequences that get a column
	defaults  []*schema.Object            // default privileges that apply to what is made

	attachesIndex map[*schema.Object]bool // kept indexes that get a parent
}

func newWriter(s *schema.Schema, o Options) *writer {
	w := &writer{
		schema: s, options: o, inline: map[*schema.Object]bool{}, stub: map[*schema.Object]bool{}, shell: map[*schema.Object]bool{},
		joins: map[*schema.Object]bool{}, inherit: map[*schema.Object][]string{}, owns: map[*schema.Object]bool{}, attachesIndex: map[*schema.Object]bool{},
	}
	for _, object := range s.Objects {
		switch object.Key.Kind {
		case schema.Default:
			kind := object.Parent.Parent.Key.Kind
			w.inline[object] = kind == schema.Table || kind == schema.ForeignTable
		case schema.Constraint:
			w.inline[object] = object.Fact("type") == "check" && !isNotValid(object) && !w.validatesInherited(object)
		case schema.Type:
			form := object.Fact("form")
			w.shell[object] = form == "base" || form == "shell" || object.Fact("canonical") != ""
		}
	}
	return w
}

// makes reports whether an object is made, or dropped by the writer of what is dropped.
func (w *writer) makes(o *schema.Object) bool { return w.made == nil || w.made[o] }

// render returns the statements of a unit.
func (w *writer) render(u *unit) []string {
	o := u.object
	switch u.step {
	case stepShell:
		return []string{"CREATE TYPE " + o.Key.Name}
	case stepViewBody:
		return append([]string{viewSQL("CREATE OR REPLACE", o)}, w.after(o)...)
	case stepAttach, stepAttachIndex, stepOwnedBy:
		return []string{u.sql}
	}
	statements := w.create(o)
	if w.stub[o] {
		return statements
	}
	return append(statements, w.after(o)...)
}

// finish returns what can only be said once everything is there: loose members of operator families, and the state of
// triggers that the server copied to partitions.
func (w *writer) finish() []Statement {
	var statements []Statement
	for _, o := range w.schema.Objects {
		for _, sql := range slicesOf(looseMembers(o), copiedTriggers(o)) {
			statements = append(statements, Statement{SQL: sql, Object: o.Key, Does: Creates})
		}
	}
	return statements
}

func slicesOf(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// create returns the statements that make an object, without owner, privileges and comments.
func (w *writer) create(o *schema.Object) []string {
	switch o.Key.Kind {
	case schema.Namespace:
		return []string{"CREATE SCHEMA " + o.Key.Name}
	case schema.Extension:
		return []string{"CREATE EXTENSION IF NOT EXISTS " + o.Key.Name + " WITH SCHEMA " + o.Fact("installed in")}
	case schema.Type:
		return typeSQL(o)
	case schema.Domain:
		return w.domain(o)
	case schema.Table, schema.ForeignTable:
		return w.table(o)
	case schema.View:
		return []string{w.view(o)}
	case schema.MaterializedView:
		return []string{materializedView(o)}
	case schema.Sequence:
		return []string{sequence(o)}
	case schema.Default:
		return w.setDefault(o)
	case schema.Column:
		return w.addColumn(o)
	case schema.Constraint:
		return w.constraint(o)
	case schema.Index:
		return index(o)
	case schema.Function, schema.Procedure:
		return []string{definition(o)}
	case schema.Aggregate:
		return []string{aggregate(o)}
	}
	if sql := createOther(o); sql != nil {
		return sql
	}
	return createGlobal(o)
}

// definition is the text of the server that makes the object.
func definition(o *schema.Object) string {
	for _, name := range []string{"definition", "expression", "query"} {
		if sql := text(o, name); sql != "" {
			return sql
		}
	}
	return ""
}

func line(format string, arguments ...any) []string {
	return []string{fmt.Sprintf(format, arguments...)}
}
