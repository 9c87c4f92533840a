package apply

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// recordLimit limits the work after a failure, which is also done when the context has
// ended.
const recordLimit = 10 * time.Second

// resetSession removes everything that a failed revision left in the session: a rollback
// keeps prepared statements and session locks, and a pooler would give them to another
// client. It is one message, because two may reach two server sessions.
func (r *Runner) resetSession() error {
	if r.Conn.Closed() {
		return errors.New("the connection is closed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	statements := resets
	if r.Conn.InTransaction() {
		statements = append([]string{"ROLLBACK"}, resets...)
	}
	return r.Conn.Exec(ctx, strings.Join(statements, ";\n"))
}

// Record writes a failure of a step into the event log, in a separate transaction. It
// creates the ledger if there is none, so that the log has the first failure too. An error
// is ignored: the failure itself matters more.
func (r *Runner) Record(s plan.Step, failure error) {
	action, ok := eventAction(failure)
	if !ok {
		return
	}
	e := ledger.Event{Action: action, Revision: s.Revision, Message: s.Message, Direction: string(s.Direction), Detail: failure.Error()}
	if !r.stepStarted.IsZero() {
		e.Duration = time.Since(r.stepStarted)
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	event := r.Ledger.Append(e, r.Author)
	err := r.runTransaction(ctx, localCommit.sql(true), event)
	if se := pg.ServerError(err); se != nil && se.Code == pg.UndefinedTable {
		_ = r.runTransaction(ctx, append(append([]string{localCommit.sql(true), r.Ledger.TryLock()}, r.Ledger.Create(r.CreateSchema)...), event)...)
	}
}

// tryRecording writes an event, and the row of an upgrade, and rolls them back.
func (r *Runner) tryRecording(s plan.Step) error {
	if r.Conn.Closed() || r.Conn.InTransaction() {
		return errors.New("the session is not usable")
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	var p parts
	r.openLedgerTransaction(&p, "", "ledger")
	if s.Direction == plan.Up && s.Transactional() {
		p.add(recording, r.Ledger.Stamp(s.Entry(), r.Author))
	}
	p.add(recording, r.Ledger.Append(ledger.Event{Action: ledger.Failed}, r.Author))
	p.add(opening, "ROLLBACK")
	_, err := r.Conn.Send(ctx, newMessage(p).Message, pg.Handler{})
	if err != nil && !r.Conn.Closed() && r.Conn.InTransaction() {
		_ = r.Conn.Exec(ctx, "ROLLBACK")
	}
	return err
}

// runTransaction runs statements of ours in one transaction and one message.
func (r *Runner) runTransaction(ctx context.Context, statements ...string) error {
	var p parts
	r.openLedgerTransaction(&p, "", "ledger")
	p.add(recording, statements...)
	p.add(commit, "COMMIT")
	var unconfirmed *pgconn.Notice
	_, err := r.Conn.Send(ctx, newMessage(p).Message, pg.Handler{Notice: func(_ int, n *pgconn.Notice) {
		if notReplicated(n) {
			unconfirmed = n
		}
	}})
	if unconfirmed != nil && err == nil {
		return r.unconfirmed(ctx, plan.Step{}, unconfirmed)
	}
	if err != nil && !r.Conn.Closed() && r.Conn.InTransaction() {
		_ = r.Conn.Exec(ctx, "ROLLBACK")
	}
	return err
}

// openLedgerTransaction begins a transaction that writes the ledger and nothing else.
func (r *Runner) openLedgerTransaction(p *parts, comment, activity string) {
	p.begin(comment)
	p.set(opening, true, set("application_name", r.applicationName(activity)))
	p.set(opening, true, append(append(ledgerLimits(), atLeastLocal), r.roleSetting()...)...)
}

// SaveFingerprints records what a run has left, in a transaction that is not flushed. It writes nothing if the ledger is at
// another generation by now. An error is ignored: the run has succeeded.
func (r *Runner) SaveFingerprints(ctx context.Context, f ledger.Fingerprints, took time.Duration) {
	r.recordQuietly(ctx, r.Ledger.SaveFingerprints(f, took, r.Author))
}

// CarryFingerprints records that the schema has to be as an earlier run has left it, in the same way.
func (r *Runner) CarryFingerprints(ctx context.Context, f ledger.Fingerprints, generation int64) {
	r.recordQuietly(ctx, r.Ledger.CarryFingerprints(f, generation))
}

func (r *Runner) recordQuietly(ctx context.Context, sql string) {
	var p parts
	r.openLedgerTransaction(&p, "", "ledger")
	p.set(opening, true, set("synchronous_commit", "off"))
	p.add(recording, sql)
	p.add(commit, "COMMIT")
	if _, err := r.Conn.Send(ctx, newMessage(p).Message, pg.Handler{}); err != nil && !r.Conn.Closed() {
		_ = r.resetSession()
	}
}
