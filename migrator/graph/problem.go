package graph

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/name"
)

// Kind classifies a [Problem] or a [TargetError].
type Kind string

// The kinds of problems in a set of revisions.
const (
	BadCharacter       Kind = "bad-character"        // an id or label with a character other than A-Z a-z 0-9 _ .
	BadLength          Kind = "bad-length"           // an id or label that is empty or longer than 64 characters
	ReservedWord       Kind = "reserved-word"        // head, heads, base or current as an id or label
	DuplicateID        Kind = "duplicate-id"         // an id used by several revisions
	DuplicateLabel     Kind = "duplicate-label"      // a label used by several revisions, or twice by one
	LabelIsID          Kind = "label-is-id"          // a label that is also the id of a revision
	MissingRevision    Kind = "missing-revision"     // a link to a revision that does not exist
	SelfLoop           Kind = "self-loop"            // a revision that is its own down revision
	DependencySelfLoop Kind = "dependency-self-loop" // a revision that depends on itself
	Cycle              Kind = "cycle"                // a cycle of down revisions
	DependencyCycle    Kind = "dependency-cycle"     // a cycle with at least one dependency
	SelfReplaced       Kind = "self-replaced"        // a revision that replaces itself
	ReplacedExists     Kind = "replaced-exists"      // a replaced revision that exists as well
	DuplicateReplaced  Kind = "duplicate-replaced"   // a revision that several others replace
)

// Problem is one mistake in a set of revisions.
type Problem struct {
	Kind Kind
	ID   string // the revision to correct
	// Key is the header key to correct: "revision", "down_revision", "depends_on",
	// "branch_labels" or "replaces". Word is the offending word of its value.
	Key, Word string
	// Path is, for a cycle, its revisions, each followed by one that requires it, with the
	// first repeated at the end. For a duplicate label it is the revisions that have the
	// label, and for ReplacedExists the one that replaces it. It is nil for the other kinds.
	Path []string
	Text string // what is wrong, without the position
}

// sortProblems sorts the list and removes repetitions.
func sortProblems(list []Problem) []Problem {
	sort.Slice(list, func(i, j int) bool { return list[i].compare(list[j]) < 0 })
	return slices.CompactFunc(list, func(p, q Problem) bool { return p.compare(q) == 0 })
}

func (p Problem) compare(q Problem) int {
	return cmp.Or(
		strings.Compare(p.ID, q.ID), strings.Compare(p.Key, q.Key),
		strings.Compare(p.Word, q.Word), strings.Compare(string(p.Kind), string(q.Kind)), strings.Compare(p.Text, q.Text),
	)
}

// IsReserved reports whether word has a meaning in every graph (head, heads, base,
// current) and therefore cannot be an id or a label.
func IsReserved(word string) bool { return name.IsReserved(word) }
