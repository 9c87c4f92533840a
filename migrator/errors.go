package migrator

import (
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/revision"
)

// Kind is what an error is about, in one word. The command line's exit codes, its JSON
// documents and docs/errors.md go by it.
type Kind string

// The kinds.
const (
	KindFiles            Kind = "files"             // *FilesError, *SchemaFileError
	KindConfiguration    Kind = "configuration"     // *ConfigError
	KindEngine           Kind = "engine"            // *ConnectError
	KindCitus            Kind = "citus"             // *CitusError
	KindTarget           Kind = "target"            // *TargetError
	KindIrreversible     Kind = "irreversible"      // *RefusedError
	KindUnfinished       Kind = "unfinished"        // *RefusedError
	KindNotTransactional Kind = "not-transactional" // *RefusedError
	KindUndecided        Kind = "undecided"         // *RefusedError
	KindRepair           Kind = "repair"            // *RefusedError
	KindAdopt            Kind = "adopt"             // *AdoptError
	KindPolicy           Kind = "policy"            // *PolicyError
	KindConnect          Kind = "connect"           // *ConnectError
	KindDatabase         Kind = "database"          // *ConnectError, when the connection was lost or the server refused our own statement; *RevisionError, when the server is to blame
	KindLedger           Kind = "ledger"            // *LedgerError
	KindOtherLedger      Kind = "other-ledger"      // *LedgerError
	KindNewerLedger      Kind = "newer-ledger"      // *LedgerError
	KindForeignRevisions Kind = "foreign-revisions" // *LedgerError
	KindRevision         Kind = "revision"          // *RevisionError
	KindLockTimeout      Kind = "lock-timeout"      // *LockTimeoutError, *RefusedError, *LedgerError
	KindBusy             Kind = "busy"              // *BusyError
	KindInterrupted      Kind = "interrupted"       // *InterruptedError
	KindUnconfirmed      Kind = "unconfirmed"       // *UnconfirmedError
	KindUnknownOutcome   Kind = "unknown-outcome"   // *UnknownOutcomeError
	KindSchema           Kind = "schema"            // *SchemaError
	KindScratch          Kind = "scratch"           // *ScratchError
)

// failure is the text of an error, and what caused it.
type failure struct {
	err   error
	cause error // nil: err
}

// Error returns what happened: facts, without advice about a command line.
func (f failure) Error() string {
	if f.err == nil {
		return "unknown failure"
	}
	return f.err.Error()
}

// Unwrap returns the cause; a *pgconn.PgError is in its chain when the server sent one.
func (f failure) Unwrap() error {
	if f.cause != nil {
		return f.cause
	}
	return f.err
}

// FilesError reports everything that is wrong with the files: nothing was run.
type FilesError struct {
	Problems []revision.Problem // sorted by file and line; empty when a file cannot be read
	failure
}

// Kind returns KindFiles.
func (e *FilesError) Kind() Kind { return KindFiles }

// ConfigError reports a setting with an impossible value: nothing was run.
type ConfigError struct {
	Setting string // as the command line names it
	Value   string
	Choices []string // what it may be, when that is a short list
	Reason  string   // what is wrong, when there are no choices
}

// Error returns the setting, its value and what is wrong.
func (e *ConfigError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = "must be one of " + strings.Join(e.Choices, ", ")
	}
	return e.Setting + " " + strconv.Quote(e.Value) + ": " + reason
}

// Kind returns KindConfiguration.
func (e *ConfigError) Kind() Kind { return KindConfiguration }

// TargetError reports a target that cannot be resolved or is refused: nothing was run.
type TargetError struct {
	Verb    Verb       // the operation, or "show", "history", "from", "repair", "adopt"
	Target  string     // as it was given; "" when it is missing
	Reason  string     // what is wrong, without operation and target
	Problem graph.Kind // the same for a program; "" for a wrong number of targets
	// Revisions are the ids that the target may refer to, or where the walk could go on, if
	// there are several.
	Revisions []string
	// Choices are valid targets for the same operation, if any can be offered. One with a
	// space is a list of targets.
	Choices []string
	// Reverts are the numbers of revisions that each of Choices would revert, 0 for one that
	// leads to another choice. Nil except in a downgrade across a merge.
	Reverts []int
	// Steps is the target that a number without a sign was probably meant as: -2 for 2, or
	// base if fewer revisions are applied. "" if there is none.
	Steps string
	// Example shows the required form of the target where Choices cannot.
	Example string
}

// Error returns the operation, the target and what is wrong.
func (e *TargetError) Error() string {
	return (&graph.TargetError{Kind: e.Problem, Verb: string(e.Verb), Target: e.Target, Reason: e.Reason}).Error()
}

// Kind returns KindTarget.
func (e *TargetError) Kind() Kind { return KindTarget }

// RefusedError reports a revision that is not run, or a decision that is not recorded, because
// of the state of a revision. Steps before it may be committed: see the Report.
type RefusedError struct {
	Reason            Refusal
	Revision, Message string
	File              string // "" when there is none; of an irreversible revision, the missing down file
	Unwritten         bool   // of an irreversible revision: the down file exists, but its script is still to be written
	Line              int    // of Statement
	// Of an unfinished revision: what was interrupted, how many statements are done, and
	// the verb and targets that finish it (nil when the files do not have its script).
	Direction      Direction
	StatementsDone int
	Finish         []string
	Statement      string // in doubt
	// Of RefusedPooler: the pooler's name, and the host and port of the server behind it, as
	// far as its address tells; "" otherwise.
	Pooler, Direct string
	Index          string // being built elsewhere
	failure
}

// Refusal is the reason of a RefusedError.
type Refusal string

// The refusals.
const (
	// RefusedIrreversible: a downgrade through a revision without a down script.
	RefusedIrreversible Refusal = "irreversible"
	// RefusedUnfinished: another revision was interrupted and has to be finished first.
	RefusedUnfinished Refusal = "unfinished"
	// RefusedPooler: a non-transactional revision, and a connection pooler in between.
	RefusedPooler Refusal = "through a pooler"
	// RefusedSingleTransaction: a non-transactional revision in a single transaction.
	RefusedSingleTransaction Refusal = "in a single transaction"
	// RefusedFileModified: an unfinished revision whose done statements were modified.
	RefusedFileModified Refusal = "file modified"
	// RefusedUnknownOutcome: nobody saw the end of a statement, and the catalog does not show it.
	RefusedUnknownOutcome Refusal = "outcome unknown"
	// RefusedIndexBuild: another session is building the index that a revision builds.
	RefusedIndexBuild Refusal = "index being built"
	// RefusedRepair: there is no occasion for the decision.
	RefusedRepair Refusal = "nothing to repair"
)

// Kind depends on the reason.
func (e *RefusedError) Kind() Kind {
	switch e.Reason {
	case RefusedIrreversible:
		return KindIrreversible
	case RefusedUnfinished:
		return KindUnfinished
	case RefusedFileModified, RefusedUnknownOutcome:
		return KindUndecided
	case RefusedIndexBuild:
		return KindLockTimeout
	case RefusedRepair:
		return KindRepair
	}
	return KindNotTransactional
}

// PolicyError reports a policy that stopped a run: nothing was run.
type PolicyError struct {
	Policy    string   // "ahead", "changed" or "out-of-order"
	Revisions []string // the reason
	Pending   []string // of "ahead": what would have been applied
	Above     []string // of "out-of-order": an applied revision above each of Revisions
	// Foreign, of "ahead", are version tables of other tools, "schema.table (tool)", in a
	// database without a ledger. Adoptable: Adopt can read one of them.
	Foreign   []string
	Adoptable bool
	failure
}

// Kind returns KindPolicy.
func (e *PolicyError) Kind() Kind { return KindPolicy }

// ConnectError reports a database that cannot be reached or used, or that stopped
// answering while nothing was being changed.
type ConnectError struct {
	Database, Host, User string // "" when the connection was lost
	Problem              ConnectProblem
	Reason               string // what went wrong, without the address
	Engine               string // of ConnectNotPostgreSQL: its name; "" when it is not known
	Hint                 string // what to do, when more is known than Problem says; it may be SQL
	NoPassword           bool   // the configuration has none
	failure
}

// ConnectProblem says why a database cannot be used.
type ConnectProblem string

// The problems.
const (
	ConnectUnreachable   ConnectProblem = "unreachable"
	ConnectRefused       ConnectProblem = "refused"
	ConnectUnknownHost   ConnectProblem = "unknown host"
	ConnectNoSocket      ConnectProblem = "no socket"                 // no server on this machine is listening there
	ConnectUnavailable   ConnectProblem = "not accepting connections" // it is starting up or shutting down; or a pooler has no connection to it
	ConnectWrongPassword ConnectProblem = "wrong password"
	ConnectNoRole        ConnectProblem = "no such role"
	ConnectNoDatabase    ConnectProblem = "no such database"
	ConnectNoAccess      ConnectProblem = "no access"
	ConnectBadSetting    ConnectProblem = "bad setting"
	ConnectLimit         ConnectProblem = "too many connections"
	ConnectTLS           ConnectProblem = "tls"
	ConnectTooOld        ConnectProblem = "too old"
	ConnectReadOnly      ConnectProblem = "read only" // a standby, or read-only by a setting
	ConnectNoCredentials ConnectProblem = "no credentials"
	ConnectNotPostgreSQL ConnectProblem = "not PostgreSQL"        // it only speaks the protocol; see Engine
	ConnectRejected      ConnectProblem = "refused by the server" // for any other reason
	ConnectLost          ConnectProblem = "connection lost"
	ConnectServerError   ConnectProblem = "server error" // for a statement that belongs to no revision
)

// Kind returns KindConnect, KindDatabase for a connection that existed, or KindEngine for a
// server that is not PostgreSQL.
func (e *ConnectError) Kind() Kind {
	switch e.Problem {
	case ConnectLost, ConnectServerError:
		return KindDatabase
	case ConnectNotPostgreSQL:
		return KindEngine
	}
	return KindConnect
}

// LedgerError reports a ledger that cannot be read, written or used.
type LedgerError struct {
	Ledger  string
	Problem LedgerProblem
	Others  []string // of LedgerElsewhere: the ledgers that the database has
	// Role lacks the privilege Missing ("SELECT on public.ambix_revision"), as far as that
	// is known. Grants are the statements with which the owner gives it what it lacks.
	Role, Missing string
	Grants        []string
	Owner         string    // of LedgerUntrusted
	Holders       []Session // of LedgerLocked, as far as they are known
	failure
}

// LedgerProblem says what is wrong with a ledger.
type LedgerProblem string

// The problems.
const (
	LedgerUnusable  LedgerProblem = "unusable" // the text says why
	LedgerElsewhere LedgerProblem = "elsewhere"
	LedgerNewer     LedgerProblem = "newer"     // a newer program wrote it
	LedgerInvalid   LedgerProblem = "invalid"   // it contains a value that no program wrote
	LedgerUntrusted LedgerProblem = "untrusted" // it belongs to a role that is not trusted; see Config.LedgerOwner
	LedgerForeign   LedgerProblem = "unrelated" // its unknown revisions do not fit the files
	LedgerLocked    LedgerProblem = "locked"    // others hold locks on its tables; see Holders
)

// Kind depends on the problem.
func (e *LedgerError) Kind() Kind {
	switch e.Problem {
	case LedgerElsewhere:
		return KindOtherLedger
	case LedgerNewer:
		return KindNewerLedger
	case LedgerForeign:
		return KindForeignRevisions
	case LedgerLocked:
		return KindLockTimeout
	}
	return KindLedger
}

// RevisionError reports a revision that failed. A transactional revision was rolled back;
// the revisions before it stay committed.
type RevisionError struct {
	Direction         Direction
	Revision, Message string
	File              string
	Line, Column      int    // 1-based, the column in characters; 0 when unknown
	Source            string // the line
	Statement         string // the beginning of the failing statement; "" when none is to blame
	SQLState          string // "" when the server is not the one that refused
	Reason            string // what went wrong, without the position
	Hint              string // what to do, where that is known better than the server knows it
	Cause             Cause  // why it failed, where that is known better than by SQLState; "": see there
	// NonTransactional: StatementsDone of its statements stay done, and the next run
	// continues after them. Undecided: the failing statement may have committed a part of
	// its work; see Repair.
	NonTransactional bool
	StatementsDone   int
	Undecided        bool

	excerpt string
	failure
}

// Cause is why a revision failed.
type Cause string

// The causes.
const (
	CauseLockTimeout      Cause = "lock timeout"
	CauseStatementTimeout Cause = "statement timeout"
	CauseMissingPrivilege Cause = "missing privilege"
	// The server or an administrator is to blame, not the file: see RevisionError.Kind.
	CauseServerCondition Cause = "server condition" // out of disk, memory or connections; another server cannot be reached
	CauseCanceled        Cause = "canceled"         // another session canceled the statement
	CauseTerminated      Cause = "terminated"       // an administrator ended the session, or the revision did
	CauseConnectionLost  Cause = "connection lost"  // twice while it ran
	CauseFileUnreadable  Cause = "file unreadable"  // it was modified, or cannot be read, while its rows were sent
	// The ledger.
	CauseLedgerLocked  Cause = "ledger locked"  // another session holds a lock on its tables
	CauseLedgerRemoved Cause = "ledger removed" // the revision did, or it ended its transaction
	CauseLedgerRevoked Cause = "ledger revoked" // the revision took the role's privileges on it away
	CauseLedgerChanged Cause = "ledger changed" // the revision changed its tables
	CauseLockReleased  Cause = "lock released"  // the revision released the runner's lock
	CauseMadeReadOnly  Cause = "made read-only" // the revision made its transaction read-only
	// What the file needs.
	CauseNeedsNonTransactional Cause = "needs transaction: off"
	CauseNeedsTopLevel         Cause = "inside a function" // the statement cannot run in one
	CausePendingTriggers       Cause = "pending triggers"  // SET CONSTRAINTS ALL IMMEDIATE is missing
	CauseDeferred              Cause = "deferred"          // a check at the end of the transaction failed
	CauseUnknownSetting        Cause = "unknown setting"   // of another version of PostgreSQL
	CauseNewEnumValue          Cause = "new enum value"    // used in the transaction that added it
	CauseEncoding              Cause = "encoding"          // the database's lacks a character
	// CauseParallelOperation: on Citus, a statement needs the mode that an earlier one of the
	// transaction made impossible.
	CauseParallelOperation Cause = "parallel operation"
)

// Kind returns KindRevision; KindDatabase if the server or an administrator is to blame, not
// the file.
func (e *RevisionError) Kind() Kind {
	switch e.Cause {
	case CauseServerCondition, CauseCanceled, CauseTerminated:
		return KindDatabase
	}
	return KindRevision
}

// Excerpt returns the failing line with a caret, or the first lines of the failing
// statement when the server named no position, and the server's DETAIL, HINT and CONTEXT;
// "" when there is nothing to add to Error.
func (e *RevisionError) Excerpt() string { return e.excerpt }

// LockTimeoutError reports a revision that did not get a lock in time, however often it
// was tried. It is safe to run again.
type LockTimeoutError struct {
	*RevisionError // of the last try
	Tries          int
	Spent          time.Duration
	// Tables are those that the statement names and other sessions hold locks on, and Holders
	// are these sessions, as far as they are known.
	Tables  []string
	Holders []Session
	text    string
}

// Error returns what happened, and how often it was tried.
func (e *LockTimeoutError) Error() string { return e.text }

// Unwrap returns the *RevisionError.
func (e *LockTimeoutError) Unwrap() error { return e.RevisionError }

// Kind returns KindLockTimeout.
func (e *LockTimeoutError) Kind() Kind { return KindLockTimeout }

// BusyError reports another runner that held the ledger's lock for longer than
// Config.WaitRunner. It is safe to run again.
type BusyError struct {
	Holder Session
	Waited time.Duration
	failure
}

// Kind returns KindBusy.
func (e *BusyError) Kind() Kind { return KindBusy }

// InterruptedError reports a canceled context. The statement in progress was canceled on
// the server, and a transactional revision was rolled back.
type InterruptedError struct {
	Direction         Direction
	Revision, Message string // "" when none was in progress
	// NonTransactional: StatementsDone of its statements stay done, and the next run
	// continues after them.
	NonTransactional bool
	StatementsDone   int
	failure
}

// Kind returns KindInterrupted.
func (e *InterruptedError) Kind() Kind { return KindInterrupted }

// UnconfirmedError reports a commit on this server that no synchronous standby has
// confirmed, because the wait was canceled. A standby that is promoted now may lack it. An
// *InterruptedError is its cause when it was this run's context that ended.
type UnconfirmedError struct {
	Direction         Direction
	Revision, Message string // "" when it is about a whole run
	// Unfinished: the commit was one before the last of a non-transactional revision, which
	// is not applied. StatementsDone of its statements are done.
	Unfinished     bool
	StatementsDone int
	failure
}

// Kind returns KindUnconfirmed.
func (e *UnconfirmedError) Kind() Kind { return KindUnconfirmed }

// UnknownOutcomeError reports a connection that was lost while a revision was in progress,
// and a run that ended before it found out what became of it: the server could not be asked
// again, or its answer could not be used. The next run finds out, and continues. An
// *InterruptedError is its cause when it was this run's context that ended.
type UnknownOutcomeError struct {
	Direction         Direction
	Revision, Message string
	NonTransactional  bool
	failure
}

// Kind returns KindUnknownOutcome.
func (e *UnknownOutcomeError) Kind() Kind { return KindUnknownOutcome }

// AdoptError reports a database that cannot be adopted: nothing was recorded.
type AdoptError struct {
	Problem AdoptProblem
	Table   string   // the version table; "" when there is none
	Tables  []string // of AdoptSeveralTables and AdoptNoTable: those that were found, with their tools
	failure
}

// AdoptProblem says what is in the way of an adoption.
type AdoptProblem string

// The problems.
const (
	AdoptAlready        AdoptProblem = "already adopted"
	AdoptNoTable        AdoptProblem = "no version table"
	AdoptSeveralTables  AdoptProblem = "several version tables"
	AdoptWrongTable     AdoptProblem = "not a version table"
	AdoptUnknownTool    AdoptProblem = "unknown tool"
	AdoptUnknownVersion AdoptProblem = "unknown version"
	AdoptMissingVersion AdoptProblem = "missing version"
	AdoptDirtyVersion   AdoptProblem = "dirty version"
)

// Kind returns KindAdopt.
func (e *AdoptError) Kind() Kind { return KindAdopt }
