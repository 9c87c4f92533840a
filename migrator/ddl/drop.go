package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// Drop returns the statements that remove everything in the schema from its database, in the reverse order of [Create].
// It removes nothing else: if an object outside the schema needs one of these, a statement fails. Options count for
// default privileges only. Errors: *RefusedError, *CycleError.
func Drop(s *schema.Schema, o Options) ([]Statement, error) {
	if len(s.Refused) > 0 {
		return nil, &RefusedError{s.Refused}
	}
	w := newWriter(s, o)
	units, err := w.acyclicUnits()
	if err != nil {
		return nil, err
	}
	var statements []Statement
	for _, u := range slices.Backward(sorted(units)) {
		for _, sql := range w.undo(u) {
			statements = append(statements, Statement{SQL: sql, Object: u.object.Key, Does: Drops})
		}
	}
	SetLocks([][]Statement{statements}, s, s)
	return statements, nil
}

// undo returns the statements that undo a unit.
func (w *writer) undo(u *unit) []string {
	o := u.object
	switch u.step {
	case stepCreate:
		return w.drop(o)
	case stepViewBody:
		return []string{strings.Replace(w.view(o), "CREATE VIEW", "CREATE OR REPLACE VIEW", 1)}
	case stepOwnedBy:
		return []string{"ALTER SEQUENCE " + o.Key.Name + " OWNED BY NONE"}
	case stepAttach:
		return []string{"ALTER TABLE " + list(o.Fact("parents"))[0] + " DETACH PARTITION " + o.Key.Name}
	}
	return nil
}

func (w *writer) drop(o *schema.Object) []string {
	switch o.Key.Kind {
	case schema.Column:
		if w.inheritsChange(o) || w.comesFromType(o) {
			return nil
		}
		return line("ALTER %s DROP COLUMN %s", o.Parent.Key, schema.QuoteIdent(o.Name))
	case schema.Default:
		return line("ALTER %s ALTER COLUMN %s DROP DEFAULT", onlyTable(o.Parent.Parent), schema.QuoteIdent(o.Parent.Name))
	case schema.Constraint:
		return w.dropConstraint(o)
	case schema.Index:
		if w.goesWithParent(o) || w.makes(o.Parent) && !w.needsMore(o) {
			return nil
		}
	case schema.Type:
		if w.shell[o] {
			return []string{"DROP TYPE " + o.Key.Name + " CASCADE"} // takes its functions along
		}
	case schema.Function:
		if w.goesWithType(o) {
			return nil
		}
	case schema.DefaultPrivileges:
		return revokeDefaults(o)
	}
	return []string{"DROP " + sqlName(o)}
}

// goesWithParent reports whether an index is dropped with that of the partitioned table.
func (w *writer) goesWithParent(o *schema.Object) bool {
	return o.Fact("parent") != "" && !w.separated[o.Parent]
}

// dropConstraint drops a constraint by name if it cannot wait for its table.
func (w *writer) dropConstraint(o *schema.Object) []string {
	parent := o.Parent
	inherited := o.Fact("local") == "false" && !w.separated[parent] || w.goesWithParent(o)
	wait := w.makes(parent) && !isForeignKey(o) && o.Fact("type") != "check" && !w.needsMore(o)
	if inherited || wait {
		return nil
	}
	return line("ALTER %s DROP CONSTRAINT %s", parent.Key, schema.QuoteIdent(o.Name))
}

// needsMore reports whether an object needs more than its table, so that it has to go first.
func (w *writer) needsMore(o *schema.Object) bool {
	return slices.ContainsFunc(o.Needs, func(n schema.Need) bool {
		kind := n.On.Key.Kind
		return w.home(n.On) != o.Parent && kind != schema.Namespace && kind != schema.Index && kind != schema.Constraint
	})
}

// goesWithType reports whether a function is one that a base type or a range type needs, and that needs the type.
func (w *writer) goesWithType(o *schema.Object) bool {
	return slices.ContainsFunc(o.Needs, func(n schema.Need) bool {
		return w.shell[n.On] && slices.ContainsFunc(n.On.Needs, func(back schema.Need) bool { return back.On == o })
	})
}

// goesWithColumn reports whether an object is the sequence of a column that is dropped, and nothing else uses it: the server drops it
// with the column or its table.
func (c *change) goesWithColumn(o *schema.Object) bool {
	column := c.from.Object(schema.Key{Kind: schema.Column, Name: o.Fact("owned by")})
	if o.Key.Kind != schema.Sequence || column == nil || !c.dropped[column] || c.late[o] {
		return false
	}
	home := c.old.home(column)
	return !c.late[home] && !slices.ContainsFunc(c.from.Dependents(o), func(d *schema.Object) bool { return c.old.home(d) != home })
}

// revokeDefaults returns the statements that undo default privileges.
func revokeDefaults(o *schema.Object) []string {
	var sql []string
	for grant := range strings.SplitSeq(o.Fact("privileges"), "\n") {
		if sign, rest, found := strings.Cut(grant, " "); found {
			sql = append(sql, grantSQL(o, grantTarget(o), oppositeSign[sign]+" "+rest, schema.QuoteIdent(ownerOf(o)))...)
		}
	}
	return sql
}
