package plan

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Files is a set of revision files as a graph.
type Files struct {
	Graph *graph.Graph
	byID  map[string]*revision.Revision
	revs  []*revision.Revision // sorted by id
	// Digests returns the digests of the up scripts, sorted by id. They are computed once.
	Digests func() []string
	// dependsOnLabel: a revision names a dependency by a label.
	dependsOnLabel bool
	replacing      []*revision.Revision // those that replace others
}

// NewFiles builds the graph of revisions, which are sorted by id. The problems are those
// between revisions: an id or a label that is used twice, a parent that does not exist, a
// cycle.
func NewFiles(revs []*revision.Revision) (*Files, revision.Problems) {
	f := &Files{byID: make(map[string]*revision.Revision, len(revs)), revs: revs}
	for _, r := range revs {
		f.byID[r.ID] = r
		if len(r.Replaces) > 0 {
			f.replacing = append(f.replacing, r)
		}
	}
	f.Digests = sync.OnceValue(func() []string {
		digests := make([]string, len(revs))
		for i, r := range revs {
			digests[i] = r.Up.Digest()
		}
		return digests
	})
	g, problems := graph.New(f.nodes())
	f.Graph = g
	for _, r := range revs {
		f.dependsOnLabel = f.dependsOnLabel || g != nil && slices.ContainsFunc(r.DependsOn, f.isLabel)
	}
	return f, f.locateAll(problems, revs)
}

// nodes returns the revisions as nodes of a graph.
func (f *Files) nodes() []graph.Node {
	nodes := make([]graph.Node, len(f.revs))
	for i, r := range f.revs {
		nodes[i] = graph.Node{ID: r.ID, DownRevision: r.DownRevision, DependsOn: r.DependsOn, BranchLabels: r.BranchLabels, Replaces: r.ReplacedIDs()}
	}
	return nodes
}

// isLabel reports whether a word of depends_on is a label.
func (f *Files) isLabel(word string) bool {
	_, replaced := f.Graph.ReplacedBy(word)
	return f.byID[word] == nil && !replaced
}

// locateAll returns the problems of files that those of the graph amount to.
func (f *Files) locateAll(problems []graph.Problem, revs []*revision.Revision) revision.Problems {
	var located revision.Problems
	var ofFile revision.FileProblems
	for i, p := range problems {
		if i > 0 && p.ID != problems[i-1].ID { // they are sorted by it
			located = append(located, ofFile.All()...)
			ofFile = revision.FileProblems{}
		}
		switch {
		case p.Kind == graph.DuplicateID:
			located = append(located, f.locate(p, revs)...) // one in each of the other files
		case ofFile.Full():
			ofFile.Add(revision.Problem{}) // to be counted
		default:
			ofFile.Add(f.locate(p, revs)...)
		}
	}
	return append(located, ofFile.All()...)
}

// locate returns the problems of files that a problem of the graph amounts to.
func (f *Files) locate(p graph.Problem, revs []*revision.Revision) revision.Problems {
	problem := p.Text
	switch p.Kind {
	case graph.BadCharacter, graph.BadLength, graph.ReservedWord:
		return nil // revision.Load reports them
	case graph.DuplicateID:
		var problems revision.Problems
		first, _ := slices.BinarySearchFunc(revs, p.ID, func(r *revision.Revision, id string) int { return strings.Compare(r.ID, id) })
		for _, r := range revs[first+1:] {
			if r.ID != p.ID {
				break
			}
			problems = append(problems, revision.Problem{Pos: r.Pos(p.Key, p.Word), Text: fmt.Sprintf("revision: id %s is already used by %s", text.Quote(p.ID), text.Visible(revs[first].Up.File))})
		}
		return problems
	case graph.DuplicateLabel:
		problem = fmt.Sprintf("branch_labels: label %s is already used by %s", text.Quote(p.Word), text.Visible(f.byID[p.Path[0]].Up.File))
	case graph.ReplacedExists:
		problem = fmt.Sprintf("revision %s is replaced by %s in %s: move its files away, or remove it from the list there",
			text.Visible(p.ID), text.Visible(p.Path[0]), text.Visible(f.byID[p.Path[0]].Up.File))
	case graph.LabelIsID:
		if p.Key != "branch_labels" {
			break
		}
		problem = fmt.Sprintf("branch_labels: label %s is the id of %s", text.Quote(p.Word), text.Visible(f.byID[p.Word].Up.File))
	}
	return revision.Problems{{Pos: f.byID[p.ID].Pos(p.Key, p.Word), Text: problem}}
}

// Revision returns a revision by its full id, or nil.
func (f *Files) Revision(id string) *revision.Revision { return f.byID[id] }

// Ordered returns all revisions, parents first.
//
//go:noinline // many calls: copies would take more room
func (f *Files) Ordered() []*revision.Revision {
	ids := f.Graph.Order()
	revs := make([]*revision.Revision, len(ids))
	for i, id := range ids {
		revs[i] = f.byID[id]
	}
	return revs
}

// Entry returns what the ledger records of a revision.
func (f *Files) Entry(r *revision.Revision) ledger.Entry {
	node, _ := f.Graph.Node(r.ID)
	e := ledger.Entry{
		Revision: r.ID, Message: r.Message, DownRevision: r.DownRevision, DependsOn: node.DependsOn, BranchLabels: r.BranchLabels,
		Checksum: r.Up.Checksum(), Digest: r.Up.Digest(),
	}
	e.DownSQL, e.DownOptions = DownScript(r)
	return e
}

// DownScript returns what the ledger records to revert a revision: nil if it is irreversible. For a revision that replaces
// others it is nil too: a program that still has those does not know it, and would revert it, with all data, where it
// has to leave the database as it is.
func DownScript(r *revision.Revision) (sql *string, options string) {
	if down := r.DownScript(); down != nil && len(r.Replaces) == 0 {
		text := down.SQL()
		return &text, down.Options()
	}
	return nil, ""
}
