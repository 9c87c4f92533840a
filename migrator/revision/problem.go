package revision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// Pos is a position in a file. Line and Column start at 1. A column counts characters, and a byte order mark at the start
// of the file does not count.
type Pos struct {
	File         string
	Line, Column int
}

// String returns file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Problem is one mistake in a file. The position of a mistake that concerns the file as a whole is 1:1.
type Problem struct {
	Pos
	Text string // the mistake and, unless it is obvious, the fix
}

// Error returns file:line:column: text.
func (p Problem) Error() string { return p.Pos.String() + ": " + p.Text }

// Problems is a list of problems. It implements error, but an empty list is not an error: use Err.
type Problems []Problem

// Error returns one line per problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each Problem available to errors.As.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i := range p {
		errs[i] = p[i]
	}
	return errs
}

// Err returns p as an error, nil if it is empty.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Sort sorts p by file, line, column and text.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
}

// finding is a problem at an offset in a file.
type finding struct {
	offset int
	text   string
}

// locate turns the findings in a file into problems. It reads the text once: a dump may contain a hundred thousand BEGINs.
func locate(file, text string, found []finding) Problems {
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	problems := make(Problems, 0, len(found))
	locator := sqltext.NewLocator(text)
	for _, f := range found {
		at := locator.At(f.offset)
		problems = append(problems, Problem{Pos{file, at.Line, at.Column}, f.text})
	}
	return problems
}
