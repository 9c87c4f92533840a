package plan

import (
	"maps"
	"slices"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// Upgrade plans an upgrade to the targets, as Alembic's upgrade does. Errors:
// *graph.TargetError, *UnfinishedError, revision.Problems for an empty revision.
func (v *View) Upgrade(targets []string) (Plan, error) {
	ids, err := v.Graph.Upgrade(v.Applied, targets)
	if err != nil {
		return Plan{}, err
	}
	return v.plan(nil, ids)
}

// Downgrade plans a downgrade to the target, as Alembic's downgrade does. Errors:
// *graph.TargetError, *IrreversibleError, *UnfinishedError.
func (v *View) Downgrade(target string) (Plan, error) {
	ids, err := v.Graph.Downgrade(v.Applied, target)
	if err != nil {
		return Plan{}, err
	}
	return v.plan(ids, nil)
}

// To plans to have exactly the targets and their ancestors applied: other revisions are
// reverted first. Errors: those of Upgrade and Downgrade.
func (v *View) To(targets []string) (Plan, error) {
	down, up, err := v.Graph.To(v.Applied, targets)
	if err != nil {
		return Plan{}, err
	}
	return v.plan(down, up)
}

// Redo plans a downgrade to the target, and to apply the same revisions again. Errors:
// those of Downgrade and Upgrade.
func (v *View) Redo(target string) (Plan, error) {
	down, err := v.Graph.Downgrade(v.Applied, target)
	if err != nil {
		return Plan{}, err
	}
	up := slices.Clone(down)
	slices.Reverse(up)
	return v.plan(down, up)
}

func noUpScript(id string) error {
	return &graph.TargetError{Kind: graph.UnknownRevision, Target: id, Reason: "the revision is only in the ledger; this program has no up script for it"}
}

// Replan plans what is left of an earlier plan for a database that was changed since. The
// revisions of the earlier plan count, not its target: two runners that both go one step up
// end one step higher, not two.
func (v *View) Replan(earlier Plan) (Plan, error) {
	var down, up []string
	for _, s := range earlier.Steps {
		switch {
		case s.Direction == Down && v.Applied.Has(s.Revision):
			down = append(down, s.Revision)
		case s.Direction == Up:
			up = append(up, s.Revision)
		}
	}
	down = v.toRevert(down)
	return v.plan(down, v.toApply(up, down))
}

// toApply returns the revisions and their ancestors that are not applied after those in
// down are reverted, parents first.
func (v *View) toApply(ids, down []string) []string {
	closure, reverted := v.Graph.Closure(graph.NewSet(ids...)), graph.NewSet(down...)
	var missing []string
	for _, id := range v.Graph.Order() {
		if closure.Has(id) && (!v.Applied.Has(id) || reverted.Has(id)) {
			missing = append(missing, id)
		}
	}
	return missing
}

// toRevert returns the revisions and their descendants that are applied, children first.
func (v *View) toRevert(ids []string) []string {
	reverted := graph.NewSet(ids...)
	var applied []string
	for _, id := range v.Graph.Order() {
		n, _ := v.Graph.Node(id)
		if slices.ContainsFunc(slices.Concat(n.DownRevision, n.DependsOn), reverted.Has) {
			reverted[id] = struct{}{}
		}
		if reverted.Has(id) && v.Applied.Has(id) {
			applied = append(applied, id)
		}
	}
	slices.Reverse(applied)
	return applied
}

// After returns the maximal applied revisions after the steps.
func (v *View) After(steps []Step) []string {
	after := maps.Clone(v.Applied)
	for _, s := range steps {
		if s.Direction == Up {
			after[s.Revision] = struct{}{}
		} else {
			delete(after, s.Revision)
		}
	}
	return v.Graph.Maximal(after)
}

func (v *View) plan(down, up []string) (Plan, error) {
	if err := v.checkConflicts(down, up); err != nil {
		return Plan{}, err
	}
	p := Plan{From: v.Current(), Exists: v.State.Exists, Generation: v.State.Generation, Steps: slices.Grow([]Step(nil), len(down)+len(up))}
	if len(p.From) > 0 {
		p.Row = v.RowOf(p.From[0])
	}
	for _, id := range down {
		s, err := v.downStep(id)
		if err != nil {
			return Plan{}, err
		}
		p.Steps = append(p.Steps, s)
	}
	var empty revision.Problems
	for _, id := range up {
		r := v.Files.byID[id]
		if r == nil {
			return Plan{}, noUpScript(id)
		}
		if r.MissingSQL() {
			empty = append(empty, emptyUp(r))
		}
		p.Steps = append(p.Steps, v.markResumed(Step{Direction: Up, Revision: id, Message: r.Subject(), Script: r.Up, files: v.Files, Accept: r.Accept}))
	}
	if len(empty) > 0 {
		empty.Sort()
		return Plan{}, empty
	}
	if err := v.checkUnfinished(p.Steps); err != nil {
		return Plan{}, err
	}
	p.To = p.From
	if len(p.Steps) > 0 {
		p.To = v.After(p.Steps)
	}
	return p, nil
}

// emptyUp returns the problem of an up script that needs SQL and has none.
func emptyUp(r *revision.Revision) revision.Problem {
	if at, ok := r.Up.ToDo(); ok {
		return revision.Problem{Pos: at, Text: "the up script is not written yet; replace this line with SQL"}
	}
	return revision.Problem{Pos: r.Pos("", ""), Text: "the up script has no SQL, and only a merge may be empty; write it below the header"}
}

func (v *View) downStep(id string) (Step, error) {
	s := Step{Direction: Down, Revision: id, Message: v.Subject(id)}
	r, row := v.Files.byID[id], v.rows[id]
	switch {
	case v.Recorded[id] != "":
		return s, &IrreversibleError{Revision: id, Message: s.Message, Recorded: v.Recorded[id]}
	case r != nil && r.Reversible():
		s.Script, s.Accept = r.DownScript(), r.Accept
	case row != nil && row.Reversible:
		// the ledger has the script; see SetScript
	default:
		e := &IrreversibleError{Revision: id, Message: s.Message}
		if r != nil {
			e.File, e.Unwritten, e.Replaces = r.DownFile(), r.Down.Unwritten(), len(r.ReplacedIDs())
			if e.Replaces > 0 {
				e.Above = v.appliedAbove(id)
				e.Others = !e.Above && len(v.Applied) > 1
			}
		}
		return s, e
	}
	return v.markResumed(s), nil
}

// appliedAbove reports whether a revision that requires this one is applied.
func (v *View) appliedAbove(id string) bool {
	for above := range v.Applied {
		if above != id && v.Graph.Closure(graph.NewSet(above)).Has(id) {
			return true
		}
	}
	return false
}

// markResumed sets the fields of a step that continues an interrupted revision.
func (v *View) markResumed(s Step) Step {
	if row := v.rows[s.Revision]; row != nil && row.State != ledger.Applied {
		s.Resume, s.StatementsDone, s.Checksum = true, row.StatementsDone, row.Checksum
	}
	return s
}

// checkUnfinished refuses steps that do not finish every interrupted revision. A plan without
// steps is accepted.
func (v *View) checkUnfinished(steps []Step) error {
	if len(steps) == 0 {
		return nil
	}
	finished := map[string]Direction{}
	for _, s := range steps {
		if s.Resume {
			finished[s.Revision] = s.Direction
		}
	}
	for _, u := range v.Unfinished() {
		if finished[u.Revision] != u.Direction {
			return &UnfinishedError{u}
		}
	}
	return nil
}

// Finish returns the verb and the targets that finish an unfinished revision and do nothing
// else; nil if the files do not have its script.
func (v *View) Finish(row *ledger.Row) []string {
	id := row.Revision
	if row.State == ledger.Applying {
		if v.Files.byID[id] == nil {
			return nil
		}
		return []string{"up", id}
	}
	// It has no applied children, so one step down from it reverts nothing else.
	if n, _ := v.Graph.Node(id); len(n.DownRevision) < 2 {
		return []string{"down", id + "@-1"}
	}
	return append([]string{"to"}, v.After([]Step{{Direction: Down, Revision: id}})...)
}

// OutOfOrder returns the pending revisions of a plan that are below an applied one.
func (v *View) OutOfOrder(p Plan) []graph.OutOfOrderRevision {
	up := graph.Set{}
	for _, s := range p.Steps {
		if s.Direction == Up {
			up[s.Revision] = struct{}{}
		}
	}
	return slices.DeleteFunc(v.Graph.OutOfOrder(v.Applied), func(r graph.OutOfOrderRevision) bool { return !up.Has(r.Revision) })
}
