// Package apply carries out a plan: it renders each step once, sends it, and reports
// every event. It is the only package that changes a database.
//
// A transactional revision is one message of the simple protocol that begins, tries
// the lock, checks that the database is where the plan started, writes the row, runs
// the body, resets the session, completes the row and commits. So a revision is
// applied exactly when its row is there.
package apply

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Runner carries out plans in one session. Its fields do not change while it runs.
type Runner struct {
	Conn   *pg.Conn
	Ledger ledger.Name
	// CreateSchema says that the ledger's schema does not exist either.
	CreateSchema bool
	Author       ledger.Author
	// Role is set for bodies and ledger alike. "": the session's own.
	Role string
	// Process tells this runner from others: host and process number.
	Process string
	// LockTimeout and StatementTimeout hold for revisions that do not set their own;
	// zero is none, as in PostgreSQL.
	LockTimeout, StatementTimeout time.Duration
	// FlushEvery flushes each commit before the next revision begins.
	FlushEvery bool
	// Alone gives each step a message of its own.
	Alone bool
	// Single puts all steps of a plan into one transaction.
	Single bool
	// RetryFor is how long a revision that did not get a table's lock is tried again.
	RetryFor time.Duration
	// ServerVersion is the server's, as pg.Conn counts it.
	ServerVersion int
	// OnEvent sees what happens, in order and one at a time. Nil: nobody does.
	OnEvent func(Event)
	// Second opens a second session, to see what a long step waits for. Nil: nobody looks.
	Second func(context.Context) (*pg.Conn, error)

	mu    sync.Mutex // one event at a time
	since time.Time  // when the step under way was begun
}

// ErrStale says that the database is no longer where the plan started: somebody else
// changed the ledger. Nothing of the step was kept. Plan again.
var ErrStale = errors.New("the database is no longer where the plan started")

// ErrBusy says that another runner holds the lock. Nothing of the step was kept.
var ErrBusy = errors.New("another runner holds the lock")

// Result is one step that is committed.
type Result struct {
	Step     plan.Step
	Duration time.Duration // as the server measured it
}

// Run carries out the steps in order and stops at the first that fails. What it
// returns is committed. Errors: ErrStale, ErrBusy, *pg.LostError with the outcome of
// the step after the last result unknown, *RevisionError, *LockTimeoutError,
// *InterruptedError, *LedgerError.
func (r *Runner) Run(ctx context.Context, p plan.Plan) ([]Result, error) {
	at := start{p.Exists, p.Generation}
	if r.Single && len(p.Steps) > 0 {
		return r.single(ctx, p, at)
	}
	var done []Result
	for alone := false; len(done) < len(p.Steps); {
		if ctx.Err() != nil {
			return done, &InterruptedError{Err: context.Cause(ctx)}
		}
		steps := p.Steps[len(done):]
		var results []Result
		var err error
		if n := r.shared(steps); n > 1 && !alone && !r.Alone {
			results, alone, err = r.several(ctx, steps[:n], at)
			at = start{at.exists || len(results) > 0, at.generation + int64(len(results))}
		} else {
			results, at, err = r.one(ctx, steps[0], at)
			alone = false
		}
		done = append(done, results...)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// one runs a step in messages of its own.
func (r *Runner) one(ctx context.Context, s plan.Step, at start) ([]Result, start, error) {
	r.begun(s)
	stop := r.watch(ctx, s)
	took, next, err := r.stepUntilLocked(ctx, s, at)
	stop()
	if err != nil && !committed(err) {
		return nil, at, err
	}
	r.emit(Finished{Step: s, Duration: took})
	return []Result{{s, took}}, next, err
}

// several runs steps in one message; see stepsShared.
func (r *Runner) several(ctx context.Context, steps []plan.Step, at start) (done []Result, left bool, err error) {
	for _, s := range steps {
		r.begun(s)
	}
	stop := r.watch(ctx, steps...)
	done, left, err = r.stepsShared(ctx, steps, at)
	stop()
	for _, d := range done {
		r.emit(Finished{Step: d.Step, Duration: d.Duration})
	}
	return done, left, err
}

// begun tells that a step is about to be sent, and warns of what makes it wait longer for
// a lock than we would: others queue behind it.
func (r *Runner) begun(s plan.Step) {
	r.since = time.Now()
	r.emit(Started{Step: s})
	if r.OnEvent == nil || !strings.Contains(s.Script.SQL(), "lock_timeout") {
		return
	}
	for _, st := range s.Script.Statements() {
		if sqltext.SettingName(s.Script.Text, st) == "lock_timeout" {
			r.emit(Notice{
				Step: s, Line: sqltext.PositionAt(s.Script.Text, st.Start).Line, Severity: "WARNING", Text: "the body sets lock_timeout itself, so ours does not hold",
				Hint: "while a statement waits for a lock, everybody else who wants the table waits behind it; remove the line, or set lock_timeout in the header",
			})
			return
		}
	}
}

// stepUntilLocked tries a step again while a lock timeout or a deadlock is all that
// stands in its way.
func (r *Runner) stepUntilLocked(ctx context.Context, s plan.Step, at start) (took time.Duration, next start, err error) {
	if !s.Script.Transactional {
		return r.stepOutside(ctx, s, at)
	}
	err = r.untilLocked(ctx, s, func() error {
		took, err = r.step(ctx, s, r.frame(at))
		return err
	})
	err = r.givenUp(ctx, s, err)
	return took, start{true, at.generation + 1}, err
}

// single runs all steps in one transaction: all or nothing.
func (r *Runner) single(ctx context.Context, p plan.Plan, at start) ([]Result, error) {
	last := len(p.Steps) - 1
	var done []Result
	var s plan.Step // under way
	err := r.untilLocked(ctx, p.Steps[0], func() error {
		done = nil
		for i := range p.Steps {
			s = p.Steps[i]
			r.begun(s)
			f := r.frame(start{at.exists || i > 0, at.generation + int64(i)})
			f.first, f.last = i == 0, i == last
			took, err := r.step(ctx, s, f)
			if err != nil {
				return err
			}
			done = append(done, Result{s, took})
		}
		return nil
	})
	err = r.givenUp(ctx, s, err)
	if err != nil && !committed(err) {
		return nil, err
	}
	for _, d := range done {
		r.emit(Finished{Step: d.Step, Duration: d.Duration})
	}
	return done, err
}

// step runs one transactional revision once.
func (r *Runner) step(ctx context.Context, s plan.Step, f frame) (time.Duration, error) {
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return 0, r.broken(ctx, s, err)
	}
	var took time.Duration
	messages := pack(r.render(s, f))
	for i := range messages {
		m := &messages[i]
		m.bytes = r.countsBytes()
		done, err := r.Conn.Send(ctx, m.Message, pg.Handler{
			Row: func(statement int, fields [][]byte) {
				if statement < len(m.parts) && m.parts[statement].kind == finishing && len(fields) > 1 {
					took = seconds(fields[1])
				}
			},
			Notice: func(statement int, n *pgconn.Notice) { r.notice(s, m, statement, n) },
		})
		if err != nil {
			return 0, r.failed(ctx, s, m, err)
		}
		if done != len(m.parts) {
			return 0, r.miscounted(s, m, done)
		}
		if m.unconfirmed != nil {
			return took, r.unconfirmed(ctx, s, m.unconfirmed)
		}
	}
	return took, nil
}

func seconds(field []byte) time.Duration {
	f, _ := strconv.ParseFloat(string(field), 64)
	return time.Duration(f * float64(time.Second))
}

// miscounted is for a server that sees other statements than we do.
func (r *Runner) miscounted(s plan.Step, m *message, got int) error {
	e := &RevisionError{
		Direction: s.Direction, Revision: s.Revision, Message: s.Message, File: s.Script.File,
		Text: fmt.Sprintf("the server completed %d statements where %d were sent; nothing was kept, please report this", got, len(m.parts)),
	}
	if m.parts[len(m.parts)-1].kind == commit {
		e.Text = fmt.Sprintf("the server completed %d statements where %d were sent; the revision is committed, please report this", got, len(m.parts))
	} else {
		_ = r.clean()
	}
	r.record(s, e)
	return e
}

// notice tells what the server says about the revision's own statements, and about what
// they put off to the end of the transaction.
func (r *Runner) notice(s plan.Step, m *message, statement int, n *pgconn.Notice) {
	if statement >= len(m.parts) {
		return
	}
	line := 0
	switch p := m.parts[statement]; p.kind {
	case body:
		line = sqltext.PositionAt(p.script.Text, p.source().Start).Line
	case deferred:
	case commit:
		if notReplicated(n) {
			m.unconfirmed = n
		}
	default:
		return
	}
	r.emit(Notice{
		Step: s, Line: line, Severity: n.SeverityUnlocalized, Text: n.Message, Detail: n.Detail, Hint: n.Hint, SQLState: n.Code,
	})
}

func (r *Runner) emit(e Event) {
	if r.OnEvent != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.OnEvent(e)
	}
}
