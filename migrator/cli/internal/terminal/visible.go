package terminal

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/text"
)

// Text from a file, a server, the ledger, the environment or the command line may contain
// characters that move the cursor, change colors or reorder the line. Everything that this
// package writes goes through Lines or Line, which show such characters as escapes. The only
// escape sequences that reach a terminal are those of Style, which no text can produce.

// Lines returns text with every character that cannot be seen written as an escape of Go:
// ESC becomes \x1b, U+202E becomes \u202e. Newlines, tabs and spaces of all widths stay: the
// server's messages in French have no-break spaces.
func Lines(text string) string { return escape(text, "\n\t") }

// Line is Lines for text in one line: a newline becomes \n, and a tab becomes a space.
func Line(text string) string { return escape(strings.ReplaceAll(text, "\t", " "), "") }

func escape(s, keep string) string {
	hidden := func(r rune) bool { return isHidden(r) && !strings.ContainsRune(keep, r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || hidden(r) {
			b.WriteString(text.Visible(s[i : i+size]))
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func isHidden(r rune) bool { return text.IsInvisible(r) && !unicode.Is(unicode.Zs, r) }

// Guard returns a writer that applies Lines to what is written. An Output or a Logger that
// writes to it writes to w: only what bypasses them, such as the messages of cobra, is
// escaped by the guard.
func Guard(w io.Writer) io.Writer { return &guard{w} }

type guard struct{ w io.Writer }

func (g *guard) Write(b []byte) (int, error) {
	if _, err := io.WriteString(g.w, Lines(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

func unguarded(w io.Writer) io.Writer {
	if g, ok := w.(*guard); ok {
		return g.w
	}
	return w
}
