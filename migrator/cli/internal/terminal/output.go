package terminal

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// The choices for colors. ColorAuto colors the output of a terminal unless NO_COLOR
// (no-color.org) or TERM=dumb is set.
const (
	ColorAuto   = "auto"
	ColorAlways = "always"
	ColorNever  = "never"
)

// Output is standard output: the result of a command, and nothing else.
type Output struct {
	w     io.Writer
	color bool
	err   error
}

// NewOutput returns an Output that writes to w. color is one of the Color constants;
// environ is the environment as "NAME=value".
func NewOutput(w io.Writer, color string, environ []string) *Output {
	w = unguarded(w)
	return &Output{w: w, color: useColor(w, color, environ)}
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

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
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
		o.err = fmt.Errorf("standard output: %w", err)
	}
}
