package plan

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// Policy decides a situation in which continuing may be wrong.
type Policy string

// The policies. Auto continues when nothing is pending, and fails otherwise.
const (
	Auto Policy = "auto"
	Warn Policy = "warn"
	OK   Policy = "ok"
	Fail Policy = "fail"
)

// Policies are the policies of an upgrade.
type Policies struct {
	Ahead      Policy // the database has revisions that the files do not: Auto, OK, Fail
	Modified   Policy // an applied revision's file was modified: Warn, OK, Fail
	OutOfOrder Policy // a pending revision is below an applied one: OK, Fail
}

// Allow checks the plan of an upgrade against the policies. It returns the modified
// revisions that the policy wants reported. The error is a *PolicyError.
func (v *View) Allow(p Plan, policies Policies) ([]Change, error) {
	if ahead := v.Unknown(); len(ahead) > 0 && policies.Ahead != OK && (len(p.Steps) > 0 || policies.Ahead == Fail) {
		return nil, &PolicyError{Policy: "ahead", Revisions: ahead, Pending: revisions(p.Steps)}
	}
	if late := v.OutOfOrder(p); len(late) > 0 && policies.OutOfOrder != OK {
		e := &PolicyError{Policy: "out-of-order"}
		for _, r := range late {
			e.Revisions, e.Above = append(e.Revisions, r.Revision), append(e.Above, r.Above)
		}
		return nil, e
	}
	if policies.Modified == OK {
		return nil, nil
	}
	changes := v.Changes()
	if len(changes) > 0 && policies.Modified == Fail {
		e := &PolicyError{Policy: "changed"}
		for _, c := range changes {
			e.Revisions = append(e.Revisions, c.Revision)
		}
		return nil, e
	}
	return changes, nil
}

func revisions(steps []Step) []string {
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.Revision
	}
	return ids
}

// PolicyError reports that a policy stopped a run before anything was sent.
type PolicyError struct {
	Policy    string   // "ahead", "changed" or "out-of-order"
	Revisions []string // the reason
	Pending   []string // of "ahead": what would have been applied
	Above     []string // of "out-of-order": an applied revision above each of Revisions
	// Foreign, of "ahead", are version tables of other tools, "schema.table (tool)", in a
	// database without Ledger. Adoptable: one of them can be adopted.
	Foreign   []string
	Ledger    string
	Adoptable bool
}

func (e *PolicyError) Error() string {
	list := strings.Join(e.Revisions, ", ")
	switch {
	case len(e.Foreign) > 0:
		return "the database was migrated by another tool, " + text.List(e.Foreign, "and") + ", and has no ledger " + e.Ledger
	case e.Policy == "ahead" && len(e.Pending) == 0:
		return "the database is ahead of this program by " + list
	case e.Policy == "ahead":
		return fmt.Sprintf("the histories have diverged: the database has revisions that this program does not know (%s), and this program has revisions that are not applied (%s)",
			list, strings.Join(e.Pending, ", "))
	case e.Policy == "changed":
		return "modified after they were applied: " + list
	}
	pairs := make([]string, len(e.Revisions))
	for i, id := range e.Revisions {
		pairs[i] = id + " (below " + e.Above[i] + ")"
	}
	return "pending revisions are below applied ones: " + strings.Join(pairs, ", ")
}
