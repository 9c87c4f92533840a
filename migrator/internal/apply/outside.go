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

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

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

// outside is a revision with `transaction: off` on its way.
type outside struct {
	*Runner
	step  plan.Step
	state ledger.RowState
	chain []string // chain[i] stands for the first i statements
	done  int
}

func newOutside(r *Runner, s plan.Step) *outside {
	o := &outside{Runner: r, step: s, state: ledger.Applying, chain: Progress(s.Script), done: s.Done}
	if s.Direction == plan.Down {
		o.state = ledger.Reverting
	}
	return o
}

// stepOutside runs a revision with `transaction: off`, or goes on with it. A session
// lock is on the very connection that works: it ends with it.
func (r *Runner) stepOutside(ctx context.Context, s plan.Step, at start) (time.Duration, start, error) {
	if err := resumable(s); err != nil {
		return 0, at, err
	}
	o := newOutside(r, s)
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return 0, at, r.broken(ctx, s, err)
	}
	took, err := o.run(ctx, at)
	if err != nil && !committed(err) {
		return 0, at, o.failed(ctx, err)
	}
	if lost := r.clean(); lost != nil {
		r.Conn.Close() // with it goes the lock
		return 0, at, &pg.LostError{Err: lost}
	}
	return took, start{true, at.generation + 2}, err
}

func (o *outside) run(ctx context.Context, at start) (time.Duration, error) {
	if err := o.send(ctx, parts{{kind: locking, sql: o.Ledger.TrySessionLock()}}, nil); err != nil {
		return 0, err
	}
	if err := o.send(ctx, o.opening(o.frame(at)), nil); err != nil {
		return 0, err
	}
	if err := o.prepare(ctx); err != nil {
		return 0, err
	}
	_, unsent := ledger.Unsent(o.step.Checksum)
	for sent := !unsent; o.done < len(o.chain)-1; sent = false {
		if err := o.next(ctx, sent); err != nil {
			return 0, err
		}
		o.done++
	}
	return o.finish(ctx, at)
}

// opening writes the row, in a transaction of its own, if the database is where the plan
// started.
func (o *outside) opening(f frame) parts {
	var p parts
	p.add(opening, "BEGIN ISOLATION LEVEL READ COMMITTED")
	p.add(opening, o.settings(o.step, f)...)
	p.add(creating, f.create...)
	p.add(guarding, f.guard)
	switch {
	case o.step.Resume:
		// Marks do not change the generation.
		p.add(guarding, o.Ledger.Resume(o.step.Revision, o.state, o.step.Done, o.step.Checksum))
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

// send sends parts as one message; what the server refuses is told by the part. Errors:
// those of meaning, *InterruptedError, *pg.LostError, and ctx.Err() when nothing was sent.
func (o *outside) send(ctx context.Context, p parts, row func(int, [][]byte)) error {
	m := newMessage(p)
	m.bytes = o.countsBytes()
	_, err := o.Conn.Send(ctx, m.Message, pg.Handler{Row: row, Notice: func(statement int, n *pgconn.Notice) { o.notice(o.step, &m, statement, n) }})
	var se *pg.StatementError
	switch {
	case errors.As(err, &se) && pg.Canceled(ctx, err):
		return o.interrupted(ctx)
	case errors.As(err, &se):
		return o.meaning(o.step, &m, se)
	case err == nil && m.unconfirmed != nil:
		return o.unconfirmed(ctx, o.step, m.unconfirmed)
	}
	return err
}

func (o *outside) interrupted(ctx context.Context) error {
	return &InterruptedError{Direction: o.step.Direction, Revision: o.step.Revision, Message: o.step.Message, Err: context.Cause(ctx), Outside: true, Done: o.done}
}

// prepare sets the session as a transaction's head would, and repeats the settings
// that the finished statements of an earlier run made.
func (o *outside) prepare(ctx context.Context) error {
	var p parts
	p.add(opening, o.sessionSettings(frame{})...)
	for i, st := range o.step.Script.Statements()[:o.done] {
		if repeatable(o.step.Script.Text, st) {
			p = append(p, o.part(i))
		}
	}
	messages := pack(p)
	for _, m := range messages {
		if err := o.send(ctx, m.parts, nil); err != nil {
			return err
		}
	}
	return nil
}

// repeatable says whether a statement changes a setting and does nothing else: SET,
// RESET, and the SELECT set_config('name', 'value', false) of every pg_dump.
func repeatable(text string, st sqltext.Statement) bool {
	if sqltext.SettingName(text, st) == "" {
		return false
	}
	first, _, _ := strings.Cut(st.Keywords, " ")
	if first == "SET" || first == "RESET" {
		return true
	}
	var plain strings.Builder
	for t := range sqltext.Tokens(text[st.Start:st.End]) {
		switch t.Kind {
		case sqltext.Space, sqltext.Comment:
		case sqltext.String, sqltext.Dollar:
			plain.WriteString("''")
		default:
			plain.WriteString(strings.ToLower(text[st.Start+t.Start : st.Start+t.End]))
		}
	}
	call := strings.Replace(plain.String(), "pg_catalog.", "", 1)
	return call == "selectset_config('','',false)" || call == "selectset_config('','','f')"
}

// sessionSettings are the settings of a transaction's head, for the session.
func (o *outside) sessionSettings(f frame) []string {
	set := append(append(o.settings(o.step, f), o.timeout(o.step)...), "SET LOCAL default_transaction_isolation = 'read committed'", atLeastLocal)
	if o.ServerVersion >= 140000 && !f.offline {
		set = append(set, "SET LOCAL idle_session_timeout = 0")
	}
	for i, s := range set {
		s = strings.Replace(s, "SET LOCAL ", "SET ", 1)
		set[i] = strings.Replace(s, ", true) END", ", false) END", 1)
	}
	return set
}

func (o *outside) finish(ctx context.Context, at start) (time.Duration, error) {
	// The body's settings end before the closing write is read: encoding, role, read-only.
	var reset parts
	reset.add(resetting, resets[:len(resets)-1]...)
	if err := o.send(ctx, reset, nil); err != nil {
		return 0, err
	}
	var took time.Duration
	p := o.closing(o.Ledger.Guard(at.generation + 1))
	err := o.send(ctx, p, func(statement int, fields [][]byte) {
		if p[statement].kind == finishing {
			took = seconds(fields[1])
		}
	})
	return took, err
}

func (o *outside) closing(guard string) parts {
	var p parts
	p.add(opening, "BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '5s'", atLeastLocal)
	p.add(opening, o.role()...)
	p.add(guarding, guard)
	p.add(finishing, o.Ledger.FinishOutside(o.step.Revision, o.state, len(o.chain)-1, o.step.Entry.Checksum, ran(o.step), o.note(), o.Author))
	p.add(commit, "COMMIT")
	return p
}

// note is for the event log: a run that was killed cannot have written that it was.
func (o *outside) note() string {
	if !o.step.Resume {
		return ""
	}
	return fmt.Sprintf("an earlier run was interrupted after %s, and this one went on", count(o.step.Done, "statement"))
}

// ourselves makes the rest of a transaction ours again, after a body that changed its
// role. The body's own comes back with the transaction's end.
func (o *outside) ourselves() []string {
	if o.Role == "" {
		return []string{"SET LOCAL SESSION AUTHORIZATION DEFAULT", "SET LOCAL ROLE NONE"}
	}
	return append([]string{"SET LOCAL SESSION AUTHORIZATION DEFAULT"}, o.role()...)
}

// failed cleans the session, which gives the lock back, and writes the event.
func (o *outside) failed(ctx context.Context, err error) error {
	if err == ctx.Err() {
		err = o.interrupted(ctx)
	}
	var failed *RevisionError
	if errors.As(err, &failed) {
		failed.Outside, failed.Done = true, o.done
	}
	if o.clean() == nil {
		o.record(o.step, err)
	}
	return err
}
