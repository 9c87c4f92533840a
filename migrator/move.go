package migrator

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
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

// Move runs any of the moves. The report is like Up's.
func (s *Set) Move(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (*Report, error) {
	return s.move(ctx, cfg, verb, targets)
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

// staleLimit bounds how often a plan is made again for a ledger that stands still.
const staleLimit = 5

// lossLimit bounds how often a connection is opened again without any progress.
const lossLimit = 20

// shortestReturn is how long a server that was lost in the middle of a run is waited for
// in any case: a crash is over within a moment.
const shortestReturn = 3 * time.Second

// move is one run: read, join, plan, apply, and again while somebody else moves too.
func (s *Set) move(ctx context.Context, cfg *pgconn.Config, verb Verb, targets []string) (*Report, error) {
	m := &mover{set: s, report: &Report{}, lostIn: map[string]int{}}
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
	set    *Set
	report *Report
	first  *plan.Plan // the plan that the targets gave; later ones are what is left of it
	last   plan.Plan  // the one that was tried last
	stale  int        // how often in a row that was for the same generation
	// waiting is since when other runners are waited for without any progress of ours.
	waiting time.Time

	unknown  *plan.Step     // under way when the connection was lost
	flight   plan.Plan      // that step and those after it
	why      error          // of that loss
	settled  bool           // some step was found committed after a loss
	lostIn   map[string]int // how often a step lost the connection
	losses   int            // without any progress
	returnBy time.Time      // when a lost server has to be back
}

// round plans and applies once. again says that the run is not at its end.
func (m *mover) round(ctx context.Context, verb Verb, targets []string) (again bool, err error) {
	view, err := m.view(ctx, verb)
	if err != nil {
		return m.lost(ctx, err)
	}
	if err := m.writable(); err != nil {
		return m.afterFailover(ctx, err)
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
		m.stale, m.losses, m.waiting = 0, 0, time.Time{}
	}
	if err != nil {
		return m.after(ctx, p, err)
	}
	return len(m.report.Steps) < len(m.first.Steps), nil
}

// view reads where the database is. On the way up that is short while the rows are those
// of the files, as nearly always.
func (m *mover) view(ctx context.Context, verb Verb) (*plan.View, error) {
	full := m.first != nil || verb != Up
	if !full {
		go m.set.files.Digests() // while the server is busy
	}
	state, err := m.read(ctx, full)
	if err == nil && !full {
		if v := plan.Same(m.set.files, state); v != nil {
			return v, nil
		}
		state, err = m.read(ctx, true)
	}
	var e *apply.LedgerError
	if se := pg.ServerError(err); errors.As(err, &e) && se != nil && se.Code == pg.InsufficientPrivilege {
		e.Hint = "the owner can run: " + m.runner.Grants() // reading is not all that is needed
	}
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
		return m.wait(ctx)
	case errors.Is(err, apply.ErrStale):
		if m.stuck(p) {
			return false, &apply.LedgerError{Ledger: m.set.ledger, Text: "it was read as being at one place and found at another, again and again: " + err.Error(), Err: err}
		}
		if err := pg.Sleep(ctx, rand.N(20*time.Millisecond)); err != nil {
			return false, err
		}
		return m.wait(ctx)
	}
	var gone *pg.LostError
	if errors.As(err, &gone) && len(m.report.Steps) < len(m.first.Steps) {
		m.unknown, m.flight, m.why = m.next(p), p, err
		m.runner.Alone = true // so that the next loss has one step to blame
	}
	return m.lost(ctx, err)
}

// stuck says whether a stale plan is so for another reason than that others move.
func (m *mover) stuck(p plan.Plan) bool {
	if p.Exists != m.last.Exists || p.Generation != m.last.Generation {
		m.stale = 0
	}
	m.last = p
	m.stale++
	return m.stale > staleLimit
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

// wait lets other runners finish.
func (m *mover) wait(ctx context.Context) (again bool, _ error) {
	if m.waiting.IsZero() {
		m.waiting = time.Now()
	}
	err := m.runner.Wait(ctx, m.set.cfg.WaitRunner-time.Since(m.waiting))
	var busy *apply.BusyError
	if errors.As(err, &busy) {
		busy.Waited = time.Since(m.waiting)
	}
	var gone *pg.LostError
	if errors.As(err, &gone) {
		return m.lost(ctx, err)
	}
	return err == nil, err
}

func (m *mover) add(done []apply.Result) {
	for _, d := range done {
		step := stepOf(d.Step)
		step.Duration = d.Duration
		m.report.Steps = append(m.report.Steps, step)
		m.report.Ahead = slices.DeleteFunc(m.report.Ahead, func(id string) bool { return id == step.Revision })
	}
}

func stepOf(s plan.Step) Step {
	step := Step{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Transactional: true}
	if s.Script != nil {
		step.File, step.Transactional = s.Script.File, s.Script.Transactional
	}
	return step
}

// finish completes the report of a run that has nothing (more) to do.
func (m *mover) finish(ctx context.Context, view *plan.View, p plan.Plan) error {
	m.report.To = p.To
	if len(m.report.Steps) == len(m.first.Steps) {
		if m.settled {
			return m.runner.Flush(ctx) // nobody saw its commit being confirmed
		}
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
