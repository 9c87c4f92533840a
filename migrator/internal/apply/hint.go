package apply

import (
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// withHint adds a hint to an error that the server does not explain.
func (r *Runner) withHint(e *RevisionError, s plan.Step) *RevisionError {
	var routine, where string
	if se := pg.ServerError(e.Err); se != nil {
		routine, where = se.Routine, se.Where
	}
	needsOff := "it needs the line `transaction: off` in the header of " + e.File
	switch {
	case e.SQLState == pg.ActiveSQLTransaction && routine == "PreventInTransactionBlock" && where != "":
		e.Hint = "this statement cannot run inside a function, procedure or DO block; move it to the body, and add the line `transaction: off` to the header"
	case e.SQLState == pg.ActiveSQLTransaction && routine == "PreventInTransactionBlock" && s.Transactional():
		e.Hint = "this statement cannot run inside a transaction; " + needsOff
	case e.SQLState == pg.InvalidTransactionTermination && s.Transactional():
		e.Hint = "a procedure or DO block that commits cannot run inside the revision's transaction; " + needsOff
	case e.SQLState == pg.LockNotAvailable:
		e.Hint = "another session holds a lock that the statement needs; a longer lock_timeout in the header waits longer"
	case e.SQLState == pg.QueryCanceled && r.hasStatementTimeout(s):
		e.Hint = "a longer statement_timeout in the header allows more time"
	case e.SQLState == pg.QueryCanceled:
		e.Hint = "no statement_timeout is set: another session canceled the statement (pg_cancel_backend)"
	case e.SQLState == pg.InsufficientPrivilege && e.Line > 0:
		e.Hint = "it ran as role " + sqltext.QuoteName(r.effectiveRole())
	case e.SQLState == pg.UndefinedObject && strings.HasPrefix(e.Statement, "SET "):
		version, _, _ := strings.Cut(r.Conn.Parameter("server_version"), " ")
		e.Hint = "this server is PostgreSQL " + version + "; remove the statement if it comes from a dump of a newer version"
	case e.SQLState == pg.UnsafeNewEnumValueUsage:
		e.Hint = "a value that was added to an enum type can be used after its transaction; use it in a separate revision"
	case e.SQLState == pg.UntranslatableCharacter && e.Line == 0:
		e.Hint = "the message or the down script of the revision contains a character that the encoding of the database does not have"
	case e.SQLState == pg.UntranslatableCharacter:
		e.Hint = "the encoding of the database does not have this character; remove it, or use a database with the encoding UTF8"
	}
	return e
}

// hasStatementTimeout reports whether a statement of the step may run into a timeout.
func (r *Runner) hasStatementTimeout(s plan.Step) bool {
	if s.Script == nil {
		return false
	}
	if s.Script.StatementTimeout != nil {
		return *s.Script.StatementTimeout > 0
	}
	return r.StatementTimeout > 0 || strings.Contains(s.Script.SQL(), "statement_timeout")
}
