package graph

import (
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// The kinds of target errors.
const (
	NotFound         Kind = "not-found"         // no such revision or label, or not a valid target
	AmbiguousPrefix  Kind = "ambiguous-prefix"  // several names begin with what was given
	NotInBranch      Kind = "not-in-branch"     // the revision is not on the branch before the @
	NothingOnBranch  Kind = "nothing-on-branch" // the branch before the @ contains nothing to revert
	MultipleHeads    Kind = "multiple-heads"    // head, where there are several
	AmbiguousCurrent Kind = "ambiguous-current" // +N or -N, where several revisions are current
	AmbiguousWalk    Kind = "ambiguous-walk"    // +N or -N across a branch point or a merge
	RelativeCount    Kind = "relative-count"    // +N or -N without a start, by 0 or by more steps than there are
	WrongDirection   Kind = "wrong-direction"   // -N in an upgrade, +N in a downgrade
	WalkedTooFar     Kind = "walked-too-far"    // rev+N or rev-N that leaves the graph
	NotAncestor      Kind = "not-ancestor"      // a downgrade to a revision that is not applied, a range that goes down
	Overlap          Kind = "overlap"           // several targets, one of which requires another
	NoTarget         Kind = "no-target"         // no target at all
	RangeNotAllowed  Kind = "range-not-allowed" // a:b, where a single target is required
	RangeRequired    Kind = "range-required"    // a downgrade without a database that does not say where it starts
	BadRange         Kind = "bad-range"         // a range that is not of the form a:b
	BranchBase       Kind = "branch-base"       // label@base, where a state of the whole database is required
	UnknownRevision  Kind = "unknown-revision"  // a revision to apply that is recorded in the ledger only
)

// TargetError reports why a target was refused. It states facts; how a user is told what
// to type instead is up to the program.
type TargetError struct {
	Kind Kind
	// Verb is the operation that the target was given to: "up", "down", "to", "stamp",
	// "show" ([Graph.Resolve]), "history" ([Graph.Range]), "from" ([Graph.State]) or
	// "start" ([Graph.Start]). A caller whose operation has another name replaces it.
	Verb   string
	Target string // as it was given
	Reason string // what is wrong, without verb and target
	// Revisions are the ids that the target may refer to, or where the walk could go on,
	// if there are several.
	Revisions []string
	// Choices are valid targets for the same verb, if any can be offered. One with a space
	// is a list of targets. For AmbiguousPrefix they are the names that begin with what
	// was given.
	Choices []string
	// Reverts are the numbers of revisions that each of Choices would revert, 0 for one that
	// leads to another choice. Nil except in a downgrade across a merge.
	Reverts []int
	// Steps is the target that a number without a sign was probably meant as: -2 for 2, or
	// base if fewer revisions are applied. "" if there is none.
	Steps string
	// Example shows the required form of the target, "" where Choices do or no particular
	// form is required.
	Example string
}

// Error returns "verb target: reason".
func (e *TargetError) Error() string {
	target := e.Target
	switch {
	case e.Kind == NoTarget, e.Kind == RangeRequired && target == "":
		target = "" // none was given
	case target == "" || len(target) > maxShown || text.Visible(target) != target:
		target = text.Quote(target[:min(len(target), maxShown)])
	}
	return strings.TrimSpace(e.Verb+" "+target) + ": " + e.Reason
}

// maxShown is the length up to which an error repeats a target.
const maxShown = 3 * maxName
