package graph

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestOrderListsRequiredRevisionsFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		seen := Set{}
		for _, id := range g.Order() {
			for p := range requiredBy(g, id) {
				if !seen.Has(p) {
					t.Fatalf("%s precedes %s, which it requires", id, p)
				}
			}
			seen[id] = struct{}{}
		}
		if len(seen) != g.Len() || len(g.Order()) != g.Len() {
			t.Fatalf("%d of %d revisions", len(seen), g.Len())
		}
	})
}

func TestResultIsIndependentOfNodeOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t)
		g, _ := New(nodes)
		other, _ := New(rapid.Permutation(nodes).Draw(t, "another order"))
		if diff := cmp.Diff(g.Order(), other.Order()); diff != "" {
			t.Fatal(diff)
		}
		applied := g.Closure(NewSet(drawIDs(t, g, "current")...))
		verb := rapid.SampledFrom([]string{"up", "down", "to", "stamp", "show"}).Draw(t, "verb")
		command := verb + " " + drawTarget(t, g)
		if a, b := runCommand(g, applied, command).String(), runCommand(other, applied, command).String(); a != b {
			t.Fatalf("%s: %s, or %s", command, a, b)
		}
	})
}

// TestEveryStepKeepsStateClosed checks every operation: if the state before is closed, so is
// the state after each step, and errors are target errors with valid choices.
func TestEveryStepKeepsStateClosed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		applied := NewSet(drawIDs(t, g, "current")...)
		if rapid.IntRange(0, 3).Draw(t, "closed") > 0 {
			applied = g.Closure(applied)
		}
		command := rapid.SampledFrom([]string{"up", "down", "to", "stamp", "show"}).Draw(t, "verb")
		command += " " + drawTarget(t, g)
		checkMove(t, g, applied, command)
	})
}

func TestUpgradeAppliesTargetAndWhatItRequires(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		applied := NewSet(drawIDs(t, g, "applied")...) // not always closed
		id := drawIDs(t, g, "target")
		if len(id) == 0 {
			return
		}
		steps, err := g.Upgrade(applied, id[:1])
		if err != nil {
			t.Fatal(err)
		}
		want := requiredBy(g, id[0])
		want[id[0]] = struct{}{}
		for have := range applied {
			delete(want, have)
		}
		if diff := cmp.Diff(want.IDs(), NewSet(steps...).IDs()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDowngradeRevertsAllAboveTarget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		applied := NewSet(drawIDs(t, g, "applied")...)
		target := drawIDs(t, g, "target")
		if len(target) == 0 || !applied.Has(target[0]) {
			return
		}
		steps, err := g.Downgrade(applied, target[0])
		if err != nil {
			t.Fatal(err)
		}
		want := Set{}
		for id := range applied {
			all := requiredBy(g, id)
			all[id] = struct{}{}
			if slices.ContainsFunc(g.Children(target[0]), all.Has) {
				want[id] = struct{}{}
			}
		}
		if diff := cmp.Diff(want.IDs(), NewSet(steps...).IDs()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestToReachesClosureOfTargets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		applied := NewSet(drawIDs(t, g, "applied")...)
		targets := drawIDs(t, g, "targets")
		if len(targets) == 0 {
			targets = []string{"base"}
		}
		down, up, err := g.To(applied, targets)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range down {
			delete(applied, id)
		}
		for _, id := range up {
			applied[id] = struct{}{}
		}
		want := Set{}
		for _, id := range targets {
			if id != "base" {
				want[id] = struct{}{}
			}
		}
		if diff := cmp.Diff(g.Closure(want).IDs(), applied.IDs()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDowngradeReversesUpgrade(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		before := g.Closure(NewSet(drawIDs(t, g, "current")...))
		up, err := g.Upgrade(before, []string{"heads"})
		if err != nil {
			t.Fatal(err)
		}
		back := g.Maximal(before)
		if len(back) == 0 {
			back = []string{"base"}
		}
		down, again, err := g.To(g.Closure(NewSet(g.Order()...)), back)
		if err != nil || len(again) > 0 {
			t.Fatal(again, err)
		}
		slices.Reverse(down)
		if diff := cmp.Diff(up, down); diff != "" {
			t.Fatal(diff)
		}
		if len(before) == 0 {
			down, err = g.Downgrade(NewSet(up...), "base")
			slices.Reverse(down)
			if diff := cmp.Diff(up, down); diff != "" || err != nil {
				t.Fatal(diff, err)
			}
		}
	})
}

func TestMaximalAndOutOfOrderMatchDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		applied := NewSet(drawIDs(t, g, "applied")...)
		lower := Set{}
		for id := range applied {
			for p := range requiredBy(g, id) {
				lower[p] = struct{}{}
			}
		}
		var maximal, outOfOrder []string
		for id := range applied {
			if !lower.Has(id) {
				maximal = append(maximal, id)
			}
		}
		for _, id := range g.Order() {
			if lower.Has(id) && !applied.Has(id) {
				outOfOrder = append(outOfOrder, id)
			}
		}
		slices.Sort(maximal)
		if !slices.Equal(maximal, g.Maximal(applied)) {
			t.Fatalf("maximal %v, want %v", g.Maximal(applied), maximal)
		}
		var got []string
		for _, i := range g.OutOfOrder(applied) {
			got = append(got, i.Revision)
			if !applied.Has(i.Above) || !requiredBy(g, i.Above).Has(i.Revision) {
				t.Fatalf("%s is not an applied revision above %s", i.Above, i.Revision)
			}
		}
		if !slices.Equal(outOfOrder, got) {
			t.Fatalf("out of order: %v, want %v", got, outOfOrder)
		}
	})
}

// TestNewReportsProblemsOrBuildsGraph draws nodes that may be inconsistent.
func TestNewReportsProblemsOrBuildsGraph(t *testing.T) {
	t.Parallel()
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "head", "x@y", "", "L"})
	names := rapid.SliceOfN(name, 0, 2)
	node := rapid.Custom(func(t *rapid.T) Node {
		return Node{
			ID: name.Draw(t, "id"), DownRevision: names.Draw(t, "down"), DependsOn: names.Draw(t, "deps"),
			BranchLabels: names.Draw(t, "labels"), Unknown: rapid.IntRange(0, 4).Draw(t, "unknown") == 0,
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.SliceOfN(node, 0, 8).Draw(t, "nodes")
		g, problems := New(nodes)
		if (g == nil) != (len(problems) > 0) {
			t.Fatalf("graph %v with problems %v", g, problems)
		}
		_, again := New(rapid.Permutation(nodes).Draw(t, "another order"))
		if diff := cmp.Diff(problems, again); diff != "" {
			t.Fatal(diff)
		}
		for _, p := range problems {
			if p.Kind == Cycle || p.Kind == DependencyCycle {
				checkPath(t, nodes, p)
			}
		}
	})
}
