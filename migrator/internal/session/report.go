package session

import (
	"slices"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
)

// Report is what a run did.
type Report struct {
	From, To []string       // the maximal applied revisions before and after
	Steps    []apply.Result // committed by this run, in order
	Others   []OtherStep    // planned, but carried out by another runner
	// Replaced are the revisions whose rows this run has put in the place of those that they replace.
	Replaced []plan.Replacement
	Ahead    []string // applied revisions that the files do not have, parents first
}

// OtherStep is a step that another runner carried out.
type OtherStep struct {
	plan.Step
	By, From string // role and host; "" when the row is gone
}

func (r *Report) add(done []apply.Result) {
	r.Steps = append(r.Steps, done...)
	if len(r.Ahead) == 0 {
		return
	}
	gone := make(map[string]bool, len(done))
	for _, d := range done {
		gone[d.Step.Revision] = true
	}
	r.Ahead = slices.DeleteFunc(r.Ahead, func(id string) bool { return gone[id] })
}
