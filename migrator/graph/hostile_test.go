package graph

import (
	"fmt"
	"testing"
)

// hostileNodes are sets of n revisions, or one with n links, that are wrong in n places.
func hostileNodes(n int) map[string][]Node {
	id := func(i int) string { return fmt.Sprintf("a%06d", i) }
	each := func(f func(i int) Node) []Node {
		nodes := make([]Node, n)
		for i := range nodes {
			nodes[i] = f(i)
		}
		return nodes
	}
	list := func(f func(i int) string) []string {
		names := make([]string, n)
		for i := range names {
			names[i] = f(i)
		}
		return names
	}
	return map[string][]Node{
		"labels":                   {{ID: "x", BranchLabels: list(id)}},
		"a label again":            {{ID: "x", BranchLabels: list(func(int) string { return "l" })}},
		"a label of all":           each(func(i int) Node { return Node{ID: id(i), BranchLabels: []string{"l"}} }),
		"labels that are ids":      append(each(func(i int) Node { return Node{ID: id(i)} }), Node{ID: "x", BranchLabels: list(id)}),
		"missing dependencies":     {{ID: "x", DependsOn: list(id)}},
		"missing parents":          {{ID: "x", DownRevision: list(id)}},
		"parents":                  append(each(func(i int) Node { return Node{ID: id(i)} }), Node{ID: "x", DownRevision: list(id), DependsOn: list(id)}),
		"parents again":            {{ID: "a"}, {ID: "x", DownRevision: list(func(int) string { return "a" }), DependsOn: list(func(int) string { return "a" })}},
		"one id":                   each(func(int) Node { return Node{ID: "x"} }),
		"pairs of ids":             each(func(i int) Node { return Node{ID: id(i / 2)} }),
		"one cycle":                each(func(i int) Node { return Node{ID: id(i), DownRevision: []string{id((i + 1) % n)}} }),
		"many cycles":              each(func(i int) Node { return Node{ID: id(i), DownRevision: []string{id(i ^ 1)}} }),
		"cycles over a dependency": each(func(i int) Node { return Node{ID: id(i), DependsOn: []string{id(i ^ 1)}} }),
		"all depend on themselves": each(func(i int) Node { return Node{ID: id(i), DependsOn: []string{id(i)}, DownRevision: []string{id(i)}} }),
		"heads": append(each(func(i int) Node {
			return Node{ID: id(i), DownRevision: []string{"x"}, BranchLabels: []string{"l" + id(i)}}
		}), Node{ID: "x"}),
		"labels of every revision":  each(func(i int) Node { return Node{ID: id(i), BranchLabels: []string{"l" + id(i)}} }),
		"unknown revisions":         each(func(i int) Node { return Node{ID: id(i), DependsOn: []string{"y"}, Unknown: true} }),
		"a revision with no parent": {{ID: "x"}},
	}
}

// A graph is built, and refused, in linear time, and so are targets. In quadratic time this test would take minutes.
func TestHostileGraphsTakeLinearTime(t *testing.T) {
	t.Parallel()
	const n = 50_000
	for name, nodes := range hostileNodes(n) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, problems := New(nodes)
			for _, p := range problems {
				if len(p.Text) > 1000 {
					t.Errorf("a text has %d bytes: %.100s…", len(p.Text), p.Text)
				}
			}
			if g == nil {
				return
			}
			g.Node("x")
			for _, target := range []string{"head", "heads", "-1", "+1", "l", "nowhere", "a0000", "x+1", "x@head"} {
				_, err := g.Upgrade(nil, []string{target})
				checkLength(t, err)
				_, err = g.Downgrade(NewSet(g.Order()...), target)
				checkLength(t, err)
			}
			for _, span := range []string{":", "heads:", "x:", "base:heads", "heads:x"} {
				_, err := g.Range(nil, span)
				checkLength(t, err)
			}
			g.OutOfOrder(NewSet("x"))
			g.Maximal(NewSet(g.Order()...))
		})
	}
}

func checkLength(t *testing.T, err error) {
	t.Helper()
	if err != nil && len(err.Error()) > 1000 {
		t.Errorf("%.100s… has %d bytes", err, len(err.Error()))
	}
}
