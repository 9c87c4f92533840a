package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

const (
	maxName     = 64
	maxSearches = 20 // for words that are near a missing one: each looks at every name
)

// checker collects the problems of a graph that is being made.
type checker struct {
	*Graph
	copies   map[int32][]Node // the further nodes of an id that several have
	problems []Problem
	searches int
}

func (c *checker) report(kind Kind, id, key, word, format string, args ...any) {
	c.problems = append(c.problems, Problem{Kind: kind, ID: id, Key: key, Word: word, Text: fmt.Sprintf(format, args...)})
}

// newChecker numbers the nodes. Copies of one id share their number.
func newChecker(nodes []Node) *checker {
	c := &checker{
		Graph:  &Graph{nodes: make([]Node, 0, len(nodes)), names: make(map[string]int32, len(nodes))},
		copies: map[int32][]Node{},
	}
	for _, k := range byID(nodes) {
		n := nodes[k]
		last := int32(len(c.nodes) - 1)
		if last >= 0 && c.nodes[last].ID == n.ID {
			c.copies[last] = append(c.copies[last], n)
			continue
		}
		c.names[n.ID] = last + 1
		c.nodes = append(c.nodes, n)
		if !n.Unknown {
			c.checkName("id", "revision", n.ID, n.ID)
		}
	}
	for i, more := range c.copies {
		id := c.nodes[i].ID
		c.report(DuplicateID, id, "revision", id, "%d revisions have the id %s", len(more)+1, id)
	}
	return c
}

// byID gives the places of the nodes in order of their ids, copies that only the ledger
// knows last.
func byID(nodes []Node) []int32 {
	type place struct {
		id      string
		unknown int32
		at      int32
	}
	places := make([]place, len(nodes))
	for k := range nodes {
		places[k] = place{id: nodes[k].ID, at: int32(k)}
		if nodes[k].Unknown {
			places[k].unknown = 1
		}
	}
	compare := func(a, b place) int {
		return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.unknown, b.unknown), cmp.Compare(a.at, b.at))
	}
	// As they are when they come from files.
	if !slices.IsSortedFunc(places, compare) {
		slices.SortFunc(places, compare)
	}
	order := make([]int32, len(nodes))
	for k, p := range places {
		order[k] = p.at
	}
	return order
}

func (c *checker) checkName(what, key, id, name string) {
	bad := strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) })
	switch {
	case bad >= 0:
		c.report(BadCharacter, id, key, name, "%s %q has a forbidden character: A-Z a-z 0-9 _ and . are allowed", what, name)
	case name == "" || len(name) > maxName:
		c.report(BadLength, id, key, name, "%s %q has %d characters: 1 to %d are allowed", what, name, len(name), maxName)
	case IsReserved(name):
		c.report(ReservedWord, id, key, name, "%s %q is reserved, like %s: choose another", what, name, and(reserved()))
	}
}

func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '.'
}

// each calls f for every node, copies included, with the number it has.
func (c *checker) each(f func(i int32, n Node)) {
	for i, n := range c.nodes {
		f(int32(i), n)
		for _, more := range c.copies[int32(i)] {
			f(int32(i), more)
		}
	}
}

func (c *checker) checkLabels() {
	owners := map[string][]string{}
	c.each(func(i int32, n Node) {
		for k, l := range n.BranchLabels {
			if n.Unknown {
				continue
			}
			c.checkName("label", "branch_labels", n.ID, l)
			_, taken := c.names[l]
			switch {
			case slices.Contains(n.BranchLabels[:k], l):
				c.report(DuplicateLabel, n.ID, "branch_labels", l, "label %s stands here twice", l)
			case taken && len(owners[l]) == 0:
				c.report(LabelIsID, n.ID, "branch_labels", l, "label %s is the id of a revision: choose another", l)
			case !slices.Contains(owners[l], n.ID):
				owners[l] = append(owners[l], n.ID)
				c.names[l] = i
			}
		}
	})
	for l, ids := range owners {
		for _, id := range ids[1:] {
			c.report(DuplicateLabel, id, "branch_labels", l, "label %s is already that of %s: choose another", l, and(without(ids, id)))
			c.problems[len(c.problems)-1].Path = ids
		}
		c.labels = append(c.labels, l)
	}
	c.adoptLabels()
	slices.Sort(c.labels)
}

// adoptLabels gives the ledger's revisions those of their labels that are free.
func (c *checker) adoptLabels() {
	c.each(func(i int32, n Node) {
		for _, l := range n.BranchLabels {
			if _, taken := c.names[l]; n.Unknown && !taken {
				c.names[l] = i
				c.labels = append(c.labels, l)
			}
		}
	})
}

// link finds the nodes that the links name.
func (c *checker) link() {
	c.down, c.below = newLinks(len(c.nodes)), newLinks(len(c.nodes))
	var down, below []int32
	for i, n := range c.nodes {
		down, below = down[:0], below[:0]
		for _, n := range append([]Node{n}, c.copies[int32(i)]...) {
			for _, word := range n.DownRevision {
				if p, ok := c.parent(int32(i), n, word); ok {
					down = append(down, p)
				}
			}
			for _, word := range n.DependsOn {
				if p, ok := c.dependency(int32(i), n, word); ok {
					below = append(below, p)
				}
			}
		}
		below = append(below, down...)
		c.down.add(down)
		c.below.add(below)
	}
	c.up, c.above = c.down.reverse(), c.below.reverse()
}

func (c *checker) parent(i int32, n Node, word string) (int32, bool) {
	p, ok := c.find(word)
	switch {
	case ok && p == i:
		c.report(SelfLoop, n.ID, "down_revision", word, "revision %s is its own down revision", n.ID)
	case ok && (n.Unknown || !c.nodes[p].Unknown):
		return p, true
	case n.Unknown:
	case IsReserved(word):
		c.report(MissingRevision, n.ID, "down_revision", word, "%s is no id; leave the value empty for a base", word)
	default:
		if owner, isLabel := c.names[word]; isLabel && !ok {
			c.report(MissingRevision, n.ID, "down_revision", word, "%s is a label; write its revision, %s", word, c.nodes[owner].ID)
			break
		}
		c.report(MissingRevision, n.ID, "down_revision", word, "revision %s does not exist%s", word, c.nearest(word, false))
	}
	return 0, false
}

func (c *checker) dependency(i int32, n Node, word string) (int32, bool) {
	p, ok := c.names[word]
	switch {
	case ok && p == i:
		c.report(DependencySelfLoop, n.ID, "depends_on", word, "revision %s depends on itself", n.ID)
	case ok && (n.Unknown || !c.nodes[p].Unknown):
		return p, true
	case n.Unknown:
	default:
		c.report(MissingRevision, n.ID, "depends_on", word, "there is no revision or label %s%s", word, c.nearest(word, true))
	}
	return 0, false
}

// nearest is what follows a word that does not exist.
func (c *checker) nearest(word string, labels bool) string {
	c.searches++
	if c.searches > maxSearches {
		return ""
	}
	var words []string
	for _, n := range c.nodes {
		if !n.Unknown {
			words = append(words, n.ID)
		}
	}
	if labels {
		words = append(words, c.labels...)
	}
	near := text.Nearest(word, words)
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}
