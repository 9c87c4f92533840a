package apply

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/text"
)

// RevisionError reports a revision that failed. A transactional revision was rolled back;
// those before it stay committed.
type RevisionError struct {
	Direction plan.Direction
	Revision  string // "" for a script that is not part of one
	Message   string // the revision's first line
	File      string
	Line      int      // 1-based; that of the statement when the server names no position; 0 when unknown
	Column    int      // 1-based, in characters
	Source    string   // the text of that line
	more      []string // the next lines of the statement, when the server names no position
	Exact     bool     // the server named the position
	Statement string   // the beginning of the failing statement; "" when none is known
	SQLState  string
	// Text is what went wrong. Hint is what to do, where that is known better than the
	// server knows it, and Cause is its reason.
	Text, Hint string
	Cause      Cause
	// NonTransactional: StatementsDone of its statements stay done, and the next run
	// continues after them.
	NonTransactional bool
	StatementsDone   int
	// Undecided: the statement may have committed a part of its work before it failed. A
	// person has to decide whether it counts as done.
	Undecided bool
	Err       error

	locks []string // of a lock timeout: what may be a table that the statement locks
	reads bool     // readers of those tables do not block it
}

// Cause is why a revision failed, where that is known better than by the SQLSTATE.
type Cause string

// The causes. What each of them stands for is said in package migrator.
const (
	LockTimeout           Cause = "lock timeout"
	StatementTimeout      Cause = "statement timeout"
	Canceled              Cause = "canceled"
	Terminated            Cause = "terminated"
	ConnectionLost        Cause = "connection lost"
	ServerCondition       Cause = "server condition"
	MissingPrivilege      Cause = "missing privilege"
	MissingExtension      Cause = "missing extension"
	MissingRole           Cause = "missing role"
	ServerSetting         Cause = "server setting"
	LedgerLocked          Cause = "ledger locked"
	LedgerRemoved         Cause = "ledger removed"
	LedgerRevoked         Cause = "ledger revoked"
	LedgerChanged         Cause = "ledger changed"
	LockReleased          Cause = "lock released"
	MadeReadOnly          Cause = "made read-only"
	NeedsNonTransactional Cause = "needs transaction: off"
	NeedsTopLevel         Cause = "inside a function"
	FileUnreadable        Cause = "file unreadable"
	PendingTriggers       Cause = "pending triggers"
	Deferred              Cause = "deferred"
	UnknownSetting        Cause = "unknown setting"
	NewEnumValue          Cause = "new enum value"
	Encoding              Cause = "encoding"
	ParallelOperation     Cause = "parallel operation"
)

func (e *RevisionError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	code := ""
	if e.SQLState != "" {
		code = " (" + e.SQLState + ")"
	}
	if e.Revision == "" { // see Load
		return at + ": " + e.Text + code
	}
	return fmt.Sprintf("%s: %s %s: %s%s", at, Operation(e.Direction), text.Named(e.Revision, e.Message), e.Text, code)
}

// Unwrap returns the server's error (*pgconn.PgError), if there is one.
func (e *RevisionError) Unwrap() error { return e.Err }

// Operation returns "upgrade" or "downgrade".
func Operation(d plan.Direction) string {
	if d == plan.Down {
		return "downgrade"
	}
	return "upgrade"
}

// Excerpt returns the failing line with a caret, or the first lines of the statement when
// the server names no position, and the server's DETAIL, HINT and CONTEXT; "" when there
// is nothing to add to Error.
func (e *RevisionError) Excerpt() string {
	var b strings.Builder
	if e.Line > 0 {
		number := fmt.Sprintf("%5d | ", e.Line)
		line, column := clip(strings.TrimRight(e.Source, "\r"), e.Column)
		fmt.Fprintf(&b, "%s%s\n", number, line)
		if e.Exact {
			fmt.Fprintf(&b, "%s| %s^\n", strings.Repeat(" ", len(number)-2), indent(line, column))
		}
		for i, source := range e.more {
			line, _ := clip(strings.TrimRight(source, "\r"), 1)
			fmt.Fprintf(&b, "%5d | %s\n", e.Line+1+i, line)
		}
	}
	if se, ok := e.Err.(*pgconn.PgError); ok {
		for _, f := range []struct{ name, text string }{
			{"DETAIL", se.Detail}, {"HINT", se.Hint}, {"QUERY", se.InternalQuery}, {"CONTEXT", se.Where},
		} {
			// Our own hint replaces the server's.
			if f.text != "" && !(f.name == "HINT" && e.Hint != "") {
				fmt.Fprintf(&b, "%s: %s\n", f.name, strings.ReplaceAll(f.text, "\n", "\n  "))
			}
		}
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "HINT: %s\n", e.Hint)
	}
	return b.String()
}

// clip returns the part of a very long line that is around a column, and the column in it.
func clip(line string, column int) (string, int) {
	const width = 160
	runes := []rune(line)
	if len(runes) <= width {
		return line, column
	}
	from := max(0, min(column-1-width/2, len(runes)-width))
	return string(runes[from : from+width]), column - from
}

// indent returns white space that takes as many cells of a terminal as the text before the
// column, which counts characters.
func indent(line string, column int) string {
	var b strings.Builder
	for i, c := range []rune(line) {
		switch {
		case i >= column-1:
			return b.String()
		case c == '\t':
			b.WriteRune(c)
		default:
			b.WriteString(strings.Repeat(" ", text.Width(string(c))))
		}
	}
	return b.String()
}

// BusyError reports another runner that held the ledger's lock for longer than this one
// was to wait. The rest of the plan was not run.
type BusyError struct {
	Holder Session
	Waited time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("waited %s for another runner: %s", e.Waited.Round(time.Second/10), e.Holder)
}

// LockTimeoutError reports a revision that did not get a lock in time, however often it
// was tried.
type LockTimeoutError struct {
	*RevisionError
	Tries int
	Spent time.Duration
	// Tables are those that the statement names and other sessions hold locks on, and Holders
	// are these sessions, as far as they are known. See LockedLedger for the ledger.
	Tables  []string
	Holders []Session
}

func (e *LockTimeoutError) Error() string {
	tries, state := "tried once", "rolled back"
	if e.Tries > 1 {
		tries = fmt.Sprintf("tried %d times in %s", e.Tries, e.Spent.Round(time.Second/10))
	}
	if e.NonTransactional && e.StatementsDone > 0 {
		state = text.Count(e.StatementsDone, "statement") + " of it done"
	}
	held := ""
	if len(e.Holders) > 0 {
		held = "; locks on " + text.List(e.Tables, "and") + " are held by " + describeHolders(e.Holders)
	}
	return e.RevisionError.Error() + held + "; " + tries + ", " + state + ", safe to run again"
}

// Unwrap returns the *RevisionError of the last try.
func (e *LockTimeoutError) Unwrap() error { return e.RevisionError }

// InterruptedError reports a context that ended during a run. The statement in progress was
// canceled on the server, and a transactional revision was rolled back.
type InterruptedError struct {
	Direction plan.Direction
	Revision  string // "" when none was in progress
	Message   string
	Err       error // of the context
	// NonTransactional: StatementsDone of its statements stay done, and the next run
	// continues after them.
	NonTransactional bool
	StatementsDone   int
}

func (e *InterruptedError) Error() string {
	if e.Revision == "" {
		return "interrupted; no revision was in progress"
	}
	end := "canceled and rolled back"
	if e.NonTransactional {
		end = "canceled after " + text.Count(e.StatementsDone, "statement") + "; the next run continues there"
	}
	return fmt.Sprintf("interrupted: %s %s was %s", Operation(e.Direction), text.Named(e.Revision, e.Message), end)
}

// Unwrap returns the error of the context.
func (e *InterruptedError) Unwrap() error { return e.Err }

// UnconfirmedError reports a revision that is committed on this server, but that no
// synchronous standby has confirmed, because the wait was canceled. A standby that is
// promoted now may lack it.
type UnconfirmedError struct {
	Direction plan.Direction
	Revision  string // "" when it is about a whole run
	Message   string
	Text      string // the server's warning
	// Unfinished: a commit before the last one of a non-transactional revision was not
	// confirmed. StatementsDone of its statements are done, and the next run continues
	// after them.
	Unfinished     bool
	StatementsDone int
	Err            error // an *InterruptedError when the context ended; nil when somebody else canceled the wait
}

func (e *UnconfirmedError) Error() string {
	if e.Unfinished {
		return fmt.Sprintf("%s %s is unfinished after %s, which no synchronous standby has confirmed (%s); check the standbys before one is promoted; the next run continues there",
			Operation(e.Direction), text.Named(e.Revision, e.Message), text.Count(e.StatementsDone, "statement"), e.Text)
	}
	what := "the run"
	if e.Revision != "" {
		what = Operation(e.Direction) + " " + text.Named(e.Revision, e.Message)
	}
	return what + " is committed on this server, but no synchronous standby has confirmed it (" + e.Text + "); check the standbys before one is promoted"
}

// Unwrap returns the interruption, if there was one.
func (e *UnconfirmedError) Unwrap() error { return e.Err }

// LedgerError reports a ledger that cannot be read, created or written.
type LedgerError struct {
	Ledger ledger.Tables
	Text   string
	Hint   string // what to do; "" when Grants is set
	// Role lacks the privilege Missing ("SELECT on public.ambix_revision"), as far as that
	// is known. Grants are the statements that grant what it lacks.
	Role, Missing string
	Grants        []string
	// Locked: a lock on one of its tables was not obtained in time. Holders hold locks on
	// them, as far as they are known.
	Locked  bool
	Holders []Session
	Err     error
}

// NewLedgerError returns the error for a statement of ours that the server refused, with
// what the server said.
func NewLedgerError(l ledger.Tables, se *pgconn.PgError) *LedgerError {
	e := &LedgerError{Ledger: l, Text: se.Message + " (" + se.Code + ")", Err: se}
	for _, f := range []struct{ name, text string }{{"DETAIL", se.Detail}, {"HINT", se.Hint}} {
		if f.text != "" {
			e.Text += "; " + f.name + ": " + strings.ReplaceAll(strings.TrimSuffix(f.text, "."), "\n", " ")
		}
	}
	return e
}

func (e *LedgerError) Error() string {
	s := fmt.Sprintf("ledger %s: %s", e.Ledger, e.Text)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	if len(e.Grants) > 0 {
		s += "; its owner can run: " + strings.Join(e.Grants, "; ")
	}
	return s
}

// Unwrap returns the server's error.
func (e *LedgerError) Unwrap() error { return e.Err }
