package graph

import "slices"

// Downgrade gives what has to be taken down so that the target is what remains on its
// line, in the order of being taken down: all applied revisions on top of the target,
// and what depends on them. With a branch (label@base, rev@rev) it takes only those on
// top that lead to it. -N is counted from the current revision, label@-N from the one on
// that branch. Errors are *TargetError.
func (g *Graph) Downgrade(applied Set, targetText string) ([]string, error) {
	q, err := g.query(verbDown, applied)
	if err != nil {
		return nil, err
	}
	t, err := q.parse(targetText)
	if err != nil {
		return nil, err
	}
	if t.symbol == "current" && t.steps == 0 {
		_, err := q.branchOf(t)
		return nil, err
	}
	goal, b, err := q.downTarget(t)
	if err != nil {
		return nil, err
	}
	roots, err := q.roots(goal, b)
	if err != nil {
		return nil, err
	}
	above := g.above.reach(roots...)
	ids := g.ordered(func(i int32) bool { return above[i] && q.applied[i] })
	if err := q.checkDown(goal, b, above, len(ids)); err != nil {
		return nil, err
	}
	slices.Reverse(ids)
	return ids, nil
}

// downTarget gives the revision that remains, or none for base, and the branch that is
// taken down.
func (q *query) downTarget(t target) (int32, *branch, error) {
	b, err := q.branchOf(t)
	if err != nil {
		return none, nil, err
	}
	kind, walk := WalkedTooFar, q.walk
	switch {
	case !t.relative:
		// The branch says which way is taken down, not which revision is meant: a head
		// has nothing on top.
		t.branch = ""
		goal, err := q.single(t, nil)
		return goal, b, err
	case t.symbol == "" && t.steps == 0:
		return none, nil, q.noMove()
	case t.symbol == "" && t.steps > 0:
		return none, nil, q.refuse(RelativeCount, nil, `down does not go up; type "up %s"`, t.text)
	case t.symbol == "" || t.symbol == "current" && t.steps < 0:
		kind, walk = RelativeCount, q.walkDown
	}
	w, err := walk(t, b)
	if err == nil && w.left > 0 {
		err = q.tooFar(kind, t, w)
	}
	if kind == RelativeCount && err == nil {
		// Only the line of the current revision is taken down.
		b = q.branchAt(w.start, q.nodes[w.start].ID)
	}
	return w.end, b, err
}

// roots are the lowest revisions to take down, applied or not.
func (q *query) roots(goal int32, b *branch) ([]int32, error) {
	var roots []int32
	if goal != none {
		roots = q.up.of(goal)
	} else {
		for i := range int32(len(q.nodes)) {
			if len(q.down.of(i)) == 0 {
				roots = append(roots, i)
			}
		}
	}
	if b == nil {
		return roots, nil
	}
	if goal != none && len(roots) < 2 {
		return roots, nil
	}
	lower := q.down.reach(b.root)
	on := slices.DeleteFunc(slices.Clone(roots), func(i int32) bool { return !lower[i] })
	if len(on) == 0 {
		choices := []string{q.nodes[goal].ID}
		for _, i := range roots {
			if q.applied[i] {
				choices = append(choices, q.nodes[i].ID+"@"+q.nodes[goal].ID)
			}
		}
		return nil, q.refuse(NothingOnBranch, choices, "branch %s leads to none of the revisions on top of %s, %s; type %s",
			b.word, q.name(goal), q.namesOf(roots), q.typed(choices...))
	}
	return on, nil
}

// checkDown refuses a target that is not applied or not on the branch, and a branch that
// is not applied when others would go down in its place.
func (q *query) checkDown(goal int32, b *branch, above marks, count int) error {
	switch {
	case count == 0 && goal != none && !q.applied[goal]:
		return q.refuse(NotAncestor, nil, "%s is not applied (current: %s)", q.name(goal), q.currentNames())
	case goal != none && !b.has(goal):
		return q.refuse(NotInBranch, nil, "%s is not on branch %s", q.name(goal), b.word)
	case count == 0 && goal != none && b != nil && slices.ContainsFunc(q.up.of(goal), q.applied.has):
		return q.refuse(NotAncestor, nil, "nothing of branch %s is applied on top of %s (current: %s)",
			b.word, q.name(goal), q.currentNames())
	case count == 0 || b == nil || q.applied[b.root]:
		return nil
	}
	line := q.below.reach(b.root).with(q.above.reach(b.root))
	for _, i := range q.order {
		if above[i] && q.applied[i] && !line[i] {
			word := "base"
			if goal != none {
				word = q.nodes[goal].ID
			}
			return q.refuse(NothingOnBranch, []string{word}, "branch %s is not applied, but %s, which is not on it, would go down; type %s to take all of it down",
				b.word, q.name(i), q.typed(word))
		}
	}
	return nil
}

func (q *query) currentNames() string {
	if len(q.current) == 0 {
		return "base"
	}
	return q.namesOf(q.current)
}
