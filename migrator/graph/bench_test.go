package graph

import (
	"fmt"
	"hash/fnv"
	"testing"
)

// largeGraph returns n revisions with realistic ids, in no particular order: a lineage
// that branches, merges and branches again, a second one that depends on it, and labels.
func largeGraph(n int) []Node {
	id := func(i int) string {
		h := fnv.New64a()
		fmt.Fprintf(h, "revision %d", i)
		return fmt.Sprintf("%012x", h.Sum64()>>16)
	}
	nodes := make([]Node, n)
	for i := range nodes {
		node := Node{ID: id(i)}
		switch k := i % 10; {
		case i == 0 || i == 9:
		case k == 0: // merges the two branches
			node.DownRevision = []string{id(i - 2), id(i - 6)}
		case k == 5: // begins the second branch at the start of the first
			node.DownRevision = []string{id(i - 4)}
		case k == 9: // the second lineage
			node.DownRevision = []string{id(i - 10)}
			node.DependsOn = []string{id(i - 1), id(i - 7)}
		default:
			node.DownRevision = []string{id(i - 1)}
		}
		if i%1000 == 1 {
			node.BranchLabels = []string{fmt.Sprintf("label%d", i)}
		}
		nodes[i*7919%n] = node
	}
	return nodes
}

// BenchmarkPlan measures everything that a run does with the graph, from the nodes to the
// ordered steps. The time per revision should not depend on their number.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		nodes := largeGraph(n)
		b.Run(fmt.Sprintf("up/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, problems := New(nodes)
				if len(problems) > 0 {
					b.Fatal(problems[0])
				}
				steps, err := g.Upgrade(nil, []string{"heads"})
				if err != nil || len(steps) != n {
					b.Fatal(len(steps), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/revision")
		})
		b.Run(fmt.Sprintf("nothing/%d", n), func(b *testing.B) {
			for b.Loop() {
				g, _ := New(nodes)
				applied := make(Set, n)
				for _, node := range nodes {
					applied[node.ID] = struct{}{}
				}
				steps, err := g.Upgrade(applied, []string{"heads"})
				if err != nil || len(steps) != 0 || len(g.OutOfOrder(applied)) != 0 {
					b.Fatal(len(steps), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/revision")
		})
		b.Run(fmt.Sprintf("down/%d", n), func(b *testing.B) {
			g, _ := New(nodes)
			applied := g.Closure(NewSet(g.Heads()...))
			for b.Loop() {
				steps, err := g.Downgrade(applied, "base")
				if err != nil || len(steps) != n {
					b.Fatal(len(steps), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/revision")
		})
		b.Run(fmt.Sprintf("refused/%d", n), func(b *testing.B) {
			g, _ := New(nodes)
			applied := g.Closure(NewSet(g.Heads()...))
			for b.Loop() {
				if _, err := g.Downgrade(applied, "-1"); err == nil {
					b.Fatal("-1 was accepted with two current revisions")
				}
				if _, err := g.Upgrade(applied, []string{"labe1"}); err == nil {
					b.Fatal("an unknown label was accepted")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/revision")
		})
	}
}
