package graph

// sortNodes computes the order of all nodes and reports whether there is one: a cycle has
// none. Unknown nodes come last, so that they do not change the order of the others.
func (g *Graph) sortNodes() bool {
	g.order = make([]int32, 0, len(g.nodes))
	state := make([]visitState, len(g.nodes))
	for _, top := range g.heads() {
		if !g.sortBelow(top, state) {
			return false
		}
	}
	for top := range int32(len(g.nodes)) {
		if len(g.above.of(top)) == 0 && !g.sortBelow(top, state) {
			return false
		}
	}
	// Nodes that no top leads to are below a cycle, or part of one.
	return len(g.order) == len(g.nodes)
}

type visitState uint8

const (
	unvisited visitState = iota
	visiting
	sorted
)

// sortBelow appends a node to the order, after everything it requires. It returns false
// for a cycle. It uses an explicit stack, since a lineage may be 100,000 revisions long.
func (g *Graph) sortBelow(top int32, state []visitState) bool {
	if state[top] == sorted {
		return true
	}
	type frame struct{ node, next int32 }
	stack := []frame{{node: top}}
	state[top] = visiting
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		required := g.below.of(f.node)
		if int(f.next) == len(required) {
			state[f.node] = sorted
			g.order = append(g.order, f.node)
			stack = stack[:len(stack)-1]
			continue
		}
		i := required[f.next]
		f.next++
		switch state[i] {
		case visiting:
			return false
		case unvisited:
			state[i] = visiting
			stack = append(stack, frame{node: i})
		}
	}
	return true
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
