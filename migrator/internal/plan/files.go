package plan

import (
	"slices"
	"sync"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// Files is a set of revision files as a graph.
type Files struct {
	Graph *graph.Graph
	byID  map[string]*revision.Revision
	nodes []graph.Node // by id
	// Digests gives those of the up scripts, in the order of the ids.
	Digests func() []string
	// labelled says that a revision depends on one that it names by a label.
	labelled bool
}

// NewFiles joins revisions, which are sorted by id, by their links. What only shows when they are seen together
// (a parent that does not exist, a cycle, a label used twice) comes with its place.
func NewFiles(revs []*revision.Revision) (*Files, revision.Problems) {
	f := &Files{byID: make(map[string]*revision.Revision, len(revs)), nodes: make([]graph.Node, len(revs))}
	for i, r := range revs {
		f.byID[r.ID] = r
		f.nodes[i] = graph.Node{ID: r.ID, DownRevision: r.DownRevision, DependsOn: r.DependsOn, BranchLabels: r.BranchLabels}
	}
	for _, r := range revs {
		f.labelled = f.labelled || slices.ContainsFunc(r.DependsOn, func(id string) bool { return f.byID[id] == nil })
	}
	f.Digests = sync.OnceValue(func() []string {
		digests := make([]string, len(revs))
		for i, r := range revs {
			digests[i] = r.Up.Digest()
		}
		return digests
	})
	g, problems := graph.New(f.nodes)
	f.Graph = g
	var placed revision.Problems
	for _, p := range problems {
		switch p.Kind {
		case graph.MissingRevision, graph.SelfLoop, graph.DependencySelfLoop, graph.Cycle, graph.DependencyCycle:
		default:
			continue // revision.Load has told it, in words about files
		}
		placed = append(placed, revision.Problem{Pos: f.byID[p.ID].Pos(p.Key, p.Word), Text: p.Text})
	}
	return f, placed
}

// Revision gives one revision by its full id, or nil.
func (f *Files) Revision(id string) *revision.Revision { return f.byID[id] }

// Ordered gives all revisions, parents first.
func (f *Files) Ordered() []*revision.Revision {
	ids := f.Graph.Order()
	revs := make([]*revision.Revision, len(ids))
	for i, id := range ids {
		revs[i] = f.byID[id]
	}
	return revs
}

// Entry is what the ledger will say of a revision.
func (f *Files) Entry(r *revision.Revision) ledger.Entry {
	node, _ := f.Graph.Node(r.ID)
	e := ledger.Entry{
		Revision: r.ID, Message: r.Message, DownRevision: r.DownRevision, DependsOn: node.DependsOn, BranchLabels: r.BranchLabels,
		Checksum: r.Up.Checksum(), Digest: r.Up.Digest(),
	}
	e.DownSQL, e.DownOptions = WayBack(r)
	return e
}

// WayBack is what the ledger keeps to take a revision down: nil for an irreversible one.
func WayBack(r *revision.Revision) (sql *string, options string) {
	switch {
	case r.Down != nil:
		text := r.Down.SQL()
		return &text, r.Down.Options()
	case r.Up.Empty():
		return new(string), ""
	}
	return nil, ""
}
