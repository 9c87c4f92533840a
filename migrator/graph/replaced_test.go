package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// replacing is s in the place of a, b and c, with d and e above.
func replacing(t *testing.T, more ...Node) *Graph {
	t.Helper()
	nodes := []Node{
		{ID: "s", Replaces: []string{"a", "b", "cccc"}, BranchLabels: []string{"store"}},
		{ID: "d", DownRevision: []string{"cccc"}},
		{ID: "e", DownRevision: []string{"b", "cccc"}, DependsOn: []string{"a", "d"}},
	}
	g, problems := New(append(nodes, more...))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return g
}

func TestLinksToReplacedRevisionsLeadToTheOneInTheirPlace(t *testing.T) {
	t.Parallel()
	g := replacing(t)
	if got := strings.Join(g.Order(), " "); got != "s d e" {
		t.Errorf("order %s", got)
	}
	if n, _ := g.Node("e"); fmt.Sprint(n.DownRevision, n.DependsOn) != "[s] [s d]" {
		t.Errorf("e: %+v", n)
	}
	if got := fmt.Sprint(g.Heads(), g.Bases(), g.Branches(), g.Children("s"), g.Canonical([]string{"a", "d", "b"})); got != "[d e] [s] [s] [d e] [s d]" {
		t.Errorf("%s", got)
	}
	if by, ok := g.ReplacedBy("b"); by != "s" || !ok {
		t.Errorf("ReplacedBy: %q, %t", by, ok)
	}
	for _, target := range []string{"a", "cccc", "ccc"} {
		_, err := g.Upgrade(nil, []string{target})
		var e *TargetError
		known := errors.As(err, &e) && e.Kind == NotFound && strings.Contains(e.Reason, "replaced by s") && slices.Equal(e.Choices, []string{"s"})
		if known == (target == "ccc") {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// What only the ledger knows may be one of the replaced revisions, or link to them.
func TestUnknownRevisionsAndReplacedOnes(t *testing.T) {
	t.Parallel()
	g := replacing(t, Node{ID: "a", Unknown: true}, Node{ID: "b", DownRevision: []string{"a"}, Unknown: true}, Node{ID: "x", DownRevision: []string{"cccc"}, BranchLabels: []string{"cccc"}, Unknown: true})
	if got := strings.Join(g.Maximal(NewSet("a", "b")), " "); got != "b" {
		t.Errorf("current %s", got)
	}
	if n, _ := g.Node("x"); fmt.Sprint(n.DownRevision) != "[s]" {
		t.Errorf("x: %+v", n)
	}
	if n, _ := g.Node("e"); fmt.Sprint(n.DownRevision, n.DependsOn) != "[s] [s d]" {
		t.Errorf("e: %+v", n)
	}
	if down, err := g.Downgrade(NewSet("a", "b"), "base"); err != nil || fmt.Sprint(down) != "[b a]" {
		t.Errorf("down: %v, %v", down, err)
	}
}

func TestReplacesProblemsAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		nodes []Node
		want  []string
	}{
		{"itself", []Node{{ID: "s", Replaces: []string{"s"}}}, []string{"self-replaced s replaces s: revision s replaces itself"}},
		{"one that exists", []Node{{ID: "a"}, {ID: "s", Replaces: []string{"a"}}}, []string{"replaced-exists a revision a: revision a is replaced by s, and both exist"}},
		{"one twice", []Node{{ID: "s", Replaces: []string{"a", "b"}}, {ID: "t", Replaces: []string{"b"}}}, []string{"duplicate-replaced t replaces b: revision b is already replaced by s"}},
		{"a label", []Node{{ID: "s", Replaces: []string{"store"}}, {ID: "t", BranchLabels: []string{"store"}}}, []string{"label-is-id s replaces store: store is the label of revision t, not the id of a revision that was replaced"}},
		{"its own parent", []Node{{ID: "s", DownRevision: []string{"a"}, DependsOn: []string{"b"}, Replaces: []string{"a", "b"}}}, []string{
			"dependency-self-loop s depends_on b: revision b is one that s replaces", "self-loop s down_revision a: revision a is one that s replaces",
		}},
		{"something above it", []Node{{ID: "s", DownRevision: []string{"d"}, Replaces: []string{"a"}}, {ID: "d", DownRevision: []string{"a"}}}, []string{"cycle d down_revision s: the down revisions form a cycle: d -> s -> d"}},
		{"a dependency above it", []Node{{ID: "s", DependsOn: []string{"d"}, Replaces: []string{"a"}}, {ID: "d", DependsOn: []string{"a"}}}, []string{"dependency-cycle s depends_on d: the dependency on d closes a cycle: d -> s -> d"}},
		{"a bad id", []Node{{ID: "s", Replaces: []string{"a b"}}}, []string{`bad-character s replaces a b: id "a b": forbidden character ' ': only A-Z a-z 0-9 _ and . are allowed`}},
	} {
		_, problems := New(c.nodes)
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%s %s %s %s: %s", p.Kind, p.ID, p.Key, p.Word, p.Text))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
