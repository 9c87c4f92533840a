package graph

import (
	"errors"
	"slices"
)

// Downgrade returns the revisions to revert, in order, so that the target becomes the
// last applied one on its branch: all applied revisions above the target, and what depends
// on them. With a branch (label@base, rev@rev) only the children of the target that lead
// to the branch are reverted. -N counts from the current revision, label@-N from the
// current one on that branch. Errors are of type *TargetError.
func (g *Graph) Downgrade(applied Set, target string) ([]string, error) {
	ids, err := g.downgrade(applied, target, true)
	if e, ok := errors.AsType[*TargetError](err); ok {
		suggestSteps(e, "-", len(applied), func(steps string) error { _, err := g.downgrade(applied, steps, false); return err })
	}
	return ids, err
}

// downgrade is Downgrade. compares: the choices across a merge are compared.
func (g *Graph) downgrade(applied Set, target string, compares bool) ([]string, error) {
	q, err := g.query(opDown, applied)
	if err != nil {
		return nil, err
	}
	q.compares = compares
	t, err := q.parse(target)
	if err != nil {
		return nil, err
	}
	if t.symbol == "current" && t.steps == 0 {
		_, err := q.branchOf(t)
		return nil, err
	}
	goal, b, err := q.resolveDown(t)
	if err != nil {
		return nil, err
	}
	lowest, err := q.lowestToRevert(goal, b)
	if err != nil {
		return nil, err
	}
	above := g.above.reachable(lowest...)
	ids := g.inOrder(func(i int32) bool { return above[i] && q.applied[i] })
	if err := q.checkDown(goal, b, above, len(ids)); err != nil {
		return nil, err
	}
	slices.Reverse(ids)
	return ids, nil
}

// resolveDown returns the revision that remains, none for base, and the branch to revert.
func (q *query) resolveDown(t target) (goal int32, b *branch, err error) {
	if b, err = q.branchOf(t); err != nil {
		return none, nil, err
	}
	kind, step := WalkedTooFar, q.walkFromSymbol
	switch {
	case !t.relative:
		// The branch selects what to revert, not the revision: nothing is above a head.
		t.branch = ""
		goal, err = q.resolveOne(t, nil)
		return goal, b, err
	case t.symbol == "" && t.steps == 0:
		return none, nil, q.refuseZeroSteps()
	case t.symbol == "" && t.steps > 0:
		return none, nil, q.refuse(WrongDirection, nil, "a downgrade cannot go up")
	case t.symbol == "" || t.symbol == "current" && t.steps < 0:
		kind, step = RelativeCount, q.walkDownFromCurrent
	}
	w, err := step(t, b)
	if err == nil && w.left > 0 {
		err = q.refuseTooFar(kind, t, w)
	}
	if kind == RelativeCount && err == nil {
		// Only the branch of the current revision is reverted.
		b = q.branchThrough(w.start, q.nodes[w.start].ID)
	}
	return w.end, b, err
}

// lowestToRevert returns the children of the goal that lead to the branch, applied or not.
// Everything above them is to be reverted.
func (q *query) lowestToRevert(goal int32, b *branch) ([]int32, error) {
	var children []int32
	if goal != none {
		children = q.children.of(goal)
	} else {
		for i := range int32(len(q.nodes)) {
			if len(q.parents.of(i)) == 0 {
				children = append(children, i)
			}
		}
	}
	if b == nil || goal != none && len(children) < 2 {
		return children, nil
	}
	lineage := q.parents.reachable(b.root)
	on := slices.DeleteFunc(slices.Clone(children), func(i int32) bool { return !lineage[i] })
	if len(on) == 0 {
		id := q.nodes[goal].ID
		choices := []string{id}
		for _, i := range children {
			if q.applied[i] {
				choices = append(choices, q.nodes[i].ID+"@"+id)
			}
		}
		return nil, q.refuse(NothingOnBranch, choices, "no child of %s leads to branch %s: its children are %s", q.describe(goal), b.name, q.describeAll(children))
	}
	return on, nil
}

// checkDown refuses a goal that is not applied or not on the branch, and a branch that is
// not applied where revisions outside it would be reverted instead. above contains the
// candidates to revert, count of which are applied.
func (q *query) checkDown(goal int32, b *branch, above nodeSet, count int) error {
	switch {
	case count == 0 && goal != none && !q.applied[goal]:
		return q.refuse(NotAncestor, nil, "%s is not applied (current: %s)", q.describe(goal), q.describeCurrent())
	case goal != none && !b.has(goal):
		return q.refuse(NotInBranch, nil, "%s is not on branch %s", q.describe(goal), b.name)
	case count == 0 && goal != none && b != nil && slices.ContainsFunc(q.children.of(goal), q.applied.has):
		return q.refuse(NotAncestor, nil, "nothing on branch %s is applied above %s (current: %s)", b.name, q.describe(goal), q.describeCurrent())
	case count == 0 || b == nil || q.applied[b.root]:
		return nil
	}
	related := q.below.reachable(b.root).add(q.above.reachable(b.root))
	for _, i := range q.order {
		if above[i] && q.applied[i] && !related[i] {
			choice := "base"
			if goal != none {
				choice = q.nodes[goal].ID
			}
			return q.refuse(NothingOnBranch, []string{choice}, "branch %s is not applied, but %s, which is not on it, would be reverted", b.name, q.describe(i))
		}
	}
	return nil
}
