package graph

import (
	"slices"

	"example.com/ambix/migrator/internal/name"
)

// Node is one revision as it was written.
type Node struct {
	ID string
	// DownRevision lists the ids of the down revisions: none for a base, several for a
	// merge.
	DownRevision []string
	// DependsOn lists the ids or labels of further revisions that have to be applied
	// first.
	DependsOn []string
	// BranchLabels name the branch that begins with this revision.
	BranchLabels []string
	// Replaces lists the ids of the revisions in whose place this one came. They are not in
	// the graph; links to them lead to this one.
	Replaces []string
	// Unknown marks a revision that is recorded in the ledger but has no file, because a
	// newer program applied it. It can be reverted, and named by its id. It never counts
	// as a head or a base and is never a step up. Its links to missing revisions and its
	// labels that are already in use are ignored; they are not problems.
	Unknown bool
}

// Graph is a consistent set of revisions. It is immutable and safe for concurrent use.
type Graph struct {
	nodes  []Node           // sorted by id; a node's number is its index
	names  map[string]int32 // ids and labels
	labels []string         // sorted

	replaced    map[string]int32 // ids of replaced revisions, with the node in their place
	replacedIDs []string         // sorted

	parents, children links // lineage: down revisions, and the reverse
	below, above      links // order: down revisions and dependencies, and the reverse
	order             []int32
}

// New builds a graph. The result does not depend on the order of the nodes. If the nodes
// are inconsistent, New returns a nil graph and every problem, sorted.
func New(nodes []Node) (*Graph, []Problem) {
	c := newChecker(nodes)
	c.checkLabels()
	c.addReplaced()
	c.resolveLinks()
	if !c.sortNodes() {
		c.checkCycles()
	}
	if len(c.problems) > 0 {
		return nil, sortProblems(c.problems)
	}
	return c.Graph, nil
}

// Len returns the number of revisions.
func (g *Graph) Len() int { return len(g.nodes) }

// Node returns the revision with this full id. Repeated links are listed once, labels in
// DependsOn are replaced by ids, and so are replaced revisions by those in their place. The
// slices must not be modified.
func (g *Graph) Node(id string) (Node, bool) {
	i, ok := g.find(id)
	if !ok {
		return Node{}, false
	}
	n := g.nodes[i]
	n.DownRevision = g.linked(n.DownRevision, n.Unknown, false)
	if len(n.DependsOn) > 0 {
		n.DependsOn = g.linked(n.DependsOn, n.Unknown, true)
	}
	return n, true
}

// linked returns the ids that the words of a link mean, each once.
func (g *Graph) linked(words []string, unknown, labels bool) []string {
	if len(g.replaced) == 0 && !labels {
		return unique(words)
	}
	ids := make([]string, 0, len(words))
	for _, id := range words {
		if p, ok := g.names[id]; ok && labels {
			id = g.nodes[p].ID
		}
		if r, ok := g.replacement(id, unknown); ok {
			id = g.nodes[r].ID
		}
		ids = append(ids, id)
	}
	return unique(ids)
}

// unique returns the list without repetitions.
func unique(list []string) []string {
	var out []string
	seen := name.NewSet(len(list))
	for _, s := range list {
		if seen.Add(s) {
			out = append(out, s)
		}
	}
	return out
}

// Children returns the revisions that have id as a down revision, sorted by id, and nil
// for an id that is not in the graph.
func (g *Graph) Children(id string) []string {
	i, ok := g.find(id)
	if !ok {
		return nil
	}
	return g.ids(g.children.of(i))
}

// Labels maps each label to the id of its revision.
func (g *Graph) Labels() map[string]string {
	all := make(map[string]string, len(g.labels))
	for _, l := range g.labels {
		all[l] = g.nodes[g.names[l]].ID
	}
	return all
}

// Heads returns the revisions without children, sorted by id. The target "heads" differs:
// it omits a head that another head depends on, since applying the other applies both.
func (g *Graph) Heads() []string { return g.ids(g.lineageHeads()) }

// Bases returns the revisions without a down revision, sorted by id.
func (g *Graph) Bases() []string { return g.ids(g.bases()) }

// Branches returns the branch points: the revisions with several children, sorted by id.
func (g *Graph) Branches() []string {
	return g.ids(g.filter(func(i int32) bool { return len(g.withoutUnknown(g.children.of(i))) > 1 }))
}

// Order returns all revisions, each after its down revisions and dependencies. The order
// is depth first, so that one branch is complete before the next begins: revisions that
// no other requires are taken by id, and before each of them what it requires, by id.
// Unknown revisions come last. Every upgrade is a part of this order, and every downgrade
// of its reverse.
func (g *Graph) Order() []string { return g.ids(g.order) }

// lineageHeads returns the known nodes without a known child.
func (g *Graph) lineageHeads() []int32 {
	return g.filter(func(i int32) bool { return len(g.withoutUnknown(g.children.of(i))) == 0 })
}

// heads returns the known nodes that no known node requires.
func (g *Graph) heads() []int32 {
	return g.filter(func(i int32) bool { return len(g.withoutUnknown(g.above.of(i))) == 0 })
}

func (g *Graph) bases() []int32 {
	return g.filter(func(i int32) bool { return len(g.parents.of(i)) == 0 })
}

// filter returns the known nodes for which keep returns true.
func (g *Graph) filter(keep func(int32) bool) []int32 {
	var list []int32
	for i := range int32(len(g.nodes)) {
		if !g.nodes[i].Unknown && keep(i) {
			list = append(list, i)
		}
	}
	return list
}

// withoutUnknown returns the list without unknown nodes. It copies the list only if there
// are any.
func (g *Graph) withoutUnknown(list []int32) []int32 {
	unknown := func(i int32) bool { return g.nodes[i].Unknown }
	if !slices.ContainsFunc(list, unknown) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), unknown)
}

// find returns the node with this id.
func (g *Graph) find(id string) (int32, bool) {
	i, ok := g.names[id]
	return i, ok && g.nodes[i].ID == id
}

// ids returns the ids of nodes.
//
//go:noinline // many calls: copies would take more room
func (g *Graph) ids(list []int32) []string {
	ids := make([]string, len(list))
	for k, i := range list {
		ids[k] = g.nodes[i].ID
	}
	return ids
}

// labelsOf returns the labels that lead to a node, sorted.
func (g *Graph) labelsOf(i int32) []string {
	var labels []string
	for _, l := range g.nodes[i].BranchLabels {
		if g.names[l] == i {
			labels = append(labels, l)
		}
	}
	slices.Sort(labels)
	return labels
}
