package graph

import (
	"slices"
	"strings"
)

// Upgrade gives what has to be applied so that all targets are, in order. Targets that
// are applied already, and base, need nothing. +N starts at the current revision,
// label@+N at the one on that branch. Errors are *TargetError.
//
// applied may hold only ids of the graph, here and in all commands.
func (g *Graph) Upgrade(applied Set, targets []string) ([]string, error) {
	q, err := g.query(verbUp, applied)
	if err != nil {
		return nil, err
	}
	goals, err := q.goals(targets)
	if err != nil {
		return nil, err
	}
	if len(targets) > 1 {
		q.text = strings.Join(targets, " ")
		if err := q.checkOverlap(goals); err != nil {
			return nil, err
		}
	}
	need := g.below.reach(goals...)
	return g.ordered(func(i int32) bool { return need[i] && !q.applied[i] }), nil
}

// goals gives the revisions that the targets mean.
func (q *query) goals(targets []string) ([]int32, error) {
	if len(targets) == 0 {
		return nil, &TargetError{Kind: NoTarget, Text: string(q.verb) + ": no target is given"}
	}
	var all []int32
	for _, text := range targets {
		t, err := q.parse(text)
		if err != nil {
			return nil, err
		}
		list, err := q.means(t)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// checkOverlap refuses goals of which one brings another along: whoever names both may
// think that each moves its own branch.
func (q *query) checkOverlap(goals []int32) error {
	lower := make(marks, len(q.nodes))
	for _, i := range goals {
		q.below.spread(lower, q.below.of(i))
	}
	for _, low := range goals {
		if !lower[low] {
			continue
		}
		above := q.above.reach(low)
		for _, high := range goals {
			if high != low && above[high] {
				id := q.nodes[high].ID
				return q.refuse(Overlap, []string{id}, "%s comes with %s, which needs it; type %s",
					q.name(low), q.name(high), q.typed(id))
			}
		}
	}
	return nil
}
