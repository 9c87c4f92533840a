package apply

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// RevisionError says that the server refused a revision. Nothing of that revision was
// kept, unless Outside is set; those before it stay committed.
type RevisionError struct {
	Direction plan.Direction
	Revision  string
	Message   string // the revision's first line
	File      string
	Line      int // 1-based; of the statement when the server names no place
	Column    int // 1-based, in characters
	// Source is the text of that line.
	Source string
	more   []string // the statement's next lines, when it is to blame as a whole
	// Exact says whether the server named the place, or the statement alone is known.
	Exact bool
	// Statement is the beginning of the failing statement, "" when none is to blame.
	Statement string
	SQLState  string
	// Text is what went wrong, Hint what to do about it where we know better than the
	// server.
	Text, Hint string
	// Outside: the revision has `transaction: off`. Done of its statements stay, and the
	// next run goes on after them.
	Outside bool
	Done    int
	Err     error
}

func (e *RevisionError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	code := ""
	if e.SQLState != "" {
		code = " (" + e.SQLState + ")"
	}
	return fmt.Sprintf("%s: %s %s (%s): %s%s", at, verb(e.Direction), e.Revision, e.Message, e.Text, code)
}

// Unwrap gives the server's error (*pgconn.PgError) where there is one.
func (e *RevisionError) Unwrap() error { return e.Err }

func verb(d plan.Direction) string {
	if d == plan.Down {
		return "downgrade"
	}
	return "upgrade"
}

// Excerpt is the line with a caret, or the first lines of the statement when the server
// names no place, and the server's DETAIL, HINT and CONTEXT; "" when there is nothing to
// add to Error.
func (e *RevisionError) Excerpt() string {
	var b strings.Builder
	if e.Line > 0 {
		number := fmt.Sprintf("%5d | ", e.Line)
		line, column := clip(strings.TrimRight(e.Source, "\r"), e.Column)
		fmt.Fprintf(&b, "%s%s\n", number, line)
		if e.Exact {
			fmt.Fprintf(&b, "%s| %s^\n", strings.Repeat(" ", len(number)-2), indent(line, column))
		}
		for i, text := range e.more {
			line, _ := clip(strings.TrimRight(text, "\r"), 1)
			fmt.Fprintf(&b, "%5d | %s\n", e.Line+1+i, line)
		}
	}
	if se, ok := e.Err.(*pgconn.PgError); ok {
		for _, f := range []struct{ name, text string }{
			{"DETAIL", se.Detail}, {"HINT", se.Hint}, {"QUERY", se.InternalQuery}, {"CONTEXT", se.Where},
		} {
			// Where we have a hint of our own it says more than the server's.
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

// clip keeps the neighbourhood of a column of a very long line.
func clip(line string, column int) (string, int) {
	const width = 160
	runes := []rune(line)
	if len(runes) <= width {
		return line, column
	}
	from := max(0, min(column-1-width/2, len(runes)-width))
	return string(runes[from : from+width]), column - from
}

// indent is as wide as what stands before the column, tabs kept.
func indent(line string, column int) string {
	var b strings.Builder
	for i, c := range []rune(line) {
		if i >= column-1 {
			break
		}
		if c != '\t' {
			c = ' '
		}
		b.WriteRune(c)
	}
	return b.String()
}

// BusyError says that another runner held the ledger's lock for longer than this one
// was told to wait. Nothing of the plan's rest was run; it is safe to run again.
type BusyError struct {
	Holder Holder
	Waited time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("waited %s for another runner: %s; run again when it has ended, or wait longer with --wait-runner", e.Waited.Round(time.Second/10), e.Holder)
}

// LockTimeoutError says that a revision did not get a table's lock in its time, as
// often as it was tried. Nothing of it was kept; it is safe to run again.
type LockTimeoutError struct {
	*RevisionError
	Tries int
	Spent time.Duration
}

func (e *LockTimeoutError) Error() string {
	tries, kept := "tried once", "nothing was kept"
	if e.Tries > 1 {
		tries = fmt.Sprintf("tried %d times in %s", e.Tries, e.Spent.Round(time.Second/10))
	}
	if e.Outside && e.Done > 0 {
		kept = "what was finished stays (" + count(e.Done, "statement") + ")"
	}
	return e.RevisionError.Error() + "; " + tries + ", " + kept + ", safe to run again"
}

// Unwrap gives the *RevisionError of the last try.
func (e *LockTimeoutError) Unwrap() error { return e.RevisionError }

// InterruptedError says that the context ended while a revision ran. The statement was
// cancelled on the server and the revision rolled back.
type InterruptedError struct {
	Direction plan.Direction
	Revision  string // "" when none was under way
	Message   string
	Err       error // the context's
	// Outside: the revision has `transaction: off`. Done of its statements stay, and the
	// next run goes on after them.
	Outside bool
	Done    int
}

func (e *InterruptedError) Error() string {
	if e.Revision == "" {
		return "interrupted before the next revision began"
	}
	if e.Outside {
		return fmt.Sprintf("interrupted: %s %s (%s) was cancelled; what it had finished stays (%s), and the next run goes on there", verb(e.Direction), e.Revision, e.Message, count(e.Done, "statement"))
	}
	return fmt.Sprintf("interrupted: %s %s (%s) was cancelled and rolled back", verb(e.Direction), e.Revision, e.Message)
}

// Unwrap gives the context's error.
func (e *InterruptedError) Unwrap() error { return e.Err }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// UnconfirmedError says that a revision is committed on this server, while no
// synchronous standby has confirmed it: somebody cancelled the wait. A standby that takes
// over now may lack it.
type UnconfirmedError struct {
	Direction plan.Direction
	Revision  string // "" when it is about a whole run
	Message   string
	Text      string // the server's warning
	Err       error  // an *InterruptedError when it was our own context that ended, else nil
}

func (e *UnconfirmedError) Error() string {
	if e.Revision == "" {
		return "everything is committed on this server, and no synchronous standby has confirmed it (" + e.Text + "): a standby that takes over now may lack some of it; see to the standbys, then run the same command again"
	}
	return fmt.Sprintf("%s %s (%s) is committed on this server, and no synchronous standby has confirmed it (%s): a standby that takes over now may lack it; see to the standbys, then run the same command again",
		verb(e.Direction), e.Revision, e.Message, e.Text)
}

// Unwrap gives the interruption.
func (e *UnconfirmedError) Unwrap() error { return e.Err }

// UnknownOutcomeError says that the connection was lost while a revision was under way
// and the database could not be asked again. The next run looks and goes on.
type UnknownOutcomeError struct {
	Direction plan.Direction
	Revision  string
	Message   string
	Err       error
	// Outside: the revision has `transaction: off`.
	Outside bool
}

func (e *UnknownOutcomeError) Error() string {
	if e.Outside {
		return fmt.Sprintf("%s while %s %s (%s) was under way, outside a transaction: the ledger knows which of its statements are done, and the next run goes on after them; run the same command again",
			e.Err, verb(e.Direction), e.Revision, e.Message)
	}
	return fmt.Sprintf("%s while %s %s (%s) was under way: it was applied as a whole or not at all, and the next run will know; run the same command again",
		e.Err, verb(e.Direction), e.Revision, e.Message)
}

// Unwrap gives the loss.
func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// LedgerError says that the ledger could not be created or written.
type LedgerError struct {
	Ledger ledger.Name
	Text   string
	Hint   string // what to type
	Err    error
}

func (e *LedgerError) Error() string {
	s := fmt.Sprintf("the ledger %s: %s", e.Ledger, e.Text)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap gives the server's error.
func (e *LedgerError) Unwrap() error { return e.Err }
