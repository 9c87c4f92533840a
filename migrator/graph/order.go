package graph

// sortNodes computes the order of all nodes. It reports whether there is one: with a cycle
// there is not. Unknown nodes come last, so that they do not change the order of the others.
func (g *Graph) sortNodes() bool {
	tops := g.heads()
	for i := range int32(len(g.nodes)) {
		if len(g.above.of(i)) == 0 {
			tops = append(tops, i)
		}
	}
	g.order = g.below.postorder(tops)
	before := make(nodeSet, len(g.nodes))
	for _, i := range g.order {
		for _, required := range g.below.of(i) {
			if !before[required] {
				return false
			}
		}
		before[i] = true
	}
	return len(g.order) == len(g.nodes) // nodes that no top leads to are on or below a cycle
}

// postorder returns the nodes that can be reached from the starting nodes, depth first,
// each after those that it leads to, as far as there are no cycles. It uses an explicit
// stack, since a lineage may be 100,000 revisions long.
func (l links) postorder(starts []int32) []int32 {
	type frame struct{ node, next int32 }
	var stack []frame
	order, seen := make([]int32, 0, l.nodes()), make(nodeSet, l.nodes())
	push := func(i int32) {
		if !seen[i] {
			seen[i] = true
			stack = append(stack, frame{node: i})
		}
	}
	for _, start := range starts {
		push(start)
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if to := l.of(f.node); int(f.next) < len(to) {
				f.next++
				push(to[f.next-1])
				continue
			}
			order = append(order, f.node)
			stack = stack[:len(stack)-1]
		}
	}
	return order
}

// inOrder returns the ids of the nodes for which keep returns true, in order.
func (g *Graph) inOrder(keep func(int32) bool) []string {
	var ids []string
	for _, i := range g.order {
		if keep(i) {
			ids = append(ids, g.nodes[i].ID)
		}
	}
	return ids
}
