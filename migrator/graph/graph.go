// Package graph holds the directed graph of revision ids: its shape, its order, the
// grammar of targets, and the ids that a move touches. It knows neither files nor
// databases.
//
// Two kinds of links lead from a revision to what it needs. Down revisions are its
// lineage: they make branches and merges, and they are what "head", "base", labels and
// +N and -N follow. Dependencies only say what has to be applied before. Lineage and
// dependencies together are what the order follows.
package graph

import "slices"

// Node is one revision as it was written.
type Node struct {
	ID string
	// Down are the ids of the down revisions: none for a base, several for a merge.
	DownRevision []string
	// Deps are the ids, or labels, of revisions that have to be applied before.
	DependsOn []string
	// Labels name the branch that begins with this revision.
	BranchLabels []string
	// Unknown marks a revision that only the ledger knows, because a newer program
	// applied it. It can be taken down and be named by its id. It is no head, no base and
	// no way up, and what is odd about it is no problem: links that lead nowhere and
	// labels that are taken do not count.
	Unknown bool
}

// Graph is a set of revisions that fit together. It is immutable and safe for
// concurrent use.
type Graph struct {
	nodes  []Node           // by id; the numbers of nodes are indices of this slice
	names  map[string]int32 // ids and labels
	labels []string         // sorted

	down, up     links // lineage: to down revisions, to the revisions on top
	below, above links // lineage and dependencies
	order        []int32
}

// New makes a graph. The result does not depend on the order of the nodes. When the
// nodes do not fit together it is nil, and all problems are given at once, sorted.
func New(nodes []Node) (*Graph, []Problem) {
	c := newChecker(nodes)
	c.checkLabels()
	c.link()
	if !c.sort() {
		c.checkCycles()
	}
	if len(c.problems) > 0 {
		return nil, sorted(c.problems)
	}
	return c.Graph, nil
}

// Len is the number of revisions.
func (g *Graph) Len() int { return len(g.nodes) }

// Node gives a revision by its full id. Links that were given twice are given once, and
// labels among the dependencies are given as ids. The slices must not be changed.
func (g *Graph) Node(id string) (Node, bool) {
	i, ok := g.find(id)
	if !ok {
		return Node{}, false
	}
	n := g.nodes[i]
	n.DownRevision = unique(n.DownRevision)
	if len(n.DependsOn) > 0 {
		deps := make([]string, 0, len(n.DependsOn))
		for _, d := range n.DependsOn {
			if p, ok := g.names[d]; ok {
				d = g.nodes[p].ID
			}
			deps = append(deps, d)
		}
		n.DependsOn = unique(deps)
	}
	return n, true
}

// unique leaves out what came before. The lists are short.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Children gives the revisions that name id as a down revision, by id.
func (g *Graph) Children(id string) []string {
	i, ok := g.find(id)
	if !ok {
		return nil
	}
	return g.ids(g.up.of(i))
}

// Labels gives the revision of each label.
func (g *Graph) Labels() map[string]string {
	all := make(map[string]string, len(g.labels))
	for _, l := range g.labels {
		all[l] = g.nodes[g.names[l]].ID
	}
	return all
}

// Heads gives the revisions that no other names as its down revision, by id. A head may
// be a dependency: the target "heads" leaves such a one out, as it comes with the other.
func (g *Graph) Heads() []string { return g.ids(g.lineageHeads()) }

// Bases gives the revisions without a down revision, by id.
func (g *Graph) Bases() []string { return g.ids(g.bases()) }

// Branches gives the revisions with more than one child, by id.
func (g *Graph) Branches() []string {
	return g.ids(g.filter(func(i int32) bool { return len(g.known(g.up.of(i))) > 1 }))
}

// Order gives all revisions, each after its down revisions and dependencies. It goes
// depth first, so that a branch is finished before the next one begins: it takes the
// revisions that nothing needs by id, and before each one what it needs, by id. What
// only the ledger knows comes last. Every move is a part of this order or, downwards, of
// its reverse.
func (g *Graph) Order() []string { return g.ids(g.order) }

// lineageHeads are the known nodes without a known child.
func (g *Graph) lineageHeads() []int32 {
	return g.filter(func(i int32) bool { return len(g.known(g.up.of(i))) == 0 })
}

// heads are the known nodes that no known node needs.
func (g *Graph) heads() []int32 {
	return g.filter(func(i int32) bool { return len(g.known(g.above.of(i))) == 0 })
}

func (g *Graph) bases() []int32 {
	return g.filter(func(i int32) bool { return len(g.down.of(i)) == 0 })
}

// filter gives the known nodes of which keep is true.
func (g *Graph) filter(keep func(int32) bool) []int32 {
	var list []int32
	for i := range int32(len(g.nodes)) {
		if !g.nodes[i].Unknown && keep(i) {
			list = append(list, i)
		}
	}
	return list
}

// known leaves out what only the ledger knows.
func (g *Graph) known(list []int32) []int32 {
	for _, i := range list { // mostly there is none, and the list is right as it is
		if g.nodes[i].Unknown {
			return slices.DeleteFunc(slices.Clone(list), func(i int32) bool { return g.nodes[i].Unknown })
		}
	}
	return list
}

// find gives the node with this id.
func (g *Graph) find(id string) (int32, bool) {
	i, ok := g.names[id]
	return i, ok && g.nodes[i].ID == id
}

func (g *Graph) ids(list []int32) []string {
	ids := make([]string, len(list))
	for k, i := range list {
		ids[k] = g.nodes[i].ID
	}
	return ids
}

// labelsOf gives the labels of a node that lead to it.
func (g *Graph) labelsOf(i int32) []string {
	var own []string
	for _, l := range g.nodes[i].BranchLabels {
		if g.names[l] == i {
			own = append(own, l)
		}
	}
	slices.Sort(own)
	return own
}
