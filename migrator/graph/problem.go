package graph

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is a sort of mistake.
type Kind string

// What can be wrong with a set of revisions.
const (
	BadCharacter       Kind = "bad-character"        // an id or label with another character than A-Z a-z 0-9 _ .
	BadLength          Kind = "bad-length"           // an id or label that is empty or longer than 64 characters
	ReservedWord       Kind = "reserved-word"        // head, heads, base or current as an id or label
	DuplicateID        Kind = "duplicate-id"         // several revisions with one id
	DuplicateLabel     Kind = "duplicate-label"      // several revisions with one label, or one with it twice
	LabelIsID          Kind = "label-is-id"          // a label that is the id of a revision
	MissingRevision    Kind = "missing-revision"     // a link to a revision that does not exist
	SelfLoop           Kind = "self-loop"            // a revision that is its own down revision
	DependencySelfLoop Kind = "dependency-self-loop" // a revision that depends on itself
	Cycle              Kind = "cycle"                // a cycle of down revisions
	DependencyCycle    Kind = "dependency-cycle"     // a cycle that needs a dependency to close
)

// Problem is one mistake in a set of revisions.
type Problem struct {
	Kind Kind
	ID   string // the revision to change
	// Key is the header key to change, "revision", "down_revision", "depends_on" or
	// "branch_labels", and Word the offending word of its value.
	Key, Word string
	// Path is a cycle, each revision followed by one that needs it, the first repeated at
	// the end. For a duplicate label it holds the revisions that have it. Otherwise nil.
	Path []string
	Text string // what is wrong and what to do, without the place
}

// sorted puts problems in order, each once.
func sorted(list []Problem) []Problem {
	slices.SortFunc(list, Problem.compare)
	return slices.CompactFunc(list, func(p, q Problem) bool { return p.compare(q) == 0 })
}

func (p Problem) compare(q Problem) int {
	return cmp.Or(
		strings.Compare(p.ID, q.ID), strings.Compare(p.Key, q.Key),
		strings.Compare(p.Word, q.Word), strings.Compare(string(p.Kind), string(q.Kind)), strings.Compare(p.Text, q.Text),
	)
}

// IsReserved says whether a word means a place in every graph, so that no revision and
// no label may be called so.
func IsReserved(word string) bool { return slices.Contains(reserved(), word) }

func reserved() []string { return []string{"head", "heads", "base", "current"} }
