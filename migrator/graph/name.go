package graph

import (
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/name"
)

// minPrefix is the length from which a name can be given by its beginning.
const minPrefix = 4

// withPrefix returns the ids and labels that begin with prefix, sorted. Names shorter
// than minPrefix have to be written in full and are not among them.
func (g *Graph) withPrefix(prefix string) []string {
	var list []string
	add := func(n int, name func(int) string) {
		first := sort.Search(n, func(i int) bool { return name(i) >= prefix })
		for i := first; i < n && strings.HasPrefix(name(i), prefix); i++ {
			if len(name(i)) >= minPrefix {
				list = append(list, name(i))
			}
		}
	}
	add(len(g.nodes), func(i int) string { return g.nodes[i].ID })
	add(len(g.labels), func(i int) string { return g.labels[i] })
	slices.Sort(list)
	return list
}

// words returns every word that names revisions in a target.
func (g *Graph) words() []string {
	words := append(name.Reserved(), g.labels...)
	for _, n := range g.nodes {
		words = append(words, n.ID)
	}
	return words
}
