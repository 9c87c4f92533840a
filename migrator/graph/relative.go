package graph

import "slices"

// relative gives what a target with steps means.
func (q *query) relative(t target) ([]int32, error) {
	b, err := q.branchOf(t)
	if err != nil {
		return nil, err
	}
	bare, kind, walk := t.symbol == "", WalkedTooFar, q.walk
	switch {
	case bare && t.steps == 0:
		return nil, q.noMove()
	case bare && q.verb == verbShow:
		return q.belowHeads(t, b)
	case bare && (q.verb == verbFrom || q.verb == verbSQL):
		return nil, q.noStart(t)
	case (bare || t.symbol == "current") && t.steps < 0 && q.verb == verbUp:
		return nil, q.refuse(RelativeCount, nil, `up does not go down; type "down %s"`, t.text)
	case (bare || t.symbol == "current") && t.steps < 0:
		kind, walk = RelativeCount, q.walkDown
	case (bare || t.symbol == "current") && t.steps > 0:
		kind, walk = RelativeCount, q.walkUp
	}
	w, err := walk(t, b)
	switch {
	case err != nil:
		return nil, err
	case w.left > 0 || w.end == none && t.steps < 0:
		return nil, q.tooFar(kind, t, w)
	case w.end == none:
		return nil, nil
	}
	return []int32{w.end}, nil
}

// walk starts at what the symbol means. On a way up a start that is named by its id may
// lie beside the branch: the way leads to it.
func (q *query) walk(t target, b *branch) (way, error) {
	on := b
	if t.steps > 0 && !IsReserved(t.symbol) {
		on = nil
	}
	start, err := q.single(t, on)
	if err != nil {
		return way{}, err
	}
	if t.steps > 0 {
		return q.climb(t, start, b)
	}
	return q.descend(t, start, b != nil, nil)
}

// walkUp starts at the current revision.
func (q *query) walkUp(t target, b *branch) (way, error) {
	start, err := q.footOf(t, b)
	if err != nil {
		return way{}, err
	}
	return q.climb(t, start, b)
}

// walkDown starts at the current revision. Only applied revisions count.
func (q *query) walkDown(t target, b *branch) (way, error) {
	start, err := q.topOf(t, b)
	if err != nil {
		return way{}, err
	}
	return q.descend(t, start, true, q.applied)
}

// belowHeads walks down from every head: for commands that only look, -N is that.
func (q *query) belowHeads(t target, b *branch) ([]int32, error) {
	if t.steps > 0 {
		return nil, q.refuse(RelativeCount, nil, "it needs a start, as in %s", q.typed(t.prefix()+"current"+t.suffix()))
	}
	heads := q.heads()
	if b != nil {
		heads = b.restrict(q.lineageHeads())
	}
	var list []int32
	for _, head := range heads {
		w, err := q.descend(t, head, false, nil)
		if err == nil && w.end == none {
			err = q.tooFar(RelativeCount, t, w)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, w.end)
	}
	return list, nil
}

// footOf is where +N starts: the current revision, or on a branch that has none the
// highest applied one on it, or base.
func (q *query) footOf(t target, b *branch) (int32, error) {
	list := b.restrict(q.current)
	if len(list) > 1 {
		return none, q.ambiguousCurrent(t, "current", list)
	}
	if len(list) == 0 && b != nil {
		on := func(i int32) bool { return q.applied[i] && b.line[i] }
		for i := range int32(len(q.nodes)) {
			if on(i) && !slices.ContainsFunc(q.above.of(i), on) {
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
		choices[k] = b.word + "@" + choices[k] + t.suffix()
	}
	return none, q.refuse(AmbiguousCurrent, choices, "%d revisions are the highest applied on branch %s, %s; type %s",
		len(list), b.word, q.namesOf(list), q.typed(choices...))
}

// topOf is where -N starts: the current revision, or on a branch that has none the
// applied one on it without an applied child. Dependents may be applied above it.
func (q *query) topOf(t target, b *branch) (int32, error) {
	list, place := b.restrict(q.current), "current"
	if len(list) == 0 && b != nil {
		place = "the last on branch " + b.word
		for i := range int32(len(q.nodes)) {
			if q.applied[i] && b.line[i] && !slices.ContainsFunc(q.up.of(i), q.applied.has) {
				list = append(list, i)
			}
		}
	}
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(list) > 1:
		return none, q.ambiguousCurrent(t, place, list)
	case len(q.current) == 0:
		return none, q.refuse(RelativeCount, nil, "nothing is applied")
	}
	return none, q.refuse(RelativeCount, nil, "nothing is applied on branch %s (current: %s)", b.word, q.currentNames())
}

// noStart refuses to count from a current revision where there is no database.
func (q *query) noStart(t target) error {
	start := "head"
	if t.steps > 0 {
		start = "base"
	}
	return q.refuse(RelativeCount, nil, "it needs a start, as in %s", q.typed(t.prefix()+start+t.suffix()))
}

func (q *query) noMove() error { return q.refuse(RelativeCount, nil, "0 steps are no move") }
