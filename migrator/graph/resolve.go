package graph

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// Resolve returns the revisions that a target refers to, sorted by id; none for base. As
// there is no operation with a direction, -N counts down from the heads, and +N needs a
// start. Errors are of type *TargetError.
func (g *Graph) Resolve(applied Set, target string) ([]string, error) {
	q, err := g.query(opShow, applied)
	if err != nil {
		return nil, err
	}
	list, err := q.resolveAll([]string{target})
	if err != nil {
		return nil, err
	}
	return g.ids(list), nil
}

// resolveAll returns the nodes that targets refer to, sorted and without repetition.
func (q *query) resolveAll(targets []string) ([]int32, error) {
	if len(targets) == 0 {
		return nil, q.refuse(NoTarget, nil, "missing target")
	}
	var all []int32
	for _, text := range targets {
		t, err := q.parse(text)
		if err != nil {
			return nil, err
		}
		list, err := q.resolve(t)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// resolve returns the nodes that a target refers to, none for base.
func (q *query) resolve(t target) ([]int32, error) {
	if t.relative {
		return q.resolveRelative(t)
	}
	b, err := q.branchOf(t)
	if err != nil {
		return nil, err
	}
	return q.resolveSymbol(t, b)
}

// resolveSymbol returns the nodes that the absolute part of a target refers to, none for
// base.
func (q *query) resolveSymbol(t target, b *branch) ([]int32, error) {
	switch t.symbol {
	case "base":
		return nil, nil
	case "head":
		heads := b.restrict(q.lineageHeads())
		if len(heads) > 1 {
			return nil, q.refuseHeads(t, heads)
		}
		return heads, nil
	case "heads":
		if b == nil {
			return q.heads(), nil
		}
		return b.restrict(q.lineageHeads()), nil
	case "current":
		if q.op.offline() {
			return nil, q.refuse(NotFound, nil, "there is no current revision without a database")
		}
		return b.restrict(q.current), nil
	}
	i, err := q.lookUp(t.symbol, b)
	if err != nil {
		return nil, err
	}
	return []int32{i}, nil
}

// resolveOne is resolveSymbol where only one node, or none, is acceptable.
func (q *query) resolveOne(t target, b *branch) (int32, error) {
	list, err := q.resolveSymbol(t, b)
	switch {
	case err != nil:
		return none, err
	case len(list) == 0:
		return none, nil
	case len(list) == 1:
		return list[0], nil
	case t.symbol == "current":
		return none, q.refuseCurrent(t, "current", list)
	}
	return none, q.refuseHeads(t, list)
}

// lookUp finds a node by its id, a label, or the beginning of one name. With a branch the
// node has to be on it, and the beginning has to be unique there only.
func (q *query) lookUp(name string, b *branch) (int32, error) {
	i, ok := q.names[name]
	if !ok {
		names := slices.DeleteFunc(q.withPrefix(name), func(n string) bool { return !b.has(q.names[n]) })
		switch {
		case len(names) == 0:
			if id, ok := q.replacedName(name); ok {
				return none, q.refuseReplaced(name, id)
			}
			return none, q.refuse(NotFound, nil, "no revision or label %s%s", text.Quote(name), q.suggestion(name))
		case len(names) > 1:
			e := q.refuse(AmbiguousPrefix, nil, "%d names begin with %s: %s", len(names), text.Quote(name), text.List(names, "and"))
			e.Choices = names
			return none, e
		}
		i = q.names[names[0]]
	}
	if !b.has(i) {
		return none, q.refuse(NotInBranch, []string{strings.TrimPrefix(q.text, b.name+"@")}, "%s is not on branch %s", q.describe(i), b.name)
	}
	return i, nil
}

// refuseReplaced is for a name that means a replaced revision.
func (q *query) refuseReplaced(name, id string) error {
	by := q.nodes[q.replaced[id]].ID
	var choices []string
	if q.text == name {
		choices = []string{by}
	}
	return q.refuse(NotFound, choices, "revision %s was replaced by %s", id, by)
}

// suggestion returns "; did you mean …?" for a word that does not exist, or "".
func (q *query) suggestion(word string) string { return suggestion(word, q.words()) }

func suggestion(word string, known []string) string {
	if near := text.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// branch is the part of a target before the @. A nil *branch is the whole graph.
type branch struct {
	name  string // as it was given
	root  int32
	nodes nodeSet // the root with its ancestors and descendants in the lineage
}

func (b *branch) has(i int32) bool { return b == nil || b.nodes[i] }

// restrict returns the nodes of the list that are on the branch.
func (b *branch) restrict(list []int32) []int32 {
	if b == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(i int32) bool { return !b.nodes[i] })
}

// branchOf returns the branch of a target, nil if it has none.
func (q *query) branchOf(t target) (*branch, error) {
	if t.branch == "" {
		return nil, nil
	}
	if IsReserved(t.branch) {
		return nil, q.refuse(NotFound, nil, "%s is not a branch; only a label or revision can precede the @", t.branch)
	}
	root, err := q.lookUp(t.branch, nil)
	if err != nil {
		return nil, err
	}
	return q.branchThrough(root, t.branch), nil
}

func (g *Graph) branchThrough(root int32, name string) *branch {
	return &branch{name, root, g.parents.reachable(root).add(g.children.reachable(root))}
}
