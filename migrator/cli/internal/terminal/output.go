package terminal

import (
	"cmp"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/term"

	"example.com/ambix/migrator/internal/text"
)

// The choices for colors. ColorAuto colors the output of a terminal unless NO_COLOR
// (no-color.org) or TERM=dumb is set.
const (
	ColorAuto   = "auto"
	ColorAlways = "always"
	ColorNever  = "never"
)

// WriteError reports that standard output cannot be written: a full disk, for example. What the command did, it did.
type WriteError struct{ err error }

func (e *WriteError) Error() string { return text.FileProblem("standard output", true, e.err) }

// Unwrap returns the error of the system.
func (e *WriteError) Unwrap() error { return e.err }

// Output is standard output: the result of a command, and nothing else.
type Output struct {
	w     io.Writer
	color bool
	ascii bool
	err   error
}

// NewOutput returns an Output that writes to w. color is one of the Color constants;
// environ is the environment as "NAME=value".
func NewOutput(w io.Writer, color string, environ []string) *Output {
	w = unguarded(w)
	return &Output{w: w, color: useColor(w, color, environ), ascii: color == ColorNever || !drawsUnicode(environ)}
}

// ASCII reports whether pictures have to consist of ASCII characters: with ColorNever, on a dumb
// terminal, and if the locale is not one of UTF-8.
func (o *Output) ASCII() bool { return o.ascii }

// Columns returns the width of the terminal, and 0 if the output is not one.
func (o *Output) Columns() int {
	if !isTerminal(o.w) {
		return 0
	}
	return columns(o.w.(*os.File))
}

// columns returns the width of a terminal, 80 if it does not tell.
func columns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		return 80
	}
	return width
}

// drawsUnicode reports whether the locale's characters include those for drawing lines. The
// variables are those of POSIX, in their order; Windows has none and writes Unicode.
func drawsUnicode(environ []string) bool {
	values := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	locale := cmp.Or(values["LC_ALL"], values["LC_CTYPE"], values["LANG"])
	if locale == "" && runtime.GOOS == "windows" {
		locale = "UTF-8"
	}
	locale = strings.ToLower(locale)
	return values["TERM"] != "dumb" && (strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8"))
}

func useColor(w io.Writer, choice string, environ []string) bool {
	switch choice {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	}
	forbids := func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return name == "NO_COLOR" && value != "" || entry == "TERM=dumb"
	}
	return isTerminal(w) && !slices.ContainsFunc(environ, forbids)
}

func isTerminal(w io.Writer) bool { return IsTerminal(w) }

// IsTerminal reports whether an input or an output is a terminal.
func IsTerminal(stream any) bool {
	if w, ok := stream.(io.Writer); ok {
		stream = unguarded(w)
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Print writes text, escaped like Lines.
func (o *Output) Print(text string) { o.write(Lines(text)) }

// PrintLine writes texts in their styles next to each other, and a newline.
func (o *Output) PrintLine(cells ...Cell) {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(o.styled(c))
	}
	o.write(b.String() + "\n")
}

// PrintTable writes the rows of t in aligned columns.
func (o *Output) PrintTable(t Table) { o.write(o.format(t)) }

// PrintSQL writes a script byte for byte, because an escape in a literal would change its
// value.
func (o *Output) PrintSQL(script string) { o.write(script) }

// SQL returns a writer for a script of any size. Its errors are also those of Err.
func (o *Output) SQL() io.Writer { return sqlWriter{o} }

type sqlWriter struct{ *Output }

func (w sqlWriter) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.keep(err)
	return n, err
}

func (o *Output) write(text string) {
	_, err := io.WriteString(o.w, text)
	o.keep(err)
}

// PrintError writes the text of an error: a line with its position or the word "error" in
// red, and its carets. prefix is put in front of the text, or "".
func (o *Output) PrintError(prefix, text string) {
	first, rest, more := strings.Cut(text, "\n")
	o.write(o.styled(Red.Cell(prefix)) + o.styled(Bold.Cell(first)) + "\n")
	for more {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		if margin, caret, ok := strings.Cut(line, "| "); ok && strings.TrimSpace(margin) == "" && strings.TrimSpace(caret) == "^" {
			o.write(Lines(strings.TrimSuffix(line, "^")) + o.styled(Red.Cell("^")) + "\n")
			continue
		}
		o.write(Lines(line) + "\n")
	}
}

// Err returns the first error of the methods that print.
func (o *Output) Err() error { return o.err }

func (o *Output) keep(err error) {
	if err != nil && o.err == nil {
		o.err = &WriteError{err}
	}
}
