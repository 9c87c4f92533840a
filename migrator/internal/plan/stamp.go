package plan

import (
	"slices"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Stamp plans to set the ledger to the targets without running anything, as Alembic's
// stamp does. purge deletes every row first. The error is a *graph.TargetError.
func (v *View) Stamp(targets []string, purge bool) (Plan, error) {
	before := v.Applied
	if purge {
		before = nil
	}
	after, err := v.Graph.Stamp(before, targets)
	if err != nil {
		return Plan{}, err
	}
	returned, err := v.returned(targets, after)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{From: v.Current(), Exists: v.State.Exists, Generation: v.State.Generation, Stamp: true}
	order := v.Graph.Order()
	for _, id := range order {
		if by, ok := v.Graph.ReplacedBy(id); ok && after.Has(by) {
			delete(after, id) // its row would contradict that of the other one
		}
	}
	for _, n := range returned {
		if len(n.Missing) == 0 { // otherwise it is in the graph, see below
			p.Steps = append(p.Steps, v.unstamp(n.Revision, n.Message))
		}
	}
	for _, id := range slices.Backward(order) {
		if v.rows[id] != nil && v.Recorded[id] == "" && (purge || !after.Has(id)) {
			p.Steps = append(p.Steps, v.unstamp(id, v.Subject(id)))
		}
	}
	for _, id := range order {
		row := v.rows[id]
		if !after.Has(id) || !purge && row != nil && row.State == ledger.Applied && !isReturned(returned, id) {
			continue
		}
		r := v.Files.byID[id]
		if r == nil {
			return Plan{}, noUpScript(id)
		}
		p.Steps = append(p.Steps, Step{Direction: Up, Revision: id, Message: r.Subject(), Script: r.Up, files: v.Files})
	}
	p.To = v.Graph.Maximal(after)
	return p, nil
}

func (v *View) unstamp(id, message string) Step {
	s := Step{Direction: Down, Revision: id, Message: text.Subject(message), Script: revision.NewScript("")}
	if r := v.Files.byID[id]; r != nil && r.Down != nil {
		s.Script = r.Down // for its name: it does not run
	}
	return s
}

// returned returns the revisions of a newer program whose rows are exchanged back for those of the revisions in whose place they
// are: a stamp of one of these says what the schema is, and a row of it next to the other one would contradict that.
func (v *View) returned(targets []string, after graph.Set) ([]Newer, error) {
	if len(v.Newer) == 0 {
		return nil, nil
	}
	stamped, err := v.Graph.Stamp(nil, targets)
	if err != nil {
		return nil, err
	}
	var list []Newer
	for _, n := range v.Newer {
		if len(n.Missing) > 0 { // its row stands for these too
			if !after.Has(n.Revision) {
				list = append(list, n)
			}
			continue
		}
		above := func(id string) bool { return v.Files.byID[id] == nil && after.Has(id) }
		changed := slices.ContainsFunc(n.Replaced, func(id string) bool { return stamped.Has(id) || !after.Has(id) })
		if changed && !slices.ContainsFunc(n.linked, above) {
			list = append(list, n)
		}
	}
	return list, nil
}

// isReturned reports whether a revision gets a row again, or a row whose links lead to those that do.
func isReturned(list []Newer, id string) bool {
	return slices.ContainsFunc(list, func(n Newer) bool { return slices.Contains(n.Replaced, id) || slices.Contains(n.linked, id) })
}
