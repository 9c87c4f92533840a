package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// The choices for colours. ColorAuto colours the output of a terminal unless NO_COLOR
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

// Print writes text as it is.
func (o *Output) Print(text string) {
	_, err := io.WriteString(o.w, text)
	o.keep(err)
}

// JSON writes d as an indented JSON document.
func (o *Output) JSON(d any) {
	e := json.NewEncoder(o.w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	o.keep(e.Encode(d))
}

// Record writes one JSON record, as a Logger with LogOptions.JSON does.
func (o *Output) Record(text string, attrs ...any) { newRecords(o.w).Info(text, attrs...) }

// Err returns the first error of Print and JSON.
func (o *Output) Err() error { return o.err }

func (o *Output) keep(err error) {
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("standard output: %w", err)
	}
}

func newRecords(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
