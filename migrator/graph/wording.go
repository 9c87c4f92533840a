package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// name is how messages call a node: its id, with its label.
func (g *Graph) name(i int32) string {
	if i == none {
		return "base"
	}
	if l := g.labelsOf(i); len(l) > 0 {
		return g.nodes[i].ID + " (" + l[0] + ")"
	}
	return g.nodes[i].ID
}

func (g *Graph) namesOf(list []int32) string {
	names := make([]string, len(list))
	for k, i := range list {
		names[k] = g.name(i)
	}
	return and(names)
}

// typed lists what can be typed, as whole commands.
func (q *query) typed(choices ...string) string {
	quoted := make([]string, len(choices))
	for i, c := range choices {
		quoted[i] = strconv.Quote(string(q.verb) + " " + q.before + c + q.after)
	}
	return text.List(quoted, "or")
}

func and(names []string) string { return text.List(names, "and") }

func without(list []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == word })
}

// lines gives a word for the line of each of these revisions: a label that leads to no
// other of all, or else its id. Of all of them none is above another.
func (g *Graph) lines(tips, all []int32) []string {
	words := g.ids(tips)
	if len(all) > text.MaxListed || len(g.labels) == 0 {
		return words
	}
	below := make([]marks, len(all))
	for k, tip := range all {
		below[k] = g.down.reach(tip)
	}
	// In order, so that of several labels the nearest is taken.
	for _, i := range g.order {
		labels := g.labelsOf(i)
		if len(labels) == 0 {
			continue
		}
		has := func(m marks) bool { return m[i] }
		if k := slices.IndexFunc(below, has); k >= 0 && !slices.ContainsFunc(below[k+1:], has) {
			if at := slices.Index(tips, all[k]); at >= 0 {
				words[at] = labels[0]
			}
		}
	}
	return words
}

func (q *query) multipleHeads(t target, heads []int32) error {
	what := fmt.Sprintf("%d heads", len(heads))
	if t.branch != "" {
		what += " on branch " + t.branch
	}
	what += ", " + q.namesOf(heads)
	ids := q.ids(heads)
	if t.relative || q.verb == verbDown {
		for k := range ids {
			ids[k] += t.suffix()
		}
		return q.refuse(MultipleHeads, ids, "%s; type %s", what, q.typed(ids...))
	}
	merge := ""
	if t.branch == "" && q.verb == verbUp && len(heads) <= text.MaxListed {
		merge = fmt.Sprintf(`, or "merge %s" to join them`, strings.Join(ids, " "))
	}
	for k, line := range q.lines(heads, q.lineageHeads()) {
		if line != ids[k] {
			ids[k] = line + "@head"
		}
	}
	all := t.prefix() + "heads"
	return q.refuse(MultipleHeads, append([]string{all}, ids...), "%s; type %s for all, %s for one%s",
		what, q.typed(all), q.typed(ids...), merge)
}

// ambiguousCurrent refuses to choose between revisions to start from. place says what
// they are.
func (q *query) ambiguousCurrent(t target, place string, list []int32) error {
	var choices []string
	for _, line := range q.lines(list, q.current) {
		choices = append(choices, line+"@"+t.symbol+t.suffix())
	}
	return q.refuse(AmbiguousCurrent, choices, "%d revisions are %s, %s; type %s",
		len(list), place, q.namesOf(list), q.typed(choices...))
}
