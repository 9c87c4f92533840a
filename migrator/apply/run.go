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
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/ledger"
	"example.com/ambix/migrator/plan"
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

	mu sync.Mutex // one event at a time
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
		if n := r.shared(steps); n > 1 && !alone {
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
	r.emit(Started{Step: s})
	stop := r.watch(ctx, s)
	took, next, err := r.stepUntilLocked(ctx, s, at)
	stop()
	if err != nil {
		return nil, at, err
	}
	r.emit(Finished{Step: s, Duration: took})
	return []Result{{s, took}}, next, nil
}

// several runs steps in one message; see stepsShared.
func (r *Runner) several(ctx context.Context, steps []plan.Step, at start) (done []Result, left bool, err error) {
	for _, s := range steps {
		r.emit(Started{Step: s})
	}
	stop := r.watch(ctx, steps...)
	done, left, err = r.stepsShared(ctx, steps, at)
	stop()
	for _, d := range done {
		r.emit(Finished{Step: d.Step, Duration: d.Duration})
	}
	return done, left, err
}

// stepUntilLocked tries a step again while a lock timeout or a deadlock is all that
// stands in its way.
func (r *Runner) stepUntilLocked(ctx context.Context, s plan.Step, at start) (took time.Duration, next start, err error) {
	if !s.Script.Transaction {
		return r.stepOutside(ctx, s, at)
	}
	err = r.untilLocked(ctx, s, func() error {
		took, err = r.step(ctx, s, r.frame(at))
		return err
	})
	return took, start{true, at.generation + 1}, err
}

// untilLocked calls try again, after a growing pause with jitter, while a lock that was
// not to be had is all that went wrong.
func (r *Runner) untilLocked(ctx context.Context, s plan.Step, try func() error) error {
	began, pause := time.Now(), 250*time.Millisecond
	for tries := 1; ; tries++ {
		err := try()
		var failed *RevisionError
		if !errors.As(err, &failed) || !transient(failed.SQLState) {
			return err
		}
		wait := pause/2 + rand.N(pause)
		if time.Since(began)+wait > r.RetryFor {
			given := &LockTimeoutError{failed, tries, time.Since(began)}
			r.append(ledger.Event{Action: ledger.Failed, Revision: s.Revision, Message: s.Message, Direction: string(s.Direction), Detail: given.Error()})
			return given
		}
		r.emit(Retrying{Step: s, Err: failed, Try: tries, Pause: wait})
		if pg.Sleep(ctx, wait) != nil {
			return r.interrupted(ctx, s)
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// single runs all steps in one transaction: all or nothing.
func (r *Runner) single(ctx context.Context, p plan.Plan, at start) ([]Result, error) {
	last := len(p.Steps) - 1
	var done []Result
	err := r.untilLocked(ctx, p.Steps[0], func() error {
		done = nil
		for i, s := range p.Steps {
			r.emit(Started{Step: s})
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
	if err != nil {
		return nil, err
	}
	for _, d := range done {
		r.emit(Finished{Step: d.Step, Duration: d.Duration})
	}
	return done, nil
}

// transient says whether a whole revision may succeed when it is tried again: lock
// timeout, deadlock, serialization failure.
func transient(code string) bool {
	return code == "55P03" || code == "40P01" || code == "40001"
}

// step runs one transactional revision once.
func (r *Runner) step(ctx context.Context, s plan.Step, f frame) (time.Duration, error) {
	if err := r.Conn.Steady(ctx); err != nil {
		return 0, r.broken(ctx, s, err)
	}
	var took time.Duration
	for _, m := range pack(r.render(s, f)) {
		done, err := r.Conn.Send(ctx, m.Message, pg.Handler{
			Row: func(statement int, fields [][]byte) {
				if statement < len(m.parts) && m.parts[statement].kind == finishing && len(fields) > 1 {
					took = seconds(fields[1])
				}
			},
			Notice: func(statement int, n *pgconn.Notice) { r.notice(s, &m, statement, n) },
		})
		if err != nil {
			return 0, r.failed(ctx, s, &m, err)
		}
		if done != len(m.parts) {
			return 0, r.miscounted(s, done, len(m.parts))
		}
	}
	return took, nil
}

func seconds(field []byte) time.Duration {
	f, _ := strconv.ParseFloat(string(field), 64)
	return time.Duration(f * float64(time.Second))
}

// failed turns the answer to a message into what it means, after the session was
// cleaned. Only the revision's own failures are written into the event log.
func (r *Runner) failed(ctx context.Context, s plan.Step, m *message, err error) error {
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return r.broken(ctx, s, err)
	}
	meaning := r.meaning(s, m, se)
	if pg.Cancelled(ctx, err) {
		meaning = r.interrupted(ctx, s)
	}
	if lost := r.clean(); lost != nil {
		return meaning
	}
	r.record(s, meaning)
	return meaning
}

// broken is for what has no answer of the server.
func (r *Runner) broken(ctx context.Context, s plan.Step, err error) error {
	if ctx.Err() != nil && !r.Conn.Closed() {
		return r.interrupted(ctx, s)
	}
	return err
}

// meaning tells a failure by the part of the message in which it happened.
func (r *Runner) meaning(s plan.Step, m *message, se *pg.StatementError) error {
	bytes := r.Conn.Parameter("server_encoding") == "SQL_ASCII"
	e := locate(s, m, se.Statement, se.Err, bytes)
	code := se.Err.Code
	// A message that does not parse stops before its first statement.
	if e.Line > 0 || se.Statement >= len(m.parts) || se.Err.Position == 0 && rejected(code) {
		return withHint(e)
	}
	switch k := m.parts[se.Statement].kind; {
	case k == locking && code == "22P02":
		return ErrBusy
	case k == guarding && (code == "22P02" || code == "42P01"),
		k == creating && (code == "42P07" || code == "23505" || code == "42710" || code == "XX000"),
		k == recording && (code == "23505" || code == "42P01"):
		return ErrStale
	case k == finishing && (code == "22P02" || code == "42P01"):
		e.Text = "the revision left its transaction or removed the ledger " + r.Ledger.String() + "; it was not recorded"
		if !s.Script.Transaction {
			e.Text = "the revision gave the runner's lock away, or somebody changed its row in the ledger " + r.Ledger.String()
		}
		e.Hint = "a revision must not end the transaction or drop the schema that holds the ledger; --ledger SCHEMA.PREFIX moves the ledger elsewhere"
		return e
	case k == deferred, k == finishing, k == commit, k == resetting:
		return withHint(e)
	default:
		return r.ledgerError(se.Err)
	}
}

// rejected says whether a server that completed no statement refused the message as a
// whole because of what the body holds.
func rejected(code string) bool {
	return code == "42601" || code == "22P05" || code == "22021" || code == "08P01"
}

func (r *Runner) ledgerError(se *pgconn.PgError) error {
	e := &LedgerError{Ledger: r.Ledger, Text: se.Message + " (" + se.Code + ")", Err: se}
	switch se.Code {
	case "42501":
		role := r.Role
		if role == "" {
			role = r.Conn.Parameter("session_authorization")
		}
		if role == "" {
			role = "the role that migrates"
		}
		e.Hint = "a superuser or the schema's owner can run: " + r.Ledger.Grant(role)
	case "25006":
		return r.Conn.Unusable(pg.ReadOnly, se)
	}
	return e
}

// withHint adds what we know and the server does not.
func withHint(e *RevisionError) *RevisionError {
	switch e.SQLState {
	case "25001":
		e.Hint = "this statement cannot run inside a transaction: add `-- transaction: off` to the header of " + e.File
	case "2D000":
		e.Hint = "a procedure or DO block that commits cannot run inside the revision's transaction: add `-- transaction: off` to the header of " + e.File
	case "55P03":
		e.Hint = "another session holds a lock on this table; `-- lock_timeout: …` in the header or --lock-timeout waits longer"
	case "57014":
		e.Hint = "`-- statement_timeout: …` in the header or --statement-timeout gives more time"
	case "55P04":
		e.Hint = "a value added to an enum type can be used after its transaction: put its use into a revision of its own"
	case "22P05":
		e.Hint = "the revision holds a character that the database's encoding lacks"
	}
	return e
}

func (r *Runner) miscounted(s plan.Step, got, want int) error {
	return &RevisionError{
		Direction: s.Direction, Revision: s.Revision, Message: s.Message, File: s.Script.File,
		Text: "the server completed " + strconv.Itoa(got) + " statements where " + strconv.Itoa(want) + " were sent; the revision is committed, please report this",
	}
}

func (r *Runner) notice(s plan.Step, m *message, statement int, n *pgconn.Notice) {
	if statement >= len(m.parts) || m.parts[statement].kind != body {
		return
	}
	p := m.parts[statement]
	pos := sqltext.PositionAt(p.script.Text, p.source().Start)
	r.emit(Notice{
		Step: s, Line: pos.Line, Severity: n.SeverityUnlocalized, Text: n.Message, Detail: n.Detail, Hint: n.Hint, SQLState: n.Code,
	})
}

func (r *Runner) emit(e Event) {
	if r.OnEvent != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.OnEvent(e)
	}
}

func (r *Runner) interrupted(ctx context.Context, s plan.Step) error {
	return &InterruptedError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Err: context.Cause(ctx)}
}
