package graph

import "strings"

// Range returns the revisions of a range in order: for "a:b" those from a up to b, both
// included. An empty a is base, an empty b is heads. An end that is only +N or -N is
// counted from the other end, and stops at the end of the graph. Revisions that are above
// a only because they depend on it are not part of the range. Errors are of type
// *TargetError.
func (g *Graph) Range(applied Set, text string) ([]string, error) {
	q, err := g.query(opHistory, applied)
	if err != nil {
		return nil, err
	}
	q.text = text
	lower, upper, ok := strings.Cut(text, ":")
	if !ok || strings.Contains(upper, ":") {
		return nil, q.refuse(BadRange, nil, "a range is written a:b, a: or :b")
	}
	low, high, err := q.ends(lower, upper)
	if err != nil {
		return nil, err
	}
	q.text, q.before, q.after = text, "", ""
	required := g.below.reachable(high...)
	for _, i := range low {
		if !required[i] {
			return nil, q.refuse(NotAncestor, []string{upper + ":" + lower}, "%s is not below %s, and the lower end must be first",
				q.describe(i), q.describeAll(high))
		}
	}
	if len(low) == 0 {
		return g.inOrder(required.has), nil
	}
	descendants, belowLow := g.children.reachable(low...), make(nodeSet, len(g.nodes))
	isLow := make(nodeSet, len(g.nodes))
	for _, i := range low {
		g.below.markReachable(belowLow, g.below.of(i))
		isLow[i] = true
	}
	return g.inOrder(func(i int32) bool {
		return required[i] && descendants[i] && (!belowLow[i] || isLow[i])
	}), nil
}

// ends returns the nodes at both ends of a range.
func (q *query) ends(lower, upper string) (low, high []int32, err error) {
	l, err := q.parseEnd(lower, "base")
	if err != nil {
		return nil, nil, err
	}
	h, err := q.parseEnd(upper, "heads")
	if err != nil {
		return nil, nil, err
	}
	if l.symbol == "" && h.symbol == "" || l.symbol == "" && l.steps >= 0 || h.symbol == "" && h.steps <= 0 {
		q.text = lower + ":" + upper
		e := q.refuse(BadRange, nil, "-N is the lower end, +N the upper end, and the other end must be a revision")
		e.Example = "-3:current"
		return nil, nil, e
	}
	if h.symbol != "" {
		if high, err = q.resolveEnd(h, lower+":", ""); err != nil {
			return nil, nil, err
		}
	}
	if l.symbol != "" {
		low, err = q.resolveEnd(l, "", ":"+upper)
	} else {
		low, err = q.walkFromEnd(l, high, h.symbol, "", ":"+upper)
	}
	if err == nil && h.symbol == "" {
		high, err = q.walkFromEnd(h, low, l.symbol, lower+":", "")
	}
	if err != nil {
		return nil, nil, err
	}
	q.text = lower + ":" + upper
	high, err = q.restrictUpper(l, high)
	return low, high, err
}

// restrictUpper restricts the upper end of a range to the branch of the lower one.
func (q *query) restrictUpper(lower target, high []int32) ([]int32, error) {
	b, err := q.branchOf(lower)
	if err != nil {
		return nil, err
	}
	on := b.restrict(high)
	if len(on) == 0 && len(high) > 0 {
		return nil, q.refuse(NotInBranch, nil, "%s is not on branch %s", q.describeAll(high), b.name)
	}
	return on, nil
}

func (q *query) parseEnd(text, initial string) (target, error) {
	if text == "" {
		return target{text: initial, symbol: initial}, nil
	}
	return q.parse(text)
}

func (q *query) resolveEnd(t target, before, after string) ([]int32, error) {
	q.text, q.before, q.after = t.text, before, after
	return q.resolve(t)
}

// walkFromEnd resolves an end that is only +N or -N. It walks from the other end, which
// was given as symbol.
func (q *query) walkFromEnd(t target, other []int32, symbol, before, after string) ([]int32, error) {
	q.text, q.before, q.after = t.text, before, after
	b, err := q.branchOf(t)
	if err != nil {
		return nil, err
	}
	start := none
	switch other = b.restrict(other); len(other) {
	case 0:
	case 1:
		start = other[0]
	default:
		kind, tips := MultipleHeads, q.lineageHeads()
		if symbol == "current" {
			kind, tips = AmbiguousCurrent, q.current
		}
		var choices []string
		for _, name := range q.branchNames(other, tips) {
			choices = append(choices, name+"@"+t.suffix())
		}
		e := q.refuse(kind, choices, "several revisions are at the other end: %s", q.describeAll(other))
		e.Revisions = q.ids(other)
		return nil, e
	}
	var w walk
	if t.steps > 0 {
		w, err = q.stepUp(t, start, b)
	} else {
		w, err = q.stepDown(t, start, false, nil)
	}
	if err != nil || w.end == none {
		return nil, err
	}
	return []int32{w.end}, nil
}
