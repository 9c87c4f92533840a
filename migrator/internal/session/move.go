package session

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Limits of a run that makes no progress.
const (
	staleLimit = 5  // plans in a row for a ledger whose generation does not change
	lossLimit  = 20 // lost connections in a row
	// shortestReturn is how long a server that was lost in the middle of a run is waited
	// for in any case: crash recovery usually takes a moment.
	shortestReturn = 3 * time.Second
)

// Move is Run of a new Mover.
func (s *Session) Move(ctx context.Context, verb plan.Verb, targets []string) (*Report, error) {
	return NewMover(verb, targets).Run(ctx, s)
}

// NewMover returns an operation that was not begun.
func NewMover(verb plan.Verb, targets []string) *Mover {
	return &Mover{verb: verb, targets: targets, report: &Report{}, loss: loss{lostIn: map[string]int{}, announced: map[string]bool{}}}
}

// Run plans and carries out the operation: read, plan, apply, and again while other
// runners are at work. After an error another call, also in another session, continues: it
// does what is left of the first plan, whatever its targets mean by now. The report is never
// nil and lists what was committed by all calls, also when there is an error. Errors: those
// of View, plan.View.Plan and apply.Runner.Run, *plan.PolicyError, *CitusError,
// *apply.BusyError, *UnknownOutcomeError.
func (m *Mover) Run(ctx context.Context, s *Session) (*Report, error) {
	m.Session, m.started, m.leftAt = s, time.Now(), -1
	m.stale, m.losses, m.waitingSince, m.returnBy = 0, 0, time.Time{}, time.Time{}
	if m.run == "" {
		m.run = s.runner.Author.Run
	}
	s.runner.Author.Run = m.run // resolveOutcome finds the steps of the first call too
	m.noteFinished()
	for {
		again, err := m.round(ctx)
		if !again || err != nil {
			if err = m.unresolved(ctx, err); err == nil {
				m.recordFingerprint(ctx)
			}
			return m.report, err
		}
	}
}

// Mover is an operation in progress.
type Mover struct {
	*Session
	verb    plan.Verb
	run     string // identifies the operation in the events of the ledger
	targets []string
	report  *Report
	first   *plan.Plan // what the targets gave; later plans are what is left of it
	last    plan.Plan  // tried last
	stale   int        // how often in a row last was for the same generation
	// waitingSince is when other runners were first waited for without progress.
	waitingSince time.Time
	started      time.Time
	leftAt       int64 // the generation after the last step; -1 if it is not known
	// Of compareFirst: whether the schema was compared, what was found, and whether it could not be.
	compared, unsure bool
	drift            *Drift
	due, dueKnown    bool // of checkDue

	loss
}

// round plans and applies once. again reports that the run is not finished.
func (m *Mover) round(ctx context.Context) (again bool, err error) {
	view, err := m.view(ctx)
	if err != nil {
		return m.recover(ctx, err)
	}
	m.answered = true
	if m.first != nil {
		if err := m.writable(); err != nil {
			return m.awaitPromotion(ctx, err)
		}
	}
	if m.verify {
		m.report.To = view.Current()
		if again, err := m.resolveOutcome(ctx, view); again || err != nil {
			return again, err
		}
	}
	if err := m.CheckForeign(view, m.verb); err != nil {
		return false, err
	}
	p, err := m.plan(view)
	if err != nil {
		return false, err
	}
	if len(view.Replacements) > 0 && m.writable() == nil {
		done, err := m.replace(ctx)
		m.report.Replaced = append(m.report.Replaced, done...)
		if refused, ok := errors.AsType[*pg.ConnectError](err); ok && refused.Problem == pg.ReadOnly && len(p.Steps) == 0 {
			return m.finish(ctx, view, p) // before version 14 the server does not say it unasked
		}
		return err == nil, err
	}
	creates := p.Stamp && !p.Exists // also without steps
	if len(p.Steps) == 0 && !creates {
		return m.finish(ctx, view, p)
	}
	if err := m.writable(); err != nil { // reading is all that a run without steps does
		return m.awaitPromotion(ctx, err)
	}
	if !p.Exists {
		if err := m.checkOtherLedgers(); err != nil {
			return false, err
		}
	}
	if err := m.checkCitus(ctx, p.Exists); err != nil {
		return m.recover(ctx, err)
	}
	if err := m.checkOwner(ctx); err != nil {
		return m.recover(ctx, err)
	}
	if err := m.Fetch(ctx, &p); err != nil {
		return m.after(ctx, p, 0, err)
	}
	if err := m.runner.CheckPlan(ctx, p); err != nil {
		return m.recover(ctx, err)
	}
	m.compareFirst(ctx, view.State)
	run := m.runner.Run
	if p.Stamp {
		run = m.runner.Stamp
	}
	done, err := run(ctx, p)
	if len(done) > 0 {
		m.stale, m.losses, m.waitingSince = 0, 0, time.Time{}
	}
	if !isLoss(err) {
		m.report.add(done)
		m.report.To = view.After(p.Steps[:len(done)])
	}
	if err != nil {
		m.leftAt = -1
		return m.after(ctx, p, len(done), err)
	}
	m.leftAt = p.Generation + raises(p)
	return len(m.report.Steps) < len(m.first.Steps), nil
}

// view reads where the database is. The read of an upgrade is short while the rows are
// those of the files, which is nearly always.
func (m *Mover) view(ctx context.Context) (*plan.View, error) {
	full := m.first != nil || m.verb != plan.VerbUp
	if !full {
		go m.files.Digests() // while the server works
	}
	state, err := m.read(ctx, full)
	if err == nil && !full {
		if v := plan.JoinUnchanged(m.files, state); v != nil {
			return v, nil
		}
		state, err = m.read(ctx, true)
	}
	if e, ok := errors.AsType[*apply.LedgerError](err); ok && e.Grants != nil {
		e.Grants = m.runner.Grants() // reading is not all that is needed
	}
	if err != nil {
		return nil, err
	}
	return m.join(ctx, state, m.verb)
}

// plan turns the targets into steps the first time. After that the steps count, not the
// targets: two runners that both go one step up end one step higher, not two.
func (m *Mover) plan(view *plan.View) (plan.Plan, error) {
	if m.first != nil && !m.first.Stamp {
		p, err := view.Replan(m.left())
		if err == nil && m.verb == plan.VerbUp && p.Adds(*m.first) {
			// Something below was reverted, or a newer program has recorded other revisions in its place.
			_, err = view.Allow(p, m.Policies)
		}
		return p, err
	}
	p, err := view.Plan(m.verb, m.targets)
	if err != nil {
		return p, err
	}
	if m.verb == plan.VerbUp {
		if err := m.allow(view, p); err != nil {
			return p, err
		}
	}
	if m.first != nil && len(m.report.Steps) > 0 {
		return p, nil
	}
	m.first, m.report.From, m.report.To, m.report.Ahead = &p, p.From, p.From, view.Unknown()
	m.emit(Planned{Plan: p})
	return p, nil
}

// allow asks the policies, and reports what is not as it should be.
func (m *Mover) allow(view *plan.View, p plan.Plan) error {
	modified, err := view.Allow(p, m.Policies)
	if err != nil {
		return err
	}
	if len(p.Steps) == 0 {
		for _, u := range view.Unfinished() {
			m.emit(Unfinished{Unfinished: u})
		}
	}
	for _, c := range modified {
		m.emit(Modified{Change: c})
	}
	return nil
}

// after decides what an error means for the run: wait and plan again, find out what became
// of the step in progress, or give up. answered is how many steps of p the server had
// answered when the connection was lost.
func (m *Mover) after(ctx context.Context, p plan.Plan, answered int, err error) (again bool, _ error) {
	switch {
	case errors.Is(err, apply.ErrBusy):
		return m.wait(ctx)
	case errors.Is(err, apply.ErrStale):
		if m.stuck(p) {
			return false, m.staleError(err)
		}
		if err := pg.Sleep(ctx, rand.N(20*time.Millisecond)); err != nil {
			return false, err
		}
		return m.wait(ctx)
	}
	if _, lost := errors.AsType[*pg.LostError](err); lost && answered < len(p.Steps) {
		m.unknown, m.inFlight, m.lossErr, m.lostSince = &p.Steps[answered], p, err, m.connectedAt
		m.verify, m.fenced = true, false
		m.several = !m.runner.NoBatch && answered+1 < len(p.Steps) && p.Steps[answered].Transactional()
		m.runner.NoBatch = true // so that the next loss has one step to blame
	}
	return m.recover(ctx, err)
}

// stuck reports whether a plan is stale for another reason than other runners' progress.
func (m *Mover) stuck(p plan.Plan) bool {
	if p.Exists != m.last.Exists || p.Generation != m.last.Generation {
		m.stale = 0
	}
	m.last = p
	m.stale++
	return m.stale > staleLimit
}

// left is the first plan without what this run has carried out.
func (m *Mover) left() plan.Plan {
	left := *m.first
	left.Steps = m.leftOf(left.Steps)
	return left
}

// leftOf returns the steps that this run has not carried out.
func (m *Mover) leftOf(steps []plan.Step) []plan.Step { return without(steps, m.report.Steps, stepKey) }

// without returns the steps that are not among the results.
func without(steps []plan.Step, done []apply.Result, key func(plan.Step) string) []plan.Step {
	keys := make(map[string]bool, len(done))
	for _, d := range done {
		keys[key(*d.Step)] = true
	}
	left := make([]plan.Step, 0, len(steps))
	for _, s := range steps {
		if !keys[key(s)] {
			left = append(left, s)
		}
	}
	return left
}

// wait lets other runners finish.
func (m *Mover) wait(ctx context.Context) (again bool, _ error) {
	if m.waitingSince.IsZero() {
		m.waitingSince = time.Now()
	}
	err := m.runner.Wait(ctx, m.WaitRunner-time.Since(m.waitingSince))
	if busy, ok := errors.AsType[*apply.BusyError](err); ok {
		busy.Waited = time.Since(m.waitingSince)
	}
	if _, lost := errors.AsType[*pg.LostError](err); lost {
		return m.recover(ctx, err)
	}
	return err == nil, err
}

// finish completes the report of a run that has nothing more to do.
func (m *Mover) finish(ctx context.Context, view *plan.View, p plan.Plan) (again bool, _ error) {
	m.report.To = p.To
	left := m.left().Steps
	if len(left) == 0 && !m.resolved {
		return false, nil
	}
	for _, step := range left {
		other := OtherStep{Step: step}
		if row := view.Row(step.Revision); row != nil {
			other.By, other.From = row.AppliedBy, row.AppliedFrom
		}
		m.report.Others = append(m.report.Others, other)
	}
	// What another runner committed may not be flushed yet, nor a commit that was never confirmed.
	return m.recover(ctx, m.runner.Flush(ctx))
}
