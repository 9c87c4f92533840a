package graph

import "slices"

// links are the edges of a graph in one direction. Those of node i are
// to[first[i]:first[i+1]], sorted and without repetition.
type links struct {
	first, to []int32
}

func newLinks(nodes int) links {
	return links{first: append(make([]int32, 0, nodes+1), 0)}
}

// add appends the edges of the next node. It sorts the list but does not keep it.
func (l *links) add(list []int32) {
	slices.Sort(list)
	l.to = append(l.to, slices.Compact(list)...)
	l.first = append(l.first, int32(len(l.to)))
}

func (l links) of(i int32) []int32 { return l.to[l.first[i]:l.first[i+1]] }

func (l links) nodes() int32 { return int32(len(l.first) - 1) }

// reverse returns the same edges in the opposite direction.
func (l links) reverse() links {
	r := links{first: make([]int32, len(l.first)), to: make([]int32, len(l.to))}
	for _, t := range l.to {
		r.first[t+1]++
	}
	for i := range l.nodes() {
		r.first[i+1] += r.first[i]
	}
	next := slices.Clone(r.first)
	for i := range l.nodes() {
		for _, t := range l.of(i) {
			r.to[next[t]] = i
			next[t]++
		}
	}
	return r
}

// nodeSet is a set of nodes. Its length is the number of nodes in the graph.
type nodeSet []bool

func (s nodeSet) has(i int32) bool { return s[i] }

// add adds the nodes of another set to s and returns s.
func (s nodeSet) add(other nodeSet) nodeSet {
	for i, in := range other {
		s[i] = s[i] || in
	}
	return s
}

// reachable returns the starting nodes and everything that can be reached from them.
func (l links) reachable(start ...int32) nodeSet {
	s := make(nodeSet, l.nodes())
	l.markReachable(s, start)
	return s
}

// markReachable adds the starting nodes, and everything that can be reached from them, to
// s. It does not continue at nodes that are already in s.
func (l links) markReachable(s nodeSet, start []int32) {
	todo := slices.Clone(start)
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s[i] {
			continue
		}
		s[i] = true
		todo = append(todo, l.of(i)...)
	}
}
