package terminal

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// LogOptions decide what a Logger writes, and how.
type LogOptions struct {
	JSON    bool // JSON records instead of lines
	Quiet   bool // only warnings and errors
	Verbose bool // also Debug
}

// Logger writes what happens to standard error. It may be used from several goroutines.
type Logger struct {
	options LogOptions
	records *slog.Logger // nil: lines

	mu       sync.Mutex
	w        io.Writer
	reminder *time.Timer // of the step that is running
	live     *liveLine   // nil: not a terminal
	progress progress
}

// NewLogger returns a Logger that writes to w.
func NewLogger(w io.Writer, options LogOptions) *Logger {
	l := &Logger{w: unguarded(w), options: options}
	switch {
	case options.JSON:
		l.records = newRecords(l.w)
	case !options.Quiet:
		l.live = newLiveLine(l.w)
	}
	return l
}

// JSON reports whether the logger writes JSON records.
func (l *Logger) JSON() bool { return l.options.JSON }

// Debug logs a detail, with LogOptions.Verbose.
func (l *Logger) Debug(text string, attrs ...any) {
	if l.options.Verbose {
		l.Log(slog.LevelDebug, text, attrs...)
	}
}

// Info logs what happens, without LogOptions.Quiet.
func (l *Logger) Info(text string, attrs ...any) {
	if !l.options.Quiet {
		l.Log(slog.LevelInfo, text, attrs...)
	}
}

// Log logs at any level, whatever the options. attrs are key-value pairs as for
// slog.Logger.Log; lines do not show them. Lines are escaped like Lines.
func (l *Logger) Log(level slog.Level, text string, attrs ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records != nil {
		l.records.Log(context.Background(), level, text, attrs...)
		return
	}
	if level == slog.LevelWarn {
		text = "warning: " + text
	}
	l.live.clear()
	_, _ = io.WriteString(l.w, Lines(text)+"\n")
	l.live.show(l.progress.text)
}

// StartStep shows that a step is running, until EndStep or the next StartStep: on a terminal
// in one line that is redrawn each second; elsewhere it logs that, first after 5 seconds,
// then at intervals that grow to 5 minutes.
func (l *Logger) StartStep(step string, attrs ...any) {
	l.EndStep()
	if l.options.Quiet {
		return
	}
	started := time.Now()
	pause, longest := 5*time.Second, 5*time.Minute
	if l.live != nil {
		pause, longest = time.Second, time.Second
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live.details("")
	var reminder *time.Timer
	reminder = time.AfterFunc(pause, func() {
		elapsed := time.Since(started).Round(time.Second)
		if l.live == nil {
			text := step + " has been running for " + elapsed.String()
			if l.JSON() {
				text = step + " is still running"
			}
			l.Info(text, append(slices.Clip(attrs), "running_ms", float64(elapsed.Milliseconds()))...)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.reminder != reminder {
			return // it has ended
		}
		l.live.draw(step, elapsed)
		pause = min(2*pause, longest)
		reminder.Reset(pause)
	})
	l.reminder = reminder
}

// StepDetails adds to the line of the running step how far it is, or what it waits for. On
// anything but a terminal it does nothing.
func (l *Logger) StepDetails(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live.details(text)
}

// progress is how far a run is.
type progress struct {
	text  string
	next  time.Time // when it is shown again
	pause time.Duration
}

// Progress shows how far a run is, until EndProgress: on a terminal in its last line; elsewhere
// it logs that, first after 5 seconds, then at intervals that grow to 5 minutes.
func (l *Logger) Progress(text string, attrs ...any) {
	l.mu.Lock()
	now := time.Now()
	if l.progress.pause == 0 {
		l.progress = progress{next: now.Add(5 * time.Second), pause: 5 * time.Second}
		if l.live != nil {
			l.progress.next = now
		}
	}
	l.progress.text = text
	if l.options.Quiet || now.Before(l.progress.next) {
		l.mu.Unlock()
		return
	}
	if l.live != nil {
		l.live.show(text)
		l.progress.next = now.Add(100 * time.Millisecond)
		l.mu.Unlock()
		return
	}
	l.progress.pause = min(2*l.progress.pause, 5*time.Minute)
	l.progress.next = now.Add(l.progress.pause)
	l.mu.Unlock()
	l.Info(text, attrs...)
}

// EndProgress ends what Progress shows.
func (l *Logger) EndProgress() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = progress{}
	l.live.clear()
}

// EndStep ends what StartStep started.
func (l *Logger) EndStep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reminder != nil {
		l.reminder.Stop()
		l.reminder = nil
	}
	l.live.clear()
}
