package graph

import (
	"errors"
	"strings"
)

// Upgrade returns the revisions to apply, in order, so that all targets are applied.
// Nothing is needed for base and for targets that are already applied. +N counts from the
// current revision, label@+N from the current one on that branch. Errors are of type
// *TargetError.
//
// Every applied id must be in the graph, here and in the other operations.
func (g *Graph) Upgrade(applied Set, targets []string) ([]string, error) {
	q, err := g.query(opUp, applied)
	if err != nil {
		return nil, err
	}
	list, err := q.resolveAll(targets)
	if e, ok := errors.AsType[*TargetError](err); ok && len(targets) == 1 {
		suggestSteps(e, "+", 0, func(steps string) error { _, err := q.resolveAll([]string{steps}); return err })
	}
	if err != nil {
		return nil, err
	}
	if len(targets) > 1 {
		q.text = strings.Join(targets, " ")
		if err := q.checkOverlap(list); err != nil {
			return nil, err
		}
	}
	required := g.below.reachable(list...)
	return g.inOrder(func(i int32) bool { return required[i] && !q.applied[i] }), nil
}

// checkOverlap refuses targets that require each other: naming both suggests that each
// was expected to upgrade its own branch only.
func (q *query) checkOverlap(list []int32) error {
	required := make(nodeSet, len(q.nodes))
	for _, i := range list {
		q.below.markReachable(required, q.below.of(i))
	}
	for _, low := range list {
		if !required[low] {
			continue
		}
		above := q.above.reachable(low)
		for _, high := range list {
			if high != low && above[high] {
				return q.refuse(Overlap, []string{q.nodes[high].ID}, "%s requires %s, which is applied with it", q.describe(high), q.describe(low))
			}
		}
	}
	return nil
}
