package graph

import (
	"sort"
	"strings"
)

// addReplaced notes which revisions others replace. Links to these lead to the revision in their place.
func (c *checker) addReplaced() {
	c.each(func(i int32, n Node) {
		if n.Unknown {
			return
		}
		for _, id := range n.Replaces {
			c.addReplacedID(i, n, id)
		}
	})
	for id := range c.replaced {
		c.replacedIDs = append(c.replacedIDs, id)
	}
	sort.Strings(c.replacedIDs)
}

func (c *checker) addReplacedID(i int32, n Node, id string) {
	c.checkName("id", "replaces", n.ID, id)
	p, taken := c.names[id]
	isID := taken && c.nodes[p].ID == id
	switch other, twice := c.replaced[id]; {
	case isID && p == i:
		c.report(SelfReplaced, n.ID, "replaces", id, "revision %s replaces itself", shown(id))
	case isID && !c.nodes[p].Unknown:
		c.report(ReplacedExists, id, "revision", id, "revision %s is replaced by %s, and both exist", shown(id), shown(n.ID))
		c.problems[len(c.problems)-1].Path = []string{n.ID}
	case taken && !isID && !c.nodes[p].Unknown:
		c.report(LabelIsID, n.ID, "replaces", id, "%s is the label of revision %s, not the id of a revision that was replaced", shown(id), shown(c.nodes[p].ID))
	case twice && other != i:
		c.report(DuplicateReplaced, n.ID, "replaces", id, "revision %s is already replaced by %s", shown(id), shown(c.nodes[other].ID))
	default:
		if c.replaced == nil {
			c.replaced = map[string]int32{}
		}
		c.replaced[id] = i
	}
}

// replacement returns the node in the place of a replaced revision. A link of an unknown revision leads to the replaced
// revision itself if that is recorded too.
func (g *Graph) replacement(id string, unknown bool) (int32, bool) {
	r, ok := g.replaced[id]
	if !ok {
		return 0, false
	}
	if _, recorded := g.find(id); recorded && unknown {
		return 0, false
	}
	return r, true
}

// ReplacedBy returns the revision that replaces the one with this id. ok is false if none does.
func (g *Graph) ReplacedBy(id string) (by string, ok bool) {
	r, ok := g.replaced[id]
	if !ok {
		return "", false
	}
	return g.nodes[r].ID, true
}

// Canonical returns ids with the revisions in their place where these are replaced, without repetitions.
func (g *Graph) Canonical(ids []string) []string {
	if len(g.replaced) == 0 {
		return ids
	}
	current := make([]string, len(ids))
	for i, id := range ids {
		current[i] = id
		if r, ok := g.replacement(id, false); ok {
			current[i] = g.nodes[r].ID
		}
	}
	return unique(current)
}

// replacedName returns the replaced revision that a name means: its id, or the beginning of exactly one.
func (g *Graph) replacedName(name string) (id string, ok bool) {
	if _, ok := g.replaced[name]; ok {
		return name, true
	}
	first := sort.SearchStrings(g.replacedIDs, name)
	if len(name) < minPrefix || first == len(g.replacedIDs) || !strings.HasPrefix(g.replacedIDs[first], name) {
		return "", false
	}
	return g.replacedIDs[first], first+1 == len(g.replacedIDs) || !strings.HasPrefix(g.replacedIDs[first+1], name)
}
