package graph

import (
	"slices"
	"sort"
	"strings"
)

// shortest is the length from which a name can be named by a prefix.
const shortest = 4

// prefixed gives the ids and labels of four and more characters that begin so, by name.
func (g *Graph) prefixed(prefix string) []string {
	var list []string
	add := func(n int, name func(int) string) {
		first := sort.Search(n, func(i int) bool { return name(i) >= prefix })
		for i := first; i < n && strings.HasPrefix(name(i), prefix); i++ {
			if len(name(i)) >= shortest {
				list = append(list, name(i))
			}
		}
	}
	add(len(g.nodes), func(i int) string { return g.nodes[i].ID })
	add(len(g.labels), func(i int) string { return g.labels[i] })
	slices.Sort(list)
	return list
}

// words returns everything that can stand where a revision is named.
func (g *Graph) words() []string {
	words := append(reserved(), g.labels...)
	for _, n := range g.nodes {
		words = append(words, n.ID)
	}
	return words
}
