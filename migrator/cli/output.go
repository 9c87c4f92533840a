package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// output is standard output: results, and nothing else.
type output struct {
	w     io.Writer
	color bool
	err   error // the first of a write
}

func newOutput(w io.Writer, s *settings, environ []string) *output {
	return &output{w: w, color: colored(w, s.color, environ)}
}

// colored says whether to write colours: on a terminal, unless NO_COLOR (no-color.org)
// or a terminal without any forbid it.
func colored(w io.Writer, choice string, environ []string) bool {
	switch choice {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	refuses := func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return name == "NO_COLOR" && value != "" || entry == "TERM=dumb"
	}
	return isTerminal(w) && !slices.ContainsFunc(environ, refuses)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (o *output) print(text string) {
	if _, err := io.WriteString(o.w, text); err != nil && o.err == nil {
		o.err = &fileError{fmt.Errorf("standard output: %w", err)}
	}
}

// json prints the one document of --json.
func (o *output) json(d any) {
	e := json.NewEncoder(o.w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil && o.err == nil {
		o.err = &fileError{fmt.Errorf("standard output: %w", err)}
	}
}

// style is the SGR parameter of a text's colour; "" leaves it alone.
type style string

const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func (o *output) styled(s style, text string) string {
	if !o.color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// cell is a text in a table.
type cell struct {
	text  string
	style style
}

// table is text in columns. A cell that is much longer than the others of its column
// does not push them away.
type table [][]cell

func (t *table) add(cells ...cell) { *t = append(*t, cells) }

// write writes the rows.
func (t table) write(b *strings.Builder, o *output) {
	const widest = 60
	var widths []int
	for k, row := range t {
		for len(row) > 0 && row[len(row)-1].text == "" {
			row = row[:len(row)-1]
		}
		t[k] = row
		// What stands last may be as long as it likes.
		for i := range len(row) - 1 {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(utf8.RuneCountInString(row[i].text), widest))
		}
	}
	for _, row := range t {
		for i, c := range row {
			b.WriteString(o.styled(c.style, c.text))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(c.text))+2))
			}
		}
		b.WriteByte('\n')
	}
}

// clip makes one line of a text, of bounded length.
func clip(text string) string {
	const longest = 60
	text = printable(text)
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest-1]) + "…"
}

// printable leaves out what would move the cursor or change colours.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// quoted is an argument as a shell takes it.
func quoted(s string) string {
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

// count is a number and its noun: 1 revision, 2 revisions.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
