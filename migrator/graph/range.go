package graph

import (
	"slices"
	"strings"
)

// Resolve gives the revisions that a target means, for commands that look: none for
// base. -N is counted down from the heads; current-N from the current revision. Errors
// are *TargetError.
func (g *Graph) Resolve(applied Set, targetText string) ([]string, error) {
	q, err := g.query(verbShow, applied)
	if err != nil {
		return nil, err
	}
	list, err := q.goals([]string{targetText})
	if err != nil {
		return nil, err
	}
	return g.ids(list), nil
}

// Range gives the revisions of a history range, in order: those from a up to b, with
// both, for "a:b". An empty a is base, an empty b is heads; an end that is only +N or -N
// is counted from the other one, and goes no further than the graph. What is on top of a
// only as a dependent does not belong to the range. Errors are *TargetError.
func (g *Graph) Range(applied Set, text string) ([]string, error) {
	q, err := g.query(verbHistory, applied)
	if err != nil {
		return nil, err
	}
	q.text = text
	lower, upper, ok := strings.Cut(text, ":")
	if !ok || strings.Contains(upper, ":") {
		return nil, q.refuse(BadRange, nil, "a range is a:b, a: or :b")
	}
	low, high, err := q.ends(lower, upper)
	if err != nil {
		return nil, err
	}
	q.text = text
	need := g.below.reach(high...)
	for _, i := range low {
		if !need[i] {
			turned := upper + ":" + lower
			q.before, q.after = "", ""
			return nil, q.refuse(NotAncestor, []string{turned}, "%s is not below %s, and the lower end comes first, as in %s",
				q.name(i), q.namesOf(high), q.typed(turned))
		}
	}
	if len(low) == 0 {
		return g.ordered(need.has), nil
	}
	under, top := make(marks, len(g.nodes)), g.up.reach(low...)
	for _, i := range low {
		g.below.spread(under, g.below.of(i))
	}
	return g.ordered(func(i int32) bool {
		return need[i] && top[i] && (!under[i] || slices.Contains(low, i))
	}), nil
}

// ends gives the revisions at both ends of a range.
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
		return nil, nil, q.refuse(BadRange, []string{"-3:current"},
			"-N stands at the lower end, +N at the upper one, and a revision at the other, as in %s", q.typed("-3:current"))
	}
	if h.symbol != "" {
		if high, err = q.end(h, lower+":", ""); err != nil {
			return nil, nil, err
		}
	}
	if l.symbol != "" {
		low, err = q.end(l, "", ":"+upper)
	} else {
		low, err = q.endFrom(l, high, h.symbol, "", ":"+upper)
	}
	if err == nil && h.symbol == "" {
		high, err = q.endFrom(h, low, l.symbol, lower+":", "")
	}
	if err != nil {
		return nil, nil, err
	}
	// label@rev: means the branch alone.
	b, err := q.branchOf(l)
	if err != nil {
		return nil, nil, err
	}
	on := b.restrict(high)
	if len(on) == 0 && len(high) > 0 {
		q.text = lower + ":" + upper
		return nil, nil, q.refuse(NotInBranch, nil, "%s is not on branch %s", q.namesOf(high), b.word)
	}
	return low, on, nil
}

func (q *query) parseEnd(text, initial string) (target, error) {
	if text == "" {
		return target{text: initial, symbol: initial}, nil
	}
	return q.parse(text)
}

func (q *query) end(t target, before, after string) ([]int32, error) {
	q.text, q.before, q.after = t.text, before, after
	return q.means(t)
}

// endFrom walks from the other end, which symbol describes.
func (q *query) endFrom(t target, other []int32, symbol, before, after string) ([]int32, error) {
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
		kind, all := MultipleHeads, q.lineageHeads()
		if symbol == "current" {
			kind, all = AmbiguousCurrent, q.current
		}
		var choices []string
		for _, line := range q.lines(other, all) {
			choices = append(choices, line+"@"+t.suffix())
		}
		return nil, q.refuse(kind, choices, "it would start at %s; type %s", q.namesOf(other), q.typed(choices...))
	}
	var w way
	if t.steps > 0 {
		w, err = q.climb(t, start, b)
	} else {
		w, err = q.descend(t, start, false, nil)
	}
	if err != nil || w.end == none {
		return nil, err
	}
	return []int32{w.end}, nil
}
