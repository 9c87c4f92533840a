package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// fleetRun is a command for many targets in progress.
type fleetRun struct {
	*reporter
	flags    *eachFlags
	set      *migrator.Migrator
	fleet    *migrator.Fleet
	targets  []migrator.Target // of fleet
	document fleetDocument
	index    map[string]int // of the targets in the document
	began    time.Time

	mu       sync.Mutex // for what follows, and for output
	deferred map[string]bool
	ends     map[string][]string // where the plans of the targets end
	warned   map[string]bool     // modified revisions

	failures []*failureGroup
	worst    error
	focused  *targetFocus // the target of worst
}

// failureGroup is targets that failed for the same reason.
type failureGroup struct {
	reason  string
	err     error // of the first
	targets []string
}

// eachOf begins a command for many targets.
func (r *run) eachOf(e *eachFlags) (*fleetRun, error) {
	f := &fleetRun{
		reporter: &reporter{run: r}, flags: e, began: time.Now(), index: map[string]int{},
		deferred: map[string]bool{}, ends: map[string][]string{}, warned: map[string]bool{},
	}
	var err error
	if f.set, f.fleet, err = r.openFleet(e, f.event); err != nil {
		return nil, err
	}
	f.document.Targets = []targetDocument{}
	if f.fleet != nil {
		f.targets = f.fleet.Targets()
	}
	for i, t := range f.targets {
		f.index[t.Name] = i
		f.document.Targets = append(f.document.Targets, targetDocument{Target: t.Name, Database: databaseName(t.Config), Schema: t.Schema, State: stateNotStarted})
	}
	r.document = &f.document
	if f.flags.jsonLines {
		r.settings.JSON = false // by its variable
	}
	return f, nil
}

// collect reports the outcomes. add puts the value of a target into its document, and returns
// whether something was done there; it is also called for a target that failed.
func collect[T any](f *fleetRun, outcomes iter.Seq[migrator.Outcome[T]], add func(d *targetDocument, value T) (changed bool)) error {
	base := f.source.Load()
	for o := range outcomes {
		f.mu.Lock()
		d := &f.document.Targets[f.index[o.Target.Name]]
		f.setOrigin(migrator.Origin{Database: d.Database, Target: d.Target})
		delete(f.deferred, d.Target)
		notStarted := errors.Is(o.Err, migrator.ErrNotStarted)
		if !notStarted && add(d, o.Value) {
			f.document.Changed++
		}
		switch {
		case notStarted:
			f.document.NotStarted++
		case o.Err != nil:
			d.State = stateFailed
			f.document.Failed++
			f.failed(d, o.Err)
		default:
			d.State = stateDone
			f.document.Done++
		}
		if f.flags.jsonLines {
			f.out.JSONLine(d)
		}
		if base != nil {
			f.setOrigin(*base)
		}
		f.progress()
		f.mu.Unlock()
	}
	f.log.EndProgress()
	if f.flags.jsonLines {
		f.out.JSONLine(f.document.countsDocument)
	}
	if f.worst == nil && f.ctx.Err() != nil && f.document.NotStarted > 0 {
		f.worst = context.Cause(f.ctx)
	}
	return f.failure()
}

// failed reports the failure of a target: in full unless another one failed for the same
// reason.
func (f *fleetRun) failed(d *targetDocument, err error) {
	f.focus = f.focusOn(d.Target)
	defer func() { f.focus = nil }()
	a := adviser{f.program, f.cmd}
	d.Error = newErrorDocument(err, a.message(err, false))
	if f.worst == nil || severity(err) < severity(f.worst) {
		f.worst, f.focused = err, f.focus
	}
	reason, first := failureReason(err, d), false
	i := slices.IndexFunc(f.failures, func(g *failureGroup) bool { return g.reason == reason })
	if first = i < 0; first {
		i = len(f.failures)
		f.failures = append(f.failures, &failureGroup{reason: reason, err: err})
	}
	f.failures[i].targets = append(f.failures[i].targets, d.Target)
	full, more := d.Error.Message, ""
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok && first {
		more = strings.TrimRight(excerpt(e), "\n")
		full = strings.TrimRight(full+"\n"+more, "\n")
	}
	msg, _, _ := strings.Cut(d.Error.Message, "\n")
	attrs := d.Error.attrs()
	if more != "" {
		attrs = append(attrs, "more", more)
	}
	f.record(record{event: eventTargetFailed, level: slog.LevelError, msg: msg, text: full, attrs: attrs})
}

// failureReason returns what targets that failed in the same way have in common.
func failureReason(err error, d *targetDocument) string {
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok && e.SQLState != "" {
		where := e.File
		if e.Line > 0 {
			where += fmt.Sprintf(":%d", e.Line)
		}
		return "failed with " + e.SQLState + " at " + where
	}
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		return "failed: " + string(e.Problem)
	}
	if e, ok := errors.AsType[*migrator.ConfigError](err); ok && e.Reason != "" {
		return "failed: " + e.Reason
	}
	switch kind, _ := classify(err); kind {
	case migrator.KindBusy:
		return "failed: another runner is active"
	case migrator.KindInterrupted:
		return "interrupted"
	}
	first, _, _ := strings.Cut(d.Error.Message, "\n")
	return "failed: " + first
}

// severities are exit codes, the worst first.
var severities = []int{exitInterrupted, exitTerminated, exitFiles, exitUsage, exitDatabase, exitWrite, exitFailed, exitPolicy, exitLocked, exitFound}

func severity(err error) int { return slices.Index(severities, ExitCode(err)) }

// progress shows how far the run is.
func (f *fleetRun) progress() {
	c, all := f.document.countsDocument, len(f.document.Targets)
	ended := c.Done + c.Failed
	line := fmt.Sprintf("%d/%d done", c.Done, all)
	if c.Failed > 0 {
		line += fmt.Sprintf(", %d failed", c.Failed)
	}
	if n := len(f.deferred); n > 0 {
		line += fmt.Sprintf(", %d waiting", n)
	}
	if spent := time.Since(f.began); ended > 0 && ended < all && spent > time.Second {
		line += ", about " + remaining(spent*time.Duration(all-ended)/time.Duration(ended))
	}
	f.log.Progress(line, "event", string(eventProgress), "done", c.Done, "failed", c.Failed, "waiting", len(f.deferred), "targets", all)
}

// remaining returns an estimated duration with a single unit.
func remaining(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
}

// failure returns the error of a command for which some targets failed, or nil.
func (f *fleetRun) failure() error {
	c := f.document.countsDocument
	if f.worst == nil {
		return nil
	}
	e := &fleetError{counts: c, targets: len(f.document.Targets), worst: f.worst}
	var lines []string
	for _, g := range f.failures {
		slices.SortFunc(g.targets, func(a, b string) int { return f.index[a] - f.index[b] })
		lines = append(lines, fmt.Sprintf("%d %s: %s", len(g.targets), g.reason, quotedNames(g.targets, maxNames)))
	}
	f.after = advice{strings.Join(lines, "\n"), f.suggestions()}
	return e
}

// maxNames is how many targets a line names without --verbose.
const maxNames = 10

// quotedNames returns the first names on one line, each as a word of a shell, and how many more there are.
func quotedNames(names []string, most int) string {
	shown := names[:min(len(names), most)]
	quoted := make([]string, len(shown))
	for i, name := range shown {
		quoted[i] = terminal.Quote(name)
	}
	line := strings.Join(quoted, " ")
	if more := len(names) - len(shown); more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line
}

// fleetError is the failure of some of many targets.
type fleetError struct {
	counts  countsDocument
	targets int
	worst   error
}

func (e *fleetError) Error() string {
	c := e.counts
	notStarted := fmt.Sprintf("%s not started", terminal.Plural(c.NotStarted, "was", "were"))
	line := fmt.Sprintf("%d of %s ", c.NotStarted, text.Count(e.targets, "target")) + notStarted
	if c.Failed > 0 {
		line = fmt.Sprintf("%d of %s failed", c.Failed, text.Count(e.targets, "target"))
		if c.NotStarted > 0 {
			line += fmt.Sprintf(", %d ", c.NotStarted) + notStarted
		}
	}
	if c.Done == 0 {
		return line + ", none is done"
	}
	return line + fmt.Sprintf(", %d %s done", c.Done, terminal.Plural(c.Done, "is", "are"))
}

// Kind returns that of the worst error.
func (e *fleetError) Kind() migrator.Kind { return kindOf(e.worst) }

// Unwrap returns what interrupted the run, or nil: each of the other errors is about one
// target.
func (e *fleetError) Unwrap() error {
	if e.Kind() == migrator.KindInterrupted {
		return e.worst
	}
	return nil
}
