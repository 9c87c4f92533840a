package graph

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

const (
	maxName        = name.MaxLength
	maxSuggestions = 20 // each compares a missing name with every existing one
)

// checker builds a graph and collects its problems.
type checker struct {
	*Graph
	copies      map[int32][]Node // further nodes with the id of a node
	problems    []Problem
	suggestions int
}

func (c *checker) report(kind Kind, id, key, word, format string, args ...any) {
	c.problems = append(c.problems, Problem{Kind: kind, ID: id, Key: key, Word: word, Text: text.Visible(fmt.Sprintf(format, args...))})
}

// shown returns a name in a message. One that breaks the rules may contain anything, and is quoted.
func shown(word string) string {
	if fault, _ := name.Check(word); fault == name.None {
		return word
	}
	return text.Quote(word)
}

// newChecker numbers the nodes. Nodes with the same id share a number.
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
		c.report(DuplicateID, id, "revision", id, "%d revisions have the id %s", len(more)+1, shown(id))
	}
	return c
}

// byID returns the indices of the nodes, sorted by id. Among nodes with the same id the
// unknown ones are last.
func byID(nodes []Node) []int32 {
	type key struct {
		id      string
		unknown int32
		index   int32
	}
	keys := make([]key, len(nodes))
	for k := range nodes {
		keys[k] = key{id: nodes[k].ID, index: int32(k)}
		if nodes[k].Unknown {
			keys[k].unknown = 1
		}
	}
	compare := func(a, b key) int {
		return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.unknown, b.unknown), cmp.Compare(a.index, b.index))
	}
	if !slices.IsSortedFunc(keys, compare) { // revisions loaded from files are sorted
		sort.Slice(keys, func(i, j int) bool { return compare(keys[i], keys[j]) < 0 })
	}
	indices := make([]int32, len(nodes))
	for k := range keys {
		indices[k] = keys[k].index
	}
	return indices
}

func (c *checker) checkName(what, key, id, word string) {
	kinds := [...]Kind{name.BadLength: BadLength, name.BadCharacter: BadCharacter, name.ReservedWord: ReservedWord}
	if fault, problem := name.Check(word); fault != name.None {
		c.report(kinds[fault], id, key, word, "%s %s: %s", what, text.Quote(word), problem)
	}
}

// each calls f for every node, including copies, with its number.
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
		if n.Unknown {
			return
		}
		seen := name.NewSet(len(n.BranchLabels))
		for _, l := range n.BranchLabels {
			c.checkName("label", "branch_labels", n.ID, l)
			_, taken := c.names[l]
			ids := owners[l]
			switch {
			case !seen.Add(l):
				c.report(DuplicateLabel, n.ID, "branch_labels", l, "label %s is listed twice", shown(l))
			case taken && len(ids) == 0:
				c.report(LabelIsID, n.ID, "branch_labels", l, "label %s is also the id of a revision", shown(l))
			case len(ids) == 0 || ids[len(ids)-1] != n.ID: // nodes with one id follow each other
				owners[l] = append(ids, n.ID)
				c.names[l] = i
			}
		}
	})
	for l, ids := range owners {
		for _, id := range ids[1:] {
			c.report(DuplicateLabel, id, "branch_labels", l, "label %s is already used by %s", shown(l), listOthers(ids, id))
			c.problems[len(c.problems)-1].Path = ids
		}
		c.labels = append(c.labels, l)
	}
	c.addUnknownLabels()
	slices.Sort(c.labels)
}

// addUnknownLabels adds the labels of unknown nodes that are not in use.
func (c *checker) addUnknownLabels() {
	c.each(func(i int32, n Node) {
		for _, l := range n.BranchLabels {
			if _, taken := c.names[l]; n.Unknown && !taken {
				c.names[l] = i
				c.labels = append(c.labels, l)
			}
		}
	})
}

// resolveLinks resolves the ids and labels in links to nodes.
func (c *checker) resolveLinks() {
	c.parents, c.below = newLinks(len(c.nodes)), newLinks(len(c.nodes))
	var parents, below []int32
	for i, n := range c.nodes {
		parents, below = parents[:0], below[:0]
		for _, n := range append([]Node{n}, c.copies[int32(i)]...) {
			for _, word := range n.DownRevision {
				if p, ok := c.findParent(int32(i), n, word); ok {
					parents = append(parents, p)
				}
			}
			for _, word := range n.DependsOn {
				if p, ok := c.findDependency(int32(i), n, word); ok {
					below = append(below, p)
				}
			}
		}
		below = append(below, parents...)
		c.parents.add(parents)
		c.below.add(below)
	}
	c.children, c.above = c.parents.reverse(), c.below.reverse()
}

func (c *checker) findParent(i int32, n Node, word string) (int32, bool) {
	p, ok := c.find(word)
	r, replaced := c.replacement(word, n.Unknown)
	if replaced {
		p, ok = r, true
	}
	switch {
	case replaced && p == i:
		c.report(SelfLoop, n.ID, "down_revision", word, "revision %s is one that %s replaces", shown(word), shown(n.ID))
	case ok && p == i:
		c.report(SelfLoop, n.ID, "down_revision", word, "revision %s is its own down revision", shown(n.ID))
	case ok && (n.Unknown || !c.nodes[p].Unknown):
		return p, true
	case n.Unknown:
	case IsReserved(word):
		c.report(MissingRevision, n.ID, "down_revision", word, "%s is not an id; a base has an empty value", word)
	default:
		if owner, isLabel := c.names[word]; isLabel && !ok {
			c.report(MissingRevision, n.ID, "down_revision", word, "%s is a label, not an id; its revision is %s", shown(word), shown(c.nodes[owner].ID))
			break
		}
		c.report(MissingRevision, n.ID, "down_revision", word, "revision %s does not exist%s", shown(word), c.suggestion(word, false))
	}
	return 0, false
}

func (c *checker) findDependency(i int32, n Node, word string) (int32, bool) {
	p, ok := c.names[word]
	r, replaced := c.replacement(word, n.Unknown)
	if replaced {
		p, ok = r, true
	}
	switch {
	case replaced && p == i:
		c.report(DependencySelfLoop, n.ID, "depends_on", word, "revision %s is one that %s replaces", shown(word), shown(n.ID))
	case ok && p == i:
		c.report(DependencySelfLoop, n.ID, "depends_on", word, "revision %s depends on itself", shown(n.ID))
	case ok && (n.Unknown || !c.nodes[p].Unknown):
		return p, true
	case n.Unknown:
	default:
		c.report(MissingRevision, n.ID, "depends_on", word, "no revision or label %s%s", text.Quote(word), c.suggestion(word, true))
	}
	return 0, false
}

// suggestion returns "; did you mean …?" for a name that does not exist, or "".
func (c *checker) suggestion(word string, labels bool) string {
	c.suggestions++
	if c.suggestions > maxSuggestions {
		return ""
	}
	var names []string
	for _, n := range c.nodes {
		if !n.Unknown {
			names = append(names, n.ID)
		}
	}
	if labels {
		names = append(names, c.labels...)
	}
	return suggestion(word, names)
}
