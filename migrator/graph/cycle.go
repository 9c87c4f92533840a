package graph

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// checkCycles reports one short cycle for each set of revisions that require each other.
// Cycles over dependencies are not reported where the down revisions alone form one: they
// may disappear with it.
func (c *checker) checkCycles() {
	reported := make(nodeSet, len(c.nodes))
	for _, group := range c.parents.components(c.children) {
		for _, i := range group {
			reported[i] = true
		}
		ids := c.ids(c.children.cycle(group))
		last := ids[len(ids)-2]
		c.report(Cycle, ids[0], "down_revision", last, "the down revisions form a cycle: %s", arrows(ids))
		c.problems[len(c.problems)-1].Path = ids
	}
	for _, group := range c.below.components(c.above) {
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
				if p, ok := c.findDependency(i, n, word); ok && p == required {
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

// arrows shows a cycle in a message: its beginning, if it is long.
func arrows(ids []string) string {
	const shown = 32
	if more := len(ids) - shown; more > 1 {
		ids = append(slices.Clone(ids[:shown-1]), text.Count(more, "more revision"), ids[len(ids)-1])
	}
	return strings.Join(ids, " -> ")
}

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

// components returns the strongly connected components with more than one node, by
// Kosaraju's algorithm. reverse contains the same edges in the opposite direction.
func (l links) components(reverse links) [][]int32 {
	all := make([]int32, l.nodes())
	for i := range all {
		all[i] = int32(i)
	}
	var groups [][]int32
	assigned := make(nodeSet, l.nodes())
	for _, root := range slices.Backward(l.postorder(all)) {
		var group []int32
		for todo := []int32{root}; len(todo) > 0; {
			i := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if assigned[i] {
				continue
			}
			assigned[i] = true
			group = append(group, i)
			todo = append(todo, reverse.of(i)...)
		}
		if len(group) > 1 {
			groups = append(groups, group)
		}
	}
	return groups
}
