package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/ambix/migrator/internal/apply"
)

// journal is standard error: what happens, as lines for people or as JSON records.
type journal struct {
	mu             sync.Mutex
	w              io.Writer
	records        *slog.Logger // nil: lines
	quiet, verbose bool
	pulse          *time.Timer
}

func newJournal(w io.Writer, s *settings) *journal {
	j := &journal{w: w, quiet: s.quiet, verbose: s.verbose}
	if s.logFormat == logJSON {
		j.records = newRecords(w)
	}
	return j
}

func newRecords(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// detail is for --verbose, info for all but --quiet, warn for everybody.
func (j *journal) detail(text string, attrs ...any) {
	if j.verbose {
		j.write(slog.LevelDebug, text, attrs)
	}
}

func (j *journal) info(text string, attrs ...any) {
	if !j.quiet {
		j.write(slog.LevelInfo, text, attrs)
	}
}

func (j *journal) warn(text string, attrs ...any) { j.write(slog.LevelWarn, text, attrs) }

func (j *journal) write(level slog.Level, text string, attrs []any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.records != nil {
		j.records.Log(context.Background(), level, text, attrs...)
		return
	}
	if level == slog.LevelWarn {
		text = "warning: " + text
	}
	_, _ = io.WriteString(j.w, text+"\n")
}

// failure is the record of an error.
func (j *journal) failure(err error) {
	d := newErrorDocument(err)
	attrs := []any{"kind", d.Kind, "exit", d.Exit}
	for _, a := range []struct{ name, value string }{
		{"revision", d.Revision}, {"file", d.File}, {"sqlstate", d.SQLState}, {"detail", d.Detail}, {"hint", d.Hint},
	} {
		if a.value != "" {
			attrs = append(attrs, a.name, a.value)
		}
	}
	if d.Line > 0 {
		attrs = append(attrs, "line", d.Line, "column", d.Column)
	}
	if len(d.Problems) > 0 {
		attrs = append(attrs, "problems", d.Problems)
	}
	if f, ok := errors.AsType[*failure](err); ok && f.text != d.Message {
		attrs = append(attrs, "more", strings.TrimPrefix(strings.TrimPrefix(f.text, d.Message), "\n"))
	}
	j.write(slog.LevelError, d.Message, attrs)
}

// begin says of a step that takes long that it still runs: after 5 seconds, then less
// and less often.
func (j *journal) begin(step string, attrs ...any) {
	j.end()
	if j.quiet {
		return
	}
	began := time.Now()
	pause := 5 * time.Second
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pulse = time.AfterFunc(pause, func() {
		spent := time.Since(began).Round(time.Second)
		j.info(step+" has been running for "+spent.String(), append(attrs, "seconds", spent.Seconds())...)
		j.mu.Lock()
		defer j.mu.Unlock()
		pause = min(2*pause, 5*time.Minute)
		if j.pulse != nil {
			j.pulse.Reset(pause)
		}
	})
}

// end stops what begin has started.
func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pulse != nil {
		j.pulse.Stop()
		j.pulse = nil
	}
}

// notice is what the server said about a revision.
func (j *journal) notice(n apply.Notice) {
	if n.Severity != "WARNING" && !j.verbose {
		return
	}
	var b strings.Builder
	b.WriteString(n.Step.Script.File + ":" + strconv.Itoa(n.Line) + ": " + n.Severity + ": " + n.Text)
	if n.SQLState != "" && n.SQLState != "00000" {
		b.WriteString(" (" + n.SQLState + ")")
	}
	for _, more := range []struct{ name, text string }{{"DETAIL", n.Detail}, {"HINT", n.Hint}} {
		if more.text != "" {
			b.WriteString("\n  " + more.name + ": " + more.text)
		}
	}
	if j.records == nil {
		j.write(slog.LevelInfo, b.String(), nil)
		return
	}
	level := slog.LevelInfo
	if n.Severity == "WARNING" {
		level = slog.LevelWarn
	}
	j.write(level, n.Text, []any{
		"revision", n.Step.Revision, "file", n.Step.Script.File, "line", n.Line, "severity", n.Severity, "sqlstate", n.SQLState, "detail", n.Detail, "hint", n.Hint,
	})
}
