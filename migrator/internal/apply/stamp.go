package apply

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Stamp changes the ledger as if the steps had run, in one transaction. Errors: ErrStale,
// ErrBusy, *pg.LostError, *InterruptedError, *LedgerError; *UnconfirmedError when it is done.
func (r *Runner) Stamp(ctx context.Context, p plan.Plan) ([]Result, error) {
	err := r.Change(ctx, "stamp", p.Exists, p.Generation, r.stamps(p)...)
	if err != nil && !committed(err) {
		return nil, err
	}
	var done []Result
	for _, s := range p.Steps {
		done = append(done, Result{Step: s})
		r.emit(Finished{Step: s})
	}
	return done, err
}

// Change runs statements that change nothing but the ledger, in one transaction that
// begins like a revision's: under the lock, and only if the ledger is at generation. A
// ledger that does not exist is created first. doing is what others see meanwhile. The
// errors are those of Stamp.
func (r *Runner) Change(ctx context.Context, doing string, exists bool, generation int64, statements ...string) error {
	step := plan.Step{Message: "the ledger alone"} // for messages: no script runs
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return r.broken(ctx, step, err)
	}
	m := newMessage(r.renderChange(doing, r.frame(start{exists, generation}), statements))
	if _, err := r.Conn.Send(ctx, m.Message, pg.Handler{Notice: func(statement int, n *pgconn.Notice) { r.notice(step, &m, statement, n) }}); err != nil {
		return r.failed(ctx, step, &m, err)
	}
	if m.unconfirmed != nil {
		return r.unconfirmed(ctx, plan.Step{}, m.unconfirmed)
	}
	return nil
}

func (r *Runner) stamps(p plan.Plan) []string {
	action := ledger.Stamped
	if p.Adopt {
		action = ledger.Adopted
	}
	var statements []string
	for _, s := range p.Steps {
		statements = append(statements, r.Ledger.Unstamp(s.Revision))
		if s.Direction == plan.Up {
			statements = append(statements, r.Ledger.Stamp(s.Entry, r.Author))
		}
		e := ledger.Event{Action: action, Revision: s.Revision, Message: s.Message, Direction: string(s.Direction)}
		statements = append(statements, r.Ledger.Append(e, r.Author))
	}
	return statements
}

func (r *Runner) renderChange(doing string, f frame, statements []string) parts {
	var p parts
	p.add(opening, "/* ambix "+doing+" */ BEGIN ISOLATION LEVEL READ COMMITTED",
		"SET LOCAL application_name = "+literal(r.applicationName(doing)), "SET LOCAL lock_timeout = '5s'", "SET LOCAL statement_timeout = 0", atLeastLocal)
	p.add(opening, r.role()...)
	p.add(locking, r.Ledger.TryLock())
	p.add(creating, f.create...)
	p.add(guarding, f.guard)
	p.add(recording, statements...)
	if f.offline {
		p.add(finishing, r.Ledger.Remember())
	}
	p.add(commit, "COMMIT")
	return p
}
