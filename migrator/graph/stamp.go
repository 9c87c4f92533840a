package graph

// Stamp gives the applied ids after the ledger was set to the targets. A target takes
// the place of the current revisions above and below it and comes beside all others;
// base takes the place of all, label@base of those on that branch. With a target
// everything counts as applied that it needs. A nil Set of applied ids sets the ledger
// from scratch. Errors are *TargetError.
func (g *Graph) Stamp(applied Set, targets []string) (Set, error) {
	q, err := g.query(verbStamp, applied)
	if err != nil {
		return nil, err
	}
	goals, err := q.goals(targets)
	if err != nil {
		return nil, err
	}
	related := g.below.reach(goals...).with(g.above.reach(goals...))
	for _, text := range targets {
		if err := q.markBase(related, text); err != nil {
			return nil, err
		}
	}
	var kept []int32
	for _, i := range q.current {
		if !related[i] {
			kept = append(kept, i)
		}
	}
	after := g.below.reach(kept...)
	for i := range after {
		after[i] = after[i] && q.applied[i]
	}
	return g.set(after.with(g.below.reach(goals...))), nil
}

// markBase marks what a target that is a base takes the place of.
func (q *query) markBase(related marks, text string) error {
	t, err := q.parse(text)
	if err != nil || t.symbol != "base" || t.steps != 0 {
		return err
	}
	b, err := q.branchOf(t)
	if err != nil {
		return err
	}
	if b == nil {
		for i := range related {
			related[i] = true
		}
		return nil
	}
	related.with(q.below.reach(b.root)).with(q.above.reach(b.root))
	return nil
}
