package sqltext

import (
	"iter"
	"sort"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/text"
)

// Statement is one statement of a source, as psql -f would send it. There are no empty statements: white space and
// comments before a semicolon are not one.
type Statement struct {
	Start, End    int    // from the first token to the last, without comments around it and without its semicolon
	Next          int    // after the semicolon, after the rows of a COPY, or the end of the source
	Class         Class  // whether it needs special care
	Keywords      string // its leading keywords in capitals, as "CREATE INDEX CONCURRENTLY"; "" if it does not begin with a word
	Data, DataEnd int    // the rows of a CopyIn, without the line \. that ends them; 0 otherwise
}

// Error is a defect that keeps a source from being sent.
type Error struct {
	Offset  int // of the unterminated token, the meta-command, or the byte
	Message string
}

func (e Error) Error() string { return e.Message }

// IsNUL reports whether the error is a NUL byte.
func (e Error) IsNUL() bool { return e.Message == nulMessage }

const (
	nulMessage     = "NUL byte: SQL cannot contain one"
	invalidMessage = "invalid UTF-8: save the file as UTF-8"
)

// Split splits src into statements, in order. Errors, sorted by offset, are: a string, quoted name, dollar quote or
// comment that is not terminated; the first NUL and the first byte that is not UTF-8; invisible characters in words; psql
// meta-commands other than \restrict and \unrestrict; text after COPY … FROM stdin on the same line. The statements are
// split as well as possible despite errors.
//
// A semicolon in parentheses, or between BEGIN ATOMIC and END of CREATE FUNCTION or PROCEDURE, does not end a statement.
// The lines after COPY … FROM stdin, up to \. or the end of src, belong to it, whether or not the server will ask for
// them. A statement that changes standard_conforming_strings (see SettingName) determines how those after it are read.
// Changes by a function, a DO block or a rollback to a savepoint are not seen.
func Split(src string) ([]Statement, []Error) { return SplitSized(src, 0) }

// SplitSized is Split for a source of which it is known that it contains n statements, so that no memory is wasted.
func SplitSized(src string, n int) ([]Statement, []Error) {
	s := splitter{statementScanner: newStatementScanner(src), statements: make([]Statement, 0, n)}
	for {
		t, ok := s.next()
		if !ok {
			break
		}
		s.add(t)
	}
	if s.current.End > 0 {
		s.finish(s.stage, len(src))
	}
	return s.statements, withInvalidBytes(src, s.errors)
}

// Statements returns the statements of Split one after the other, without keeping them. Errors are not found.
func Statements(src string) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		s := splitter{statementScanner: newStatementScanner(src)}
		for t, ok := s.next(); ok; t, ok = s.next() {
			s.add(t)
			// The last one may still get the rows of a COPY.
			if len(s.statements) == 2 {
				if !yield(s.statements[0]) {
					return
				}
				s.statements = append(s.statements[:0], s.statements[1])
			}
		}
		if s.current.End > 0 {
			s.finish(s.stage, len(src))
		}
		for _, st := range s.statements {
			if !yield(st) {
				return
			}
		}
	}
}

// HasStatement reports whether src contains a statement.
func HasStatement(src string) bool {
	for t := range Tokens(src) {
		if !t.Kind.skipped() && t.Kind != Semicolon {
			return true
		}
	}
	return false
}

type splitter struct {
	statementScanner
	current    Statement // End is 0 between two statements
	statements []Statement
	errors     []Error
}

func (s *splitter) add(t Token) {
	switch {
	case t.Kind == Space || t.Kind == Comment && !s.open:
	case t.Kind == CopyData:
		last := &s.statements[len(s.statements)-1]
		last.Data = t.Start
		last.DataEnd, last.Next = copyDataEnd(s.src, t.Start)
	case t.Kind == Semicolon:
		if s.current.End > 0 {
			s.finish(s.ended, t.End)
		}
	case s.copyStarts:
		// One error for the line.
		if last := s.statements[len(s.statements)-1]; len(s.errors) == 0 || s.errors[len(s.errors)-1].Offset < last.End {
			s.fail(t.Start, "text after COPY … FROM stdin on the same line: move it to a new line after the rows")
		}
	case t.Kind == MetaCommand:
		if problem := metaCommandProblem(s.src[t.Start:t.End], s.current.End > 0); problem != "" {
			s.fail(t.Start, problem)
		}
	default:
		s.extend(t)
	}
}

// extend adds a token to the current statement.
func (s *splitter) extend(t Token) {
	if s.open {
		s.fail(t.Start, unterminated(s.src[t.Start:], t.Kind))
	}
	if t.Kind == Comment {
		return
	}
	if t.Kind == Word {
		if at, problem := invisibleProblem(s.src[t.Start:t.End]); at >= 0 {
			s.fail(t.Start+at, problem)
		}
	}
	if s.current.End == 0 {
		s.current.Start = t.Start
	}
	s.current.End = t.End
}

func (s *splitter) fail(offset int, message string) {
	s.errors = append(s.errors, Error{Offset: offset, Message: message})
}

// finish ends the current statement, which was recognized up to the stage end.
func (s *splitter) finish(end stage, next int) {
	s.current.Next = next
	switch end {
	case inCopyIn:
		s.current.Class = CopyIn
		// Rows, if there are any, follow as a CopyData token.
		s.current.Next = len(s.src)
		s.current.Data, s.current.DataEnd = len(s.src), len(s.src)
	case inCopyOut:
		s.current.Class = CopyOut
	}
	s.current.Class, s.current.Keywords = classify(s.src, s.current)
	s.statements = append(s.statements, s.current)
	s.current = Statement{}
}

func unterminated(src string, kind Kind) string {
	switch kind {
	case Comment:
		return "unterminated comment: */ is missing"
	case QuotedName:
		return `unterminated quoted name: " is missing`
	case Dollar:
		tag := src[:strings.IndexByte(src[1:], '$')+2]
		return "unterminated dollar-quoted string: " + shorten(tag) + " is missing"
	default:
		return "unterminated string: ' is missing"
	}
}

// metaCommandProblem returns why a meta-command is not allowed where it is, or "". pg_dump puts \restrict and \unrestrict
// around its output; they concern only psql.
func metaCommandProblem(command string, inStatement bool) string {
	if command == `\;` || command == `\:` {
		return "psql meta-command " + command + ": write the character without the backslash"
	}
	fields := strings.FieldsFunc(command, func(c rune) bool { return c < utf8.RuneSelf && has(byte(c), spaceChar) })
	name := shorten(fields[0])
	switch {
	case inStatement && sendsStatement(name):
		problem := "psql meta-command " + name + ": only psql knows it; end the statement with a semicolon"
		if name == `\gexec` {
			problem += ", and use EXECUTE in a DO block for what it would run"
		}
		return problem
	case inStatement:
		return "psql meta-command " + name + " inside a statement: is a semicolon missing before it?"
	case name == `\.`:
		return `\. without rows: it ends the rows of COPY … FROM stdin`
	case name != `\restrict` && name != `\unrestrict`:
		return "psql meta-command " + name + `: only \restrict and \unrestrict are allowed`
	case len(fields) != 2 || strings.IndexFunc(fields[1], notKeyChar) >= 0:
		return name + " takes one argument, a key of letters and digits, and nothing else may follow on its line"
	}
	return ""
}

// sendsStatement reports whether a meta-command sends the statement before it, as a semicolon does.
func sendsStatement(name string) bool {
	switch name {
	case `\g`, `\gx`, `\gexec`, `\gset`, `\gdesc`, `\bind`, `\bind_named`, `\parse`, `\crosstabview`, `\watch`, `\sendpipeline`:
		return true
	}
	return false
}

func notKeyChar(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
}

// shorten makes a word of the source short and visible enough for a message.
func shorten(word string) string {
	const limit = 40
	runes := []rune(strings.ToValidUTF8(word[:min(len(word), utf8.UTFMax*limit+utf8.UTFMax)], "?"))
	if len(runes) > limit {
		return text.Visible(string(runes[:limit])) + "…"
	}
	return text.Visible(string(runes))
}

// withInvalidBytes adds the first NUL and the first byte that is not UTF-8 to the errors. The server refuses both
// without a position, even in comments.
func withInvalidBytes(src string, errs []Error) []Error {
	if i := strings.IndexByte(src, 0); i >= 0 {
		errs = append(errs, Error{Offset: i, Message: nulMessage})
	}
	if i := firstInvalid(src); i >= 0 {
		errs = append(errs, Error{Offset: i, Message: invalidMessage})
	}
	sort.SliceStable(errs, func(i, j int) bool { return errs[i].Offset < errs[j].Offset })
	return errs
}

// firstInvalid returns the offset of the first byte that is not UTF-8, -1 if there is none.
func firstInvalid(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, c := range s {
		if c != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
			return i
		}
	}
	return -1
}
