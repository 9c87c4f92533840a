package graph

import "strings"

// Start takes the target of an upgrade or a stamp without a database apart. "a:b" starts
// from the state with a and everything it needs, and b is left; "b" starts from base. An
// empty a is base, an empty b is head. Errors are *TargetError.
func (g *Graph) Start(targetText string) (applied Set, rest string, err error) {
	lower, upper, ok := strings.Cut(targetText, ":")
	if !ok {
		return nil, targetText, nil
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

// StartDowngrade is Start for a downgrade, which has to say both where it starts and
// where it ends.
func (g *Graph) StartDowngrade(targetText string) (applied Set, rest string, err error) {
	lower, upper, ok := strings.Cut(targetText, ":")
	if !ok || lower == "" || upper == "" {
		q := &query{Graph: g, verb: verbDown, text: targetText}
		end := strings.Trim(targetText, ":")
		if end == "" || lower != "" && ok {
			end = "base"
		}
		return nil, "", q.refuse(RangeRequired, nil, "without a database, say where it starts and where it ends: type %q", "down --sql FROM:"+end)
	}
	applied, err = g.startAt(lower, upper)
	return applied, upper, err
}

func (g *Graph) startAt(lower, upper string) (Set, error) {
	q, err := g.query(verbSQL, nil)
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
