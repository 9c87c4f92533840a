package graph

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQueriesReturnShape(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "m < d2 d1 d1 * lib a1 # mm; d1 < b; d2 < b # two second; b < a; a; a1 # lib; q < m * gone two # two newer ?")
	for _, test := range []struct {
		name      string
		got, want []string
	}{
		{"heads", g.Heads(), []string{"a1", "m"}},
		{"bases", g.Bases(), []string{"a", "a1"}},
		{"branches", g.Branches(), []string{"b"}},
		{"order", g.Order(), []string{"a1", "a", "b", "d1", "d2", "m", "q"}},
		{"children", g.Children("b"), []string{"d1", "d2"}},
		{"children of a head", g.Children("a1"), []string{}},
		{"unknown children", g.Children("m"), []string{"q"}},
		{"children of a label", g.Children("two"), nil},
		{"maximal", g.Maximal(NewSet("a", "d1", "a1", "nothing")), []string{"a1", "d1"}},
		{"closure", g.Closure(NewSet("d2", "nothing")).IDs(), []string{"a", "b", "d2"}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	labels := map[string]string{"mm": "m", "two": "d2", "second": "d2", "lib": "a1", "newer": "q"}
	if diff := cmp.Diff(labels, g.Labels()); diff != "" {
		t.Error(diff)
	}
	m, ok := g.Node("m")
	if diff := cmp.Diff(Node{ID: "m", DownRevision: []string{"d2", "d1"}, DependsOn: []string{"a1"}, BranchLabels: []string{"mm"}}, m); diff != "" || !ok {
		t.Error(diff)
	}
	q, ok := g.Node("q")
	if diff := cmp.Diff(Node{ID: "q", DownRevision: []string{"m"}, DependsOn: []string{"gone", "d2"}, BranchLabels: []string{"two", "newer"}, Unknown: true}, q); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := g.Node("lib"); ok {
		t.Error("a label was accepted as an id")
	}
}

func TestOrderCompletesBranchBeforeTheNext(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a; f < a; b < f; e < a; d < e; c < b d; z * e; y")
	want := []string{"a", "f", "b", "e", "d", "c", "y", "z"}
	if diff := cmp.Diff(want, g.Order()); diff != "" {
		t.Error(diff)
	}
}

func TestStateIsClosureOfTargets(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a; b < a; c1 < b # one; c2 < b")
	for _, test := range []struct {
		targets, want []string
		refused       Kind
	}{
		{[]string{"base"}, nil, ""},
		{[]string{"one", "c2"}, []string{"a", "b", "c1", "c2"}, ""},
		{[]string{"heads"}, []string{"a", "b", "c1", "c2"}, ""},
		{[]string{"b", "a"}, []string{"a", "b"}, ""},
		{[]string{"base+2"}, []string{"a", "b"}, ""},
		{[]string{"head"}, nil, MultipleHeads},
		{[]string{"current"}, nil, NotFound},
		{[]string{"-1"}, nil, RelativeCount},
		{[]string{"+1"}, nil, RelativeCount},
		{[]string{"one@base"}, nil, BranchBase},
		{[]string{}, nil, NoTarget},
		{[]string{""}, nil, NotFound},
	} {
		got, err := g.State(test.targets)
		var refused *TargetError
		if errors.As(err, &refused); refused == nil {
			refused = &TargetError{}
		}
		if diff := cmp.Diff(test.want, got.IDs()); diff != "" || refused.Kind != test.refused {
			t.Errorf("%q: %v %s", test.targets, err, diff)
		}
	}
}

func TestAppliedRevisionOutsideGraphIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a; b < a")
	_, err := g.Upgrade(NewSet("a", "y", "x"), []string{"head"})
	var refused *TargetError
	if !errors.As(err, &refused) || refused.Kind != NotFound || refused.Target != "x" {
		t.Errorf("%v", err)
	}
	if err.Error() != "up x: the revision is applied, but not in the graph" {
		t.Error(err)
	}
}

func TestMissingTargetIsRefused(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a")
	applied := NewSet("a")
	_, upgrade := g.Upgrade(applied, nil)
	_, _, to := g.To(applied, nil) // must not revert everything
	_, stamp := g.Stamp(applied, nil)
	for _, err := range []error{upgrade, to, stamp} {
		var refused *TargetError
		if !errors.As(err, &refused) || refused.Kind != NoTarget {
			t.Errorf("%v", err)
		}
	}
}

func TestReasonListsAtMostEightRevisions(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a; b < a; c < a; d < a; e < a; f < a; g < a; h < a; i < a; j < a; k < a")
	_, err := g.Upgrade(nil, []string{"a+1"})
	want := "up a+1: a has 10 children: b, c, d, e, f, g, h, i and 2 more"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
	var refused *TargetError
	if errors.As(err, &refused); len(refused.Choices) != 10 || len(refused.Revisions) != 10 {
		t.Errorf("%#v", refused)
	}
}
