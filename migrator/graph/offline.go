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

// StartUpgrade is [Graph.Start] for an upgrade. A range that goes down is refused: as a script
// it would do nothing, which cannot be what was meant.
func (g *Graph) StartUpgrade(target string) (applied Set, rest string, err error) {
	applied, rest, err = g.Start(target)
	if err != nil || len(applied) == 0 || rest == target {
		return applied, rest, err
	}
	q, err := g.query(opUp, applied)
	if err != nil {
		return nil, "", err
	}
	list, err := q.resolveAll([]string{rest})
	if err != nil {
		return applied, rest, nil // Upgrade reports it
	}
	reached, all := g.below.reachable(list...), true
	for i, in := range reached {
		if in && !q.applied[i] {
			return applied, rest, nil
		}
		all = all && in == q.applied[i]
	}
	if all {
		return applied, rest, nil // the ends are the same state
	}
	lower, _, _ := strings.Cut(target, ":")
	q.text = target
	end := "base"
	if len(list) > 0 {
		end = q.describeAll(list)
	}
	return nil, "", q.refuse(NotAncestor, []string{rest + ":" + lower}, "%s is below %s, and an upgrade cannot go down; the lower end must be first", end, q.describeCurrent())
}

// StartFrom is [Graph.State] for an operation with these targets. A range among them is
// refused, because it names a start too.
func (g *Graph) StartFrom(verb string, from, targets []string) (Set, error) {
	for _, target := range targets {
		if _, upper, ok := strings.Cut(target, ":"); ok {
			e := &TargetError{Kind: BadRange, Verb: verb, Target: target, Reason: "the start is given twice: by the range and separately"}
			if upper != "" {
				e.Choices = []string{upper}
			}
			return nil, e
		}
	}
	return g.State(from)
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
