package graph

// Stamp returns the applied revisions after the ledger was set to the targets. A target
// replaces the current revisions above and below it and leaves the others as they are;
// base replaces all of them, label@base those on that branch. Everything that a target
// requires counts as applied. With a nil Set of applied ids only the targets and what they
// require remain. Errors are of type *TargetError.
func (g *Graph) Stamp(applied Set, targets []string) (Set, error) {
	q, err := g.query(opStamp, applied)
	if err != nil {
		return nil, err
	}
	list, err := q.resolveAll(targets)
	if err != nil {
		return nil, err
	}
	replaced := g.below.reachable(list...).add(g.above.reachable(list...))
	for _, text := range targets {
		if err := q.addReplacedByBase(replaced, text); err != nil {
			return nil, err
		}
	}
	var kept []int32
	for _, i := range q.current {
		if !replaced[i] {
			kept = append(kept, i)
		}
	}
	after := g.below.reachable(kept...)
	for i := range after {
		after[i] = after[i] && q.applied[i]
	}
	return g.set(after.add(g.below.reachable(list...))), nil
}

// addReplacedByBase adds the nodes that a target replaces if it is base or label@base.
func (q *query) addReplacedByBase(replaced nodeSet, text string) error {
	t, err := q.parse(text)
	if err != nil || t.symbol != "base" || t.steps != 0 {
		return err
	}
	b, err := q.branchOf(t)
	if err != nil {
		return err
	}
	if b == nil {
		for i := range replaced {
			replaced[i] = true
		}
		return nil
	}
	replaced.add(q.below.reachable(b.root)).add(q.above.reachable(b.root))
	return nil
}
