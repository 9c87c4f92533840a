package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
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

// IsCommitted reports whether what an error, or nil, is about is committed.
func IsCommitted(err error) bool {
	if err == nil {
		return true
	}
	e, ok := errors.AsType[*UnconfirmedError](err)
	return ok && !e.Unfinished
}

// countsBytes reports whether the server counts positions in the next message in bytes. It
// does where it does not know the characters.
func (r *Runner) countsBytes() bool {
	return r.Conn.Parameter("server_encoding") == "SQL_ASCII" || !strings.EqualFold(r.Conn.Parameter("client_encoding"), "UTF8")
}

// classify returns what a server error means, which depends on the part of the message
// that failed; see rules. It may query the server if no transaction is open. Errors: ErrStale,
// ErrBusy, *RevisionError, *LedgerError, *pg.ConnectError for a read-only server.
func (r *Runner) classify(s plan.Step, m *message, se *pg.StatementError) error {
	e := locate(s, m, se.Statement, se.Err)
	f := &failure{r, s, m, part{kind: commit}, se.Err, e}
	switch {
	case e.Exact: // also if the server completed no statement of the message
		f.part, _ = m.at(byteOffset(m.SQL, int(se.Err.Position), m.bytes))
	case se.Statement == 0 && se.Err.Position == 0 && rejected(se.Err.Code):
		// A message that cannot be read fails before its first statement.
		f.part = part{kind: opening}
		if p, ok := e.pointAtBytes(m); ok {
			f.part = p
		} else if s.Script != nil && (e.in(s) || se.Err.Code == pg.ProtocolViolation) {
			f.part = part{kind: body, script: s.Script}
		} else if m.parts[0].kind == body { // statements are sent separately
			f.part = m.parts[0]
		}
	case se.Statement < len(m.parts):
		f.part = m.parts[se.Statement]
	}
	return f.error(f.find())
}

// error returns the error that a rule stands for.
func (f *failure) error(r rule) error {
	switch e := f.e; r.verdict {
	case runnerBusy:
		return ErrBusy
	case planStale:
		return &staleError{f.err}
	case serverReadOnly:
		return f.readOnlyError(f.err)
	case notRecorded:
		return f.notRecorded()
	case guardStopped:
		return f.guardError()
	case ledgerFailed:
		return f.ledgerError(f.err, r.hint)
	case ledgerLocked:
		e.Text = "ledger " + f.Ledger.String() + ": " + e.Text
		f.nameHolders(e)
	case revisionFailed:
		if r.cause == MadeReadOnly {
			e.Text = "the revision made its transaction read-only and cannot be recorded: " + e.Text
		}
	}
	if f.step.Script == nil { // no revision is to blame
		return f.ledgerError(f.err, r.hint)
	}
	if r.cause == LockTimeout {
		f.e.noteLocks(f.part)
	}
	version, _, _ := strings.Cut(f.Conn.Parameter("server_version"), " ")
	f.e.Cause, f.e.Hint = r.cause, strings.NewReplacer("FILE", f.e.File, "ROLE", sqltext.QuoteName(f.EffectiveRole()), "VERSION", version).Replace(r.hint)
	return f.e
}

// notRecorded is for a closing write that did not find the row of the revision, or did not
// write the event: the revision prevented it, or the ledger is not as it should be.
func (f *failure) notRecorded() error {
	e, noTable := f.e, f.err.Code == pg.UndefinedTable
	if first := slices.IndexFunc(f.m.parts, func(p part) bool { return p.kind != watching }); f.hasBody() && first >= 0 && f.m.parts[first].kind == body {
		e.pointAtStatement(f.m.parts[first], f.err)
	}
	if table := f.missingTable(); table != "" {
		return &LedgerError{Ledger: f.Ledger, Text: "the table " + table + " does not exist", Hint: "restore it from a backup", Err: f.err}
	}
	if trigger, table := f.ledgerTrigger(); trigger != "" && !noTable {
		return &LedgerError{Ledger: f.Ledger, Text: "the trigger " + trigger + " on " + table + " prevents that a row is written", Hint: "disable or drop it"}
	}
	if e.SQLState == pg.InvalidTextRepresentation {
		e.SQLState = "" // that of our own cast
	}
	e.Cause = LedgerRemoved
	e.Hint = "a revision must not end its transaction or drop the schema that contains the ledger; the ledger can be in another schema"
	switch {
	case f.step.Transactional() && f.raised():
		e.Text = "the revision ended its transaction; what it did before that is committed, and it is not recorded"
	case f.step.Transactional() && noTable:
		e.Text = "the revision ended its transaction or removed the ledger " + f.Ledger.String() + "; it was not recorded"
	case f.step.Transactional():
		e.Text = "the revision ended its transaction or changed the ledger " + f.Ledger.String() + "; it was not recorded"
	case noTable:
		e.Text = "the revision removed a table of the ledger " + f.Ledger.String()
	default:
		e.Cause = LockReleased
		e.Text = "the revision released the runner's lock, or another session changed its row in the ledger " + f.Ledger.String()
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
