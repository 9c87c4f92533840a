package graph

import "strings"

// Start splits the target of an upgrade or a stamp without a database. "a:b" starts with
// a and everything it requires applied, and the rest is b. "b" starts at base. An empty a
// is base, an empty b is head. Errors are of type *TargetError.
func (g *Graph) Start(target string) (applied Set, rest string, err error) {
	lower, upper, ok := strings.Cut(target, ":")
	if !ok {
		return nil, target, nil
	}
	if upper == "" {
		upper = "head"
	}
	if lower == "" {
		return nil, upper, nil
	}
	applied, err = g.startAt(lower, upper)
	return applied, upper, err
}

// StartDowngrade is [Graph.Start] for a downgrade, whose target must be a range with both
// ends.
func (g *Graph) StartDowngrade(target string) (applied Set, rest string, err error) {
	lower, upper, ok := strings.Cut(target, ":")
	if !ok || lower == "" || upper == "" {
		q := &query{Graph: g, op: opDown, text: target}
		end := strings.Trim(target, ":")
		if end == "" || lower != "" && ok {
			end = "base"
		}
		e := q.refuse(RangeRequired, nil, "without a database the target must be a range with a start and an end")
		e.Example = "FROM:" + end
		return nil, "", e
	}
	applied, err = g.startAt(lower, upper)
	return applied, upper, err
}

func (g *Graph) startAt(lower, upper string) (Set, error) {
	q, err := g.query(opStart, nil)
	if err != nil {
		return nil, err
	}
	q.after = ":" + upper
	start, err := q.state([]string{lower})
	if err != nil {
		return nil, err
	}
	return g.set(start), nil
}
