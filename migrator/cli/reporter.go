package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// reporter prints and logs the events of a run.
type reporter struct {
	*run
	planned               bool
	stamp                 bool     // the steps run no SQL
	to                    []string // where the plan ends
	idWidth, messageWidth int      // widths of columns
	modifiedFiles         int
	connectLoggedAt       time.Time // when a failure to connect was last logged
}

func (rep *reporter) event(e migrator.Event) {
	switch e := e.(type) {
	case migrator.Planned:
		rep.plan(e)
	case migrator.StepStarted:
		rep.log.StartStep(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), "revision", e.Step.Revision)
	case migrator.StepFinished:
		rep.finished(e)
	case migrator.Notice:
		rep.notice(e)
	case migrator.Waiting:
		rep.log.EndStep()
		rep.log.Info("waiting for another runner"+rep.waitLimit()+": "+e.Holder.String(), "pid", e.Holder.PID, "application", e.Holder.Application, "waited_ms", milliseconds(e.Waited))
	case migrator.StepUndone:
		rep.log.EndStep()
		rep.log.Warn(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message)+" was committed, but the server has lost it; it is run again", "revision", e.Step.Revision)
	case migrator.StepRetrying:
		rep.log.EndStep()
		rep.log.Warn(fmt.Sprintf("%s: %s; rolled back; retrying in %s (try %d)",
			stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), e.Err.Reason, terminal.Duration(e.Pause), e.Try+1),
			"revision", e.Step.Revision, "sqlstate", e.Err.SQLState, "try", e.Try)
	case migrator.Connecting:
		rep.connecting(e.Err)
	case migrator.ConnectionLost:
		rep.log.EndStep()
		rep.log.Warn(e.Err.Error() + "; reconnecting to find out whether it was committed")
	case migrator.FileModified:
		rep.modified(e)
	case migrator.RevisionUnfinished:
		rep.log.Warn(e.Revision+" is unfinished: "+rep.finishAdvice(e.Revision, e.Finish), "revision", e.Revision)
	case migrator.StepProgress:
		rep.log.StepDetails(progressDetails(e))
	case migrator.StepBlocked:
		rep.log.StepDetails("waiting for " + e.Blockers[0].String())
		for _, b := range e.Blockers {
			rep.log.Warn(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message)+" is waiting for a lock held by "+b.String(), "revision", e.Step.Revision, "pid", b.PID)
		}
	case migrator.IndexProgress:
		rep.log.Info(indexProgress(e), "revision", e.Step.Revision, "index", e.Index, "phase", e.Phase, "done", e.Done, "total", e.Total)
	case migrator.Repaired:
		rep.log.Warn(e.Object+": "+e.Problem+"; running "+e.Statement, "revision", e.Step.Revision, "object", e.Object)
	}
}

// progressDetails returns how far a step is: the statement that is running, the rows of its
// COPY, and its place among the revisions that are sent together.
func progressDetails(e migrator.StepProgress) string {
	var parts []string
	switch {
	case e.Done > 0 && e.Done < e.Of:
		parts = append(parts, fmt.Sprintf("statement %d of %d", e.Done+1, e.Of))
	case e.Of > 1:
		parts = append(parts, text.Count(e.Of, "statement"))
	}
	if e.Rows > 0 {
		parts = append(parts, fmt.Sprintf("%d rows copied", e.Rows))
	}
	if e.Len > 1 {
		parts = append(parts, fmt.Sprintf("revision %d of %d", e.Index, e.Len))
	}
	return strings.Join(parts, ", ")
}

func (rep *reporter) plan(p migrator.Planned) {
	rep.planned, rep.stamp, rep.to = true, p.Stamp, p.To
	for _, s := range p.Steps {
		rep.idWidth = max(rep.idWidth, len(s.Revision))
		rep.messageWidth = max(rep.messageWidth, utf8.RuneCountInString(terminal.Clip(s.Message)))
	}
	rep.log.Debug(fmt.Sprintf("from %s to %s in %s", idsOrBase(p.From), idsOrBase(p.To), text.Count(len(p.Steps), "step")),
		"from", list(p.From), "to", list(p.To), "steps", len(p.Steps))
}

func (rep *reporter) finished(e migrator.StepFinished) {
	rep.log.EndStep()
	if rep.settings.Quiet {
		return
	}
	s, took := e.Step, ""
	if s.Duration > 0 {
		took = " in " + terminal.Duration(s.Duration)
	}
	arrow := terminal.Green.Cell("up  ")
	if s.Direction == migrator.Downgrade {
		arrow = terminal.Yellow.Cell("down")
	}
	message := terminal.Clip(s.Message)
	done := "committed"
	if rep.stamp {
		done = "recorded only"
	}
	rest := fmt.Sprintf("  %-*s  %s%s  %s%s", rep.idWidth, s.Revision,
		message, strings.Repeat(" ", max(0, rep.messageWidth-utf8.RuneCountInString(message))), done, took)
	rep.result([]terminal.Cell{arrow, terminal.Plain.Cell(rest)},
		"direction", string(s.Direction), "revision", s.Revision, "message", s.Message, "duration_ms", milliseconds(s.Duration))
}

// result prints a line or a record of the result.
func (rep *reporter) result(line []terminal.Cell, attrs ...any) {
	switch {
	case rep.settings.JSON: // the document has it
	case rep.settings.LogFormat == settings.LogJSON:
		var text strings.Builder
		for _, c := range line {
			text.WriteString(c.String())
		}
		rep.out.Record(text.String(), attrs...)
	default:
		rep.out.PrintLine(line...)
	}
}

// notice logs a message of the server about a step. Without --verbose it logs only
// warnings.
func (rep *reporter) notice(n migrator.Notice) {
	if n.Severity != "WARNING" && !rep.settings.Verbose {
		return
	}
	var b strings.Builder
	b.WriteString(n.Step.File + ":" + strconv.Itoa(n.Line) + ": " + n.Severity + ": " + indented(n.Text))
	if n.SQLState != "" && n.SQLState != "00000" {
		b.WriteString(" (" + n.SQLState + ")")
	}
	for _, more := range []struct{ name, text string }{{"DETAIL", n.Detail}, {"HINT", n.Hint}} {
		if more.text != "" {
			b.WriteString("\n  " + more.name + ": " + indented(more.text))
		}
	}
	if !rep.log.JSON() {
		rep.log.Log(slog.LevelInfo, b.String())
		return
	}
	level := slog.LevelInfo
	if n.Severity == "WARNING" {
		level = slog.LevelWarn
	}
	rep.log.Log(level, n.Text, "revision", n.Step.Revision, "file", n.Step.File, "line", n.Line,
		"severity", n.Severity, "sqlstate", n.SQLState, "detail", n.Detail, "hint", n.Hint)
}

// indented returns text whose later lines cannot be taken for lines of the log.
func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n    ") }

func indexProgress(e migrator.IndexProgress) string {
	progress := stepName(e.Step.Direction, e.Step.Revision, e.Step.Message) + ": " + e.Phase
	if e.Index != "" {
		progress += " of " + e.Index
	}
	if e.Total > 0 {
		progress += fmt.Sprintf(", %d %%", 100*e.Done/e.Total)
	}
	return progress + ", running for " + terminal.Duration(e.Running)
}

func (rep *reporter) waitLimit() string {
	if rep.settings.WaitRunner == 0 {
		return ""
	}
	return " for up to " + revision.FormatDuration(rep.settings.WaitRunner)
}

// connecting logs the first failure to connect, and then at most one in 10 seconds.
func (rep *reporter) connecting(err error) {
	if time.Since(rep.connectLoggedAt) < 10*time.Second {
		return
	}
	rep.connectLoggedAt = time.Now()
	reason := err.Error()
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		reason = string(e.Problem)
	}
	rep.log.Info("the server does not answer yet ("+reason+"); retrying for up to "+revision.FormatDuration(rep.settings.Wait), "reason", reason)
}

// modified logs the first few modified revisions; status lists them all.
func (rep *reporter) modified(c migrator.FileModified) {
	const logged = 5
	switch rep.modifiedFiles++; {
	case rep.modifiedFiles <= logged:
		rep.log.Warn(fmt.Sprintf("%s was modified after it was applied (%s): %s", c.Revision, strings.Join(c.Changes, ", "), c.File), "revision", c.Revision, "file", c.File)
	case rep.modifiedFiles == logged+1:
		rep.log.Warn("more applied revisions were modified; `status` lists them")
	}
}

// stepName returns the name of a step: upgrade 433af9f41996 (create account table).
func stepName(d migrator.Direction, id, message string) string {
	name := "upgrade " + id
	if d == migrator.Downgrade {
		name = "downgrade " + id
	}
	if message != "" {
		name += " (" + terminal.Clip(message) + ")"
	}
	return name
}
