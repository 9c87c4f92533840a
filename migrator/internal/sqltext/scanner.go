package sqltext

import "strings"

// stage is how much of the beginning of a statement has been recognized: enough to know the two constructs that extend
// over semicolons or lines, function bodies and COPY data.
type stage uint8

const (
	atStart     stage = iota // before the first token
	afterStart               // in a statement that is neither
	inCreate                 // CREATE
	inCreateOr               // CREATE OR
	inReplace                // CREATE OR REPLACE
	inRoutine                // CREATE [OR REPLACE] FUNCTION or PROCEDURE …
	inBegin                  // … BEGIN
	inCopy                   // COPY
	inCopyTable              // COPY table …
	inCopyQuery              // COPY (…) …
	inCopyFrom               // COPY … FROM
	inCopyTo                 // COPY … TO
	inCopyIn                 // COPY … FROM STDIN …
	inCopyOut                // COPY … TO STDOUT …
)

// statementScanner reads tokens and knows where statements end.
type statementScanner struct {
	lexer // its src ends early while the rest of the line of a COPY is read
	full  string

	stage      stage // of the current statement, or of the current one in the innermost function body
	parens     int
	bodies     int   // open function bodies
	afterDot   bool  // the next word is part of a name, whatever it is
	copyStarts bool  // a COPY … FROM stdin has ended: its rows begin on the next line
	ended      stage // of the last statement that ended

	mentionsSetting bool // src contains standard_conforming_strings
	setter          int  // offset of the current statement if it may change that setting, or -1
}

func newStatementScanner(src string) statementScanner {
	return statementScanner{lexer: lexer{src: src}, full: src, mentionsSetting: mentionsConformingStrings(src), setter: -1}
}

func (s *statementScanner) next() (Token, bool) {
	t, ok := s.lexer.next()
	if !ok && s.copyStarts {
		return s.copyData()
	}
	if !ok || s.copyStarts || t.Kind.skipped() {
		return t, ok
	}
	if t.Kind == Semicolon {
		return s.semicolon(t), true
	}
	if t.Kind == Operator && s.bracket(t) {
		return t, true
	}
	if s.parens == 0 && s.stage != afterStart {
		s.advance(t)
		s.afterDot = t.Kind == Operator && s.src[t.Start:t.End] == "."
	}
	return t, true
}

// bracket counts parentheses, in which a semicolon does not end a statement (CREATE RULE … DO (…; …)). One that closes
// nothing is left to the server.
func (s *statementScanner) bracket(t Token) bool {
	switch s.src[t.Start] {
	case '(':
		s.parens++
	case ')':
		s.parens = max(0, s.parens-1)
	default:
		return false
	}
	switch s.stage {
	case atStart:
		s.stage = afterStart
	case inCopy:
		s.stage = inCopyQuery
	}
	s.afterDot = false
	return true
}

func (s *statementScanner) semicolon(t Token) Token {
	if s.parens > 0 {
		t.Kind = Operator
		return t
	}
	if s.bodies > 0 {
		s.stage = atStart
		t.Kind = Operator
		return t
	}
	s.ended, s.stage = s.stage, atStart
	if s.setter >= 0 {
		if on, known := conformingStrings(s.src, Statement{Start: s.setter, End: t.Start}); known {
			s.backslashes = !on
		}
		s.setter = -1
	}
	if s.ended == inCopyIn {
		// psql finishes the line before it reads rows, so no token extends from it into the next line.
		s.copyStarts = true
		if n := strings.IndexByte(s.full[s.pos:], '\n'); n >= 0 {
			s.src = s.full[:s.pos+n+1]
		}
	}
	return t
}

// advance follows the beginning of a statement by one token outside parentheses.
func (s *statementScanner) advance(t Token) {
	var w string
	if t.Kind == Word {
		w = s.src[t.Start:t.End]
	}
	switch s.stage {
	case atStart:
		s.stage = s.start(w)
		if s.mentionsSetting && s.bodies == 0 && (isWord(w, "SET") || isWord(w, "RESET") || isWord(w, "SELECT") || isWord(w, "WITH")) {
			s.setter = t.Start
		}
	case inCreate:
		s.stage = afterStart
		if isWord(w, "OR") {
			s.stage = inCreateOr
		} else if isWord(w, "FUNCTION") || isWord(w, "PROCEDURE") {
			s.stage = inRoutine
		}
	case inCreateOr:
		s.stage = afterStart
		if isWord(w, "REPLACE") {
			s.stage = inReplace
		}
	case inReplace:
		s.stage = afterStart
		if isWord(w, "FUNCTION") || isWord(w, "PROCEDURE") {
			s.stage = inRoutine
		}
	case inRoutine, inBegin:
		// Only the two words together begin a body: BEGIN by itself may be the name of a type or a function.
		if s.stage == inBegin && isWord(w, "ATOMIC") {
			s.bodies++
			s.stage = atStart
		} else if isWord(w, "BEGIN") {
			s.stage = inBegin
		} else {
			s.stage = inRoutine
		}
	default:
		s.advanceCopy(w)
	}
}

func (s *statementScanner) start(w string) stage {
	switch {
	case isWord(w, "CREATE"):
		return inCreate
	case isWord(w, "COPY"):
		return inCopy
	case s.bodies > 0 && isWord(w, "END"):
		// END where a statement would begin ends the body, because no statement in a body begins with END. So CASE … END
		// need not be counted, and columns named begin or end do no harm.
		s.bodies--
	}
	return afterStart
}

func (s *statementScanner) advanceCopy(w string) {
	stdio := isWord(w, "STDIN") || isWord(w, "STDOUT") // the server accepts either for both directions
	switch s.stage {
	case inCopy:
		s.stage = inCopyTable
	case inCopyTable, inCopyQuery:
		if s.afterDot {
			return
		}
		if isWord(w, "TO") {
			s.stage = inCopyTo
		} else if s.stage == inCopyTable && isWord(w, "FROM") {
			s.stage = inCopyFrom
		}
	case inCopyFrom:
		s.stage = afterStart
		if stdio {
			s.stage = inCopyIn
		}
	case inCopyTo:
		s.stage = afterStart
		if stdio {
			s.stage = inCopyOut
		}
	}
}

// copyData reads the rows that begin after the line of a COPY … FROM stdin.
func (s *statementScanner) copyData() (Token, bool) {
	s.src, s.copyStarts = s.full, false
	if s.pos == len(s.src) {
		return Token{}, false
	}
	t := Token{Kind: CopyData, Start: s.pos}
	_, s.pos = copyDataEnd(s.src, s.pos)
	t.End = s.pos
	return t, true
}
