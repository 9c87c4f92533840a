package rehearse

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// change adds the finding about a change of a relation.
func (j *judge) change(i int, c Change) {
	size := j.sizeOf(c.Relation)
	mode := j.held(i, c.ID)
	f := Finding{Facts: Facts{Lock: mode, Blocks: c.Relation.blockedBy(mode), Table: c.Relation.Name, Size: size}, Why: size.describe(c.Relation.Name)}
	part := c.Relation.Name + "." + quoteName(c.Name)
	name := j.step.Statements[i].name()
	switch c.Kind {
	case DropRelation, DropColumn, Truncate:
		j.destroy(i, c, f)
		return
	case RenameRelation, RenameColumn, RenameValue:
		j.rename(i, c, f)
		return
	case Revoke, ChangeOwner, HideRows:
		j.access(i, c, f)
		return
	case AddNotNull:
		f.Object, f.Severity, f.Why = part, j.fails(size), size.whyUsed(c.Relation.Name)
		f.Text = name + " adds column " + quoteName(c.Name) + " as NOT NULL without a default: it fails if " + c.Relation.Name + " has a row"
		f.Safe = "give it a default, or add it without NOT NULL, fill it, and then set NOT NULL"
	case SetNotNull:
		f.Object, f.Text, f.Safe = part, name+" fails if a row has no value in "+part, "fill the column first"
		if fill := j.updatedBefore(i, c.ID); fill != nil {
			f.Text, f.Safe = f.Text+" after "+fill.name()+" in line "+strconv.Itoa(fill.Line), ""
		}
	case AddCheck, AddForeignKey, AddUnique, AddExclusion, ValidateCheck, AttachPartition:
		f.Object, f.Text = c.Relation.Name, name+" fails if rows of "+c.Relation.Name+" "+violates[c.Kind]
		if c.Name != "" {
			f.Object = part
		}
	default: // the rewrite is the finding
		return
	}
	f.Rule = MayFail
	if c.Kind != AddNotNull {
		f.Severity = j.mayFail(i, c, size)
	}
	j.add(i, c.Relation, f)
}

var violates = map[ChangeKind]string{
	AddCheck: "violate the check", AddForeignKey: "refer to rows that do not exist", AddUnique: "have equal keys", AddExclusion: "exclude each other",
	ValidateCheck: "violate the constraint", AttachPartition: "are outside the bounds of the partition",
}

// fails returns the severity of a statement that fails if there is a row.
func (j *judge) fails(size Size) Severity {
	switch {
	case size.empty():
		return 0
	case size.Known:
		return Danger
	}
	return Warning
}

// mayFail returns the severity of a statement that fails if rows are not as it expects. That is harmless for one that can
// be repeated and that others do not wait for.
func (j *judge) mayFail(i int, c Change, size Size) Severity {
	reads := slices.ContainsFunc(j.step.Statements[i].Work, func(w Work) bool { return w.ID == c.ID })
	switch {
	case size.empty(), !reads: // another constraint proves it
		return 0
	case j.Data, c.Relation.blockedBy(j.held(i, c.ID)) == schema.BlocksNothing:
		return Note
	case c.Kind == SetNotNull && j.updatedBefore(i, c.ID) != nil: // the author has thought of the rows
		return Note
	}
	return Warning
}

// updatedBefore returns a statement before statement i of the step that updates or deletes rows of a relation, or nil.
func (j *judge) updatedBefore(i int, id string) *Statement {
	for k := range j.step.Statements[:i] {
		st := &j.step.Statements[k]
		if slices.ContainsFunc(st.Work, func(w Work) bool {
			return w.ID == id && (w.Kind == UpdateAll || w.Kind == UpdateSome || w.Kind == DeleteAll)
		}) {
			return st
		}
	}
	return nil
}

// destroys returns the severity of removing rows.
func (j *judge) destroys(size Size) Severity {
	if size.empty() {
		return Note
	}
	return Danger
}

func (j *judge) destroy(i int, c Change, f Finding) {
	if j.step.Down {
		return // a down script removes what the up script made
	}
	name := j.step.Statements[i].name()
	f.Rule, f.Severity = Destroys, j.destroys(f.Size)
	f.Safe = "first release a program that does not use it; drop it in a later release"
	if c.Relation.Kind.hasNoRows() && c.Kind != Truncate {
		f.Rule, f.Severity, f.Why = Renames, Warning, "a running program may use it"
	}
	switch {
	case c.Kind == Truncate && c.Relation.Kind == MaterializedView:
		f.Text = name + " removes all rows of " + c.Relation.Name + "; queries of it fail until it is refreshed"
		f.Safe = "REFRESH MATERIALIZED VIEW CONCURRENTLY, without WITH NO DATA"
	case c.Kind == Truncate:
		f.Text, f.Safe = name+" removes all rows of "+c.Relation.Name, ""
	case c.Kind == DropColumn && c.Relation.Kind.hasNoRows():
		f.Object = c.Relation.Name + "." + quoteName(c.Name)
		f.Text = name + " takes column " + quoteName(c.Name) + " from " + string(c.Relation.Kind) + " " + c.Relation.Name
	case c.Kind == DropColumn:
		f.Object = c.Relation.Name + "." + quoteName(c.Name)
		f.Text = name + " drops column " + f.Object + " with its values"
	case c.Relation.Kind == Sequence:
		f.Severity, f.Why = Note, ""
		f.Text = name + " drops sequence " + c.Relation.Name + " with its position"
	case c.Relation.Kind == ForeignTable:
		f.Text = name + " drops foreign table " + c.Relation.Name + "; its rows are elsewhere"
	case c.Relation.Kind == Extension:
		f.Text = name + " drops extension " + c.Relation.Name + " with its functions and types"
	case c.Relation.Kind.hasNoRows():
		f.Text = name + " drops " + string(c.Relation.Kind) + " " + c.Relation.Name + c.Name
	default:
		f.Text = name + " drops " + string(c.Relation.Kind) + " " + c.Relation.Name + " with all rows"
	}
	j.add(i, c.Relation, f)
}

func (j *judge) rename(i int, c Change, f Finding) {
	if j.step.Down {
		return
	}
	name := j.step.Statements[i].name()
	f.Rule, f.Severity, f.Object = Renames, j.renames(f.Size), c.Relation.Name
	f.Text = name + " renames " + f.Object + " to " + c.To + "; a program that runs meanwhile does not find the old name"
	f.Safe = "create a view with the old name in the same revision, and drop it in a later release"
	switch kind := c.Relation.Kind; {
	case c.Kind == RenameColumn:
		f.Object += "." + quoteName(c.Name)
		f.Text = name + " renames " + f.Object + " to " + c.To + "; a program that runs meanwhile does not find the old name"
		f.Safe = "add a new column, write both, and drop the old one in a later release"
	case c.Kind == RenameValue:
		f.Text = name + " renames value " + text.Quote(c.Name) + " of type " + f.Object + " to " + text.Quote(c.To) + "; a program that runs meanwhile gets and sends the other one"
		f.Safe = "add a new value, release a program that knows both, and change the rows in batches"
	case kind == Schema:
		f.Safe = "create a schema with the new name and views in it, and move the tables in a later release"
	case kind.hasNoRows() && kind != View && kind != ForeignTable:
		f.Text = name + " renames " + string(kind) + " " + c.Relation.Name + c.Name + " to " + c.To + "; a program that runs meanwhile does not find the old name"
		f.Safe = "create a second one with the new name, and drop the old one in a later release"
	}
	switch {
	case len(c.Uses) > 0:
		j.renamesFor(&f, c.Uses)
	case c.Relation.Kind == Schema || c.Kind == RenameValue: // no table needs it
		f.Severity, f.Why = Note, ""
	case c.Relation.Kind != Table && c.Relation.Kind != PartitionedTable:
		f.Severity, f.Why = Warning, "a running program may use it"
	case !f.Size.Known:
		f.Why = f.Size.whyUsed(c.Relation.Name)
	case strings.HasPrefix(f.Why, c.Relation.Name+" has"):
		f.Why += ", and is in use"
	}
	j.add(i, c.Relation, f)
}

// renames returns the severity of taking away a name that programs need for a table.
func (j *judge) renames(size Size) Severity {
	switch {
	case size.empty():
		return Note
	case !size.Known:
		return Warning
	}
	return Danger
}

// renamesFor completes a finding about a name that is needed for several tables: the largest decides.
func (j *judge) renamesFor(f *Finding, tables []Relation) {
	most := slices.MaxFunc(tables, func(a, b Relation) int { return cmp.Compare(j.sizeOf(a).weight(), j.sizeOf(b).weight()) })
	f.Table, f.Size = most.Name, j.sizeOf(most)
	f.Severity, f.Why = j.renames(f.Size), "it is that of "+most.Name
	if n := len(tables) - 1; n > 0 {
		f.Why += " and " + text.Count(n, "more table")
	}
	f.Why += "; " + f.Size.describe(most.Name)
}
