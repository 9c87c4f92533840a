package cli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/revision"
)

// Kinds of errors that only a command line has.
const (
	kindFound migrator.Kind = "found"
	kindOther migrator.Kind = "other"
)

// kindRow defines a kind of error: its exit code, its meaning and what to do about it. The
// table in docs/errors.md is generated from these rows.
type kindRow struct {
	exit   int
	kind   migrator.Kind
	means  string
	remedy string
}

// kinds has a row for every kind, sorted by exit code.
var kinds = []kindRow{
	{exitFailed, migrator.KindRevision, "a revision failed on the server", "fix the file named in the message and rebuild the program, or give the server or the role what the message says is missing; run again"},
	{exitFailed, kindOther, "any other error", "read the message"},
	{exitUsage, settings.KindUsage, "invalid command, flag or argument", "read the help named in the message"},
	{exitUsage, migrator.KindConfiguration, "invalid value of a flag or variable; all of them are listed at once", "fix them"},
	{exitUsage, migrator.KindEngine, "the server speaks PostgreSQL's protocol and is not PostgreSQL: a revision and its record cannot be one transaction there", "use PostgreSQL"},
	{exitUsage, migrator.KindCitus, "the server is a worker of a [Citus](citus.md) cluster, or the ledger would not be local to its coordinator", "the message names the reason and what to do"},
	{exitUsage, migrator.KindTarget, "unknown, ambiguous or invalid target", "use one of the choices in the message"},
	{exitUsage, migrator.KindIrreversible, "a downgrade would revert a revision without a down script", "create the down file named in the message"},
	{exitUsage, migrator.KindOtherLedger, "no ledger was named, the default one does not exist, and the database has another one", "name the ledger with `--ledger`"},
	{exitUsage, migrator.KindNotTransactional, "a non-transactional revision through a connection pooler, or with `--single-transaction`", "connect to the server directly; omit the flag"},
	{exitUsage, migrator.KindUnfinished, "a non-transactional revision was interrupted and must be finished first", "run the command in the message"},
	{exitUsage, migrator.KindAdopt, "the version table of another tool cannot be adopted", "the message names the reason"},
	{exitUsage, migrator.KindRepair, "nothing to repair", "see `status`"},
	{exitUsage, migrator.KindSchema, "a schema contains what cannot be compared or written as SQL, such as an invalid index or a subscription", "the message names the object and what to do"},
	{exitUsage, migrator.KindScratch, "no scratch database can be made, or one was not removed", "the message names the reason; `--scratch-url` names another server"},
	{exitUsage, migrator.KindSquash, "old revisions cannot be replaced by one: nothing is below the target, rows are neither kept nor left out, or it could not be proven that the new one makes the same", "the message names the reason"},
	{exitFound, kindFound, "`check` has findings, `diff` found differences, `rehearse` has findings, or `current --check-heads` found pending revisions", "see its output"},
	{exitPolicy, migrator.KindPolicy, "refused by `--ahead`, `--changed` or `--out-of-order`; or the database has the version table of another tool, and no ledger", "build a program that contains all revisions, or allow it with the flag; take over the other tool's database with `adopt`"},
	{exitPolicy, migrator.KindGuard, "a revision rewrites or reads a table that is larger than `--guard`; it was rolled back", "write it differently, accept it in its header, or run it at a quiet hour with a higher `--guard`; see [the guard](operations.md#the-guard)"},
	{exitPolicy, migrator.KindReplaced, "the database has only some of the revisions that another one replaces, or that one as well", "upgrade it with a program that still contains them, as the message says"},
	{exitPolicy, migrator.KindNewerLedger, "the ledger was written by a newer program", "use a newer program"},
	{exitPolicy, migrator.KindForeignRevisions, "revisions that only the ledger contains do not fit the files", "use the program that applied them"},
	{exitPolicy, migrator.KindUndecided, "the outcome of a statement of a non-transactional revision is unknown", "check it, then run `repair` as in the message"},
	{exitLocked, migrator.KindBusy, "another runner was active for longer than `--wait-runner`", "run again"},
	{exitLocked, migrator.KindLockTimeout, "a lock was not acquired within `--retry-for`, or one on the tables of the ledger within `--lock-timeout`", "run again; the message names the revision, and the warnings before it name the session that held the lock; for the ledger, the message names the session or prepared transaction"},
	{exitDatabase, migrator.KindConnect, "the database cannot be used: connection refused, unknown host, wrong password, no such database, a standby, a version that is too old", "the message names the reason and what to do"},
	{exitDatabase, migrator.KindLedger, "the ledger cannot be read or written, contains what no program wrote, or belongs to a role that is not trusted", "the message names the `GRANT`, the table that is missing, the value or the owner"},
	{exitDatabase, migrator.KindDatabase, "the connection was lost, a statement that is not part of a revision failed, or the server could not run a revision: out of disk, memory or connections, or an administrator canceled it or ended the session", "run again; a condition of the server in the message has to end first"},
	{exitDatabase, migrator.KindUnconfirmed, "a commit was not confirmed by a synchronous standby", "check the standbys, then run again"},
	{exitDatabase, migrator.KindUnknownOutcome, "the connection was lost during a revision, and the server could not be asked again what became of it", "run again: the next run checks the outcome first"},
	{exitFiles, migrator.KindFiles, "files or folders are invalid, or cannot be read, or an SQL file of a schema failed in a scratch database", "fix them; all problems that need no database are listed at once"},
	{exitWrite, migrator.KindWrite, "a file could not be written, or the output: a full disk, a missing permission or folder, a folder with its name; no half of a file or of a pair stays", "the message names the reason and what to do"},
	{exitInterrupted, migrator.KindInterrupted, "a signal ended the run", "run again"},
}

// classify returns the kind of an error and its exit code.
func classify(err error) (migrator.Kind, int) {
	kind := kindOf(err)
	code, interrupted := signalCode(err)
	if kind == migrator.KindInterrupted || interrupted && (kind == migrator.KindUnconfirmed || kind == migrator.KindUnknownOutcome) {
		return kind, code
	}
	for _, row := range kinds {
		if row.kind == kind {
			return kind, row.exit
		}
	}
	return kindOther, exitFailed
}

// kindOf returns the kind of the outermost error that has one. Errors of other packages are
// classified by their types.
func kindOf(err error) migrator.Kind {
	if e, ok := errors.AsType[interface {
		error
		Kind() migrator.Kind
	}](err); ok {
		return e.Kind()
	}
	switch {
	case is[*revision.WriteError](err), is[*terminal.WriteError](err):
		return migrator.KindWrite
	case is[*revision.NameError](err), is[*revision.ExistsError](err), is[*revision.MovedError](err),
		is[*pflag.NotExistError](err), is[*pflag.ValueRequiredError](err), is[*pflag.InvalidValueError](err), is[*pflag.InvalidSyntaxError](err):
		return settings.KindUsage
	case is[*dbenv.Error](err):
		return migrator.KindConfiguration
	case is[revision.Problems](err), is[revision.Problem](err), is[*fileError](err), is[*fs.PathError](err):
		return migrator.KindFiles
	case is[*pgconn.PgError](err):
		return migrator.KindDatabase
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return migrator.KindInterrupted
	}
	return kindOther
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
