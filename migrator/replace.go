package migrator

import (
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/text"
)

// ReplacedFolder is the folder, below that of the revisions, where [Squash.Write] puts the files of replaced revisions, in a
// folder named after the revision that replaces them. Load ignores it, because its name begins with a dot.
const ReplacedFolder = ".replaced"

// Replacement is a revision with the key `replaces`, in a database whose ledger has revisions in its place.
type Replacement struct {
	Revision, Message string // the message's first line
	State             ReplacementState
	Recorded          []string // the replaced revisions that the ledger has, sorted
	Missing           []string // of ReplacementPartial: those that it lacks; of ReplacementNewer: those that the files lack
	Unfinished        []string // of ReplacementPartial: those of Recorded that were interrupted
	Others            []string // of ReplacementPartial: what the ledger has besides Recorded, sorted
}

// ReplacementState says whether a replaced revision and the one in its place fit.
type ReplacementState string

// The states.
const (
	// ReplacementComplete: the ledger has all that the revision replaces. It counts as applied, and the next run records it
	// in their place.
	ReplacementComplete ReplacementState = "complete"
	// ReplacementPartial: the ledger has some of them. Nothing can be applied, because neither these nor the revision lead
	// on from there.
	ReplacementPartial ReplacementState = "partial"
	// ReplacementBoth: the ledger has the revision and some that it replaces.
	ReplacementBoth ReplacementState = "both"
	// ReplacementNewer: a newer program has recorded the revision, which the files do not contain, in the place of Recorded.
	// These count as applied, and cannot be reverted. Missing are those that the files do not contain: then the revision is
	// unknown, and above the others.
	ReplacementNewer ReplacementState = "newer"
)

// Conflicts reports whether nothing can be applied because of it: of ReplacementPartial and ReplacementBoth.
func (r Replacement) Conflicts() bool {
	return r.State == ReplacementPartial || r.State == ReplacementBoth
}

func newReplacement(r plan.Replacement) Replacement {
	return Replacement{Revision: r.Revision, Message: r.Message, State: ReplacementComplete, Recorded: r.Replaced}
}

func newReplacementConflict(e *plan.ReplacedError) Replacement {
	r := Replacement{Revision: e.Revision, Message: e.Message, State: ReplacementPartial, Recorded: e.Recorded, Missing: e.Missing, Unfinished: e.Unfinished, Others: e.Others}
	if e.Both {
		r.State = ReplacementBoth
	}
	return r
}

// newReplacements returns what is to be exchanged, what cannot be, and what a newer program has exchanged.
func newReplacements(v *plan.View) []Replacement {
	list := append(each(v.Replacements, newReplacement), each(v.Conflicts, newReplacementConflict)...)
	for _, n := range v.Newer {
		list = append(list, Replacement{Revision: n.Revision, Message: text.Subject(n.Message), State: ReplacementNewer, Recorded: n.Replaced, Missing: n.Missing})
	}
	return list
}

// ReplacedError reports a ledger that has only some of the revisions that another one replaces, or that one and some of them.
// Nothing was run.
type ReplacedError struct {
	Replacement
	failure
}

// Kind returns KindReplaced.
func (e *ReplacedError) Kind() Kind { return KindReplaced }
