package revision

import (
	"cmp"
	"fmt"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Pos is a position in a file. Line and Column start at 1. A column counts characters, and a byte order mark at the start
// of the file does not count.
type Pos struct {
	File         string
	Line, Column int
}

// String returns file:line:column. Characters of the name that cannot be seen are escaped.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", text.Visible(p.File), p.Line, p.Column) }

// Problem is one mistake in a file. The position of a mistake that concerns the file as a whole is 1:1.
type Problem struct {
	Pos
	Text string // the mistake and, unless it is obvious, the fix; without characters that cannot be seen
	// Tool is the migration tool that the file seems to belong to, as the importer names it, such as "goose"; or "".
	Tool string
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
	sort.SliceStable(p, func(i, j int) bool {
		a, b := p[i], p[j]
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text)) < 0
	})
}

// finding is a problem at an offset in a file.
type finding struct {
	offset int
	text   string
}

// maxProblems is the number of problems that are reported for one file, and more are counted: a dump may contain a hundred
// thousand BEGINs.
const maxProblems = 50

// FileProblems collects the problems of one file. It lists the first 50 of them and counts the others.
type FileProblems struct {
	list Problems
	more int
	next Pos // of the first that is only counted
}

// Add adds problems.
func (l *FileProblems) Add(problems ...Problem) {
	for _, p := range problems {
		switch {
		case len(l.list) < maxProblems:
			l.list = append(l.list, p)
			continue
		case l.more == 0:
			l.next = p.Pos
		}
		l.more++
	}
}

// Full reports whether further problems are only counted, so that their position and text do not matter.
func (l *FileProblems) Full() bool { return l.more > 0 }

// All returns the problems, sorted.
func (l *FileProblems) All() Problems {
	l.list.Sort()
	if l.more == 0 {
		return l.list
	}
	return append(l.list, Problem{Pos: l.next, Text: "and " + text.Count(l.more, "more problem") + " in this file"})
}

// locate turns the findings in a file into problems. It reads the text once.
func locate(file, src string, found []finding) Problems {
	return locateIn(sqltext.NewLocator(src), file, found)
}

// locateIn is locate for a part of a file.
func locateIn(locator *sqltext.Locator, file string, found []finding) Problems {
	if len(found) == 0 {
		return nil
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].offset < found[j].offset })
	problems := make(Problems, 0, len(found))
	for _, f := range found {
		at := locator.At(f.offset)
		problems = append(problems, Problem{Pos: Pos{file, at.Line, at.Column}, Text: text.Visible(f.text)}) // it may quote the file
	}
	return problems
}
