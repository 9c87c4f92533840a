package graph

// sort finds the order of all nodes, and false when there is none because of a cycle.
// What only the ledger knows comes last, so that it does not change the order of the
// others.
func (g *Graph) sort() bool {
	g.order = make([]int32, 0, len(g.nodes))
	state := make([]visit, len(g.nodes))
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
	// What no top leads down to hangs on a cycle.
	return len(g.order) == len(g.nodes)
}

type visit uint8

const (
	fresh visit = iota
	open
	done
)

// sortBelow puts a node in order, after what it needs. It keeps its own stack: a lineage
// may be 100,000 revisions long.
func (g *Graph) sortBelow(top int32, state []visit) bool {
	if state[top] == done {
		return true
	}
	type frame struct{ node, next int32 }
	stack := []frame{{node: top}}
	state[top] = open
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		needs := g.below.of(f.node)
		if int(f.next) == len(needs) {
			state[f.node] = done
			g.order = append(g.order, f.node)
			stack = stack[:len(stack)-1]
			continue
		}
		i := needs[f.next]
		f.next++
		switch state[i] {
		case open:
			return false
		case fresh:
			state[i] = open
			stack = append(stack, frame{node: i})
		}
	}
	return true
}

// ordered gives the nodes to keep in order.
func (g *Graph) ordered(keep func(int32) bool) []string {
	var ids []string
	for _, i := range g.order {
		if keep(i) {
			ids = append(ids, g.nodes[i].ID)
		}
	}
	return ids
}
