package sqltext

import "strings"

// stage is how far the beginning of a statement has been recognised: enough to know the two constructs that reach
// over semicolons or lines, function bodies and COPY.
type stage uint8

const (
	atStart     stage = iota // before the first token
	afterStart               // in a statement that holds neither
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
	lexer // its src ends early while the rest of a COPY's line is read
	full  string

	stage  stage // of the statement, or of the one that stands in the innermost function body
	parens int
	bodies int   // function bodies that are open
	name   bool  // the token before was a dot: what follows is a name, whatever word it is
	rows   bool  // a COPY … FROM stdin has ended: its rows begin on the next line
	ended  stage // of the last statement that ended

	switches bool // the source speaks of standard_conforming_strings at all
	setter   int  // the offset of a statement that may set it, or -1
}

func newStatementScanner(src string) statementScanner {
	return statementScanner{lexer: lexer{src: src}, full: src, switches: mentionsConformingStrings(src), setter: -1}
}

func (c *statementScanner) next() (Token, bool) {
	t, ok := c.lexer.next()
	if !ok && c.rows {
		return c.copyData()
	}
	if !ok || c.rows {
		return t, ok
	}
	switch t.Kind {
	case Space, Comment, MetaCommand:
		return t, true
	case Semicolon:
		return c.semicolon(t), true
	case Operator:
		if c.bracket(t) {
			return t, true
		}
	}
	if c.parens == 0 && c.stage != afterStart {
		c.advance(t)
		c.name = t.Kind == Operator && c.src[t.Start:t.End] == "."
	}
	return t, true
}

// bracket counts parentheses, inside which a semicolon ends nothing (CREATE RULE … DO (…; …)). One that closes too
// much is left to the server.
func (c *statementScanner) bracket(t Token) bool {
	switch c.src[t.Start] {
	case '(':
		c.parens++
	case ')':
		c.parens = max(0, c.parens-1)
	default:
		return false
	}
	switch c.stage {
	case atStart:
		c.stage = afterStart
	case inCopy:
		c.stage = inCopyQuery
	}
	c.name = false
	return true
}

func (c *statementScanner) semicolon(t Token) Token {
	if c.parens > 0 {
		t.Kind = Operator
		return t
	}
	if c.bodies > 0 {
		c.stage = atStart
		t.Kind = Operator
		return t
	}
	c.ended, c.stage = c.stage, atStart
	if c.setter >= 0 {
		if on, known := conformingStrings(c.src, Statement{Start: c.setter, End: t.Start}); known {
			c.backslashes = !on
		}
		c.setter = -1
	}
	if c.ended == inCopyIn {
		// psql finishes the line before it reads rows, so nothing on it reaches into the next one.
		c.rows = true
		if n := strings.IndexByte(c.full[c.pos:], '\n'); n >= 0 {
			c.src = c.full[:c.pos+n+1]
		}
	}
	return t
}

// advance follows the beginning of a statement by one token outside parentheses.
func (c *statementScanner) advance(t Token) {
	var w string
	if t.Kind == Word {
		w = c.src[t.Start:t.End]
	}
	switch c.stage {
	case atStart:
		c.stage = c.start(w)
		if c.switches && c.bodies == 0 && (isWord(w, "SET") || isWord(w, "RESET") || isWord(w, "SELECT") || isWord(w, "WITH")) {
			c.setter = t.Start
		}
	case inCreate:
		c.stage = afterStart
		if isWord(w, "OR") {
			c.stage = inCreateOr
		} else if isWord(w, "FUNCTION") || isWord(w, "PROCEDURE") {
			c.stage = inRoutine
		}
	case inCreateOr:
		c.stage = afterStart
		if isWord(w, "REPLACE") {
			c.stage = inReplace
		}
	case inReplace:
		c.stage = afterStart
		if isWord(w, "FUNCTION") || isWord(w, "PROCEDURE") {
			c.stage = inRoutine
		}
	case inRoutine, inBegin:
		// Only the two words together open a body: BEGIN alone may be the name of a type or a function.
		if c.stage == inBegin && isWord(w, "ATOMIC") {
			c.bodies++
			c.stage = atStart
		} else if isWord(w, "BEGIN") {
			c.stage = inBegin
		} else {
			c.stage = inRoutine
		}
	default:
		c.advanceCopy(w)
	}
}

func (c *statementScanner) start(w string) stage {
	switch {
	case isWord(w, "CREATE"):
		return inCreate
	case isWord(w, "COPY"):
		return inCopy
	case c.bodies > 0 && isWord(w, "END"):
		// The END of a body stands where a statement would begin, and no statement in a body begins with END. So
		// CASE … END needs no counting, and a column called begin or end does no harm.
		c.bodies--
	}
	return afterStart
}

func (c *statementScanner) advanceCopy(w string) {
	stdio := isWord(w, "STDIN") || isWord(w, "STDOUT") // the server takes either for both directions
	switch c.stage {
	case inCopy:
		c.stage = inCopyTable
	case inCopyTable, inCopyQuery:
		if c.name {
			return
		}
		if isWord(w, "TO") {
			c.stage = inCopyTo
		} else if c.stage == inCopyTable && isWord(w, "FROM") {
			c.stage = inCopyFrom
		}
	case inCopyFrom:
		c.stage = afterStart
		if stdio {
			c.stage = inCopyIn
		}
	case inCopyTo:
		c.stage = afterStart
		if stdio {
			c.stage = inCopyOut
		}
	}
}

// copyData reads the rows that follow the line of a COPY … FROM stdin.
func (c *statementScanner) copyData() (Token, bool) {
	c.src, c.rows = c.full, false
	if c.pos == len(c.src) {
		return Token{}, false
	}
	t := Token{Kind: CopyData, Start: c.pos}
	_, c.pos = rowsEnd(c.src, c.pos)
	t.End = c.pos
	return t, true
}

// rowsEnd returns where the rows that begin at start end, and where the line \. after them ends. Without such a line
// the rows reach to the end of src.
func rowsEnd(src string, start int) (end, next int) {
	const mark = `\.`
	for at := start; ; {
		if rest, ok := strings.CutPrefix(src[at:], mark); ok {
			line, _, _ := strings.Cut(rest, "\n")
			if line == "" || line == "\r" {
				return at, min(at+len(mark)+len(line)+1, len(src))
			}
		}
		n := strings.Index(src[at:], "\n"+mark)
		if n < 0 {
			return len(src), len(src)
		}
		at += n + 1
	}
}
