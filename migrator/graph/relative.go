package graph

import "slices"

// resolveRelative returns the node that a target with steps refers to, none for base.
func (q *query) resolveRelative(t target) ([]int32, error) {
	b, err := q.branchOf(t)
	if err != nil {
		return nil, err
	}
	bare, kind, step := t.symbol == "", WalkedTooFar, q.walkFromSymbol
	fromCurrent := bare || t.symbol == "current"
	switch {
	case bare && t.steps == 0:
		return nil, q.refuseZeroSteps()
	case bare && q.op == opShow:
		return q.stepsBelowHeads(t, b)
	case bare && q.op.offline():
		return nil, q.refuseNoStart(t)
	case fromCurrent && t.steps < 0 && q.op == opUp:
		return nil, q.refuse(WrongDirection, nil, "an upgrade cannot go down")
	case fromCurrent && t.steps < 0:
		kind, step = RelativeCount, q.walkDownFromCurrent
	case fromCurrent && t.steps > 0:
		kind, step = RelativeCount, q.walkUpFromCurrent
	}
	w, err := step(t, b)
	switch {
	case err != nil:
		return nil, err
	case w.left > 0 || w.end == none && t.steps < 0:
		return nil, q.refuseTooFar(kind, t, w)
	case w.end == none:
		return nil, nil
	}
	return []int32{w.end}, nil
}

// walkFromSymbol starts at what the symbol refers to. The start of a walk up may be
// outside the branch if it is named: the walk then leads onto the branch.
func (q *query) walkFromSymbol(t target, b *branch) (walk, error) {
	startBranch := b
	if t.steps > 0 && !IsReserved(t.symbol) {
		startBranch = nil
	}
	start, err := q.resolveOne(t, startBranch)
	if err != nil {
		return walk{}, err
	}
	if t.steps > 0 {
		return q.stepUp(t, start, b)
	}
	return q.stepDown(t, start, b != nil, nil)
}

func (q *query) walkUpFromCurrent(t target, b *branch) (walk, error) {
	start, err := q.startOfUp(t, b)
	if err != nil {
		return walk{}, err
	}
	return q.stepUp(t, start, b)
}

// walkDownFromCurrent counts only applied revisions.
func (q *query) walkDownFromCurrent(t target, b *branch) (walk, error) {
	start, err := q.startOfDown(t, b)
	if err != nil {
		return walk{}, err
	}
	return q.stepDown(t, start, true, q.applied)
}

// stepsBelowHeads resolves -N where there is no operation with a direction: N steps below
// every head.
func (q *query) stepsBelowHeads(t target, b *branch) ([]int32, error) {
	if t.steps > 0 {
		return nil, q.refuseNoStart(t)
	}
	heads := q.heads()
	if b != nil {
		heads = b.restrict(q.lineageHeads())
	}
	var list []int32
	for _, head := range heads {
		w, err := q.stepDown(t, head, false, nil)
		if err == nil && w.end == none {
			err = q.refuseTooFar(RelativeCount, t, w)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, w.end)
	}
	return list, nil
}

// startOfUp returns where +N starts: the current revision; on a branch without a current
// one the highest applied revision on it; otherwise base.
func (q *query) startOfUp(t target, b *branch) (int32, error) {
	list := b.restrict(q.current)
	if len(list) > 1 {
		return none, q.refuseCurrent(t, "current", list)
	}
	if len(list) == 0 && b != nil {
		appliedOn := func(i int32) bool { return q.applied[i] && b.nodes[i] }
		for i := range int32(len(q.nodes)) {
			if appliedOn(i) && !slices.ContainsFunc(q.above.of(i), appliedOn) {
				list = append(list, i)
			}
		}
	}
	switch len(list) {
	case 0:
		return none, nil
	case 1:
		return list[0], nil
	}
	choices := q.ids(list)
	for k := range choices {
		choices[k] = b.name + "@" + choices[k] + t.suffix()
	}
	return none, q.refuseStarts(choices, "the highest applied on branch "+b.name, list)
}

// startOfDown returns where -N starts: the current revision, or on a branch without a
// current one the applied revision on it that has no applied child. Revisions that depend
// on it may be applied.
func (q *query) startOfDown(t target, b *branch) (int32, error) {
	list, what := b.restrict(q.current), "current"
	if len(list) == 0 && b != nil {
		what = "the highest applied on branch " + b.name
		for i := range int32(len(q.nodes)) {
			if q.applied[i] && b.nodes[i] && !slices.ContainsFunc(q.children.of(i), q.applied.has) {
				list = append(list, i)
			}
		}
	}
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(list) > 1:
		return none, q.refuseCurrent(t, what, list)
	case len(q.current) == 0:
		return none, q.refuse(RelativeCount, nil, "nothing is applied")
	}
	return none, q.refuse(RelativeCount, nil, "nothing is applied on branch %s (current: %s)", b.name, q.describeCurrent())
}

// refuseNoStart refuses +N and -N where there is no current revision to count from.
func (q *query) refuseNoStart(t target) error {
	start := "current"
	switch {
	case q.op.offline() && t.steps > 0:
		start = "base"
	case q.op.offline():
		start = "head"
	}
	e := q.refuse(RelativeCount, nil, "a start is required")
	e.Example = q.before + t.prefix() + start + t.suffix() + q.after
	return e
}

func (q *query) refuseZeroSteps() error {
	return q.refuse(RelativeCount, nil, "the number of steps must not be 0")
}
