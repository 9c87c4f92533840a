package graph

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// describe names a node in a message: its id, with its first label.
func (g *Graph) describe(i int32) string {
	if i == none {
		return "base"
	}
	if l := g.labelsOf(i); len(l) > 0 {
		return g.nodes[i].ID + " (" + l[0] + ")"
	}
	return g.nodes[i].ID
}

func (g *Graph) describeAll(list []int32) string {
	names := make([]string, len(list))
	for k, i := range list[:min(len(list), text.MaxListed+1)] { // the others are only counted
		names[k] = g.describe(i)
	}
	return text.List(names, "and")
}

// describeCurrent names the current revisions in a message.
func (q *query) describeCurrent() string {
	if len(q.current) == 0 {
		return "base"
	}
	return q.describeAll(q.current)
}

// listOthers names the ids of a list, without one of them, in a message.
func listOthers(ids []string, id string) string {
	return text.ListFirst(without(ids[:min(len(ids), text.MaxListed+1)], id), len(ids)-1, "and")
}

func without(list []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == word })
}

// branchNames returns a name for the branch of each tip: a label that is on no other
// branch, or else the id of the tip. all contains the tips of every branch to tell apart.
func (g *Graph) branchNames(tips, all []int32) []string {
	names := g.ids(tips)
	if len(all) > text.MaxListed || len(g.labels) == 0 {
		return names
	}
	lineages := make([]nodeSet, len(all))
	for k, tip := range all {
		lineages[k] = g.parents.reachable(tip)
	}
	// The last of several labels in the order is the nearest to the tip.
	for _, i := range g.order {
		labels := g.labelsOf(i)
		if len(labels) == 0 {
			continue
		}
		has := func(s nodeSet) bool { return s[i] }
		if k := slices.IndexFunc(lineages, has); k >= 0 && !slices.ContainsFunc(lineages[k+1:], has) {
			if at := slices.Index(tips, all[k]); at >= 0 {
				names[at] = labels[0]
			}
		}
	}
	return names
}

// refuseHeads refuses to choose one of several heads.
func (q *query) refuseHeads(t target, heads []int32) error {
	onBranch := ""
	if t.branch != "" {
		onBranch = " on branch " + t.branch
	}
	choices := q.ids(heads)
	if t.relative || q.op == opDown {
		for k := range choices {
			choices[k] += t.suffix()
		}
	} else {
		for k, name := range q.branchNames(heads, q.lineageHeads()) {
			if name != choices[k] {
				choices[k] = name + "@head"
			}
		}
		choices = append([]string{t.prefix() + "heads"}, choices...)
	}
	e := q.refuse(MultipleHeads, choices, "there are %d heads%s: %s", len(heads), onBranch, q.describeAll(heads))
	e.Revisions = q.ids(heads)
	return e
}

// refuseCurrent refuses to choose one of several revisions to start from. what says what
// they are.
func (q *query) refuseCurrent(t target, what string, list []int32) error {
	var choices []string
	for _, name := range q.branchNames(list, q.current) {
		choices = append(choices, name+"@"+t.symbol+t.suffix())
	}
	return q.refuseStarts(choices, what, list)
}

func (q *query) refuseStarts(choices []string, what string, list []int32) error {
	e := q.refuse(AmbiguousCurrent, choices, "%d revisions are %s: %s", len(list), what, q.describeAll(list))
	e.Revisions = q.ids(list)
	return e
}

// refuseFork refuses to choose one of several children, or bases.
func (q *query) refuseFork(w walk, next []int32) error {
	choices := q.ids(next)
	if left := w.left - 1; left > 0 {
		for k := range choices {
			choices[k] += "+" + strconv.Itoa(left)
		}
	}
	e := q.refuse(AmbiguousWalk, choices, "%s has %d children: %s", q.describe(w.end), len(next), q.describeAll(next))
	if w.end == none {
		e.Reason = text.Visible(fmt.Sprintf("there are %d bases: %s", len(next), q.describeAll(next)))
	}
	e.Revisions = q.ids(next)
	return e
}

// refuseMerge refuses to choose one of several down revisions. The step to them is
// already counted. sameBranch is as in stepDown.
func (q *query) refuseMerge(w walk, next []int32, sameBranch bool) error {
	choices := q.ids(next)
	for k, id := range choices {
		if w.left > 0 {
			id += "-" + strconv.Itoa(w.left)
		}
		// Without the branch, other children of the down revision would be reverted too.
		if q.op == opDown && sameBranch && (w.left > 0 || len(q.children.of(next[k])) > 1) {
			id = q.nodes[w.start].ID + "@" + id
		}
		choices[k] = id
	}
	if w.left == 0 && (q.op == opTo || q.op == opStamp) {
		choices = append(choices, strings.Join(choices, " ")) // the state before the merge
	}
	e := q.refuse(AmbiguousWalk, choices, "%s merges %s", q.describe(w.end), q.describeAll(next))
	e.Revisions = q.ids(next)
	if q.op == opDown && q.compares && len(next) <= text.MaxListed {
		q.compareChoices(e)
	}
	return e
}

// compareChoices removes the choices of a downgrade that would be refused, and those that
// would revert the same revisions as another one. One that leads to another merge stays. If
// none is left, base is.
func (q *query) compareChoices(e *TargetError) {
	choices, reverted := e.Choices, [][]string(nil)
	e.Choices = nil
	for _, choice := range append(choices, "base") {
		ids, err := q.downgrade(q.set(q.applied), choice, false)
		again, ok := errors.AsType[*TargetError](err)
		same := func(other []string) bool { return ids != nil && slices.Equal(ids, other) }
		switch {
		case choice == "base" && e.Choices != nil, ok && again.Kind != AmbiguousWalk, slices.ContainsFunc(reverted, same):
		default:
			e.Choices, e.Reverts, reverted = append(e.Choices, choice), append(e.Reverts, len(ids)), append(reverted, ids)
		}
	}
}

// suggestSteps completes the refusal of a number without a sign, which is probably meant as
// a number of steps. try resolves a target.
func suggestSteps(e *TargetError, sign string, applied int, try func(target string) error) {
	n, ok := parseSteps(e.Target)
	if e.Kind != NotFound && e.Kind != AmbiguousPrefix || !ok || n == 0 || n >= 1000 {
		return
	}
	steps, are := sign+strconv.Itoa(n), " are "
	if applied == 1 {
		are = " is "
	}
	switch {
	case sign == "-" && applied == 0:
		e.Reason += "; nothing is applied"
		return
	case sign == "-" && n > applied:
		e.Reason, e.Steps = e.Reason+"; only "+text.Count(applied, "revision")+are+"applied", "base"
		return
	}
	err := try(steps)
	refused, ok := errors.AsType[*TargetError](err)
	if err == nil || ok && (refused.Kind == AmbiguousWalk || refused.Kind == AmbiguousCurrent) { // with choices
		e.Steps = steps
	}
}

// refuseTooFar refuses a walk that leaves the graph, and reports how far it could go.
func (q *query) refuseTooFar(kind Kind, t target, w walk) error {
	made := max(t.steps, -t.steps) - w.left
	onBranch := ""
	if t.branch != "" {
		onBranch = " on branch " + t.branch
	}
	switch {
	case w.start == none && t.steps < 0:
		return q.refuse(kind, nil, "nothing is below base")
	case t.steps > 0 && made == 0:
		return q.refuse(kind, nil, "nothing is above %s%s", q.describe(w.start), onBranch)
	case t.steps > 0:
		return q.refuse(kind, []string{t.withSteps(made)}, "the last revision%s is %s, %s above %s",
			onBranch, q.describe(w.end), text.Count(made, "step"), q.describe(w.start))
	}
	var choices []string
	switch {
	case q.op == opDown:
		choices = []string{t.withSteps(made)}
	case q.op == opStamp, q.op == opTo && t.branch == "":
		choices = []string{t.prefix() + "base"}
	}
	return q.refuse(kind, choices, "base is %s below %s", text.Count(made, "step"), q.describe(w.start))
}
