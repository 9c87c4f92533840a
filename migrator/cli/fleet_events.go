package cli

import (
	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// event reports an event of a target. Those of single steps are left out: with many targets
// nobody reads them.
func (f *fleetRun) event(e migrator.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	base := f.source.Load()
	f.setOrigin(e.Source())
	f.focus = f.focusOn(e.Source().Target)
	defer func() {
		f.focus = nil
		if base != nil {
			f.setOrigin(*base)
		}
	}()
	switch e := e.(type) {
	case migrator.StepStarted, migrator.StepProgress:
	case migrator.Planned:
		f.ends[e.Target] = e.To
		f.stamp = e.Stamp
	case migrator.StepFinished:
		if f.settings.Verbose && !bool(f.flags.jsonLines) {
			f.stepDone(e)
		}
	case migrator.RevisionsReplaced:
		if f.settings.Verbose && !bool(f.flags.jsonLines) {
			line := "recorded " + replacementLine(e.Replacement)
			f.reporter.result(eventReplaced, []terminal.Cell{terminal.Bold.Cell(e.Target), terminal.Plain.Cell("  " + line)}, line, "revision", e.Replacement.Revision, "replaced", list(e.Replacement.Recorded))
		}
	case migrator.FileModified:
		if !f.warned[e.Revision] {
			f.warned[e.Revision] = true
			f.modified(e)
		}
	case migrator.Deferred:
		f.deferred[e.Target] = true
		f.reporter.event(e)
	default:
		f.reporter.event(e)
	}
}

// stepDone prints a step of a target.
func (f *fleetRun) stepDone(e migrator.StepFinished) {
	done := "committed"
	event := eventCommitted
	if f.stamp {
		event, done = eventRecorded, "recorded only"
	}
	name := stepName(e.Step)
	f.reporter.result(event, []terminal.Cell{terminal.Bold.Cell(e.Target), terminal.Plain.Cell("  " + name + "  " + done)}, name+" "+done,
		"direction", string(e.Step.Direction), "revision", e.Step.Revision, "message", e.Step.Message, "duration_ms", milliseconds(e.Step.Duration))
}
