package sqltext

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// SplitName returns the parts of a qualified name as the catalogs contain them, such as public and Account for
// PUBLIC."Account". It returns nil for any other text.
func SplitName(text string) []string {
	r := newTokenReader(text, Statement{End: len(text)})
	var parts []string
	part := true // comes next
	for ; r.next(); part = !part {
		switch {
		case part:
			name := r.name()
			if name == "" {
				return nil
			}
			parts = append(parts, name)
			r.acceptEscape()
		case !r.isOperator("."):
			return nil
		}
	}
	if part {
		return nil
	}
	return parts
}

// name returns the current token as an identifier, as the catalogs contain it: folded unless it is quoted, and with its
// Unicode escapes decoded. It returns "" for other tokens, and for names that the server refuses.
func (r *tokenReader) name() string {
	text := r.text()
	switch {
	case r.tok.Kind == Word:
		return lower(text)
	case r.tok.Kind != QuotedName || r.open:
		return ""
	case text[0] == '"':
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	}
	escape := byte('\\')
	if ahead := *r; ahead.acceptEscape() {
		escape = ahead.escape()
	}
	name, ok := decodeEscapes(strings.ReplaceAll(text[len(`U&"`):len(text)-1], `""`, `"`), escape)
	if !ok {
		return ""
	}
	return name
}

// acceptEscape advances over UESCAPE 'c' after a name with Unicode escapes.
func (r *tokenReader) acceptEscape() bool {
	ahead := *r
	if !ahead.accept("UESCAPE") || !ahead.next() || ahead.tok.Kind != String {
		return false
	}
	*r = ahead
	return true
}

// escape returns the character of a UESCAPE, 0 if it is not one that the server accepts.
func (r *tokenReader) escape() byte {
	text := r.text()
	if len(text) != len("'c'") || strings.IndexByte("0123456789abcdefABCDEF+'\" \t\n\r\f\v", text[1]) >= 0 {
		return 0
	}
	return text[1]
}

// decodeEscapes decodes \XXXX and \+XXXXXX, with another character than the backslash if escape says so.
func decodeEscapes(s string, escape byte) (decoded string, ok bool) {
	var b strings.Builder
	high := rune(0) // the first half of a surrogate pair
	for len(s) > 0 {
		if s[0] != escape || strings.HasPrefix(s[1:], string(rune(escape))) {
			if high != 0 {
				return "", false
			}
			b.WriteByte(s[0])
			if s[0] == escape {
				s = s[1:]
			}
			s = s[1:]
			continue
		}
		digits, start := 4, 1
		if strings.HasPrefix(s[1:], "+") {
			digits, start = 6, 2
		}
		if len(s) < start+digits {
			return "", false
		}
		n, err := strconv.ParseUint(s[start:start+digits], 16, 32)
		c := rune(n)
		switch {
		case err != nil || n == 0 || n > utf8.MaxRune:
			return "", false
		case high != 0:
			if c, high = utf16.DecodeRune(high, c), 0; c == utf8.RuneError {
				return "", false
			}
			b.WriteRune(c)
		case c >= 0xd800 && c < 0xdc00:
			high = c
		case utf16.IsSurrogate(c):
			return "", false
		default:
			b.WriteRune(c)
		}
		s = s[start+digits:]
	}
	return b.String(), high == 0
}

// qualified reads a name that may be qualified. It returns it in a form that every server reads alike, without white
// space, comments and Unicode escapes, and its last part as the catalogs contain it.
func (r *tokenReader) qualified() (name, last string) {
	var b strings.Builder
	for part := true; ; part = !part {
		ahead := *r
		switch {
		case !ahead.next():
			return b.String(), last
		case !part && ahead.isOperator("."):
			b.WriteByte('.')
		case part && ahead.tok.Kind == Word:
			last = ahead.name()
			b.WriteString(last)
		case part && ahead.tok.Kind == QuotedName:
			last = ahead.name()
			b.WriteString(QuoteName(last))
			ahead.acceptEscape()
		default:
			return b.String(), last
		}
		*r = ahead
	}
}
