package sqltext

import "strings"

// Properties of bytes. To the server every byte from 0x80 on is a letter.
const (
	spaceChar    = 1 << iota // white space; the vertical tab since PostgreSQL 17, before it was an error
	letterChar               // begins an identifier
	digitChar                // 0 to 9
	wordChar                 // continues an identifier
	operatorChar             // part of an operator, which may have several characters
)

var charKinds = func() (kinds [256]uint8) {
	for c := range kinds {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= 0x80:
			kinds[c] = letterChar | wordChar
		case c >= '0' && c <= '9':
			kinds[c] = digitChar | wordChar
		case c == '$':
			kinds[c] = wordChar
		case strings.IndexByte(" \t\n\r\f\v", byte(c)) >= 0:
			kinds[c] = spaceChar
		case strings.IndexByte("~!@#^&|`?+-*/%<>=", byte(c)) >= 0:
			kinds[c] = operatorChar
		}
	}
	return kinds
}()

func has(c byte, kind uint8) bool { return charKinds[c]&kind != 0 }

// lexer reads tokens without regard to statements. A copy of it looks ahead.
type lexer struct {
	src  string
	pos  int
	open bool // the last token is not terminated
	// inner: src is a later part of a source, so a byte order mark at its beginning is not one.
	inner bool
	// standard_conforming_strings is off: a backslash in a plain string escapes the next character.
	backslashes bool
	// The + and - before this offset are one token each: the end of an operator that cannot include them. Remembering them
	// keeps a long row of signs from being scanned again and again.
	signs int
}

func (l *lexer) next() (Token, bool) {
	if l.pos >= len(l.src) {
		return Token{}, false
	}
	start := l.pos
	l.open = false
	return Token{Kind: l.scan(), Start: start, End: l.pos}, true
}

func (l *lexer) scan() Kind {
	switch c := l.src[l.pos]; c {
	case '\'':
		return l.str(0)
	case '"':
		return l.quotedName(l.pos)
	case '$':
		return l.dollar()
	case ';':
		l.pos++
		return Semicolon
	case '\\':
		return l.metaCommand()
	case '.', ':':
		return l.dotOrColon(c)
	default:
		switch kind := charKinds[c]; {
		case kind&letterChar != 0:
			return l.word(c)
		case kind&spaceChar != 0:
			l.skip(spaceChar)
			return Space
		case kind&digitChar != 0:
			return l.number()
		case kind&operatorChar != 0:
			return l.operator()
		}
		l.pos++
		return Operator
	}
}

// at returns the byte n bytes ahead, 0 beyond the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

func (l *lexer) skip(kind uint8) {
	src, pos := l.src, l.pos // local copies: this loop reads most of a source
	for pos < len(src) && has(src[pos], kind) {
		pos++
	}
	l.pos = pos
}

// word reads an identifier or keyword, or the string or quoted name that its first letter is the prefix of.
func (l *lexer) word(c byte) Kind {
	switch c {
	case 'e', 'E', 'n', 'N', 'b', 'B', 'x', 'X':
		if l.at(1) == '\'' {
			return l.str(1)
		}
	case 'u', 'U':
		if l.at(1) == '&' && l.at(2) == '\'' {
			return l.str(2)
		}
		if l.at(1) == '&' && l.at(2) == '"' {
			return l.quotedName(l.pos + 2)
		}
	case ByteOrderMark[0]:
		if l.pos == 0 && !l.inner && strings.HasPrefix(l.src, ByteOrderMark) {
			l.pos = len(ByteOrderMark)
			l.skip(spaceChar)
			return Space
		}
	}
	l.skip(wordChar)
	return Word
}

func (l *lexer) dotOrColon(c byte) Kind {
	next := l.at(1)
	switch {
	case c == '.' && has(next, digitChar):
		return l.number()
	case next == c, c == ':' && next == '=':
		l.pos += 2
	default:
		l.pos++
	}
	return Operator
}

// operator reads an operator as the server does. It ends before a comment. It cannot end in + or - unless it contains a
// character that the operators of standard SQL do not have: "=-1" is "=", "-" and "1".
func (l *lexer) operator() Kind {
	start := l.pos
	if start < l.signs {
		l.pos++
		return Operator
	}
	if kind := l.comment(); kind == Comment {
		return kind
	}
	end, foreign := start, false
	for end < len(l.src) && has(l.src[end], operatorChar) && !commentAt(l.src, end) {
		foreign = foreign || strings.IndexByte("~!@#^&|`?%", l.src[end]) >= 0
		end++
	}
	l.pos = end
	if !foreign {
		for l.pos > start+1 && (l.src[l.pos-1] == '+' || l.src[l.pos-1] == '-') {
			l.pos--
		}
		l.signs = end
	}
	return Operator
}

func commentAt(src string, pos int) bool {
	if pos+1 >= len(src) {
		return false
	}
	c, next := src[pos], src[pos+1]
	return c == '-' && next == '-' || c == '/' && next == '*'
}

// comment reads a comment if one begins here; otherwise it reads nothing and returns Operator.
func (l *lexer) comment() Kind {
	if !commentAt(l.src, l.pos) {
		return Operator
	}
	if l.src[l.pos] == '-' {
		// A carriage return ends the line too, for the server and for psql.
		src, pos := l.src, l.pos // local copies, as in skip
		for pos < len(src) && src[pos] != '\n' && src[pos] != '\r' {
			pos++
		}
		l.pos = pos
		return Comment
	}
	for depth := 0; l.pos < len(l.src); l.pos++ {
		switch c, next := l.src[l.pos], l.at(1); {
		case c == '/' && next == '*':
			depth++
			l.pos++
		case c == '*' && next == '/':
			l.pos++
			if depth--; depth == 0 {
				l.pos++
				return Comment
			}
		}
	}
	l.open = true
	return Comment
}

// metaCommand reads a psql meta-command with the rest of its line, or \; or \: alone.
func (l *lexer) metaCommand() Kind {
	if next := l.at(1); next == ';' || next == ':' {
		l.pos += 2
		return MetaCommand
	}
	line := l.src[l.pos:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	for has(line[len(line)-1], spaceChar) {
		line = line[:len(line)-1]
	}
	l.pos += len(line)
	return MetaCommand
}
