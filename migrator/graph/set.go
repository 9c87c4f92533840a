package graph

import (
	"maps"
	"slices"
)

// Set is a set of revision ids, usually the applied ones. The nil Set is a database
// without applied revisions.
//
// A set of applied revisions is normally closed: it contains everything that its members
// require. If it is not, because a revision was added below an applied one, the missing
// revision is pending; see [Graph.OutOfOrder].
type Set map[string]struct{}

// NewSet returns the set of these ids.
func NewSet(ids ...string) Set {
	s := make(Set, len(ids))
	for _, id := range ids {
		s[id] = struct{}{}
	}
	return s
}

// Has reports whether the set contains id.
func (s Set) Has(id string) bool {
	_, ok := s[id]
	return ok
}

// IDs returns the ids, sorted.
func (s Set) IDs() []string { return slices.Sorted(maps.Keys(s)) }

// Closure returns the members of s and everything that they require. Ids that are not in
// the graph are ignored.
func (g *Graph) Closure(s Set) Set {
	return g.set(g.below.reachable(g.indices(s)...))
}

// Maximal returns the members of s that no other member requires, directly or indirectly,
// sorted by id. For a set of applied revisions these are the current revisions. Ids that
// are not in the graph are ignored.
func (g *Graph) Maximal(s Set) []string { return g.ids(g.maximal(g.nodeSet(s))) }

// OutOfOrderRevision is a pending revision that an applied one requires.
type OutOfOrderRevision struct {
	Revision string
	Above    string // an applied revision that requires it, preferably directly
}

// OutOfOrder returns the pending revisions below applied ones, in order. They were
// inserted or merged in after the revisions above them had been applied.
func (g *Graph) OutOfOrder(applied Set) []OutOfOrderRevision {
	isApplied := g.nodeSet(applied)
	var list []OutOfOrderRevision
	above := make([]int32, len(g.nodes)) // an applied node above a pending one, or none
	for _, i := range slices.Backward(g.order) {
		above[i] = none
		if isApplied[i] {
			continue
		}
		for _, up := range g.above.of(i) {
			if isApplied[up] {
				above[i] = up
				break
			}
			if above[i] == none {
				above[i] = above[up]
			}
		}
		if above[i] != none {
			list = append(list, OutOfOrderRevision{g.nodes[i].ID, g.nodes[above[i]].ID})
		}
	}
	slices.Reverse(list)
	return list
}

// none is the number that stands for no node, which is what base resolves to.
const none int32 = -1

// maximal returns the members of s that no other member requires.
func (g *Graph) maximal(s nodeSet) []int32 {
	var list, start []int32
	for i, in := range s {
		if in {
			start = append(start, g.below.of(int32(i))...)
		}
	}
	required := g.below.reachable(start...)
	for i, in := range s {
		if in && !required[i] {
			list = append(list, int32(i))
		}
	}
	return list
}

// indices returns the nodes of s, without the ids that are not in the graph.
func (g *Graph) indices(s Set) []int32 {
	list := make([]int32, 0, len(s))
	for id := range s {
		if i, ok := g.find(id); ok {
			list = append(list, i)
		}
	}
	return list
}

func (g *Graph) nodeSet(s Set) nodeSet {
	nodes := make(nodeSet, len(g.nodes))
	for _, i := range g.indices(s) {
		nodes[i] = true
	}
	return nodes
}

func (g *Graph) set(nodes nodeSet) Set {
	s := Set{}
	for i, in := range nodes {
		if in {
			s[g.nodes[i].ID] = struct{}{}
		}
	}
	return s
}
