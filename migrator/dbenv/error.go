package dbenv

import (
	"errors"
	"strings"
)

// ErrNoDatabase matches an *Error, by errors.Is, if nothing names a database.
var ErrNoDatabase = errors.New("no database is named")

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	// Name is the variable, such as DB_PORT, or Options.DatabaseURLName. It is empty if no
	// single variable is at fault.
	Name string
	// Text says what is wrong and what to do. It never contains a password.
	Text string
}

// Error is everything that is wrong with the configuration. No connection was attempted,
// and trying again does not help.
type Error struct {
	// Problems is not empty.
	Problems []Problem

	noDatabase bool
}

// Error returns a line for each problem, such as "DB_PORT: …".
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Text
		if p.Name != "" {
			lines[i] = p.Name + ": " + p.Text
		}
	}
	return strings.Join(lines, "\n")
}

// Is reports whether target is ErrNoDatabase and nothing names a database.
func (e *Error) Is(target error) bool { return target == ErrNoDatabase && e.noDatabase }
