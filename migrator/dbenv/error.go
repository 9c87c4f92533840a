package dbenv

import "strings"

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	// Name is the variable or flag to look at: "DB_PORT", "--database-url". Empty when
	// nothing names a database.
	Name string
	// Text says what is wrong and what to do. It never holds a password.
	Text string
}

// Error holds everything that is wrong with the configuration. It is a mistake of usage:
// nothing was connected to, and trying again does not help.
type Error struct {
	// Problems is never empty.
	Problems []Problem
}

// Error has one line for each problem: "DB_PORT: …".
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		if p.Name != "" {
			b.WriteString(p.Name)
			b.WriteString(": ")
		}
		b.WriteString(p.Text)
	}
	return b.String()
}
