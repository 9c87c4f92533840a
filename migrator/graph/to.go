package graph

import "slices"

// To returns the revisions to revert and then the revisions to apply, each in that order,
// so that exactly the targets and everything they require are applied. Errors are of type
// *TargetError.
func (g *Graph) To(applied Set, targets []string) (down, up []string, err error) {
	q, err := g.query(opTo, applied)
	if err != nil {
		return nil, nil, err
	}
	want, err := q.state(targets)
	if err != nil {
		return nil, nil, err
	}
	down = g.inOrder(func(i int32) bool { return q.applied[i] && !want[i] })
	slices.Reverse(down)
	return down, g.inOrder(func(i int32) bool { return want[i] && !q.applied[i] }), nil
}

// State returns the applied revisions of a database in which exactly the targets and
// everything they require are applied. Errors are of type *TargetError.
func (g *Graph) State(targets []string) (Set, error) {
	q, err := g.query(opFrom, nil)
	if err != nil {
		return nil, err
	}
	want, err := q.state(targets)
	if err != nil {
		return nil, err
	}
	return g.set(want), nil
}

// state returns the targets and everything they require.
func (q *query) state(targets []string) (nodeSet, error) {
	list, err := q.resolveAll(targets)
	if err != nil {
		return nil, err
	}
	for _, text := range targets {
		// Taken as a state it would be the base of every branch.
		if t, err := q.parse(text); err == nil && t.branch != "" && t.symbol == "base" && t.steps == 0 {
			return nil, q.refuse(BranchBase, []string{"base"}, "this is the base of one branch, not a state of the whole database")
		}
	}
	return q.below.reachable(list...), nil
}
