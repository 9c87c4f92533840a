package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/text"
)

// invisibleProblem returns the offset of the first character of an unquoted word that nobody can have meant to be part of
// it, and the problem; -1 if there is none. To the server it is a letter, so that "SELECT", a no-break space and "1" are one
// name.
func invisibleProblem(word string) (offset int, problem string) {
	for i := 0; i < len(word); i++ {
		if word[i] < utf8.RuneSelf {
			continue
		}
		at := strings.IndexFunc(word[i:], isInvisible)
		if at < 0 {
			return -1, ""
		}
		c, _ := utf8.DecodeRuneInString(word[i+at:])
		problem = "invisible character " + text.CodePoint(c)
		if name := invisibleName(c); name != "" {
			problem += " (" + name + ")"
		}
		return i + at, problem + " outside a string or comment: remove it, or type a space in its place"
	}
	return -1, ""
}

// isInvisible reports whether a character is a space, a control or a format character. Joiners are not, because the names
// of some languages need them.
func isInvisible(c rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	switch {
	case c < utf8.RuneSelf, c == nonJoiner, c == joiner:
		return false
	case unicode.IsPrint(c):
		return c == '\u115f' || c == '\u1160' || c == '\u3164' || c == '\uffa0' // Hangul fillers
	}
	return unicode.In(c, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Cc, unicode.Cf)
}

func invisibleName(c rune) string {
	switch {
	case c == '\u00a0', c == '\u202f':
		return "no-break space"
	case c == '\u00ad':
		return "soft hyphen"
	case c == '\u200b':
		return "zero-width space"
	case c == '\u2060':
		return "word joiner"
	case c == '\ufeff':
		return "byte order mark"
	case c == '\u2028':
		return "line separator"
	case c == '\u2029':
		return "paragraph separator"
	case unicode.Is(unicode.Bidi_Control, c):
		return "bidirectional control"
	case unicode.Is(unicode.Zs, c):
		return "space"
	}
	return ""
}
