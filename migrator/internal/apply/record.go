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

// recordLimit bounds what is done after a failure, also when the caller's context has
// already ended.
const recordLimit = 10 * time.Second

// clean leaves nothing of a failed revision in the session: a rollback keeps prepared
// statements and session locks, and a pooler would hand them to a stranger. It is one
// message, because two may reach two servers.
func (r *Runner) clean() error {
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

// record writes what happened to a step into the event log, in a transaction of its
// own. It makes the ledger when there is none yet, so that the log knows the first
// failure too. That it cannot be written is no news beside the failure itself.
func (r *Runner) record(s plan.Step, meaning error) {
	action, ok := eventOf(meaning)
	if !ok {
		return
	}
	e := ledger.Event{Action: action, Revision: s.Revision, Message: s.Message, Direction: string(s.Direction), Detail: meaning.Error()}
	if !r.since.IsZero() {
		e.Duration = time.Since(r.since)
	}
	r.append(e)
}

// Record writes what happened to a step into the event log, as Run does for what it
// reports itself.
func (r *Runner) Record(s plan.Step, err error) { r.record(s, err) }

func (r *Runner) append(e ledger.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	event := r.Ledger.Append(e, r.Author)
	err := r.transaction(ctx, event)
	if se := pg.ServerError(err); se != nil && se.Code == pg.UndefinedTable {
		_ = r.transaction(ctx, append(append([]string{r.Ledger.TryLock()}, r.Ledger.Create(r.CreateSchema)...), event)...)
	}
}

// transaction runs statements of our own in one transaction, one message.
func (r *Runner) transaction(ctx context.Context, statements ...string) error {
	all := []string{
		"BEGIN ISOLATION LEVEL READ COMMITTED",
		"SET LOCAL application_name = " + literal(r.applicationName("ledger")),
		"SET LOCAL statement_timeout = 0",
		"SET LOCAL lock_timeout = '5s'",
	}
	all = append(append(append(all, r.role()...), atLeastLocal), statements...)
	var unconfirmed *pgconn.Notice
	_, err := r.Conn.Send(ctx, pg.Message{SQL: strings.Join(append(all, "COMMIT"), ";\n")}, pg.Handler{Notice: func(_ int, n *pgconn.Notice) {
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
