package sqltext

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Statement is one statement of a source, as psql -f would send it. Empty ones (only white space and comments before
// a semicolon) are none.
type Statement struct {
	Start, End    int    // from its first token to its last one: no comments around it, no semicolon
	Next          int    // just after the semicolon, after the rows of a COPY, or the end of the source
	Class         Class  // whether it needs special care
	Keywords      string // its leading key words in capitals, for messages: "CREATE INDEX CONCURRENTLY"; "" if it begins with no word
	Data, DataEnd int    // the rows of a CopyIn, without the line \. that ends them; 0 otherwise
}

// Error is a place that makes a source unfit to be sent.
type Error struct {
	Offset  int // where the unfinished string begins, where the psql command stands
	Message string
}

func (e Error) Error() string { return e.Message }

// Split cuts src into statements, in order and without overlap. The errors, sorted by offset, are: a string, quoted
// name, dollar quote or comment that is never closed; the first NUL and the first byte that is no UTF-8; psql
// commands except \restrict and \unrestrict; text behind COPY … FROM stdin on its line. The statements are cut as
// well as possible even then.
//
// Parentheses and BEGIN ATOMIC … END in CREATE FUNCTION or PROCEDURE keep a semicolon from ending a statement. The
// lines behind COPY … FROM stdin up to \. or the end of src belong to it, whether or not the server will want them.
// A statement that sets standard_conforming_strings (Sets says which do) decides how the ones behind it are read; what
// a function, a DO block or a rolled back savepoint does to the setting is not seen.
func Split(src string) ([]Statement, []Error) {
	s := splitter{statementScanner: newStatementScanner(src)}
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

type splitter struct {
	statementScanner
	current    Statement // End is 0 between two statements
	statements []Statement
	errors     []Error
}

func (s *splitter) add(t Token) {
	if t.Kind == Space || t.Kind == Comment && !s.open {
		return
	}
	switch {
	case t.Kind == CopyData:
		last := &s.statements[len(s.statements)-1]
		last.Data = t.Start
		last.DataEnd, last.Next = rowsEnd(s.src, t.Start)
	case t.Kind == Semicolon:
		if s.current.End > 0 {
			s.finish(s.ended, t.End)
		}
	case s.rows:
		// Once for the line.
		if last := s.statements[len(s.statements)-1]; len(s.errors) == 0 || s.errors[len(s.errors)-1].Offset < last.End {
			s.fail(t.Start, "text behind COPY … FROM stdin on its line: begin a new line, after the rows")
		}
	case t.Kind == MetaCommand:
		if text := commandProblem(s.src[t.Start:t.End], s.current.End > 0); text != "" {
			s.fail(t.Start, text)
		}
	default:
		if s.open {
			s.fail(t.Start, unclosed(s.src[t.Start:], t.Kind))
		}
		if t.Kind == Comment {
			return
		}
		if s.current.End == 0 {
			s.current.Start = t.Start
		}
		s.current.End = t.End
	}
}

func (s *splitter) fail(offset int, message string) {
	s.errors = append(s.errors, Error{Offset: offset, Message: message})
}

// finish closes the current statement, which was recognised up to the stage end.
func (s *splitter) finish(end stage, next int) {
	s.current.Next = next
	switch end {
	case inCopyIn:
		s.current.Class = CopyIn
		// Rows, if there are any, come as a token of their own. They can begin no earlier than on the next line.
		s.current.Next = len(s.src)
		s.current.Data, s.current.DataEnd = len(s.src), len(s.src)
	case inCopyOut:
		s.current.Class = CopyOut
	}
	s.current.Class, s.current.Keywords = classify(s.src, s.current)
	s.statements = append(s.statements, s.current)
	s.current = Statement{}
}

func unclosed(src string, kind Kind) string {
	switch kind {
	case Comment:
		return "comment is never closed: */ is missing"
	case QuotedName:
		return `quoted name is never closed: " is missing`
	case Dollar:
		tag := src[:strings.IndexByte(src[1:], '$')+2]
		return "dollar quote is never closed: " + shorten(tag) + " is missing"
	default:
		return "string is never closed: ' is missing"
	}
}

// commandProblem says why a psql command cannot stand where it stands, or "". pg_dump brackets its output with
// \restrict and \unrestrict, which say nothing to the server.
func commandProblem(command string, inside bool) string {
	if command == `\;` || command == `\:` {
		return "psql command " + command + ": write the character without the backslash"
	}
	fields := strings.FieldsFunc(command, func(r rune) bool { return r < utf8.RuneSelf && has(byte(r), spaceChar) })
	name := shorten(fields[0])
	switch {
	case inside:
		return "psql command " + name + " inside a statement: is a semicolon missing before it?"
	case name == `\.`:
		return `\. ends the rows of COPY … FROM stdin, and none stand here`
	case name != `\restrict` && name != `\unrestrict`:
		return "psql command " + name + `: only \restrict and \unrestrict can stand in a script`
	case len(fields) != 2 || strings.IndexFunc(fields[1], notKeyChar) >= 0:
		return name + " takes one key of letters and digits, and nothing else may stand on its line"
	}
	return ""
}

func notKeyChar(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// shorten keeps a word of the source fit for a message.
func shorten(word string) string {
	const limit = 40
	word = strings.ToValidUTF8(word, "?")
	if n := 0; utf8.RuneCountInString(word) > limit {
		for i := range word {
			if n == limit {
				return word[:i] + "…"
			}
			n++
		}
	}
	return word
}

// withInvalidBytes adds the first NUL and the first byte that is no UTF-8 to the errors. The server refuses both
// without a position, in comments too.
func withInvalidBytes(src string, errs []Error) []Error {
	if n := strings.IndexByte(src, 0); n >= 0 {
		errs = append(errs, Error{Offset: n, Message: "NUL byte: a script is text"})
	}
	if !utf8.ValidString(src) {
		for i, r := range src {
			if r != utf8.RuneError {
				continue
			}
			if _, size := utf8.DecodeRuneInString(src[i:]); size == 1 {
				errs = append(errs, Error{Offset: i, Message: "invalid UTF-8: save the file as UTF-8"})
				break
			}
		}
	}
	slices.SortStableFunc(errs, func(a, b Error) int { return cmp.Compare(a.Offset, b.Offset) })
	return errs
}
