package graph_test

import (
	"errors"
	"fmt"

	"example.com/ambix/migrator/graph"
)

// shop returns a graph with a branch point after b:
//
//	             store
//	         +---- c ---- d
//	a --- b -+
//	         +---- e
//	             blog
func shop() *graph.Graph {
	g, problems := graph.New([]graph.Node{
		{ID: "a"},
		{ID: "b", DownRevision: []string{"a"}},
		{ID: "c", DownRevision: []string{"b"}, BranchLabels: []string{"store"}},
		{ID: "d", DownRevision: []string{"c"}},
		{ID: "e", DownRevision: []string{"b"}, BranchLabels: []string{"blog"}},
	})
	for _, p := range problems {
		panic(p.Text)
	}
	return g
}

func ExampleNew() {
	_, problems := graph.New([]graph.Node{
		{ID: "a"},
		{ID: "b", DownRevision: []string{"a"}, DependsOn: []string{"stroe"}},
		{ID: "c", BranchLabels: []string{"store"}},
	})
	for _, p := range problems {
		fmt.Printf("%s, %s: %s\n", p.ID, p.Key, p.Text)
	}
	// Output:
	// b, depends_on: no revision or label "stroe"; did you mean store?
}

func ExampleGraph_Heads() {
	fmt.Println(shop().Heads())
	// Output:
	// [d e]
}

func ExampleGraph_Upgrade() {
	g := shop()
	applied := graph.NewSet("a", "b")
	for _, target := range []string{"store@head", "blog", "heads"} {
		steps, err := g.Upgrade(applied, []string{target})
		fmt.Println(target, steps, err)
	}
	// Output:
	// store@head [c d] <nil>
	// blog [e] <nil>
	// heads [c d e] <nil>
}

func ExampleGraph_Downgrade() {
	g := shop()
	applied := graph.NewSet("a", "b", "c", "d", "e")
	for _, target := range []string{"store@-1", "store@b", "a"} {
		steps, err := g.Downgrade(applied, target)
		fmt.Println(target, steps, err)
	}
	// Output:
	// store@-1 [d] <nil>
	// store@b [d c] <nil>
	// a [e d c b] <nil>
}

func ExampleGraph_To() {
	down, up, err := shop().To(graph.NewSet("a", "b", "e"), []string{"store"})
	fmt.Println("revert", down, "apply", up, err)
	// Output:
	// revert [e] apply [c] <nil>
}

func ExampleGraph_Range() {
	g := shop()
	for _, text := range []string{"b:d", "store:", "-1:store"} {
		ids, err := g.Range(nil, text)
		fmt.Println(text, ids, err)
	}
	// Output:
	// b:d [b c d] <nil>
	// store: [c d] <nil>
	// -1:store [b c] <nil>
}

func ExampleGraph_OutOfOrder() {
	for _, r := range shop().OutOfOrder(graph.NewSet("a", "c")) {
		fmt.Println(r.Revision, "is pending below", r.Above)
	}
	// Output:
	// b is pending below c
}

func ExampleTargetError() {
	_, err := shop().Upgrade(nil, []string{"head"})
	var refused *graph.TargetError
	if errors.As(err, &refused) {
		fmt.Println(err)
		fmt.Println("kind:", refused.Kind)
		fmt.Println("revisions:", refused.Revisions)
		fmt.Println("choices:", refused.Choices)
	}
	// Output:
	// up head: there are 2 heads: d and e (blog)
	// kind: multiple-heads
	// revisions: [d e]
	// choices: [heads store@head blog@head]
}
