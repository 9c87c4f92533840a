package apply

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// staleError is an ErrStale with the server's error.
type staleError struct {
	err *pgconn.PgError
}

func (e *staleError) Error() string        { return e.err.Message + " (" + e.err.Code + ")" }
func (e *staleError) Is(target error) bool { return target == ErrStale }
func (e *staleError) Unwrap() error        { return e.err }

// sendFailed classifies the error of a message, after it has reset the session. Failures of
// the revision are recorded in the event log.
func (r *Runner) sendFailed(ctx context.Context, s plan.Step, m *message, err error) error {
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return r.connFailed(ctx, s, err)
	}
	lost := r.resetSession()
	meaning := r.interrupted(ctx, s)
	if !pg.Canceled(ctx, err) {
		meaning = r.classify(s, m, se)
	}
	if lost == nil {
		r.Record(s, meaning)
	}
	return meaning
}

// connFailed is for an error without an answer of the server: the connection was lost, or
// the context ended between two messages.
func (r *Runner) connFailed(ctx context.Context, s plan.Step, err error) error {
	if ctx.Err() == nil || r.Conn.Closed() {
		return err
	}
	interrupted := r.interrupted(ctx, s)
	if r.resetSession() == nil {
		r.Record(s, interrupted)
	}
	return interrupted
}

func (r *Runner) interrupted(ctx context.Context, s plan.Step) error {
	return &InterruptedError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Err: context.Cause(ctx)}
}

// unconfirmed is for a commit whose wait for a synchronous standby was canceled.
func (r *Runner) unconfirmed(ctx context.Context, s plan.Step, n *pgconn.Notice) *UnconfirmedError {
	e := &UnconfirmedError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Text: n.Message}
	if ctx.Err() != nil {
		e.Err = &InterruptedError{Err: context.Cause(ctx)}
	}
	return e
}

// notReplicated recognizes the warning of a commit that did not wait for its synchronous
// standby. It has no SQLSTATE of its own, and its text depends on lc_messages.
func notReplicated(n *pgconn.Notice) bool {
	return n.Code == pg.Warning && n.SeverityUnlocalized == "WARNING" && n.Routine == "SyncRepWaitForLSN"
}

// isCommitted reports whether the step that an error is about is committed.
func isCommitted(err error) bool {
	e, ok := errors.AsType[*UnconfirmedError](err)
	return ok && !e.Unfinished
}

// countsBytes reports whether the server counts positions in the next message in bytes. It
// does where it does not know the characters.
func (r *Runner) countsBytes() bool {
	return r.Conn.Parameter("server_encoding") == "SQL_ASCII" || !strings.EqualFold(r.Conn.Parameter("client_encoding"), "UTF8")
}

// classify returns what a server error means, which depends on the part of the message
// that failed. It may query the server if no transaction is open. Errors: ErrStale,
// ErrBusy, *RevisionError, *LedgerError, *pg.ConnectError for a read-only server.
func (r *Runner) classify(s plan.Step, m *message, se *pg.StatementError) error {
	e := locate(s, m, se.Statement, se.Err)
	code := se.Err.Code
	switch {
	case e.Line > 0, se.Statement >= len(m.parts):
		return r.withHint(e, s)
	case se.Statement == 0 && se.Err.Position == 0 && rejected(code):
		// A message that cannot be read fails before its first statement.
		e.pointAtBytes(m)
		return r.withHint(e, s)
	}
	p := m.parts[se.Statement]
	switch {
	case p.kind == locking && code == pg.InvalidTextRepresentation:
		return ErrBusy
	case r.isStale(p, code):
		return &staleError{se.Err}
	case p.kind == finishing && (code == pg.InvalidTextRepresentation || code == pg.UndefinedTable):
		if m.parts[0].kind == body {
			e.pointAtStatement(m.parts[0], se.Err)
		}
		if table := r.missingTable(); table != "" {
			return &LedgerError{Ledger: r.Ledger, Text: "the table " + table + " does not exist", Hint: "restore it from a backup", Err: se.Err}
		}
		return r.notRecorded(e, s, code == pg.UndefinedTable)
	case p.kind == finishing && code == pg.ReadOnlySQLTransaction:
		e.Text = "the revision made its transaction read-only and cannot be recorded: " + e.Text
		return e
	case p.kind == deferred:
		e.Hint = "the constraint or trigger is deferred to the end of the transaction, so the server does not name the statement"
		return r.withHint(e, s)
	case p.kind == commit, p.kind == resetting, p.kind == finishing && code != pg.InsufficientPrivilege:
		return r.withHint(e, s)
	case transient(code):
		e.Text = "ledger " + r.Ledger.String() + ": " + e.Text
		e.Hint = "another session holds a lock on the ledger's tables"
		return e
	}
	return r.ledgerError(se.Err)
}

// isStale reports whether a part failed because another runner changed the ledger.
func (r *Runner) isStale(p part, code string) bool {
	switch p.kind {
	case creating:
		// The first table decides: the others are created in the same transaction.
		if !strings.HasPrefix(p.sql, "CREATE SCHEMA ") && !strings.HasPrefix(p.sql, "CREATE TABLE "+r.Ledger.Meta()+" ") {
			return false
		}
		return code == pg.DuplicateTable || code == pg.UniqueViolation || code == pg.DuplicateObject || code == pg.InternalError
	case guarding:
		return code == pg.InvalidTextRepresentation || code == pg.UndefinedTable
	case recording:
		return code == pg.UniqueViolation || code == pg.UndefinedTable
	}
	return false
}

// notRecorded is for a revision that prevented its own record.
func (r *Runner) notRecorded(e *RevisionError, s plan.Step, noTable bool) error {
	if e.SQLState == pg.InvalidTextRepresentation {
		e.SQLState = "" // that of our own cast
	}
	e.Hint = "a revision must not end its transaction or drop the schema that contains the ledger; the ledger can be in another schema"
	switch {
	case s.Transactional():
		e.Text = "the revision ended its transaction or removed the ledger " + r.Ledger.String() + "; it was not recorded"
	case noTable:
		e.Text = "the revision removed a table of the ledger " + r.Ledger.String()
	default:
		e.Text = "the revision released the runner's lock, or another session changed its row in the ledger " + r.Ledger.String()
		e.Hint = "a revision must not call pg_advisory_unlock_all; remove the call, and the next run continues here"
	}
	return e
}

// rejected reports whether a server that completed no statement refused a whole message
// because of the text of a body.
func rejected(code string) bool {
	return code == pg.SyntaxError || code == pg.UntranslatableCharacter || code == pg.CharacterNotInRepertoire || code == pg.ProtocolViolation
}

// recordGiveUp records a revision that got no lock in time, or whose context ended between
// two tries.
func (r *Runner) recordGiveUp(ctx context.Context, s plan.Step, err error) error {
	var timeout *LockTimeoutError
	switch {
	case errors.As(err, &timeout):
		r.Record(s, err)
	case err != nil && err == ctx.Err():
		return r.connFailed(ctx, s, err)
	}
	return err
}

// eventAction returns the action under which the event log records a failure; false for one
// that it does not record.
func eventAction(err error) (ledger.Action, bool) {
	var timeout *LockTimeoutError
	var failed *RevisionError
	var interrupted *InterruptedError
	switch {
	case errors.As(err, &timeout):
		return ledger.Failed, true
	case errors.As(err, &failed):
		return ledger.Failed, !transient(failed.SQLState) // it is tried again
	case errors.As(err, &interrupted):
		return ledger.Interrupted, interrupted.Revision != ""
	}
	return "", false
}
