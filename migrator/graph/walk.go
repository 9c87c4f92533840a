package graph

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// way is a walk over down revisions: where it started and ended, and how many steps were
// left when there was no way on.
type way struct {
	start, end int32
	left       int
}

// climb goes up over known children on the branch. From base the bases are next.
func (q *query) climb(t target, start int32, b *branch) (way, error) {
	w := way{start, start, t.steps}
	for ; w.left > 0; w.left-- {
		next := q.bases()
		if w.end != none {
			next = q.known(q.up.of(w.end))
		}
		next = b.restrict(next)
		switch len(next) {
		case 0:
			return w, nil
		case 1:
			w.end = next[0]
		default:
			return w, q.fork(w, next)
		}
	}
	return w, nil
}

// descend goes down over down revisions, to base at most. Where counted is given, only
// steps down from its nodes count: a pending revision below the current one is none that
// can be taken down. own says that the way is meant to stay on the line of the start.
func (q *query) descend(t target, start int32, own bool, counted marks) (way, error) {
	w := way{start, start, -t.steps}
	for w.left > 0 && w.end != none {
		if counted == nil || counted[w.end] {
			w.left--
		}
		switch next := q.down.of(w.end); len(next) {
		case 0:
			w.end = none
		case 1:
			w.end = next[0]
		default:
			return w, q.merged(w, next, own)
		}
	}
	return w, nil
}

// fork refuses to choose between several children.
func (q *query) fork(w way, next []int32) error {
	choices := q.ids(next)
	if left := w.left - 1; left > 0 {
		for k := range choices {
			choices[k] += "+" + strconv.Itoa(left)
		}
	}
	what := "are on top of"
	if w.end == none {
		what = "begin at"
	}
	return q.refuse(AmbiguousWalk, choices, "%d revisions %s %s: %s; type %s",
		len(next), what, q.name(w.end), q.namesOf(next), q.typed(choices...))
}

// merged refuses to choose between several down revisions. One step was taken already.
func (q *query) merged(w way, next []int32, own bool) error {
	choices := q.ids(next)
	for k, id := range choices {
		if w.left > 0 {
			id += "-" + strconv.Itoa(w.left)
		}
		// Other children of the down revision are not meant.
		if q.verb == verbDown && own && (w.left > 0 || len(q.up.of(next[k])) > 1) {
			id = q.nodes[w.start].ID + "@" + id
		}
		choices[k] = id
	}
	message := fmt.Sprintf("%s merges %s; type %s", q.name(w.end), q.namesOf(next), q.typed(choices...))
	if w.left == 0 && (q.verb == verbTo || q.verb == verbStamp) {
		all := strings.Join(choices, " ")
		message += fmt.Sprintf(", or %s for the state before the merge", q.typed(all))
		choices = append(choices, all)
	}
	return q.refuse(AmbiguousWalk, choices, "%s", message)
}

// tooFar refuses a way that leaves the graph, and says how far it could go.
func (q *query) tooFar(kind Kind, t target, w way) error {
	made := max(t.steps, -t.steps) - w.left
	where := ""
	if t.branch != "" {
		where = " on branch " + t.branch
	}
	switch {
	case w.start == none && t.steps < 0:
		return q.refuse(kind, nil, "nothing is below base")
	case t.steps > 0 && made == 0:
		return q.refuse(kind, nil, "nothing is above %s%s", q.name(w.start), where)
	case t.steps > 0:
		return q.refuse(kind, []string{t.with(made)}, "the last%s is %s, %s above %s; type %s",
			where, q.name(w.end), text.Count(made, "step"), q.name(w.start), q.typed(t.with(made)))
	}
	var choices []string
	way := ""
	switch {
	case q.verb == verbDown:
		choices = []string{t.with(made)}
	case q.verb == verbStamp, q.verb == verbTo && t.branch == "":
		choices = []string{t.prefix() + "base"}
	}
	if len(choices) > 0 {
		way = "; type " + q.typed(choices...)
	}
	return q.refuse(kind, choices, "base is %s below %s%s", text.Count(made, "step"), q.name(w.start), way)
}
