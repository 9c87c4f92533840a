package graph

import "slices"

// To gives what has to be taken down, and after that what has to be applied, so that
// just the targets are applied, with everything they need. Errors are *TargetError.
func (g *Graph) To(applied Set, targets []string) (down, up []string, err error) {
	q, err := g.query(verbTo, applied)
	if err != nil {
		return nil, nil, err
	}
	want, err := q.state(targets)
	if err != nil {
		return nil, nil, err
	}
	down = g.ordered(func(i int32) bool { return q.applied[i] && !want[i] })
	slices.Reverse(down)
	return down, g.ordered(func(i int32) bool { return want[i] && !q.applied[i] }), nil
}

// State gives the applied ids of a database in which just the targets are applied, with
// everything they need. Errors are *TargetError.
func (g *Graph) State(targets []string) (Set, error) {
	q, err := g.query(verbFrom, nil)
	if err != nil {
		return nil, err
	}
	want, err := q.state(targets)
	if err != nil {
		return nil, err
	}
	return g.set(want), nil
}

func (q *query) state(targets []string) (marks, error) {
	goals, err := q.goals(targets)
	if err != nil {
		return nil, err
	}
	for _, text := range targets {
		// As a whole state this would be the base of every branch.
		if t, err := q.parse(text); err == nil && t.branch != "" && t.symbol == "base" && t.steps == 0 {
			return nil, q.refuse(BranchBase, []string{"base"}, `this would be the state without any branch: type %s, or "down %s" for one branch`,
				q.typed("base"), text)
		}
	}
	return q.below.reach(goals...), nil
}
