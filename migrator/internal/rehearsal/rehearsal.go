// Package rehearsal carries out revisions in a scratch database, and observes what each statement does.
package rehearsal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/rehearse"
)

// Options say what is rehearsed.
type Options struct {
	Files    *plan.Files
	Settings session.Settings // of a run in a scratch database
	Targets  []string         // revisions; those below them that are not applied are rehearsed
	// Down: what was applied is reverted at the end, as far as there are down scripts.
	Down bool
	// NotReverted are revisions whose down scripts must not run.
	NotReverted map[string]string
}

// Result is what was observed.
type Result struct {
	Steps []rehearse.Step
	// Tables are those where the rehearsal began, sorted.
	Tables []string
	// Failed is the error of the revision that failed, which ended the rehearsal, and Left are the revisions that were not
	// rehearsed because of it.
	Failed *apply.RevisionError
	Left   []string
}

// Err returns Failed as an error, or nil.
func (r *Result) Err() error {
	if r.Failed == nil {
		return nil
	}
	return r.Failed
}

// Run rehearses in a scratch database, which is where the rehearsal begins. Errors: those of session.Session.Move that are not about a revision.
func Run(ctx context.Context, cfg *pgconn.Config, o Options) (*Result, error) {
	r := &run{Options: o, result: &Result{}}
	r.observer = &observer{ledger: o.Settings.Ledger}
	r.observer.openWatch = func(ctx context.Context, conn *pg.Conn, at apply.Observed) (*watch, error) {
		return startWatch(ctx, conn, at, func(ctx context.Context) (*pg.Conn, error) { return pg.Connect(ctx, cfg, o.Settings.Connecting()) })
	}
	settings := o.Settings
	settings.Observer = &apply.Observer{Before: r.observer.beforeStatement, After: r.observer.afterStatement, Failed: r.observer.failed}
	s, err := session.Open(ctx, o.Files, settings, cfg, settings.Wait, nil, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err = r.upgrade(ctx, s); err == nil && o.Down && r.result.Failed == nil {
		err = r.downgrade(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	for oid, name := range r.observer.original {
		if r.observer.tables[oid] {
			r.result.Tables = append(r.result.Tables, name)
		}
	}
	slices.Sort(r.result.Tables)
	return r.result, nil
}

// run is a rehearsal in progress.
type run struct {
	Options
	observer *observer
	result   *Result
}

// upgrade rehearses the revisions one after the other.
func (r *run) upgrade(ctx context.Context, s *session.Session) error {
	if len(r.Targets) == 0 {
		return nil // there are no revisions
	}
	view, err := s.View(ctx)
	if err != nil {
		return err
	}
	p, err := view.Plan(plan.VerbTo, r.Targets)
	if err != nil {
		return err
	}
	for i, step := range p.Steps {
		steps, err := r.observe(ctx, s, plan.VerbUp, step.Revision)
		r.result.Steps = append(r.result.Steps, steps...)
		if failed, ok := errors.AsType[*apply.RevisionError](err); ok {
			r.result.Failed = failed
			for _, left := range p.Steps[i+1:] {
				r.result.Left = append(r.result.Left, left.Revision)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// downgrade reverts the revisions one after the other, the last one first. It ends at one without a down script, at one
// whose down script must not run, and at one that fails.
func (r *run) downgrade(ctx context.Context, s *session.Session) error {
	view, err := s.View(ctx)
	if err != nil {
		return err
	}
	applied := maps.Clone(view.Applied)
	for _, up := range slices.Backward(r.result.Steps) {
		if _, ok := r.NotReverted[up.Revision]; ok {
			return nil
		}
		delete(applied, up.Revision)
		targets := plan.At(r.Files, applied).Current()
		if len(targets) == 0 {
			targets = []string{"base"}
		}
		steps, err := r.observe(ctx, s, plan.VerbTo, targets...)
		r.result.Steps = append(r.result.Steps, steps...)
		if _, ok := errors.AsType[*apply.RevisionError](err); ok {
			return nil // who proves the down scripts says so
		}
		if _, ok := errors.AsType[*plan.IrreversibleError](err); ok {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// observe moves the database, and returns the steps that were observed, also if one failed. A step without statements is
// among them.
func (r *run) observe(ctx context.Context, s *session.Session, verb plan.Verb, targets ...string) ([]rehearse.Step, error) {
	r.observer.steps = nil
	report, err := s.Move(ctx, verb, targets)
	r.observer.end()
	steps := r.observer.steps
	for i, done := range report.Steps {
		if i >= len(steps) || steps[i].Revision != done.Step.Revision || steps[i].Down != (done.Step.Direction == plan.Down) {
			steps = slices.Insert(steps, i, newStep(*done.Step))
		}
	}
	return steps, err
}

func uitoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
