package sqltext

import "strings"

// stringRules returns how a string that begins with the byte c is read. escapes: a backslash escapes the next byte.
// doubles: two quotes stand for one, except in bit strings.
func stringRules(c byte, backslashes bool) (escapes, doubles bool) {
	switch upper(c) {
	case 'E':
		return true, true
	case 'B', 'X':
		return false, false
	case 'U':
		return false, true
	}
	return backslashes, true
}

// str reads a string that has a prefix of so many letters, with all the parts that continue it.
func (l *lexer) str(prefix int) Kind {
	escapes, doubles := stringRules(l.src[l.pos], l.backslashes)
	for quote := l.pos + prefix; quote >= 0; quote = continuation(l.src, l.pos) {
		if !l.stringPart(quote, escapes, doubles) {
			l.open = true
			break
		}
	}
	return String
}

// stringPart moves past the closing quote. Without one it moves to the end of the source and returns false.
func (l *lexer) stringPart(quote int, escapes, doubles bool) bool {
	for i := quote + 1; ; i++ {
		if escapes {
			for i < len(l.src) && l.src[i] != '\'' {
				if l.src[i] == '\\' {
					i++
				}
				i++
			}
		} else if n := strings.IndexByte(l.src[i:], '\''); n >= 0 {
			i += n
		} else {
			i = len(l.src)
		}
		if i >= len(l.src) {
			l.pos = len(l.src)
			return false
		}
		i++
		if !doubles || i == len(l.src) || l.src[i] != '\'' {
			l.pos = i
			return true
		}
	}
}

// continuation returns the offset of the quote that continues a string whose part ended at pos, or -1. Between the two
// there are only white space, at least one line end among it, and -- comments.
func continuation(src string, pos int) int {
	newline := false
	for pos < len(src) {
		switch c := src[pos]; {
		case c == '\n' || c == '\r':
			newline = true
			pos++
		case has(c, spaceChar):
			pos++
		case c == '-' && commentAt(src, pos):
			n := strings.IndexAny(src[pos:], "\n\r")
			if n < 0 {
				return -1
			}
			pos += n
		case c == '\'' && newline:
			return pos
		default:
			return -1
		}
	}
	return -1
}

// quotedName reads a quoted name whose opening quote is at the offset quote.
func (l *lexer) quotedName(quote int) Kind {
	for i := quote + 1; ; i++ {
		n := strings.IndexByte(l.src[i:], '"')
		if n < 0 {
			l.pos, l.open = len(l.src), true
			return QuotedName
		}
		i += n + 1
		if i == len(l.src) || l.src[i] != '"' {
			l.pos = i
			return QuotedName
		}
	}
}

// dollar reads a parameter, a dollar-quoted string, or a dollar sign that begins neither. A tag is an identifier without
// dollar signs, or empty.
func (l *lexer) dollar() Kind {
	start := l.pos
	l.pos++
	next := l.at(0)
	if has(next, digitChar) {
		l.skip(digitChar)
		return Param
	}
	end := l.pos
	if has(next, letterChar) {
		for end < len(l.src) && has(l.src[end], letterChar|digitChar) {
			end++
		}
	}
	if end == len(l.src) || l.src[end] != '$' {
		return Operator
	}
	end++
	tag := l.src[start:end]
	n := strings.Index(l.src[end:], tag)
	if n < 0 {
		l.pos, l.open = len(l.src), true
		return Dollar
	}
	l.pos = end + n + len(tag)
	return Dollar
}

// number reads a number as PostgreSQL 16 and later do, without letters that may follow. Up to version 14 those began a
// separate token ("1E'…'" was a number and a string); since 15 they are an error.
func (l *lexer) number() Kind {
	if l.radix("xX", "0123456789abcdefABCDEF") || l.radix("oO", "01234567") || l.radix("bB", "01") {
		return Number
	}
	l.digits()
	// Two dots are one token: 1..10 is three.
	if l.at(0) == '.' && l.at(1) != '.' {
		l.pos++
		l.digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		n := 1
		if sign := l.at(1); sign == '+' || sign == '-' {
			n = 2
		}
		if has(l.at(n), digitChar) {
			l.pos += n
			l.digits()
		}
	}
	return Number
}

// digits reads decimal digits, with single underscores between them.
func (l *lexer) digits() {
	for has(l.at(0), digitChar) || l.at(0) == '_' && has(l.at(1), digitChar) && l.pos > 0 && has(l.src[l.pos-1], digitChar) {
		l.pos++
	}
}

// radix reads an integer such as 0x1F, and reports whether there is one.
func (l *lexer) radix(letters, digits string) bool {
	if l.at(0) != '0' || l.at(1) == 0 || strings.IndexByte(letters, l.at(1)) < 0 {
		return false
	}
	digit := func(n int) bool { return l.at(n) != 0 && strings.IndexByte(digits, l.at(n)) >= 0 }
	n := 2
	for digit(n) || l.at(n) == '_' && digit(n+1) {
		n++
	}
	if n == 2 {
		return false
	}
	l.pos += n
	return true
}
