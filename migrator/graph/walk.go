package graph

// walk is the result of following the lineage step by step: where it started, where it
// ended, and how many steps were left when it could not go on.
type walk struct {
	start, end int32
	left       int
}

// stepUp follows known children on the branch for t.steps steps. The step up from base
// leads to the bases.
func (q *query) stepUp(t target, start int32, b *branch) (walk, error) {
	w := walk{start, start, t.steps}
	for ; w.left > 0; w.left-- {
		next := q.bases()
		if w.end != none {
			next = q.withoutUnknown(q.children.of(w.end))
		}
		next = b.restrict(next)
		switch len(next) {
		case 0:
			return w, nil
		case 1:
			w.end = next[0]
		default:
			return w, q.refuseFork(w, next)
		}
	}
	return w, nil
}

// stepDown follows down revisions for -t.steps steps, to base at most. If counted is not
// nil, only steps from its nodes count: a pending revision below the current one cannot
// be reverted. With sameBranch the walk is meant to stay on the branch of its start.
func (q *query) stepDown(t target, start int32, sameBranch bool, counted nodeSet) (walk, error) {
	w := walk{start, start, -t.steps}
	for w.left > 0 && w.end != none {
		if counted == nil || counted[w.end] {
			w.left--
		}
		switch next := q.parents.of(w.end); len(next) {
		case 0:
			w.end = none
		case 1:
			w.end = next[0]
		default:
			return w, q.refuseMerge(w, next, sameBranch)
		}
	}
	return w, nil
}
