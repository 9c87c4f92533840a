package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/ledger"
	"example.com/ambix/migrator/plan"
	"example.com/ambix/migrator/revision"
)

// ConcurrentLockTimeout is the lock_timeout of statements that run alone unless the
// revision's header sets one. They wait for old transactions without standing in
// anybody's way, and a concurrent index build that gives up leaves an invalid index.
const ConcurrentLockTimeout = 30 * time.Minute

// PoolerError refuses revisions with `transaction: off` through a pooler: their lock
// belongs to a server session, and the pooler hands that to others between two
// statements. Nothing was run.
type PoolerError struct {
	Revision, Message string
}

func (e *PoolerError) Error() string {
	return fmt.Sprintf("revision %s (%s) has `transaction: off`, and there is a connection pooler between here and the server, so it could not be kept from running twice; nothing was run; connect to the server itself (DB_HOST and DB_PORT of PostgreSQL, not of the pooler)",
		e.Revision, e.Message)
}

// EditedError refuses to resume a revision whose finished statements are no longer in
// its file.
type EditedError struct {
	Revision, Message, File string
	Done                    int
}

func (e *EditedError) Error() string {
	return fmt.Sprintf("%s: revision %s (%s) was interrupted after %d statements, and its file no longer begins with those; nothing was run; put them back, or settle it with `repair %s --applied|--not-applied`",
		e.File, e.Revision, e.Message, e.Done, e.Revision)
}

// UndecidedError says that a statement was sent outside a transaction, its end was not
// seen, and nothing in the catalog tells whether it happened.
type UndecidedError struct {
	Revision, Message, File string
	Line                    int
	Statement               string
}

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("%s:%d: revision %s (%s): nobody saw the end of `%s`, and the catalog does not tell whether it happened; nothing was run; look, then say `repair %s --applied` or `repair %s --not-applied`, and run again",
		e.File, e.Line, e.Revision, e.Message, e.Statement, e.Revision, e.Revision)
}

// SingleError refuses revisions with `transaction: off` in a run that is one
// transaction. Nothing was run.
type SingleError struct {
	Revision, Message string
}

func (e *SingleError) Error() string {
	return fmt.Sprintf("revision %s (%s) has `transaction: off` and cannot be part of a single transaction; nothing was run; run without --single-transaction", e.Revision, e.Message)
}

// Refuse says whether something in a plan cannot be run in this session: *PoolerError,
// *SingleError. It asks the server only when there is something to ask for.
func (r *Runner) Refuse(ctx context.Context, p plan.Plan) error {
	for _, s := range p.Steps {
		if s.Script.Transaction || p.Stamp {
			continue
		}
		if r.Single {
			return &SingleError{s.Revision, s.Message}
		}
		rows, err := r.Conn.Query(ctx, "SELECT pg_catalog.pg_backend_pid()")
		if err != nil {
			return err
		}
		if rows[0][0] != fmt.Sprint(r.Conn.PID()) {
			return &PoolerError{s.Revision, s.Message}
		}
		return nil
	}
	return nil
}

// outside is a revision with `transaction: off` on its way.
type outside struct {
	*Runner
	step  plan.Step
	state ledger.RowState
	chain []string // chain[i] stands for the first i statements
	done  int
}

// stepOutside runs a revision with `transaction: off`, or goes on with it. A session
// lock is on the very connection that works: it ends with it.
func (r *Runner) stepOutside(ctx context.Context, s plan.Step, at start) (time.Duration, start, error) {
	o := &outside{Runner: r, step: s, state: ledger.Applying, chain: Progress(s.Script), done: s.Done}
	if s.Direction == plan.Down {
		o.state = ledger.Reverting
	}
	finished, unsent := ledger.Unsent(s.Checksum)
	if s.Resume && (s.Done >= len(o.chain) || finished != o.chain[s.Done]) {
		return 0, at, &EditedError{s.Revision, s.Message, s.Script.File, s.Done}
	}
	if err := r.Conn.Steady(ctx); err != nil {
		return 0, at, r.broken(ctx, s, err)
	}
	took, err := o.run(ctx, at, !unsent)
	if err != nil {
		return 0, at, o.failed(ctx, err)
	}
	if err := r.clean(); err != nil {
		return 0, at, err
	}
	return took, start{true, at.generation + 2}, nil
}

// Progress gives a checksum for every beginning of a script's statements: what the
// ledger keeps while the script runs outside a transaction.
func Progress(s *revision.Script) []string {
	sums := []string{""}
	h := sha256.New()
	for _, st := range s.Statements() {
		h.Write([]byte(sqltext.Checksum(s.Text[st.Start:st.Next])))
		sums = append(sums, "v1:"+hex.EncodeToString(h.Sum(nil)))
	}
	return sums
}

func (o *outside) run(ctx context.Context, at start, sent bool) (time.Duration, error) {
	if err := o.Conn.Exec(ctx, o.Ledger.TrySessionLock()); err != nil {
		if se := pg.ServerError(err); se != nil && se.Code == "22P02" {
			return 0, ErrBusy
		}
		return 0, err
	}
	if err := o.begin(ctx, at); err != nil {
		return 0, err
	}
	if err := o.prepare(ctx); err != nil {
		return 0, err
	}
	for o.done < len(o.chain)-1 {
		if err := o.next(ctx, sent); err != nil {
			return 0, err
		}
		sent = false
		o.done++
	}
	return o.finish(ctx, at)
}

// begin writes the row, in a transaction of its own, if the database is where the plan
// started.
func (o *outside) begin(ctx context.Context, at start) error {
	return o.send(ctx, newMessage(o.opening(o.frame(at))), nil)
}

func (o *outside) opening(f frame) parts {
	var p parts
	p.add(opening, "BEGIN ISOLATION LEVEL READ COMMITTED")
	p.add(opening, o.settings(o.step, f)...)
	p.add(creating, f.create...)
	p.add(guarding, f.guard)
	switch {
	case o.step.Resume:
	case o.state == ledger.Applying:
		e := o.step.Entry
		e.Checksum = ""
		p.add(recording, o.Ledger.Begin(e, o.Author))
	default:
		p.add(recording, o.Ledger.BeginDown(o.step.Revision))
	}
	p.add(commit, "COMMIT")
	return p
}

// send sends one message; what the server refuses is told by the part.
func (o *outside) send(ctx context.Context, m message, row func(int, [][]byte)) error {
	_, err := o.Conn.Send(ctx, m.Message, pg.Handler{Row: row, Notice: func(statement int, n *pgconn.Notice) { o.notice(o.step, &m, statement, n) }})
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return err
	}
	if pg.Cancelled(ctx, err) {
		return o.interrupted(ctx)
	}
	return o.meaning(o.step, &m, se)
}

func (o *outside) interrupted(ctx context.Context) error {
	return &InterruptedError{Direction: o.step.Direction, Revision: o.step.Revision, Message: o.step.Message, Err: context.Cause(ctx), Outside: true, Done: o.done}
}

// prepare sets the session as a transaction's head would, and repeats the settings
// that the finished statements of an earlier run made.
func (o *outside) prepare(ctx context.Context) error {
	set := o.sessionSettings(frame{})
	for i := range o.done {
		p := part{kind: body, script: o.step.Script, index: i}
		if st := p.source(); sqltext.Sets(p.script.Text, st) != "" {
			set = append(set, p.script.Text[st.Start:st.End])
		}
	}
	return o.Conn.Exec(ctx, strings.Join(set, ";\n"))
}

// sessionSettings are the settings of a transaction's head, for the session.
func (o *outside) sessionSettings(f frame) []string {
	set := o.settings(o.step, f)
	for i, s := range set {
		set[i] = strings.Replace(s, "SET LOCAL ", "SET ", 1)
	}
	return set
}

// next runs the next statement: together with its mark where the server allows that,
// alone and marked after where not.
func (o *outside) next(ctx context.Context, sent bool) error {
	st := o.step.Script.Statements()[o.done]
	if sent || st.Class == sqltext.NoTransaction {
		return o.alone(ctx, st, sent)
	}
	err := o.withMark(ctx, st)
	var failed *RevisionError
	if errors.As(err, &failed) && (failed.SQLState == "25001" || failed.SQLState == "2D000") {
		return o.alone(ctx, st, false)
	}
	return err
}

// withMark runs a statement and its mark in one implicit transaction: it happens
// exactly once, whatever happens to us.
func (o *outside) withMark(ctx context.Context, st sqltext.Statement) error {
	mark := o.Ledger.Mark(o.step.Revision, o.state, o.done, o.done+1, o.chain[o.done+1])
	m := newMessage(parts{{kind: finishing, sql: mark}, o.part(st)})
	return o.untilLocked(ctx, o.step, func() error { return o.send(ctx, m, nil) })
}

func (o *outside) part(st sqltext.Statement) part {
	return part{kind: body, sql: o.step.Script.Text[st.Start:st.End], script: o.step.Script, index: o.done}
}

// alone runs a statement that the server refuses in a transaction. Its being sent is
// recorded first, so that a run that resumes knows whether there is anything in doubt.
func (o *outside) alone(ctx context.Context, st sqltext.Statement, sent bool) error {
	verdict, err := o.settle(ctx, st, sent)
	if err != nil {
		return err
	}
	if verdict != happened {
		before := o.Ledger.Mark(o.step.Revision, o.state, o.done, o.done, ledger.Sent+o.chain[o.done])
		if err := o.mark(ctx, before); err != nil {
			return err
		}
		if o.step.Script.LockTimeout == nil {
			if err := o.Conn.Exec(ctx, "SET lock_timeout = "+milliseconds(ConcurrentLockTimeout)); err != nil {
				return err
			}
		}
		if err := o.send(ctx, newMessage(parts{o.part(st)}), nil); err != nil {
			return o.notHappened(ctx, st, err)
		}
		if o.step.Script.LockTimeout == nil {
			if err := o.Conn.Exec(ctx, "SET lock_timeout = "+milliseconds(o.LockTimeout)); err != nil {
				return err
			}
		}
	}
	return o.mark(ctx, o.Ledger.Mark(o.step.Revision, o.state, o.done, o.done+1, o.chain[o.done+1]))
}

// notHappened takes the doubt back when the server itself said that a statement
// failed, and names what it left.
func (o *outside) notHappened(ctx context.Context, st sqltext.Statement, err error) error {
	if pg.ServerError(err) == nil && !isInterrupted(err) {
		return err
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	if sqltext.EffectOf(o.step.Script.Text, st).Verb == "" && st.Class != sqltext.NoTransaction {
		return err // a procedure may have committed a part of its work
	}
	_ = o.mark(limit, o.Ledger.Mark(o.step.Revision, o.state, o.done, o.done, o.chain[o.done]))
	var failed *RevisionError
	if left := o.invalidIndexes(limit, sqltext.EffectOf(o.step.Script.Text, st)); left != "" && errors.As(err, &failed) {
		failed.Hint = "the failed build left an invalid index: " + left + "; the next run drops it before it builds again"
	}
	return err
}

func isInterrupted(err error) bool {
	var e *InterruptedError
	return errors.As(err, &e)
}

func (o *outside) mark(ctx context.Context, sql string) error {
	return o.send(ctx, newMessage(parts{{kind: finishing, sql: sql}}), nil)
}

func (o *outside) finish(ctx context.Context, at start) (time.Duration, error) {
	var took time.Duration
	m := newMessage(o.closing(o.Ledger.Guard(at.generation + 1)))
	err := o.send(ctx, m, func(statement int, fields [][]byte) {
		if m.parts[statement].kind == finishing {
			took = seconds(fields[1])
		}
	})
	return took, err
}

func (o *outside) closing(guard string) parts {
	var p parts
	p.add(opening, "BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL statement_timeout = 0")
	p.add(opening, o.role()...)
	p.add(guarding, guard)
	p.add(finishing, o.Ledger.FinishOutside(o.step.Revision, o.state, len(o.chain)-1, o.step.Entry.Checksum, ran(o.step), o.Author))
	p.add(commit, "COMMIT")
	return p
}

// failed cleans the session, which gives the lock back, and writes the event.
func (o *outside) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil && !o.Conn.Closed() && !isInterrupted(err) {
		err = o.interrupted(ctx)
	}
	var failed *RevisionError
	if errors.As(err, &failed) {
		failed.Outside, failed.Done = true, o.done
	}
	if o.clean() != nil {
		return err
	}
	o.record(o.step, err)
	return err
}
