package migrator

import (
	"strings"

	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// DraftError reports a draft that was not made. Nothing was written.
type DraftError struct {
	Problem   DraftProblem
	Renames   []PossibleRename    // of DraftRenames
	Direction Direction           // of DraftUnproven and DraftFailed
	Revision  string              // of DraftUnproven: the revision that was reverted
	Left      []schema.Difference // of DraftUnproven: from what the scripts made to what they should have made
	Parents   []string            // of DraftNeedsBranch: what the draft follows
	Heads     []string            // of DraftNeedsBranch: of the files
	failure                       // of DraftFailed, DraftNeedsBranch and DraftNoDown: a *RevisionError or a *SchemaError
}

// DraftProblem says why a draft was not made.
type DraftProblem string

// The problems.
const (
	DraftRenames     DraftProblem = "renames"      // objects with rows that may have been renamed, or dropped and added
	DraftUnproven    DraftProblem = "unproven"     // the scripts work, and lead to another schema
	DraftFailed      DraftProblem = "failed"       // a statement of the scripts failed
	DraftNeedsBranch DraftProblem = "needs branch" // the scripts fail without a branch that they do not follow
	DraftNoDown      DraftProblem = "no down"      // the way back cannot be written
)

// Error names the objects.
func (e *DraftError) Error() string {
	switch e.Problem {
	case DraftRenames:
		var list []string
		for group := range renamesOfEach(e.Renames) {
			var names []string
			for _, r := range group {
				names = append(names, r.To())
			}
			r := group[0]
			list = append(list, strings.ToLower(r.Key.Kind.String())+" "+r.Key.Name+" may have been "+r.Verb()+" to "+text.List(names, "or")+", or dropped")
		}
		return strings.Join(list, "\n")
	case DraftUnproven:
		script, goal := "up", "the desired schema"
		if e.Direction == Downgrade {
			script, goal = "down", "the schema before it"
		}
		var left []string
		for _, d := range e.Left {
			left = append(left, describeLeft(d))
		}
		return "the " + script + " script that was drafted does not lead to " + goal + ", in " + text.Count(len(e.Left), "object") + ": " + strings.Join(left, "; ")
	case DraftFailed:
		return "a script that was drafted fails: " + e.failure.Error()
	case DraftNeedsBranch:
		return "the draft follows " + text.List(e.Parents, "and") + ", and fails without the revisions of other branches: " + e.failure.Error()
	}
	return "the down script cannot be written: " + e.failure.Error()
}

// Kind returns KindSchema.
func (e *DraftError) Kind() Kind { return KindSchema }

// describeLeft says how an object is not what it should be.
func describeLeft(d schema.Difference) string {
	name := strings.ToLower(d.Key.Kind.String()) + " " + d.Key.Name
	switch d.Change {
	case schema.Removed:
		return name + " is left over"
	case schema.Added:
		return name + " is missing"
	}
	var facts []string
	for _, f := range d.Facts {
		facts = append(facts, f.Name)
	}
	return name + " differs in " + text.List(facts, "and")
}
