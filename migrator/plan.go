package migrator

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
)

// Plan is what an operation would do to a database that is where From says.
type Plan struct {
	// From and To are the maximal applied revisions before and after, sorted.
	From, To []string
	Steps    []Step
	// Replacements are the revisions that the operation records in the place of those that they replace, before its first
	// step.
	Replacements []Replacement

	migrator *Migrator
	plan     plan.Plan
	applied  []string // every applied revision at the start, sorted
}

// Plan returns what an operation would do to a database now. It writes nothing and locks
// nothing. Errors: those of the operation that do not come from running a script.
func (m *Migrator) Plan(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (*Plan, error) {
	var p *Plan
	err := m.with(ctx, cfg, func(s *session.Session) (err error) {
		p, err = m.planIn(ctx, s, verb, targets)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (m *Migrator) planIn(ctx context.Context, s *session.Session, verb Verb, targets []string) (*Plan, error) {
	v, err := s.ViewFor(ctx, plan.Verb(verb))
	if err != nil {
		return nil, err
	}
	if err := s.CheckForeign(v, plan.Verb(verb)); err != nil {
		return nil, err
	}
	p, err := m.plan(v, verb, targets)
	if err != nil {
		return nil, err
	}
	return p, s.Fetch(ctx, &p.plan)
}

// PlanFrom returns what an operation would do to a database in which exactly the named
// revisions and their ancestors are applied; "base" is an empty one. Without from a
// target may be a range "a:b", which starts at a, and must be one for a downgrade;
// everything else starts at base. It needs no database.
func (m *Migrator) PlanFrom(from []string, verb Verb, targets ...string) (*Plan, error) {
	p, err := m.planFrom(from, verb, targets)
	if err != nil {
		return nil, newError(err)
	}
	return p, nil
}

func (m *Migrator) planFrom(from []string, verb Verb, targets []string) (*Plan, error) {
	applied, targets, err := m.start(from, verb, targets)
	if err != nil {
		return nil, err
	}
	return m.plan(plan.At(m.files.set, applied), verb, targets)
}

// start returns what is applied where a plan starts, and what is left of its targets.
func (m *Migrator) start(from []string, verb Verb, targets []string) (graph.Set, []string, error) {
	g := m.files.set.Graph
	switch {
	case len(from) > 0:
		applied, err := g.StartFrom(string(verb), from, targets)
		return applied, targets, err
	case verb == Down:
		target, err := plan.OneTarget(plan.Verb(verb), targets, "")
		if err != nil {
			return nil, nil, err
		}
		applied, rest, err := g.StartDowngrade(target)
		return applied, []string{rest}, err
	case verb == Redo:
		return nil, nil, &plan.ArgumentError{Verb: plan.VerbRedo, Reason: "without a database, the revisions it starts from are required"}
	case len(targets) == 1 && verb == Up:
		applied, rest, err := g.StartUpgrade(targets[0])
		return applied, []string{rest}, err
	case len(targets) == 1:
		applied, rest, err := g.Start(targets[0])
		return applied, []string{rest}, err
	}
	return nil, targets, nil
}

func (m *Migrator) plan(v *plan.View, verb Verb, targets []string) (*Plan, error) {
	p, err := v.Plan(plan.Verb(verb), targets)
	if err == nil && verb == Up {
		_, err = v.Allow(p, m.settings.Policies)
	}
	if err != nil {
		return nil, err
	}
	made := newPlan(p)
	made.migrator, made.applied = m, v.RecordedIDs()
	return made, nil
}

// Script writes the plan as one SQL script for psql, made by the renderer of the online
// run. It refuses to run on a database that is not where From says. Errors: *RefusedError
// for a non-transactional revision in a single transaction, and those of w.
func (p *Plan) Script(w io.Writer) error {
	r := p.migrator.settings.Runner()
	if r.SingleTransaction {
		if err := r.CheckPlan(context.Background(), p.plan); err != nil {
			return newError(err)
		}
	}
	if err := apply.CheckFiles(p.plan); err != nil { // so that half a script is not written
		return newError(err)
	}
	return newError(r.Script(w, p.plan, p.applied))
}

// Preflight checks what can be checked on a database without running the plan: that the
// server takes writes, that the session can run its revisions, and the privileges on the
// ledger. No script is sent, and nothing is written. Errors: those of the operation before
// its first step.
func (p *Plan) Preflight(ctx context.Context, cfg *pgconn.Config) error {
	return p.migrator.with(ctx, cfg, func(s *session.Session) error { return s.Preflight(ctx, p.plan) })
}
