package graph

import (
	"maps"
	"slices"
)

// Set is a set of ids: the applied ones. The nil Set is a database at base. It is
// normally closed: with a revision it holds all that the revision needs. One that is
// not, because a revision was inserted below an applied one, is taken as it is: the
// inserted one is pending.
type Set map[string]struct{}

// NewSet makes a set of these ids.
func NewSet(ids ...string) Set {
	s := make(Set, len(ids))
	for _, id := range ids {
		s[id] = struct{}{}
	}
	return s
}

// Has says whether the set holds an id.
func (s Set) Has(id string) bool {
	_, ok := s[id]
	return ok
}

// IDs gives the ids, sorted.
func (s Set) IDs() []string { return slices.Sorted(maps.Keys(s)) }

// Closure gives the set with everything that its members need. Ids that the graph does
// not hold are left out.
func (g *Graph) Closure(s Set) Set {
	return g.set(g.below.reach(g.numbers(s)...))
}

// Maximal gives the members that no other member needs, directly or not, by id: the
// current revisions. Ids that the graph does not hold are left out.
func (g *Graph) Maximal(s Set) []string {
	m := make(marks, len(g.nodes))
	for _, i := range g.numbers(s) {
		m[i] = true
	}
	return g.ids(g.maximal(m))
}

// OutOfOrderRevision is a pending revision that an applied one needs.
type OutOfOrderRevision struct {
	Revision string
	Above    string // an applied revision that needs it; of several one that is near
}

// OutOfOrder gives the pending revisions below applied ones, in order. They were
// inserted, or merged in, after those had been applied.
func (g *Graph) OutOfOrder(applied Set) []OutOfOrderRevision {
	have := make(marks, len(g.nodes))
	for _, i := range g.numbers(applied) {
		have[i] = true
	}
	var list []OutOfOrderRevision
	above := make([]int32, len(g.nodes)) // an applied node above a pending one, or none
	for _, i := range slices.Backward(g.order) {
		above[i] = none
		if have[i] {
			continue
		}
		for _, up := range g.above.of(i) {
			if have[up] {
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

// none is no node: what is below the bases.
const none int32 = -1

// maximal gives the marked nodes that are below no other.
func (g *Graph) maximal(m marks) []int32 {
	lower := make(marks, len(g.nodes))
	var list, start []int32
	for i, in := range m {
		if in {
			start = append(start, g.below.of(int32(i))...)
		}
	}
	g.below.spread(lower, start)
	for i, in := range m {
		if in && !lower[i] {
			list = append(list, int32(i))
		}
	}
	return list
}

// numbers gives the nodes of the ids that the graph holds.
func (g *Graph) numbers(s Set) []int32 {
	list := make([]int32, 0, len(s))
	for id := range s {
		if i, ok := g.find(id); ok {
			list = append(list, i)
		}
	}
	return list
}

func (g *Graph) set(m marks) Set {
	s := Set{}
	for i, in := range m {
		if in {
			s[g.nodes[i].ID] = struct{}{}
		}
	}
	return s
}
