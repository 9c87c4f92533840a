package revision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a file. Line and Column begin at 1; a column counts characters,
// and a byte order mark at the start of the file counts nothing.
type Pos struct {
	File         string
	Line, Column int
}

// String is file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Problem is one thing that is wrong with a file, and what to do about it. What is
// wrong with a file as a whole stands at 1:1.
type Problem struct {
	Pos
	Text string
}

// Error is file:line:column: text.
func (p Problem) Error() string { return p.Pos.String() + ": " + p.Text }

// Problems is everything that is wrong with a set of files, sorted by file, line and
// column. An empty list is no error: Err tells the two apart.
type Problems []Problem

// Error has one problem per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each Problem to errors.As.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i := range p {
		errs[i] = p[i]
	}
	return errs
}

// Err is p as an error, nil when there is no problem.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Sort puts problems of several sources into the order in which they are shown.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
}

// finding is a problem of one file before its offset has become a line and a column.
type finding struct {
	offset int
	text   string
}

// locate turns findings into problems. It goes through the text once, however many
// there are: a dump may well hold a hundred thousand BEGINs.
func locate(file, text string, found []finding) Problems {
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	problems := make(Problems, 0, len(found))
	line, column, last := 1, 1, bomSize(text)
	for _, f := range found {
		offset := max(f.offset, last)
		passed := text[last:offset]
		if n := lineEnds(passed); n > 0 {
			line, column = line+n, 1
			passed = passed[strings.LastIndexAny(passed, "\r\n")+1:]
		}
		column += utf8.RuneCountInString(passed)
		last = offset
		problems = append(problems, Problem{Pos{file, line, column}, f.text})
	}
	return problems
}

// lineEnds counts them as sqltext does: LF, CRLF or CR.
func lineEnds(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

// bom is the byte order mark that some editors put at the start of a file.
const bom = "\ufeff"

func bomSize(text string) int {
	if strings.HasPrefix(text, bom) {
		return len(bom)
	}
	return 0
}
