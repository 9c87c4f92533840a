package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Runner carries out plans in one session. Its fields do not change during a run.
type Runner struct {
	Conn         *pg.Conn
	Ledger       ledger.Tables
	LedgerOwner  string // another role whose ledger is trusted, for scripts; "": none
	CreateSchema bool   // the ledger's schema does not exist
	Author       ledger.Author
	Role         string   // set for bodies and the ledger; "": the session's own
	SearchPath   []string // schemas that bodies start with; empty: the session's own
	// TargetDatabase and TargetSchema are required by scripts: their database has this name, and this schema, which the
	// ledger is for. "": any.
	TargetDatabase, TargetSchema string
	Process                      string // host and process number, which tell this runner from others

	// LockTimeout and StatementTimeout apply to revisions that do not set their own. Zero:
	// no limit.
	LockTimeout, StatementTimeout time.Duration
	// RetryFor is how long a revision is tried again after a lock timeout.
	RetryFor          time.Duration
	FlushEvery        bool      // flush each commit before the next revision begins
	NoBatch           bool      // send each step in its own message
	Send              Send      // what travels in one message
	SingleTransaction bool      // run all steps of a plan in one transaction
	Observer          *Observer // looks at each statement; nil: none
	ServerVersion     int       // as pg.Conn counts it
	Citus             bool      // the database has the Citus extension
	Unwatched         bool      // the database has no event triggers; false if that is not known, or once a script may have created one

	// Guard is the size in bytes above which a table may not be read or rewritten as a whole by a revision. 0: no guard.
	Guard int64

	// OnEvent is called with what happens, also by the monitor from its own goroutine. Nil:
	// nothing is reported.
	OnEvent func(Event)
	// OnStart is called with each step that is about to be run, for a run of which nothing else is reported. Nil: nobody is told.
	OnStart func(plan.Step)
	// OpenMonitor opens a second session that looks what a long step waits for. Nil: no
	// monitor.
	OpenMonitor func(context.Context) (*pg.Conn, error)

	guardTrigger bool // the guard can check before a table is rewritten; see prepareGuard
	guardSuffix  string

	stepStarted time.Time // when the step in progress was started
	pendingOn   []string  // nodes of Citus where the commit of that step is pending
	tracker     *tracker  // of the steps in progress
}

// Send says what is sent in one message of the protocol.
type Send string

// SendMessage batches small revisions, SendRevision sends each in its own message, and
// SendStatement each statement of a body. A trigger that stores current_query() sees the
// whole message. SendAuto, or "", is SendStatement for Citus, which forwards the text of the
// whole message to its workers, and SendMessage for any other database.
const (
	SendAuto      Send = "auto"
	SendMessage   Send = "message"
	SendRevision  Send = "revision"
	SendStatement Send = "statement"
)

// sends returns what is sent in one message.
func (r *Runner) sends() Send {
	switch {
	case r.Observer != nil:
		return SendStatement
	case r.Send != "" && r.Send != SendAuto:
		return r.Send
	case r.Citus:
		return SendStatement
	}
	return SendMessage
}

// ErrStale reports that the database is no longer where the plan starts: another runner
// changed the ledger. The step was rolled back; plan again.
var ErrStale = errors.New("the database is no longer where the plan starts")

// ErrBusy reports that another runner holds the lock. The step was rolled back.
var ErrBusy = errors.New("another runner holds the lock")

// Result is one committed step.
type Result struct {
	Step     *plan.Step    // of the plan
	Duration time.Duration // as the server measured it
	// PendingOn are nodes of a Citus cluster, host and port, that did not answer the second
	// phase of the commit. Citus completes it there later.
	PendingOn []string
}

// Run carries out the steps in order and stops at the first failure. The results are
// committed. Errors: ErrStale, ErrBusy, *pg.LostError when the outcome of the step after
// the last result is unknown, *RevisionError, *LockTimeoutError, *InterruptedError,
// *UnconfirmedError, *ModifiedError, *UndecidedError, *IndexBuildError, *LedgerError.
func (r *Runner) Run(ctx context.Context, p plan.Plan) ([]Result, error) {
	at := startOf(p)
	if r.SingleTransaction && len(p.Steps) > 0 {
		return r.runInSingleTransaction(ctx, p, at)
	}
	done := slices.Grow([]Result(nil), len(p.Steps))
	for separately := false; len(done) < len(p.Steps); {
		if ctx.Err() != nil {
			return done, &InterruptedError{Err: context.Cause(ctx)}
		}
		steps := p.Steps[len(done):]
		var results []Result
		var err error
		if n := batchSize(steps); n > 1 && !separately && !r.NoBatch && r.sends() == SendMessage {
			results, separately, err = r.runBatch(ctx, steps[:n], at)
			for _, done := range results {
				at = at.after(*done.Step)
			}
		} else {
			results, at, err = r.runOne(ctx, &steps[0], at)
			separately = false
		}
		done = append(done, results...)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// runOne runs a step in its own messages.
func (r *Runner) runOne(ctx context.Context, planned *plan.Step, at start) ([]Result, start, error) {
	s, err := loaded(*planned)
	if err != nil {
		return nil, at, err
	}
	r.noteWatching(s)
	r.stepStarted, r.tracker, r.pendingOn = time.Now(), r.track(s), nil
	stop := r.startMonitor(ctx)
	took, next, err := r.runStep(ctx, s, at)
	stop()
	if !IsCommitted(err) {
		return nil, at, err
	}
	results := []Result{{planned, took, r.pendingOn}} // a large script is not kept
	r.tracker.end(results, false)
	return results, next, err
}

// loaded returns a step with its script in memory.
func loaded(s plan.Step) (plan.Step, error) {
	script, err := s.Script.Loaded()
	if err != nil {
		return s, unreadable(s, err)
	}
	s.Script = script
	return s, nil
}

func unreadable(s plan.Step, err error) error {
	return &RevisionError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, File: s.Script.File, Text: strings.TrimPrefix(err.Error(), text.Visible(s.Script.File)+": "), Cause: FileUnreadable, Err: err}
}

// reportStarted reports that a step is about to be run, and warns about a body that sets
// lock_timeout: other sessions queue behind a statement that waits for a lock.
func (r *Runner) reportStarted(s plan.Step) {
	if r.OnStart != nil {
		r.OnStart(s)
	}
	r.emit(Started{Step: s})
	if r.OnEvent == nil || !strings.Contains(s.Script.SQL(), "lock_timeout") {
		return
	}
	for _, st := range s.Script.All() {
		if sqltext.SettingName(s.Script.Text, st) == "lock_timeout" {
			r.emit(Notice{
				Step: s, Line: sqltext.PositionAt(s.Script.Text, st.Start).Line, Severity: "WARNING", Text: "the body sets lock_timeout, which overrides the configured lock timeout",
				Hint: "while a statement waits for a lock, all other sessions that need the table wait behind it; remove the statement, or set lock_timeout in the header",
			})
			return
		}
	}
}

// runStep runs a step, again after a lock timeout or deadlock.
func (r *Runner) runStep(ctx context.Context, s plan.Step, at start) (took time.Duration, next start, err error) {
	if !s.Script.Transactional {
		return r.runNonTransactional(ctx, s, at)
	}
	err = r.retryWhileLocked(ctx, s, func() error {
		took, err = r.sendStep(ctx, s, r.frame(at))
		return err
	})
	err = r.recordGiveUp(ctx, s, err)
	return took, at.after(s), err
}

func (r *Runner) runInSingleTransaction(ctx context.Context, p plan.Plan, at start) ([]Result, error) {
	last := len(p.Steps) - 1
	var done []Result
	var current plan.Step
	err := r.retryWhileLocked(ctx, p.Steps[0], func() error {
		done = nil
		next := at
		for i := range p.Steps {
			var err error
			if current, err = loaded(p.Steps[i]); err != nil {
				return err
			}
			r.stepStarted, r.tracker, r.pendingOn = time.Now(), r.track(current), nil
			f := r.frame(next)
			f.first, f.last = i == 0, i == last
			next = next.after(current)
			took, err := r.sendStep(ctx, current, f)
			if !IsCommitted(err) {
				return err
			}
			done = append(done, Result{&p.Steps[i], took, r.pendingOn})
			if err != nil {
				return err
			}
		}
		return nil
	})
	err = r.recordGiveUp(ctx, current, err)
	if !IsCommitted(err) {
		return nil, err
	}
	for _, d := range done {
		r.emit(Finished{Step: *d.Step, Duration: d.Duration, PendingOn: d.PendingOn})
	}
	return done, err
}

// sendStep sends a transactional step once.
func (r *Runner) sendStep(ctx context.Context, s plan.Step, f frame) (time.Duration, error) {
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return 0, r.connFailed(ctx, s, err)
	}
	var took time.Duration
	first := true
	for whole := range pack(r.render(s, f), r.sends() == SendStatement) {
		messages := []message{whole}
		if !first && r.readsDifferently() {
			messages = whole.closingApart()
		}
		first = false
		for i := range messages {
			if err := r.sendObserved(ctx, s, &messages[i], &took); err != nil {
				return took, err
			}
		}
	}
	return took, nil
}

// sendObserved sends one message of a step, before the eyes of the observer. took is set by the closing write.
func (r *Runner) sendObserved(ctx context.Context, s plan.Step, m *message, took *time.Duration) error {
	m.bytes = r.countsBytes()
	err := r.observed(ctx, s, m.parts, false, func() error { return r.sendMessage(ctx, s, m, took) })
	if err != nil {
		if r.Observer != nil && !r.Conn.Closed() && r.Conn.InTransaction() { // the error is the observer's
			_ = r.resetSession()
		}
		return err
	}
	if m.unconfirmed != nil {
		return r.unconfirmed(ctx, s, m.unconfirmed)
	}
	r.tracker.statements(m.statementsBehind())
	return nil
}

// readsDifferently reports whether a function in the body has changed how the server reads the
// next message.
func (r *Runner) readsDifferently() bool {
	return !strings.EqualFold(r.Conn.Parameter("client_encoding"), "UTF8") || r.Conn.Parameter("standard_conforming_strings") == "off"
}

// sendMessage sends a message, and reports what the server answered.
func (r *Runner) sendMessage(ctx context.Context, s plan.Step, m *message, took *time.Duration) error {
	done, err := r.Conn.Send(ctx, m.Message, pg.Handler{
		Row: func(statement int, fields [][]byte) {
			if statement < len(m.parts) && m.parts[statement].kind == finishing && len(fields) > 1 {
				*took = seconds(fields[1])
			}
		},
		Notice: func(statement int, n *pgconn.Notice) { r.notice(s, m, statement, n) },
	})
	switch {
	case err != nil:
		return r.sendFailed(ctx, s, m, err)
	case done != len(m.parts):
		return r.miscounted(s, m, done)
	}
	return nil
}

func seconds(field []byte) time.Duration {
	f, _ := strconv.ParseFloat(string(field), 64)
	return time.Duration(f * float64(time.Second))
}

// miscounted reports a server that splits a message into other statements than we do.
func (r *Runner) miscounted(s plan.Step, m *message, got int) error {
	e := &RevisionError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, File: s.Script.File}
	state := "committed"
	if m.parts[len(m.parts)-1].kind != commit {
		state = "rolled back"
		_ = r.resetSession()
	}
	e.Text = fmt.Sprintf("the server completed %d statements of %d that were sent; the revision is %s; please report this", got, len(m.parts), state)
	r.Record(s, e)
	return e
}

// notice reports a message of the server about a statement of the body, or about what the
// body deferred to the end of the transaction.
func (r *Runner) notice(s plan.Step, m *message, statement int, n *pgconn.Notice) {
	if statement >= len(m.parts) {
		return
	}
	if notReplicated(n) {
		m.unconfirmed = n // the error says it
		return
	}
	line, hint := 0, n.Hint
	switch p := m.parts[statement]; p.kind {
	case body:
		line = sqltext.PositionAt(p.script.Text, p.source.Start).Line
	case deferred:
	case commit:
		if node := r.pendingNode(n); node != "" {
			r.pendingOn = append(r.pendingOn, node)
			hint = "the transaction is prepared on that node; Citus commits it there when the node answers, by default within a minute; SELECT recover_prepared_transactions() on the coordinator does it at once"
		}
	default:
		return
	}
	r.emit(Notice{
		Step: s, Line: line, Severity: n.SeverityUnlocalized, Text: n.Message, Detail: n.Detail, Hint: hint, SQLState: n.Code,
	})
}

// pendingNode returns the node that a warning of Citus is about: it has prepared its part of
// the transaction and did not answer the second phase of the commit. "" for any other notice.
func (r *Runner) pendingNode(n *pgconn.Notice) string {
	node, ok := strings.CutPrefix(n.Message, "failed to commit transaction on ") // not translated
	if !ok || !r.Citus || n.SeverityUnlocalized != "WARNING" {
		return ""
	}
	return node
}

func (r *Runner) emit(e Event) {
	if r.OnEvent != nil {
		r.OnEvent(e)
	}
}
