package apply

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Stamp changes the ledger as if the steps had run, in one transaction. Errors: ErrStale,
// ErrBusy, *pg.LostError, *InterruptedError, *LedgerError; *UnconfirmedError if it is
// committed.
func (r *Runner) Stamp(ctx context.Context, p plan.Plan) ([]Result, error) {
	err := r.Change(ctx, "stamp", p.Exists, p.Generation, r.stampStatements(p)...)
	if !IsCommitted(err) {
		return nil, err
	}
	var done []Result
	for i := range p.Steps {
		done = append(done, Result{Step: &p.Steps[i]})
		r.emit(Finished{Step: p.Steps[i]})
	}
	return done, err
}

// Change runs statements that change only the ledger, in one transaction that begins like
// that of a revision: under the lock, and only if the ledger is at generation. A ledger
// that does not exist is created. Other sessions see activity in the application name. Many
// statements are sent in several messages. The errors are those of Stamp.
func (r *Runner) Change(ctx context.Context, activity string, exists bool, generation int64, statements ...string) error {
	step := plan.Step{Message: "change of the ledger"} // for messages: no script runs
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return r.connFailed(ctx, step, err)
	}
	change := r.renderChange(activity, r.frame(start{exists: exists, generation: generation}), statements)
	for m := range pack(slices.Values(change), false) {
		if _, err := r.Conn.Send(ctx, m.Message, pg.Handler{Notice: func(statement int, n *pgconn.Notice) { r.notice(step, &m, statement, n) }}); err != nil {
			if se := pg.ServerError(err); se != nil && se.Code == pg.LockNotAvailable {
				_ = r.resetSession()
				return r.LockedLedger(se)
			}
			return r.sendFailed(ctx, step, &m, err)
		}
		if m.unconfirmed != nil {
			return r.unconfirmed(ctx, plan.Step{}, m.unconfirmed)
		}
	}
	return nil
}

func (r *Runner) stampStatements(p plan.Plan) []string {
	action := ledger.Stamped
	if p.Adopt {
		action = ledger.Adopted
	}
	var statements []string
	for _, s := range p.Steps {
		statements = append(statements, r.Ledger.Unstamp(s.Revision))
		if s.Direction == plan.Up {
			statements = append(statements, r.Ledger.Stamp(s.Entry(), r.Author))
		}
		e := ledger.Event{Action: action, Revision: s.Revision, Message: s.Message, Direction: string(s.Direction)}
		statements = append(statements, r.Ledger.Append(e, r.Author))
	}
	return statements
}

func (r *Runner) renderChange(activity string, f frame, statements []string) parts {
	var p parts
	r.openLedgerTransaction(&p, activity, activity)
	p.add(locking, r.Ledger.TryLock())
	p.add(creating, f.create...)
	p.add(guarding, f.guard)
	size := 0
	for _, sql := range statements {
		size += len(sql)
	}
	if size > maxMessage {
		p.set(opening, true, set("idle_in_transaction_session_timeout", "0")) // between the messages
	}
	p.add(recording, statements...)
	if f.offline {
		p.add(finishing, r.Ledger.SaveGeneration(f.raised+1))
	}
	p.add(commit, "COMMIT")
	return p
}
