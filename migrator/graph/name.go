package graph

import (
	"iter"
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

// words are all that can stand where a revision is named.
func (g *Graph) words() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, w := range reserved() {
			if !yield(w) {
				return
			}
		}
		for _, l := range g.labels {
			if !yield(l) {
				return
			}
		}
		for _, n := range g.nodes {
			if !yield(n.ID) {
				return
			}
		}
	}
}

// nearest gives the word that somebody who typed something else most likely meant, or
// "". A word that is a part of what was typed, as the id is of a file name, is nearest
// of all; of several words that are equally near it is the first.
func nearest(typed string, words iter.Seq[string]) string {
	if len(typed) > 3*maxName {
		return ""
	}
	best, least := "", min(len(typed)/3, 3)+1
	for w := range words {
		if len(w) >= shortest && strings.Contains(typed, w) {
			return w
		}
		if len(w) > maxName || abs(len(w)-len(typed)) >= least {
			continue
		}
		if d := distance(strings.ToLower(typed), strings.ToLower(w)); d < least && d <= len(w)/2 {
			best, least = w, d
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// distance counts the bytes to insert, leave out, replace or swap with their neighbour.
// b has at most maxName bytes.
func distance(a, b string) int {
	var rows [3][maxName + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
