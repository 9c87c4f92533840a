package migrator

import "time"

// RevisionError reports a revision that failed. A transactional revision was rolled back;
// the revisions before it stay committed.
type RevisionError struct {
	Direction         Direction
	Revision, Message string
	File              string
	Line, Column      int    // 1-based, the column in characters; 0 when unknown
	Source            string // the line
	Statement         string // the beginning of the failing statement; "" if no statement failed
	SQLState          string // "" if the error is not from the server
	Reason            string // what went wrong, without the position
	Hint              string // what to do, if this program knows better than the server
	Cause             Cause  // why it failed, if more is known than SQLState; "" otherwise
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
	// What the server lacks. The file need not be wrong, and the next run fails in the same way until that was changed.
	CauseMissingExtension Cause = "missing extension" // or its library, or this version of it
	CauseMissingRole      Cause = "missing role"
	CauseServerSetting    Cause = "server setting" // one that needs a restart, such as shared_preload_libraries
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

// LockTimeoutError reports a revision that did not get a lock in any of its tries. It is safe
// to run again.
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

// GuardError reports a revision that rewrites or reads a table that is larger than Config.Guard. It was rolled back; of a
// non-transactional one, the statement.
type GuardError struct {
	*RevisionError        // with the position of the statement
	Table          string // as SQL, with its schema unless that is in the search_path
	Rewrites       bool   // the statement rewrites the table; otherwise it reads it from beginning to end
	// Before: it was stopped before it rewrote the table, not afterwards.
	Before bool
	// Size is that of the table with its TOAST data and without indexes, in bytes; of a partitioned table, of the partitions
	// that were rewritten or read. Limit is that of Config.Guard.
	Size, Limit int64
}

// Unwrap returns the *RevisionError.
func (e *GuardError) Unwrap() error { return e.RevisionError }

// Kind returns KindGuard.
func (e *GuardError) Kind() Kind { return KindGuard }

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
	Revision, Message string // "" if none was in progress
	// NonTransactional: StatementsDone of its statements stay done, and the next run
	// continues after them.
	NonTransactional bool
	StatementsDone   int
	failure
}

// Kind returns KindInterrupted.
func (e *InterruptedError) Kind() Kind { return KindInterrupted }

// UnconfirmedError reports a commit on this server that no synchronous standby has
// confirmed, because the wait was canceled. If a standby is promoted now, the commit may be
// lost. Its cause is an *InterruptedError if the context of this run ended.
type UnconfirmedError struct {
	Direction         Direction
	Revision, Message string // "" if it concerns a whole run
	// Unfinished: the commit was one before the last of a non-transactional revision, which
	// is not applied. StatementsDone of its statements are done.
	Unfinished     bool
	StatementsDone int
	failure
}

// Kind returns KindUnconfirmed.
func (e *UnconfirmedError) Kind() Kind { return KindUnconfirmed }

// UnknownOutcomeError reports a connection that was lost while a revision was in progress, or
// a change of the ledger, and a run that ended before it found out what became of it: the
// server could not be asked again, or its answer could not be used. The next run finds out,
// and continues. Its cause is an *InterruptedError if the context of this run ended.
type UnknownOutcomeError struct {
	Direction         Direction
	Revision, Message string // "" for a change of the ledger
	NonTransactional  bool
	failure
}

// Kind returns KindUnknownOutcome.
func (e *UnknownOutcomeError) Kind() Kind { return KindUnknownOutcome }
