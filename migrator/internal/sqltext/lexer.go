package sqltext

import "strings"

const byteOrderMark = "\ufeff"

// What a byte can be. Bytes from 0x80 on are letters: the server asks no more of other scripts.
const (
	spaceChar    = 1 << iota // separates tokens; the vertical tab since PostgreSQL 17, an error before
	letterChar               // begins an identifier
	digitChar                // 0 to 9
	wordChar                 // continues an identifier
	operatorChar             // builds operators of several characters
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

// lexer reads tokens without regard to statements. Its state between two tokens is almost only the position, so a
// copy of it is a way to look ahead.
type lexer struct {
	src  string
	pos  int
	open bool // the last token was cut off by the end of src
	// A backslash in a plain string takes the next character with it: standard_conforming_strings is off.
	backslashes bool
	// Up to here stand the + and - that an operator had to leave behind, each a token of its own. Without this a long
	// row of them would be scanned again and again.
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
		return l.text(0)
	case '"':
		return l.name(l.pos)
	case '$':
		return l.dollar()
	case ';':
		l.pos++
		return Semicolon
	case '\\':
		return l.command()
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

// at returns the byte that stands n bytes ahead, 0 behind the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

func (l *lexer) skip(kind uint8) {
	src, pos := l.src, l.pos // in registers: this loop reads most of a source
	for pos < len(src) && has(src[pos], kind) {
		pos++
	}
	l.pos = pos
}

// word reads an identifier, or the string or name that its first letter introduces.
func (l *lexer) word(c byte) Kind {
	switch c {
	case 'e', 'E', 'n', 'N', 'b', 'B', 'x', 'X':
		if l.at(1) == '\'' {
			return l.text(1)
		}
	case 'u', 'U':
		if l.at(1) == '&' && l.at(2) == '\'' {
			return l.text(2)
		}
		if l.at(1) == '&' && l.at(2) == '"' {
			return l.name(l.pos + 2)
		}
	case byteOrderMark[0]:
		if l.pos == 0 && strings.HasPrefix(l.src, byteOrderMark) {
			l.pos = len(byteOrderMark)
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

// operator reads a run of operator characters the way the server does. It ends before a comment, and loses the + and -
// at its end unless it holds a character that SQL's own operators lack: so that "=-1" is "=" and "-1".
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
		// A carriage return ends the line as well, for the server and for psql.
		for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
			l.pos++
		}
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

// command reads a psql command. psql knows two that end at once; all others own the rest of the line.
func (l *lexer) command() Kind {
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
