package graph

import (
	"slices"
	"strings"
)

// checkCycles reports one short cycle for each set of revisions that require each other.
// Cycles over dependencies are not reported where the down revisions alone form one: they
// may disappear with it.
func (c *checker) checkCycles() {
	reported := make(nodeSet, len(c.nodes))
	for _, group := range c.parents.components() {
		for _, i := range group {
			reported[i] = true
		}
		ids := c.ids(c.children.cycle(group))
		last := ids[len(ids)-2]
		c.report(Cycle, ids[0], "down_revision", last, "the down revisions form a cycle: %s", arrows(ids))
		c.problems[len(c.problems)-1].Path = ids
	}
	for _, group := range c.below.components() {
		if !slices.ContainsFunc(group, reported.has) {
			c.reportDependencyCycle(c.above.cycle(group))
		}
	}
}

// reportDependencyCycle attributes the cycle to its first dependency, which is more
// likely to be the mistake than a down revision.
func (c *checker) reportDependencyCycle(path []int32) {
	ids := c.ids(path)
	for k, i := range path[1:] {
		required := path[k]
		if slices.Contains(c.parents.of(i), required) {
			continue
		}
		var written []string
		for _, n := range append([]Node{c.nodes[i]}, c.copies[i]...) {
			for _, word := range n.DependsOn {
				if c.names[word] == required {
					written = append(written, word)
				}
			}
		}
		word := slices.Min(written)
		c.report(DependencyCycle, c.nodes[i].ID, "depends_on", word, "the dependency on %s closes a cycle: %s", word, arrows(ids))
		c.problems[len(c.problems)-1].Path = ids
		return
	}
}

func arrows(ids []string) string { return strings.Join(ids, " -> ") }

// cycle returns a shortest cycle through the first node of a group of nodes that can all
// be reached from each other. The node is repeated at the end.
func (l links) cycle(group []int32) []int32 {
	start := slices.Min(group)
	from := make(map[int32]int32, len(group)) // -1: not reached yet
	for _, i := range group {
		from[i] = -1
	}
	for todo := []int32{start}; len(todo) > 0; todo = todo[1:] {
		i := todo[0]
		for _, next := range l.of(i) {
			if next == start {
				path := []int32{start}
				for ; i != start; i = from[i] {
					path = append(path, i)
				}
				path = append(path, start)
				slices.Reverse(path)
				return path
			}
			if f, inside := from[next]; inside && f < 0 {
				from[next] = i
				todo = append(todo, next)
			}
		}
	}
	return nil
}

// components returns the strongly connected components with more than one node. It is
// Tarjan's algorithm with an explicit stack.
func (l links) components() [][]int32 {
	type frame struct{ node, next int32 }
	n := l.nodes()
	var (
		groups [][]int32
		open   []int32 // visited, not yet in a component
		stack  []frame
		count  int32
		number = make([]int32, n) // in the order of visits, from 1
		low    = make([]int32, n)
		isOpen = make(nodeSet, n)
	)
	visit := func(i int32) {
		count++
		number[i], low[i], isOpen[i] = count, count, true
		open = append(open, i)
		stack = append(stack, frame{node: i})
	}
	for root := range n {
		if number[root] == 0 {
			visit(root)
		}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			i, next := f.node, l.of(f.node)
			if int(f.next) < len(next) {
				t := next[f.next]
				f.next++
				if number[t] == 0 {
					visit(t)
				} else if isOpen[t] {
					low[i] = min(low[i], number[t])
				}
				continue
			}
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				up := stack[len(stack)-1].node
				low[up] = min(low[up], low[i])
			}
			if low[i] == number[i] {
				k := len(open) - 1
				for open[k] != i {
					k--
				}
				group := slices.Clone(open[k:])
				open = open[:k]
				for _, t := range group {
					isOpen[t] = false
				}
				if len(group) > 1 {
					groups = append(groups, group)
				}
			}
		}
	}
	return groups
}
