package migrator

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
)

// Verb is an operation that changes which revisions are applied.
type Verb string

// The operations.
const (
	Up    Verb = "up"
	Down  Verb = "down"
	To    Verb = "to"
	Redo  Verb = "redo"  // its target is the number of revisions
	Stamp Verb = "stamp" // changes the ledger and runs nothing
	Purge Verb = "purge" // a stamp that first deletes every row
)

// Direction is what a step does to its revision.
type Direction string

// The directions.
const (
	Upgrade   Direction = "up"   // applies it
	Downgrade Direction = "down" // reverts it
)

// Step is one revision that is applied or reverted.
type Step struct {
	Direction Direction
	Revision  string
	Message   string // its first line
	File      string // "" for a script that only the ledger has, until it is read
	// Transactional is false for a revision with `transaction: off`.
	Transactional bool
	Duration      time.Duration // as the server measured it; zero in a plan
	// PendingOn are nodes of a Citus cluster, host and port, that have prepared their part of
	// the step and did not answer the commit. Citus completes it there later.
	PendingOn []string
}

func newStep(s plan.Step, took time.Duration) Step {
	step := Step{Direction: Direction(s.Direction), Revision: s.Revision, Message: s.Message, Transactional: s.Transactional(), Duration: took}
	if s.Script != nil {
		step.File = s.Script.File
	}
	return step
}

func newDoneStep(s plan.Step, took time.Duration, pendingOn []string) Step {
	step := newStep(s, took)
	step.PendingOn = pendingOn
	return step
}

// Report says what a run did. A report without steps means that there was nothing to do.
type Report struct {
	// From and To are the maximal applied revisions before and after, sorted.
	From, To []string
	// Steps are what this run committed, in order.
	Steps []Step
	// Others are steps that were planned, but that another runner carried out.
	Others []OtherStep
	// Replaced are the revisions that this run has recorded in the place of those that they replace, before its first step.
	Replaced []Replacement
	// Ahead are the applied revisions that the files do not have, parents first.
	Ahead []string
}

// OtherStep is a step that another runner carried out in the meantime.
type OtherStep struct {
	Direction Direction
	Revision  string
	// By and From are the role and the host in the ledger; "" for a reverted revision.
	By, From string
}

// Up applies the pending revisions up to the targets, each in its own transaction, and
// stops at the first failure. Without targets it goes to the head. The report is never
// nil: next to an error it lists what was committed before.
func (m *Migrator) Up(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return m.Move(ctx, cfg, Up, targets...)
}

// Down reverts the revisions above the target, which is -1 by default. The report is like
// that of Up.
func (m *Migrator) Down(ctx context.Context, cfg *pgconn.Config, target ...string) (*Report, error) {
	return m.Move(ctx, cfg, Down, target...)
}

// To applies and reverts until exactly the targets and their ancestors are applied.
// Revisions that only the ledger knows are reverted with its own scripts. The report is
// like that of Up.
func (m *Migrator) To(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return m.Move(ctx, cfg, To, targets...)
}

// Redo reverts the last n revisions and applies them again. The report is like that of
// Up.
func (m *Migrator) Redo(ctx context.Context, cfg *pgconn.Config, n int) (*Report, error) {
	return m.Move(ctx, cfg, Redo, strconv.Itoa(n))
}

// Stamp sets the ledger to the targets without running any script. The report is like
// that of Up.
func (m *Migrator) Stamp(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return m.Move(ctx, cfg, Stamp, targets...)
}

// Purge is a Stamp that first deletes every row of the ledger, including those of
// revisions that the files do not have.
func (m *Migrator) Purge(ctx context.Context, cfg *pgconn.Config, targets ...string) (*Report, error) {
	return m.Move(ctx, cfg, Purge, targets...)
}

// Move runs any of the operations. The report is like that of Up.
func (m *Migrator) Move(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (*Report, error) {
	report := &Report{}
	err := m.with(ctx, cfg, func(s *session.Session) error {
		done, err := s.Move(ctx, plan.Verb(verb), targets)
		report = newReport(done)
		return err
	})
	return report, err
}

// with runs do in a session of its own. Its errors are those of this package.
func (m *Migrator) with(ctx context.Context, cfg *pgconn.Config, do func(*session.Session) error) error {
	s, err := session.Open(ctx, m.files.set, m.settings, cfg, m.settings.Wait, m.takeBegun(cfg), m.observer(cfg))
	if err == nil {
		defer s.Close()
		err = do(s)
	}
	return newError(session.Interrupted(ctx, err))
}

// takeBegun returns the connection that New has begun to open, if it is to this database, or
// nil.
func (m *Migrator) takeBegun(cfg *pgconn.Config) *pg.Attempt {
	if cfg != m.cfg.Database {
		return nil
	}
	return m.begun.Swap(nil)
}

// observer returns what passes the events of a run on to OnEvent, or nil.
func (m *Migrator) observer(cfg *pgconn.Config) func(apply.Event) {
	if m.cfg.OnEvent == nil {
		return nil
	}
	origin := Origin{Database: cfg.Database, Target: m.cfg.Target}
	return func(e apply.Event) { m.cfg.OnEvent(newEvent(origin, e)) }
}

func newReport(r *session.Report) *Report {
	return &Report{
		From: r.From, To: r.To, Ahead: r.Ahead, Replaced: each(r.Replaced, newReplacement),
		Steps: each(r.Steps, func(d apply.Result) Step { return newDoneStep(*d.Step, d.Duration, d.PendingOn) }),
		Others: each(r.Others, func(o session.OtherStep) OtherStep {
			return OtherStep{Direction: Direction(o.Direction), Revision: o.Revision, By: o.By, From: o.From}
		}),
	}
}

func each[From, To any](items []From, convert func(From) To) []To {
	if len(items) == 0 {
		return nil
	}
	converted := make([]To, 0, len(items))
	for _, item := range items {
		converted = append(converted, convert(item))
	}
	return converted
}
