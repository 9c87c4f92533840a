package terminal

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.com/ambix/migrator/internal/text"
)

// Clip returns Line(text), shortened to 60 cells of a terminal.
func Clip(s string) string { return ClipTo(s, 60) }

// ClipTo returns Line(text), shortened to a number of cells of a terminal, at least 1.
func ClipTo(s string, longest int) string {
	s = Line(s)
	if text.Width(s) <= longest {
		return s
	}
	return text.ClipWidth(s, longest-1) + "…"
}

// Quote returns s as one word of a shell command. Text that is not printable is quoted
// as in Go.
func Quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.,:@+-/=%", r)
	}) {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Plural returns one if n is 1, and many otherwise.
func Plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Duration is text.Duration.
func Duration(d time.Duration) string { return text.Duration(d) }
