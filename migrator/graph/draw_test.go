package graph

import (
	"errors"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// drawNodes draws a consistent set of revisions in any order: branches, merges, also with
// redundant parents, several bases, dependencies by id and label.
func drawNodes(t *rapid.T) []Node {
	n := rapid.IntRange(0, 12).Draw(t, "revisions")
	prefixes := []string{"", "abcd", "abce"}
	var nodes []Node
	var labels []string
	for i := range n {
		node := Node{ID: rapid.SampledFrom(prefixes).Draw(t, "prefix") + string(rune('a'+i))}
		if i > 0 {
			earlier := rapid.IntRange(0, i-1)
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 2, 3}).Draw(t, "parents") {
				node.DownRevision = append(node.DownRevision, nodes[earlier.Draw(t, "parent")].ID)
			}
			for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "dependencies") {
				node.DependsOn = append(node.DependsOn, nodes[earlier.Draw(t, "dependency")].ID)
			}
		}
		if len(labels) > 0 && rapid.IntRange(0, 5).Draw(t, "by label") == 0 {
			node.DependsOn = append(node.DependsOn, rapid.SampledFrom(labels).Draw(t, "dependency by label"))
		}
		if rapid.IntRange(0, 3).Draw(t, "labelled") == 0 {
			label := "L" + string(rune('a'+i))
			node.BranchLabels = append(node.BranchLabels, label)
			labels = append(labels, label)
		}
		nodes = append(nodes, node)
	}
	return rapid.Permutation(nodes).Draw(t, "order of nodes")
}

func drawGraph(t *rapid.T) *Graph {
	g, problems := New(drawNodes(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return g
}

func drawIDs(t *rapid.T, g *Graph, name string) []string {
	if g.Len() == 0 {
		return nil
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(g.Order()), 0, 4, rapid.ID[string]).Draw(t, name)
}

// drawTarget draws a target that can be parsed but may not refer to anything.
func drawTarget(t *rapid.T, g *Graph) string {
	words := []string{"head", "heads", "base", "current", "abcd", "abc", "no_such"}
	words = append(words, g.Order()...)
	for l := range g.Labels() {
		words = append(words, l)
	}
	slices.Sort(words)
	word := rapid.SampledFrom(words)
	text := ""
	if rapid.Bool().Draw(t, "with branch") {
		text = word.Draw(t, "branch") + "@"
	}
	steps := rapid.SampledFrom([]string{"", "+1", "-1", "+2", "-2", "+5", "-7", "+0", "-0"}).Draw(t, "steps")
	if steps == "" || rapid.Bool().Draw(t, "with symbol") {
		text += word.Draw(t, "symbol")
	}
	return text + steps
}

// requiredBy returns everything that a revision requires, computed naively.
func requiredBy(g *Graph, id string) Set {
	all := Set{}
	var visit func(string)
	visit = func(id string) {
		n, _ := g.Node(id)
		for _, p := range slices.Concat(n.DownRevision, n.DependsOn) {
			if !all.Has(p) {
				all[p] = struct{}{}
				visit(p)
			}
		}
	}
	visit(id)
	return all
}

func closed(g *Graph, s Set) bool {
	for id := range s {
		for p := range requiredBy(g, id) {
			if !s.Has(p) {
				return false
			}
		}
	}
	return true
}

func checkMove(t rapid.TB, g *Graph, applied Set, command string) {
	t.Helper()
	verb, text, _ := strings.Cut(command, " ")
	down, up, after, err := move(g, applied, verb, []string{text})
	if err != nil {
		checkRefusal(t, g, applied, verb, err)
		return
	}
	wasClosed := closed(g, applied)
	state := NewSet(applied.IDs()...)
	for k, id := range down {
		if !state.Has(id) {
			t.Fatalf("%s: %s is reverted, but not applied", command, id)
		}
		delete(state, id)
		if wasClosed && !closed(g, state) || slices.ContainsFunc(down[k+1:], func(later string) bool { return requiredBy(g, later).Has(id) }) {
			t.Fatalf("%s: %s is reverted before a revision that requires it", command, id)
		}
	}
	for k, id := range up {
		if state.Has(id) {
			t.Fatalf("%s: %s is applied twice", command, id)
		}
		state[id] = struct{}{}
		if wasClosed && !closed(g, state) || slices.ContainsFunc(up[k+1:], requiredBy(g, id).Has) {
			t.Fatalf("%s: %s is applied before a revision that it requires", command, id)
		}
	}
	if after != nil && wasClosed && !closed(g, after) {
		t.Fatalf("%s: %v is not closed", command, after.IDs())
	}
}

func move(g *Graph, applied Set, verb string, targets []string) (down, up []string, after Set, err error) {
	switch verb {
	case "up":
		up, err = g.Upgrade(applied, targets)
	case "down":
		down, err = g.Downgrade(applied, targets[0])
	case "to":
		down, up, err = g.To(applied, targets)
	case "stamp":
		after, err = g.Stamp(applied, targets)
	case "show":
		_, err = g.Resolve(applied, targets[0])
	case "history":
		_, err = g.Range(applied, targets[0])
	}
	return down, up, after, err
}

// checkRefusal checks that an error is a complete target error whose choices are valid.
func checkRefusal(t rapid.TB, g *Graph, applied Set, verb string, err error) {
	t.Helper()
	var refused *TargetError
	if !errors.As(err, &refused) {
		t.Fatalf("%v is not a target error", err)
	}
	if refused.Kind == "" || refused.Verb != verb || refused.Reason == "" {
		t.Fatalf("%#v", refused)
	}
	if refused.Kind == AmbiguousPrefix {
		return // its choices are names
	}
	if refused.Reverts != nil && len(refused.Reverts) != len(refused.Choices) {
		t.Fatalf("%#v", refused)
	}
	for k, n := range refused.Reverts {
		down, _, _, err := move(g, applied, verb, []string{refused.Choices[k]})
		if n > 0 && (err != nil || len(down) != n) {
			t.Fatalf("%v; but %s %s reverts %d, not %d: %v", refused, verb, refused.Choices[k], len(down), n, err)
		}
	}
	// A choice may in turn be too far or not applied, but never invalid or ambiguous.
	acceptable := []Kind{AmbiguousWalk, WalkedTooFar, RelativeCount, NotAncestor, NothingOnBranch}
	for _, choice := range refused.Choices {
		_, _, _, err := move(g, applied, verb, strings.Fields(choice))
		var again *TargetError
		if verb != "history" && errors.As(err, &again) && !slices.Contains(acceptable, again.Kind) {
			t.Fatalf("%v; but %s %s: %v", refused, verb, choice, err)
		}
	}
}

// checkPath checks that each revision of a cycle is required by the next one.
func checkPath(t *rapid.T, nodes []Node, p Problem) {
	t.Helper()
	owners := map[string][]string{}
	for _, n := range nodes {
		for _, l := range n.BranchLabels {
			owners[l] = append(owners[l], n.ID)
		}
	}
	if len(p.Path) < 3 || p.Path[0] != p.Path[len(p.Path)-1] {
		t.Fatalf("%v is not a cycle", p.Path)
	}
	for k, id := range p.Path[1:] {
		required := p.Path[k]
		if !slices.ContainsFunc(nodes, func(n Node) bool {
			return n.ID == id && (slices.Contains(n.DownRevision, required) || slices.ContainsFunc(n.DependsOn, func(d string) bool {
				return d == required || slices.Contains(owners[d], required)
			}))
		}) {
			t.Fatalf("%s does not require %s, in %v", id, required, p)
		}
	}
}
