package graph

import "slices"

// links are the edges of a graph in one direction: to[first[i]:first[i+1]] are those of
// node i, by number and without repetition.
type links struct {
	first, to []int32
}

func newLinks(nodes int) links {
	return links{first: append(make([]int32, 0, nodes+1), 0)}
}

// add gives the next node its links. It keeps the list no longer than the call.
func (l *links) add(list []int32) {
	slices.Sort(list)
	l.to = append(l.to, slices.Compact(list)...)
	l.first = append(l.first, int32(len(l.to)))
}

func (l links) of(i int32) []int32 { return l.to[l.first[i]:l.first[i+1]] }

func (l links) nodes() int32 { return int32(len(l.first) - 1) }

// reverse turns every edge round.
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

// marks says of each node whether it belongs to a set.
type marks []bool

func (m marks) has(i int32) bool { return m[i] }

// with adds the nodes of another set to m.
func (m marks) with(more marks) marks {
	for i, in := range more {
		m[i] = m[i] || in
	}
	return m
}

// reach marks the starting nodes and all that can be reached from them.
func (l links) reach(start ...int32) marks {
	m := make(marks, l.nodes())
	l.spread(m, start)
	return m
}

// spread adds to m what can be reached from the starting nodes. What m has already is
// taken for spread.
func (l links) spread(m marks, start []int32) {
	todo := slices.Clone(start)
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if m[i] {
			continue
		}
		m[i] = true
		todo = append(todo, l.of(i)...)
	}
}
