package migrator

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/plan"
)

// Report says what a run did. "Nothing to do" is a report without steps.
type Report struct {
	// From and To are the maximal applied revisions before and after.
	From, To []string
	// Steps are what this run committed, in order.
	Steps []Step
	// Others are the steps that were planned, but that another runner carried out.
	Others []OtherStep
	// Ahead are the applied revisions that this set does not know, parents first.
	Ahead []string
}

// Step is one revision that was applied or taken down.
type Step struct {
	Direction plan.Direction
	Revision  string
	Message   string // its first line
	File      string
	// Transactional is false for a revision with `transaction: off`.
	Transactional bool
	Duration      time.Duration // as the server measured it; zero in a plan
}

// OtherStep is a step that another runner carried out meanwhile.
type OtherStep struct {
	Direction plan.Direction
	Revision  string
	// By and From are the role and the host that the ledger names; "" for a revision
	// that was taken down.
	By, From string
}

// Up applies what leads to the targets; none means "head". The report is never nil and
// says what was committed, also beside an error.
func (s *Set) Up(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return s.move(ctx, cfg, Up, targets)
}

// Down takes down what lies above the target; none means "-1". The report is like Up's.
func (s *Set) Down(ctx context.Context, cfg *pgconn.Config, target ...string) (*Report, error) {
	return s.move(ctx, cfg, Down, target)
}

// To goes up or down as needed, until exactly the targets and what they stand on is
// applied. Revisions that only the ledger knows are taken down with its own scripts.
// The report is like Up's.
func (s *Set) To(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return s.move(ctx, cfg, To, targets)
}

// Redo takes the last n revisions down and applies them again. The report is like Up's.
func (s *Set) Redo(ctx context.Context, cfg *pgconn.Config, n int) (*Report, error) {
	return s.move(ctx, cfg, Redo, []string{strconv.Itoa(n)})
}

// Stamp sets the ledger to the targets without running anything. The report is like
// Up's.
func (s *Set) Stamp(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return s.move(ctx, cfg, Stamp, targets)
}

// Purge is a Stamp that first forgets every row of the ledger, those of revisions this
// set does not know too.
func (s *Set) Purge(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return s.move(ctx, cfg, Purge, targets)
}

// staleLimit bounds how often a plan is made again without any progress.
const staleLimit = 50

// move is one run: read, join, plan, apply, and again while somebody else moves too.
func (s *Set) move(ctx context.Context, cfg *pgconn.Config, verb Verb, targets []string) (*Report, error) {
	m := &mover{set: s, report: &Report{}, deadline: time.Now().Add(s.cfg.WaitRunner)}
	var err error
	if m.session, err = s.open(ctx, cfg); err != nil {
		return m.report, interrupted(ctx, err)
	}
	defer m.session.close()
	for {
		again, err := m.round(ctx, verb, targets)
		if !again || err != nil {
			return m.report, interrupted(ctx, err)
		}
	}
}

// mover is a run under way.
type mover struct {
	*session
	set      *Set
	report   *Report
	first    *plan.Plan // the plan that the targets gave; later ones are what is left of it
	unknown  *plan.Step // under way when the connection was lost
	stale    int
	deadline time.Time
}

// round plans and applies once. again says that the run is not at its end.
func (m *mover) round(ctx context.Context, verb Verb, targets []string) (again bool, err error) {
	view, err := m.view(ctx)
	if err != nil {
		return m.lost(ctx, err)
	}
	if err := m.writable(); err != nil {
		return false, err
	}
	p, err := m.plan(view, verb, targets)
	if err != nil {
		return false, err
	}
	if err := m.settle(ctx); err != nil {
		return m.lost(ctx, err)
	}
	if len(p.Steps) == 0 {
		return false, m.finish(ctx, view, p)
	}
	if !p.Exists {
		if err := m.others(ctx); err != nil {
			return m.lost(ctx, err)
		}
	}
	if err := m.fetch(ctx, &p); err != nil {
		return m.after(ctx, p, err)
	}
	if err := m.runner.Refuse(ctx, p); err != nil {
		return m.lost(ctx, err)
	}
	run := m.runner.Run
	if p.Stamp {
		run = m.runner.Stamp
	}
	done, err := run(ctx, p)
	m.add(done)
	m.report.To = view.After(p.Steps[:len(done)])
	if len(done) > 0 {
		m.stale = 0
	}
	if err != nil {
		return m.after(ctx, p, err)
	}
	return len(m.report.Steps) < len(m.first.Steps), nil
}

func (m *mover) view(ctx context.Context) (*plan.View, error) {
	state, err := m.read(ctx, m.first != nil)
	if err != nil {
		return nil, err
	}
	return plan.Join(m.set.files, state)
}

func (m *mover) plan(view *plan.View, verb Verb, targets []string) (plan.Plan, error) {
	if m.first != nil && !m.first.Stamp {
		return view.Again(m.left())
	}
	p, err := m.set.choose(view, verb, targets)
	if err != nil {
		return p, err
	}
	if m.first != nil && len(m.report.Steps) > 0 {
		return p, nil
	}
	m.first, m.report.From, m.report.To, m.report.Ahead = &p, p.From, p.From, view.Unknown()
	m.set.emit(Planned{Plan: p})
	return p, nil
}

// after says what an error of the run means for the whole: wait and plan again, look
// what became of a step, or give up.
func (m *mover) after(ctx context.Context, p plan.Plan, err error) (again bool, _ error) {
	switch {
	case errors.Is(err, apply.ErrBusy):
		return true, m.wait(ctx)
	case errors.Is(err, apply.ErrStale):
		if m.stale++; m.stale > staleLimit {
			return false, &apply.BusyError{Waited: time.Since(m.deadline.Add(-m.set.cfg.WaitRunner))}
		}
		if pg.Sleep(ctx, rand.N(20*time.Millisecond)) != nil {
			return false, ctx.Err()
		}
		return true, m.wait(ctx)
	}
	var gone *pg.LostError
	if errors.As(err, &gone) && len(m.report.Steps) < len(m.first.Steps) {
		m.unknown = m.next(p)
	}
	return m.lost(ctx, err)
}

// left is the first plan without what this run has carried out.
func (m *mover) left() plan.Plan {
	left := *m.first
	left.Steps = slices.DeleteFunc(slices.Clone(left.Steps), func(s plan.Step) bool { return m.did(s) })
	return left
}

func (m *mover) did(s plan.Step) bool {
	return slices.ContainsFunc(m.report.Steps, func(d Step) bool { return d.Direction == s.Direction && d.Revision == s.Revision })
}

// next is the step of p that was under way: the first that is not in the report.
func (m *mover) next(p plan.Plan) *plan.Step {
	for i := range p.Steps {
		if !m.did(p.Steps[i]) {
			return &p.Steps[i]
		}
	}
	return nil
}

func (m *mover) wait(ctx context.Context) error {
	return m.runner.Wait(ctx, time.Until(m.deadline))
}

// lost connects again after a loss, once the server answers; everything else is final.
func (m *mover) lost(ctx context.Context, err error) (again bool, _ error) {
	var gone *pg.LostError
	if !errors.As(err, &gone) || ctx.Err() != nil {
		return false, m.unknownOutcome(err)
	}
	if m.stale++; m.stale > staleLimit {
		return false, m.unknownOutcome(err)
	}
	m.set.emit(Lost{Err: err})
	if failed := m.connect(ctx); failed != nil {
		if m.unknown == nil {
			return false, failed
		}
		return false, m.unknownOutcome(&pg.LostError{Err: failed})
	}
	return true, m.wait(ctx)
}

// unknownOutcome names the step whose end nobody has seen.
func (m *mover) unknownOutcome(err error) error {
	var gone *pg.LostError
	if m.unknown == nil || !errors.As(err, &gone) {
		return err
	}
	return &apply.UnknownOutcomeError{Direction: m.unknown.Direction, Revision: m.unknown.Revision, Message: m.unknown.Message, Err: err}
}

// settle finds out what became of the steps that were under way when the connection was
// lost. The events of this run say it: each is written in its revision's own
// transaction.
func (m *mover) settle(ctx context.Context) error {
	if m.unknown == nil {
		return nil
	}
	rows, err := m.conn.Query(ctx, m.roleFirst()+m.set.ledger.Happened(m.runner.Author.Run))
	if se := pg.ServerError(err); se != nil && se.Code == "42P01" {
		rows, err = nil, nil // no ledger yet: the first revision was not applied
	}
	if err != nil {
		return err
	}
	m.unknown = nil
	for _, row := range rows {
		for _, s := range m.left().Steps {
			if string(s.Direction) == row[0] && s.Revision == row[1] {
				m.add([]apply.Result{{Step: s}})
				m.set.emit(apply.Finished{Step: s})
			}
		}
	}
	return nil
}

func (m *mover) add(done []apply.Result) {
	for _, d := range done {
		step := stepOf(d.Step)
		step.Duration = d.Duration
		m.report.Steps = append(m.report.Steps, step)
	}
}

func stepOf(s plan.Step) Step {
	step := Step{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Transactional: true}
	if s.Script != nil {
		step.File, step.Transactional = s.Script.File, s.Script.Transaction
	}
	return step
}

// finish completes the report of a run that has nothing (more) to do.
func (m *mover) finish(ctx context.Context, view *plan.View, p plan.Plan) error {
	m.report.To = p.To
	if len(m.report.Steps) == len(m.first.Steps) {
		return nil
	}
	for _, s := range m.left().Steps {
		other := OtherStep{Direction: s.Direction, Revision: s.Revision}
		if row := view.Row(s.Revision); row != nil {
			other.By, other.From = row.AppliedBy, row.AppliedFrom
		}
		m.report.Others = append(m.report.Others, other)
	}
	return m.runner.Flush(ctx) // what another runner committed may not be flushed yet
}

// interrupted prefers to say that the caller ended the run.
func interrupted(ctx context.Context, err error) error {
	var known *apply.InterruptedError
	if err == nil || ctx.Err() == nil || errors.As(err, &known) {
		return err
	}
	var outcome *apply.UnknownOutcomeError
	if errors.As(err, &outcome) {
		return err
	}
	return &apply.InterruptedError{Err: context.Cause(ctx)}
}
