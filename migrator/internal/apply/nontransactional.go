package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// PrefixChecksums returns, for every i, a checksum of the first i statements of a script.
// The ledger keeps one of them while the script runs without a transaction.
func PrefixChecksums(s *revision.Script) []string {
	sums := []string{""}
	h := sha256.New()
	for _, st := range s.Statements() {
		h.Write([]byte(sqltext.Checksum(s.Text[st.Start:st.Next])))
		sums = append(sums, "v1:"+hex.EncodeToString(h.Sum(nil)))
	}
	return sums
}

// nonTransactional is a revision with `transaction: off` in progress.
type nonTransactional struct {
	*Runner
	step      plan.Step
	state     ledger.RowState
	checksums []string // see PrefixChecksums
	done      int      // statements
	// notReplicated is the server's last warning that a commit was not replicated, or nil.
	notReplicated *pgconn.Notice
	opened        bool       // the opening transaction is committed
	leftover      bool       // the failed statement left an object, which the next run removes
	before        ledger.Was // of a revision that is reverted
}

func newNonTransactional(r *Runner, s plan.Step) *nonTransactional {
	n := &nonTransactional{Runner: r, step: s, state: ledger.Applying, checksums: PrefixChecksums(s.Script), done: s.StatementsDone}
	if s.Direction == plan.Down {
		n.state = ledger.Reverting
	}
	return n
}

// runNonTransactional runs a revision with `transaction: off`, or continues it. The lock is
// held by the session that runs the statements, and ends with it.
func (r *Runner) runNonTransactional(ctx context.Context, s plan.Step, at start) (time.Duration, start, error) {
	if err := checkResume(s); err != nil {
		return 0, at, err
	}
	n := newNonTransactional(r, s)
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return 0, at, r.connFailed(ctx, s, err)
	}
	took, err := n.run(ctx, at)
	if !IsCommitted(err) {
		return 0, at, n.failed(ctx, at, err)
	}
	if lost := r.resetSession(); lost != nil {
		r.Conn.Close() // releases the lock
		return 0, at, &pg.LostError{Err: lost}
	}
	return took, at.after(s), err
}

func (n *nonTransactional) run(ctx context.Context, at start) (time.Duration, error) {
	if err := n.send(ctx, parts{{kind: locking, sql: n.Ledger.TrySessionLock()}}, nil); err != nil {
		return 0, err
	}
	opening := n.renderOpening(n.frame(at))
	if err := n.sendTransaction(ctx, opening, func(statement int, fields [][]byte) {
		if opening[statement].kind == recording && len(fields) == 3 {
			n.before = ledger.NewWas(fields)
		}
	}); err != nil {
		return 0, err
	}
	n.opened = true
	if n.notReplicated != nil {
		return 0, n.unconfirmed(ctx, true)
	}
	if err := n.prepareSession(ctx); err != nil {
		return 0, err
	}
	for _, sent := ledger.CutSent(n.step.Checksum); n.done < len(n.checksums)-1; sent = false {
		if err := n.runNext(ctx, sent); err != nil {
			return 0, err
		}
		n.done++
		n.tracker.statements(n.done)
		if n.notReplicated != nil {
			return 0, n.unconfirmed(ctx, true)
		}
	}
	took, err := n.finish(ctx, at)
	if err == nil && n.notReplicated != nil {
		err = n.unconfirmed(ctx, false)
	}
	return took, err
}

// unconfirmed is Runner.unconfirmed for a commit of this revision.
func (n *nonTransactional) unconfirmed(ctx context.Context, unfinished bool) error {
	err := n.Runner.unconfirmed(ctx, n.step, n.notReplicated)
	err.Unfinished, err.StatementsDone = unfinished, n.done
	return err
}

// renderOpening returns the transaction that writes the row, if the database is where the
// plan starts.
func (n *nonTransactional) renderOpening(f frame) parts {
	var p parts
	p.begin("")
	p.set(opening, true, n.settings(n.step, f.offline)...)
	p.add(creating, f.create...)
	p.add(guarding, f.guard)
	switch {
	case n.step.Resume:
		// Marks do not change the generation.
		p.add(guarding, n.Ledger.Resume(n.step.Revision, n.state, n.step.StatementsDone, n.step.Checksum))
	case n.state == ledger.Applying:
		e := n.step.Entry()
		e.Checksum = ""
		p.add(recording, n.Ledger.Begin(e, n.Author))
	case f.offline:
		p.add(recording, n.Ledger.BeginDown(n.step.Revision))
	default:
		p.add(recording, n.Ledger.BeginDownReading(n.step.Revision))
	}
	p.add(commit, "COMMIT")
	return p
}

// send sends parts as one message. Errors: those of classify, *InterruptedError,
// *pg.LostError, and ctx.Err() when nothing was sent.
func (n *nonTransactional) send(ctx context.Context, p parts, row func(int, [][]byte)) error {
	m := newMessage(p)
	m.bytes = n.countsBytes()
	_, err := n.Conn.Send(ctx, m.Message, pg.Handler{Row: row, Notice: func(statement int, notice *pgconn.Notice) { n.notice(n.step, &m, statement, notice) }})
	var se *pg.StatementError
	switch {
	case errors.As(err, &se) && pg.Canceled(ctx, err):
		return n.interrupted(ctx)
	case errors.As(err, &se):
		return n.classify(n.step, &m, se)
	}
	if m.unconfirmed != nil {
		n.notReplicated = m.unconfirmed
	}
	return err
}

func (n *nonTransactional) interrupted(ctx context.Context) error {
	return &InterruptedError{Direction: n.step.Direction, Revision: n.step.Revision, Message: n.step.Message, Err: context.Cause(ctx), NonTransactional: true, StatementsDone: n.done}
}

// prepareSession makes the settings of a step for the session, and repeats those that the
// statements done by an earlier run made.
func (n *nonTransactional) prepareSession(ctx context.Context) error {
	var p parts
	p.set(opening, false, n.sessionSettings(false)...)
	for i, st := range n.step.Script.Statements()[:n.done] {
		if onlyChangesSetting(n.step.Script.Text, st) {
			p = append(p, bodyPart(n.step.Script, i, st))
		}
	}
	for m := range pack(slices.Values(p), n.sends() == SendStatement) {
		if err := n.send(ctx, m.parts, nil); err != nil {
			return err
		}
	}
	return nil
}

func (n *nonTransactional) sessionSettings(offline bool) []setting {
	all := append(append(n.settings(n.step, offline), n.bodyTimeout(n.step)...), set("default_transaction_isolation", "read committed"), atLeastLocal)
	if n.ServerVersion >= 140000 && !offline {
		all = append(all, set("idle_session_timeout", "0"))
	}
	return all
}

func (n *nonTransactional) finish(ctx context.Context, at start) (time.Duration, error) {
	// The server must read the closing write without the encoding, role and read-only mode
	// of the body.
	var reset parts
	reset.add(resetting, resetsKeepingLocks...)
	if err := n.send(ctx, reset, nil); err != nil {
		return 0, err
	}
	var took time.Duration
	p := n.renderClosing(n.Ledger.Guard(at.generation + 1))
	err := n.sendTransaction(ctx, p, func(statement int, fields [][]byte) {
		if p[statement].kind == finishing {
			took = seconds(fields[1])
		}
	})
	return took, err
}

func (n *nonTransactional) renderClosing(guard string) parts {
	var p parts
	p.begin("")
	p.set(opening, true, append(append(ledgerLimits(), atLeastLocal), n.roleSetting()...)...)
	p.add(guarding, guard)
	p.add(finishing, n.Ledger.FinishNonTransactional(n.step.Revision, n.state, len(n.checksums)-1, n.step.Entry().Checksum, downSQLOfFile(n.step), n.resumeNote(), n.Author))
	p.add(commit, "COMMIT")
	return p
}

// resumeNote is for the event log: a run that was killed could not record it.
func (n *nonTransactional) resumeNote() string {
	if !n.step.Resume {
		return ""
	}
	return fmt.Sprintf("continued an earlier run that was interrupted after %s", text.Count(n.step.StatementsDone, "statement"))
}

// failed resets the session, which releases the lock, and records the failure.
func (n *nonTransactional) failed(ctx context.Context, at start, err error) error {
	if err == ctx.Err() {
		err = n.interrupted(ctx)
	}
	if interrupted, ok := err.(*InterruptedError); ok && interrupted.NonTransactional && n.notReplicated != nil {
		err = n.unconfirmed(ctx, true) // it says both
	}
	var failed *RevisionError
	if errors.As(err, &failed) {
		failed.NonTransactional, failed.StatementsDone = true, n.done
		if !failed.Undecided {
			n.withdraw(at)
		}
	}
	if n.resetSession() == nil {
		n.Record(n.step, err)
	}
	return err
}

// withdraw restores the state before the opening transaction if the server refused the first
// statement: nothing is done or in doubt, so the revision is not unfinished. It does nothing
// if the row shows anything else. An error is ignored: the revision then stays unfinished.
func (n *nonTransactional) withdraw(at start) {
	if !n.opened || n.done > 0 || n.leftover || n.Conn.Closed() || n.Conn.InTransaction() {
		return
	}
	restore := n.Ledger.Withdraw(n.step.Revision)
	if n.state == ledger.Reverting {
		if n.before == (ledger.Was{}) {
			return // an earlier run began
		}
		restore = n.Ledger.Restore(n.step.Revision, n.before)
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	if n.Conn.Exec(ctx, strings.Join(resetsKeepingLocks, ";\n")) == nil {
		_ = n.runTransaction(ctx, localCommit.sql(true), n.Ledger.Guard(at.generation+1), restore)
	}
}
