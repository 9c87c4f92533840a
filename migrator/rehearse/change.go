package rehearse

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/schema"
)

// change adds the finding about a change of a relation.
func (j *judge) change(i int, c Change) {
	size := j.sizeOf(c.Relation)
	mode := j.held(i, c.ID)
	f := Finding{Facts: Facts{Lock: mode, Blocks: mode.Blocks(), Table: c.Relation.Name, Size: size}, Why: size.describe(c.Relation.Name)}
	part := c.Relation.Name + "." + quoteName(c.Name)
	name := j.step.Statements[i].name()
	switch c.Kind {
	case DropRelation, DropColumn, Truncate:
		j.destroy(i, c, f)
		return
	case RenameRelation, RenameColumn:
		j.rename(i, c, f)
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
	case j.Data, j.held(i, c.ID).Blocks() == schema.BlocksNothing:
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
	switch {
	case c.Kind == Truncate:
		f.Text, f.Safe = name+" removes all rows of "+c.Relation.Name, ""
	case c.Kind == DropColumn:
		f.Object = c.Relation.Name + "." + quoteName(c.Name)
		f.Text = name + " drops column " + f.Object + " with its values"
	case c.Relation.Kind == View || c.Relation.Kind == MaterializedView:
		f.Rule, f.Severity, f.Why = Renames, Warning, "a running program may use it"
		f.Text = name + " drops " + string(c.Relation.Kind) + " " + c.Relation.Name
	case c.Relation.Kind == Sequence:
		f.Severity, f.Why = Note, ""
		f.Text = name + " drops sequence " + c.Relation.Name + " with its position"
	case c.Relation.Kind == ForeignTable:
		f.Rule, f.Severity, f.Why = Renames, Warning, "a running program may use it"
		f.Text = name + " drops foreign table " + c.Relation.Name + "; its rows are elsewhere"
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
	f.Rule, f.Severity = Renames, Danger
	switch {
	case f.Size.empty():
		f.Severity = Note
	case !f.Size.Known && (c.Relation.Kind == Table || c.Relation.Kind == PartitionedTable):
		f.Severity, f.Why = Warning, f.Size.whyUsed(c.Relation.Name)
	case c.Relation.Kind != Table && c.Relation.Kind != PartitionedTable:
		f.Severity = Warning
	}
	f.Object = c.Relation.Name
	f.Safe = "create a view with the old name in the same revision, and drop it in a later release"
	if c.Kind == RenameColumn {
		f.Object += "." + quoteName(c.Name)
		f.Safe = "add a new column, write both, and drop the old one in a later release"
	}
	f.Text = name + " renames " + f.Object + " to " + c.To + "; a program that runs meanwhile does not find the old name"
	if strings.HasPrefix(f.Why, c.Relation.Name+" has") {
		f.Why += ", and is in use"
	}
	j.add(i, c.Relation, f)
}
