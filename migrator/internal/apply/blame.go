package apply

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// verdict is what a failure means for the run: whose condition it is, and so the type of the
// error.
type verdict uint8

const (
	revisionFailed verdict = iota // the file is to blame: *RevisionError
	serverFailed                  // the server's condition while the revision ran: *RevisionError with a Cause that says so
	ledgerFailed                  // our statement failed: *LedgerError
	ledgerLocked                  // our statement did not get a lock: *RevisionError that is tried again
	serverReadOnly                // *pg.ConnectError
	planStale                     // another runner changed the ledger: ErrStale
	runnerBusy                    // another runner holds the lock: ErrBusy
	notRecorded                   // the closing write did not find the revision's row
	guardStopped                  // a large table was read or rewritten, or is about to be: *GuardError
)

// failure is an error of the server for one part of a message.
type failure struct {
	*Runner
	step plan.Step
	m    *message
	part part
	err  *pgconn.PgError
	e    *RevisionError // located
}

// rule says what a failure of some parts with some SQLSTATEs means.
type rule struct {
	parts   []kind
	states  []string            // SQLSTATEs, or how they begin; nil: all
	when    func(*failure) bool // nil: always
	verdict verdict
	cause   Cause
	hint    string // FILE, ROLE and VERSION are replaced
}

// Parts of a message.
var (
	before = []kind{opening, locking, creating, guarding, recording}
	ours   = []kind{opening, locking, creating, guarding, recording, finishing}
	theirs = []kind{watching, body, checking, deferred, resetting, commit} // what the body did, or left to the end
)

// Conditions of the server, its host, or another server that a statement uses: appendix A of
// the PostgreSQL manual, classes 08 (without 08P01), 53, 57P, 58, F0 and parts of HV and XX.
var serverConditions = []string{"080", "53", "57P", "58", "F0", pg.UnableToConnect, pg.DataCorrupted, pg.IndexCorrupted}

var lockStates = []string{pg.LockNotAvailable, pg.DeadlockDetected, pg.SerializationFailure}

// rules decide what an error of the server means; the first that applies does. docs/errors.md
// describes them.
var rules = []rule{
	// The guard.
	{parts: []kind{body, checking}, states: []string{pg.InvalidTextRepresentation, pg.AssertFailure}, when: (*failure).guardMarked, verdict: guardStopped},
	{parts: []kind{checking}, states: []string{pg.InvalidSQLStatementName}, when: (*failure).guardRemoved, verdict: guardStopped},

	// Other runners.
	{parts: []kind{locking}, states: []string{pg.InvalidTextRepresentation}, verdict: runnerBusy},
	{parts: []kind{creating}, states: []string{pg.DuplicateTable, pg.UniqueViolation, pg.DuplicateObject, pg.InternalError}, when: (*failure).ofFirstTable, verdict: planStale},
	{parts: []kind{guarding}, states: []string{pg.InvalidTextRepresentation, pg.UndefinedTable}, verdict: planStale},
	{parts: []kind{recording}, states: []string{pg.UniqueViolation}, when: (*failure).ofRevisionsTable, verdict: planStale},
	{parts: []kind{recording}, states: []string{pg.UndefinedTable}, verdict: planStale},

	// The server.
	{parts: ours, states: serverConditions, verdict: ledgerFailed},
	{parts: theirs, states: []string{pg.FeatureNotSupported, pg.UndefinedFile}, when: (*failure).lacksExtension, cause: MissingExtension, hint: "it is not installed on the server: install it there, for PostgreSQL VERSION, or use a service that offers it"}, // PostgreSQL 13: 58P01
	{parts: theirs, states: []string{pg.InvalidParameterValue}, when: (*failure).lacksExtensionVersion, cause: MissingExtension, hint: "another version of it is installed on the server (see pg_available_extension_versions): install this one there, or name no version"},
	{parts: []kind{body}, states: []string{pg.UndefinedFile}, when: (*failure).copies, hint: "the server reads this file on its own machine; COPY … FROM stdin takes the rows from the revision"},
	{parts: theirs, states: []string{pg.OutOfMemory}, when: (*failure).locksTooMuch, verdict: serverFailed, cause: ServerCondition, hint: "the revision locks more tables, partitions and indexes than the server has room for; raise max_locks_per_transaction, which needs a restart, or divide the revision"},
	{parts: theirs, states: serverConditions, verdict: serverFailed, cause: ServerCondition, hint: "this is a condition of the server, or of another server that the statement uses, not of the file"},
	{parts: ours, states: lockStates, verdict: ledgerLocked, cause: LedgerLocked, hint: "another session holds a lock on the ledger's tables"},
	{parts: ours, states: []string{pg.QueryCanceled}, verdict: ledgerFailed, hint: "another session canceled a statement of this program (pg_cancel_backend)"},
	{parts: before, states: []string{pg.ReadOnlySQLTransaction}, verdict: serverReadOnly},

	// The body, before the ledger: it may have changed what the closing write needs.
	{parts: []kind{finishing}, states: []string{pg.ReadOnlySQLTransaction}, verdict: revisionFailed, cause: MadeReadOnly},
	{parts: []kind{finishing}, states: []string{pg.InvalidTextRepresentation}, when: (*failure).ledgerMoved, verdict: planStale},
	{parts: []kind{finishing}, states: []string{pg.InvalidTextRepresentation, pg.UndefinedTable, pg.FeatureNotSupported}, verdict: notRecorded},
	{parts: []kind{finishing}, states: []string{pg.UniqueViolation}, when: (*failure).isRecorded, verdict: planStale},
	{parts: []kind{finishing}, states: []string{pg.UniqueViolation}, when: (*failure).ofEvents, verdict: ledgerFailed},
	{parts: []kind{finishing}, states: []string{pg.InsufficientPrivilege}, when: (*failure).lacksNothing, verdict: revisionFailed, cause: LedgerRevoked, hint: "the revision takes the ledger's privileges away from ROLE, the role that records it; leave out the tables of the ledger"},
	{parts: []kind{finishing}, states: []string{pg.InsufficientPrivilege}, verdict: ledgerFailed},
	{parts: []kind{finishing}, when: (*failure).canRecord, verdict: revisionFailed, cause: LedgerChanged, hint: "the revision changes a table of the ledger so that it cannot be recorded"},
	{parts: ours, verdict: ledgerFailed},

	// The body.
	{parts: theirs, states: []string{pg.ActiveSQLTransaction}, when: (*failure).inFunction, cause: NeedsTopLevel, hint: "this statement cannot run inside a function, procedure or DO block; move it to the body, and add the line `transaction: off` to the header"},
	{parts: theirs, states: []string{pg.ActiveSQLTransaction}, when: (*failure).needsOff, cause: NeedsNonTransactional, hint: "this statement cannot run inside a transaction; it needs the line `transaction: off` in the header of FILE"},
	{parts: theirs, states: []string{pg.InvalidTransactionTermination}, when: (*failure).transactional, cause: NeedsNonTransactional, hint: "a procedure or DO block that commits cannot run inside the revision's transaction; it needs the line `transaction: off` in the header of FILE"},
	{parts: theirs, states: []string{pg.InternalError}, when: (*failure).afterParallelOperation, cause: ParallelOperation, hint: "an earlier statement used several connections for each worker, and this one needs a single one; write SET LOCAL citus.multi_shard_modify_mode TO 'sequential' at the beginning of FILE, or set it for the whole run in the options of the database URL (options=-c%20citus.multi_shard_modify_mode%3Dsequential)"},
	{parts: theirs, states: []string{pg.LockNotAvailable}, cause: LockTimeout, hint: "another session holds a lock that the statement needs; a longer lock_timeout in the header waits longer"},
	{parts: theirs, states: []string{pg.QueryCanceled}, when: (*failure).duringCopy, cause: FileUnreadable, hint: "the file could not be read to the end, or was modified, while its rows were sent"},
	{parts: theirs, states: []string{pg.QueryCanceled}, when: (*failure).hasStatementTimeout, cause: StatementTimeout, hint: "a longer statement_timeout in the header allows more time"},
	{parts: theirs, states: []string{pg.QueryCanceled}, verdict: serverFailed, cause: Canceled, hint: "no statement_timeout is set: another session canceled the statement (pg_cancel_backend)"},
	{parts: []kind{body}, states: []string{pg.InsufficientPrivilege}, when: (*failure).createsExtension, cause: MissingPrivilege, hint: "it ran as role ROLE; a superuser can create the extension in this database, and CREATE EXTENSION IF NOT EXISTS then leaves it as it is"},
	{parts: []kind{body}, states: []string{pg.InsufficientPrivilege}, when: (*failure).createsInPublic, cause: MissingPrivilege, hint: "it ran as role ROLE; since PostgreSQL 15 others than the owner of the database need GRANT CREATE ON SCHEMA public TO ROLE"},
	{parts: []kind{body}, states: []string{pg.InsufficientPrivilege}, cause: MissingPrivilege, hint: "it ran as role ROLE"},
	{parts: []kind{body}, when: (*failure).needsSetting, cause: ServerSetting, hint: "the server is not configured for this; the setting is one of its configuration file, and needs a restart"},
	{parts: []kind{body}, states: []string{pg.UndefinedObject}, when: (*failure).lacksRole, cause: MissingRole, hint: "roles belong to the server, not to a database: create it there before"},
	{parts: []kind{body}, states: []string{pg.InvalidCatalogName}, hint: "this server has no such database; a revision can name the one in which it runs, with EXECUTE format('… %I …', current_database()) in a DO block"},
	{parts: []kind{body}, states: []string{pg.FeatureNotSupported}, when: (*failure).preparedBefore, hint: "a statement that was prepared before has other columns now; DEALLOCATE it, or prepare it after the change"},
	{parts: []kind{body}, states: []string{pg.ObjectInUse}, when: (*failure).pendingTriggers, cause: PendingTriggers, hint: "deferred constraints or triggers of the table are still to be checked; write SET CONSTRAINTS ALL IMMEDIATE before this statement"},
	{parts: []kind{body}, states: []string{pg.UndefinedObject}, when: (*failure).isSet, cause: UnknownSetting, hint: "this server is PostgreSQL VERSION; remove the statement if it comes from a dump of a newer version"},
	{parts: []kind{body}, states: []string{pg.UnsafeNewEnumValueUsage}, cause: NewEnumValue, hint: "a value that was added to an enum type can be used after its transaction; use it in a separate revision"},
	{parts: []kind{body}, states: []string{pg.UntranslatableCharacter}, when: (*failure).located, cause: Encoding, hint: "the encoding of the database does not have this character; remove it, or use a database with the encoding UTF8"},
	{parts: []kind{body}, states: []string{pg.UntranslatableCharacter}, cause: Encoding, hint: "the message or the down script of the revision contains a character that the encoding of the database does not have"},
	{parts: []kind{deferred}, cause: Deferred, hint: "the constraint or trigger is deferred to the end of the transaction, so the server does not name the statement"},
	{parts: theirs},
}

// find returns the first rule that applies.
func (f *failure) find() rule {
	for _, r := range rules {
		matches := slices.Contains(r.parts, f.part.kind) &&
			(r.states == nil || slices.ContainsFunc(r.states, func(s string) bool { return strings.HasPrefix(f.err.Code, s) })) &&
			(r.when == nil || r.when(f))
		if matches {
			return r
		}
	}
	return rule{}
}

// ofFirstTable: the others are created in the same transaction.
func (f *failure) ofFirstTable() bool {
	return strings.HasPrefix(f.part.sql, "CREATE SCHEMA ") || strings.HasPrefix(f.part.sql, "CREATE TABLE "+f.Ledger.Meta()+" ")
}

// ofRevisionsTable: an event cannot collide with that of another runner, only with a
// sequence that is behind.
func (f *failure) ofRevisionsTable() bool { return f.err.TableName == f.Ledger.Prefix()+"_revision" }

func (f *failure) ofEvents() bool { return f.err.TableName == f.Ledger.Prefix()+"_event" }

// isRecorded reports whether the revision has a row after the rollback, so that somebody else
// wrote it.
func (f *failure) isRecorded() bool {
	return f.ofRevisionsTable() && len(f.explain(f.Ledger.DownScripts([]string{f.step.Revision}))) > 0
}

// ledgerMoved reports whether the ledger is no longer what an upgrade began with, although the
// upgrade is rolled back: somebody else removed a row or hides it. The next read says so.
func (f *failure) ledgerMoved() bool {
	at := f.part.begins
	generation, applied := f.standing(at)
	return at.exists && (generation.Null || generation.Text == strconv.FormatInt(at.generation, 10) && !applied)
}

// raised reports whether the generation is still raised after the rollback: the body ended the
// transaction that raised it.
func (f *failure) raised() bool {
	generation, _ := f.standing(f.part.begins)
	return generation.Text == strconv.FormatInt(f.part.begins.generation+1, 10)
}

// standing returns the generation of the ledger, and whether a revision is recorded with which
// an upgrade began; "" and false if the ledger cannot be read.
func (f *failure) standing(at start) (generation pg.Value, applied bool) {
	rows := f.explain(f.Ledger.Standing(at.applied))
	if len(rows) != 1 {
		return pg.Value{}, false
	}
	return rows[0][0], rows[0][1].Text == "t"
}

// hasBody reports whether the part belongs to a revision that may have prevented it.
func (f *failure) hasBody() bool {
	return f.step.Script != nil && f.step.Script.StatementCount() > 0 &&
		slices.ContainsFunc(f.m.parts, func(p part) bool { return p.kind == body || p.kind == deferred })
}

// lacksNothing reports whether the role has all privileges on the ledger after the rollback,
// so that the revision took them away.
func (f *failure) lacksNothing() bool {
	return f.hasBody() && f.ledgerExists() && len(f.missingGrants()) == 0
}

// canRecord reports whether the revision can be recorded after the rollback, so that its body
// prevented it. What is written to find out is rolled back.
func (f *failure) canRecord() bool { return f.hasBody() && f.tryRecording(f.step) == nil }

// lacksExtension reports whether the files of an extension, or of its library, are not on the server.
func (f *failure) lacksExtension() bool {
	return f.err.Routine == "parse_extension_control_file" || f.err.Routine == "internal_load_library"
}

// lacksExtensionVersion: the server has the extension, in another version.
func (f *failure) lacksExtensionVersion() bool {
	return f.err.Routine == "CreateExtensionInternal" || f.err.Routine == "identify_update_path"
}

func (f *failure) createsExtension() bool {
	return f.part.kind == body && f.part.source.Keywords == "CREATE EXTENSION"
}

func (f *failure) copies() bool {
	return f.part.kind == body && strings.HasPrefix(f.part.source.Keywords, "COPY")
}

// locksTooMuch: the table of locks is full. The name of the setting is not translated.
func (f *failure) locksTooMuch() bool {
	return strings.Contains(f.err.Hint, "max_locks_per_transaction") || strings.Contains(f.err.Hint, "max_pred_locks_per_transaction")
}

// createStatement matches a statement that a function or DO block runs.
var createStatement = regexp.MustCompile(`(?i)^\s*CREATE\s`)

// createsInPublic: statements that need to own the schema, or only to use it, end with the same words.
func (f *failure) createsInPublic() bool {
	return f.err.Routine == "aclcheck_error" && strings.HasSuffix(f.err.Message, " public") && strings.Contains(strings.ToLower(f.err.Message), "schema") &&
		(strings.HasPrefix(f.part.source.Keywords, "CREATE") || createStatement.MatchString(f.err.InternalQuery))
}

// startSettings are settings that only a restart changes, and that features depend on.
var startSettings = []string{"shared_preload_libraries", "wal_level", "max_prepared_transactions", "max_replication_slots", "track_commit_timestamp"}

// needsSetting reports whether the server names such a setting. It is not translated.
func (f *failure) needsSetting() bool {
	return f.err.Code != pg.RaiseException && slices.ContainsFunc(startSettings, func(name string) bool {
		return strings.Contains(f.err.Message, name) || strings.Contains(f.err.Hint, name)
	})
}

func (f *failure) lacksRole() bool { return strings.HasPrefix(f.err.Routine, "get_role") }

func (f *failure) preparedBefore() bool { return f.err.Routine == "RevalidateCachedQuery" }

func (f *failure) transactional() bool { return f.step.Transactional() }

func (f *failure) needsOff() bool {
	return f.err.Routine == "PreventInTransactionBlock" && f.transactional()
}

// inFunction: REINDEX names the partitioned table in the same field as a function.
func (f *failure) inFunction() bool {
	return f.err.Routine == "PreventInTransactionBlock" && f.err.Where != "" &&
		!(f.part.kind == body && strings.HasPrefix(f.part.source.Keywords, "REINDEX"))
}

// duringCopy: we canceled the COPY ourselves.
func (f *failure) duringCopy() bool {
	return f.part.kind == body && f.part.source.Class == sqltext.CopyIn && strings.HasPrefix(f.err.Routine, "CopyGetData")
}

// pendingTriggers: the other reason for this error is a query of the session that is using
// the table, which needs a cursor or a function.
func (f *failure) pendingTriggers() bool {
	return f.err.Routine == "CheckTableNotInUse" && (f.err.Where == "" || strings.Contains(f.err.Message, "pending trigger events"))
}

// afterParallelOperation: Citus has no SQLSTATE for it, and does not translate its messages.
func (f *failure) afterParallelOperation() bool {
	return f.Citus && strings.Contains(f.err.Message, "parallel operation on a distributed table")
}

func (f *failure) isSet() bool   { return strings.HasPrefix(f.e.Statement, "SET ") }
func (f *failure) located() bool { return f.e.Line > 0 }

// hasStatementTimeout reports whether a statement of the step may run into a timeout.
func (f *failure) hasStatementTimeout() bool {
	s := f.step
	if s.Script == nil {
		return false
	}
	if s.Script.StatementTimeout != nil {
		return *s.Script.StatementTimeout > 0
	}
	return f.StatementTimeout > 0 || strings.Contains(s.Script.SQL(), "statement_timeout")
}
