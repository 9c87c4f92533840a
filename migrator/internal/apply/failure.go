package apply

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// staleError is an ErrStale with what the server said.
type staleError struct {
	err *pgconn.PgError
}

func (e *staleError) Error() string        { return e.err.Message + " (" + e.err.Code + ")" }
func (e *staleError) Is(target error) bool { return target == ErrStale }
func (e *staleError) Unwrap() error        { return e.err }

// failed turns the answer to a message into what it means, after the session was
// cleaned. Only the revision's own failures are written into the event log.
func (r *Runner) failed(ctx context.Context, s plan.Step, m *message, err error) error {
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return r.broken(ctx, s, err)
	}
	lost := r.clean()
	meaning := r.interrupted(ctx, s)
	if !pg.Canceled(ctx, err) {
		meaning = r.meaning(s, m, se)
	}
	if lost == nil {
		r.record(s, meaning)
	}
	return meaning
}

// broken is for what has no answer of the server: the connection was lost, or the
// context ended between two messages.
func (r *Runner) broken(ctx context.Context, s plan.Step, err error) error {
	if ctx.Err() == nil || r.Conn.Closed() {
		return err
	}
	interrupted := r.interrupted(ctx, s)
	if r.clean() == nil {
		r.record(s, interrupted)
	}
	return interrupted
}

func (r *Runner) interrupted(ctx context.Context, s plan.Step) error {
	return &InterruptedError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Err: context.Cause(ctx)}
}

// unconfirmed is for a commit whose wait for a synchronous standby was cancelled.
func (r *Runner) unconfirmed(ctx context.Context, s plan.Step, n *pgconn.Notice) error {
	e := &UnconfirmedError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Text: n.Message}
	if ctx.Err() != nil {
		e.Err = &InterruptedError{Err: context.Cause(ctx)}
	}
	return e
}

// notReplicated recognises the warning of a commit that did not wait to the end for its
// synchronous standby. It has no code of its own, and its words depend on the language.
func notReplicated(n *pgconn.Notice) bool {
	return n.Code == pg.Warning && n.SeverityUnlocalized == "WARNING" && n.Routine == "SyncRepWaitForLSN"
}

// committed says whether an error is about a step that is committed all the same.
func committed(err error) bool {
	var e *UnconfirmedError
	return errors.As(err, &e)
}

// countsBytes says whether the server counts the bytes of the message that is sent next
// when it names a place in it, and not the characters: it does not know them.
func (r *Runner) countsBytes() bool {
	return r.Conn.Parameter("server_encoding") == "SQL_ASCII" || !strings.EqualFold(r.Conn.Parameter("client_encoding"), "UTF8")
}

// meaning tells a failure by the part of the message in which it happened. The session
// may be asked again, unless its transaction is still open.
func (r *Runner) meaning(s plan.Step, m *message, se *pg.StatementError) error {
	e := locate(s, m, se.Statement, se.Err)
	code := se.Err.Code
	switch {
	case e.Line > 0, se.Statement >= len(m.parts):
		return r.withHint(e, s)
	case se.Statement == 0 && se.Err.Position == 0 && rejected(code):
		// A message that cannot be read stops before its first statement.
		e.findBytes(m)
		return r.withHint(e, s)
	}
	p := m.parts[se.Statement]
	switch k := p.kind; {
	case k == locking && code == pg.InvalidTextRepresentation:
		return ErrBusy
	case k == guarding && (code == pg.InvalidTextRepresentation || code == pg.UndefinedTable), k == creating && r.created(p, code), k == recording && (code == pg.UniqueViolation || code == pg.UndefinedTable):
		return &staleError{se.Err}
	case k == finishing && (code == pg.InvalidTextRepresentation || code == pg.UndefinedTable):
		if m.parts[0].kind == body {
			e.blame(m.parts[0], se.Err)
		}
		if gone := r.missing(); gone != "" {
			return &LedgerError{Ledger: r.Ledger, Text: "the table " + gone + " is gone", Hint: "restore it from a backup", Err: se.Err}
		}
		return r.unrecorded(e, s, code == pg.UndefinedTable)
	case k == finishing && code == pg.ReadOnlySQLTransaction:
		e.Text = "the revision made its transaction read-only and cannot be recorded: " + e.Text
		return e
	case k == deferred:
		e.Hint = "a constraint or trigger that is put off to the end (DEFERRED): no statement can be named"
		return r.withHint(e, s)
	case k == commit, k == resetting:
		return r.withHint(e, s)
	case k == finishing && code != pg.InsufficientPrivilege:
		return r.withHint(e, s)
	case transient(code):
		e.Text = "the ledger " + r.Ledger.String() + ": " + e.Text
		e.Hint = "another session holds a lock on the ledger's tables"
		return e
	}
	return r.ledgerError(se.Err)
}

// unrecorded is for a revision that took its own record away.
func (r *Runner) unrecorded(e *RevisionError, s plan.Step, gone bool) error {
	if e.SQLState == pg.InvalidTextRepresentation {
		e.SQLState = "" // ours, and misleading
	}
	e.Hint = "a revision must not end the transaction or drop the schema that holds the ledger; --ledger SCHEMA.PREFIX moves the ledger elsewhere"
	switch {
	case transactional(s):
		e.Text = "the revision left its transaction or removed the ledger " + r.Ledger.String() + "; nothing of it was recorded"
	case gone:
		e.Text = "the revision removed a table of the ledger " + r.Ledger.String()
	default:
		e.Text = "the revision gave the runner's lock away, or somebody changed its row in the ledger " + r.Ledger.String()
		e.Hint = "a body must not call pg_advisory_unlock_all; without it the next run goes on here"
	}
	return e
}

// created says whether a ledger that cannot be created is there since somebody else has
// just made it. Its first table tells: the others come in the same transaction.
func (r *Runner) created(p part, code string) bool {
	if !strings.HasPrefix(p.sql, "CREATE SCHEMA ") && !strings.HasPrefix(p.sql, "CREATE TABLE "+r.Ledger.Meta()+" ") {
		return false
	}
	return code == pg.DuplicateTable || code == pg.UniqueViolation || code == pg.DuplicateObject || code == pg.InternalError
}

// rejected says whether a server that completed no statement refused the message as a
// whole because of what the body holds.
func rejected(code string) bool {
	return code == pg.SyntaxError || code == pg.UntranslatableCharacter || code == pg.CharacterNotInRepertoire || code == pg.ProtocolViolation
}

// withHint adds what we know and the server does not.
func (r *Runner) withHint(e *RevisionError, s plan.Step) *RevisionError {
	var routine, where string
	if se := pg.ServerError(e.Err); se != nil {
		routine, where = se.Routine, se.Where
	}
	off := "add `-- transaction: off` to the header of " + e.File
	switch {
	case e.SQLState == pg.ActiveSQLTransaction && routine == "PreventInTransactionBlock" && where != "":
		e.Hint = "this statement cannot run inside a function, procedure or DO block: write it into the body, with `-- transaction: off` in the header"
	case e.SQLState == pg.ActiveSQLTransaction && routine == "PreventInTransactionBlock" && transactional(s):
		e.Hint = "this statement cannot run inside a transaction: " + off
	case e.SQLState == pg.InvalidTransactionTermination && transactional(s):
		e.Hint = "a procedure or DO block that commits cannot run inside the revision's transaction: " + off
	case e.SQLState == pg.LockNotAvailable:
		e.Hint = "another session holds a lock that the statement needs; `-- lock_timeout: …` in the header or --lock-timeout waits longer"
	case e.SQLState == pg.QueryCanceled && r.timed(s):
		e.Hint = "`-- statement_timeout: …` in the header or --statement-timeout gives more time"
	case e.SQLState == pg.QueryCanceled:
		e.Hint = "no statement_timeout is set: somebody cancelled it (pg_cancel_backend)"
	case e.SQLState == pg.InsufficientPrivilege && e.Line > 0:
		e.Hint = "it ran as " + sqltext.QuoteName(r.who()) + "; --role ROLE runs revisions as another role, the owner for example"
	case e.SQLState == pg.UndefinedObject && strings.HasPrefix(e.Statement, "SET "):
		version, _, _ := strings.Cut(r.Conn.Parameter("server_version"), " ")
		e.Hint = "this server is PostgreSQL " + version + ": leave the line out if it comes from the dump of a newer one"
	case e.SQLState == pg.UnsafeNewEnumValueUsage:
		e.Hint = "a value added to an enum type can be used after its transaction: put its use into a revision of its own"
	case e.SQLState == pg.UntranslatableCharacter && e.Line == 0:
		e.Hint = "the revision's message or its down script holds a character that the database's encoding lacks"
	case e.SQLState == pg.UntranslatableCharacter:
		e.Hint = "the database's encoding lacks this character: leave it out, or use a database in UTF8"
	}
	return e
}

// timed says whether a statement of the step may run into a timeout.
func (r *Runner) timed(s plan.Step) bool {
	if s.Script == nil || s.Script.StatementTimeout != nil {
		return s.Script != nil && *s.Script.StatementTimeout > 0
	}
	return r.StatementTimeout > 0 || strings.Contains(s.Script.SQL(), "statement_timeout")
}

func transactional(s plan.Step) bool { return s.Script == nil || s.Script.Transactional }

// givenUp writes the event of a revision that got no lock as often as it was tried, or
// whose caller gave up in between.
func (r *Runner) givenUp(ctx context.Context, s plan.Step, err error) error {
	var given *LockTimeoutError
	switch {
	case errors.As(err, &given):
		r.record(s, err)
	case err != nil && err == ctx.Err():
		return r.broken(ctx, s, err)
	}
	return err
}

// eventOf says what the event log keeps of a failure; false for what is no failure of
// the revision.
func eventOf(err error) (ledger.Action, bool) {
	var given *LockTimeoutError
	var failed *RevisionError
	var interrupted *InterruptedError
	switch {
	case errors.As(err, &given):
		return ledger.Failed, true
	case errors.As(err, &failed):
		return ledger.Failed, !transient(failed.SQLState) // it is tried again
	case errors.As(err, &interrupted):
		return ledger.Interrupted, interrupted.Revision != ""
	}
	return "", false
}
