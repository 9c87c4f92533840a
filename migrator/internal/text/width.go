package text

import (
	"unicode"

	"golang.org/x/text/width"
)

// Width returns the number of terminal cells that s takes after Visible: two for a wide
// character such as a Chinese one or an emoji, none for a combining mark. A tab counts as
// its escape.
func Width(s string) int {
	n := 0
	for i, r := range s {
		if r < unicode.MaxASCII && r >= ' ' {
			n++
			continue
		}
		n += cells(r, s[i:])
	}
	return n
}

func cells(r rune, s string) int {
	switch kind := width.LookupRune(r).Kind(); {
	case r == unicode.ReplacementChar && len(s) > 0 && s[0] != "\uFFFD"[0]: // a byte that is not UTF-8
		return len(`\xff`)
	case IsInvisible(r):
		return len(escape(r))
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// ClipWidth returns the longest beginning of s that takes at most n cells.
func ClipWidth(s string, n int) string {
	for i, r := range s {
		if n -= cells(r, s[i:]); n < 0 {
			return s[:i]
		}
	}
	return s
}
