package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator"
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
	lost                  bool      // the server was lost in the middle of the run
}

func (rep *reporter) event(e migrator.Event) {
	rep.setOrigin(e.Source())
	switch e := e.(type) {
	case migrator.Planned:
		rep.plan(e)
	case migrator.StepStarted:
		rep.log.StartStep(stepName(e.Step), append(rep.origin(eventRunning), "revision", e.Step.Revision)...)
	case migrator.StepFinished:
		rep.finished(e)
	case migrator.Notice:
		rep.notice(e)
	case migrator.Waiting:
		rep.log.EndStep()
		rep.record(record{
			event: eventWaiting, msg: "waiting for another runner: " + e.Holder.String(), text: "waiting for another runner" + rep.waitLimit() + ": " + e.Holder.String(),
			attrs: []any{"pid", e.Holder.PID, "application", e.Holder.Application, "waited_ms", milliseconds(e.Waited), "limit_ms", milliseconds(rep.settings.WaitRunner)},
		})
	case migrator.StepUndone:
		rep.log.EndStep()
		rep.record(record{
			event: eventUndone, level: slog.LevelWarn,
			msg:   stepName(e.Step) + " was committed, but the server has lost it; it is run again",
			attrs: []any{"revision", e.Step.Revision},
		})
	case migrator.StepRetrying:
		rep.log.EndStep()
		name := stepName(e.Step)
		rep.record(record{
			event: eventRetrying, level: slog.LevelWarn, msg: name + " did not get a lock and was rolled back; retrying",
			text:  fmt.Sprintf("%s: %s; rolled back; retrying in %s (try %d)", name, e.Err.Reason, terminal.Duration(e.Pause), e.Try+1),
			attrs: []any{"revision", e.Step.Revision, "sqlstate", e.Err.SQLState, "reason", e.Err.Reason, "try", e.Try, "pause_ms", milliseconds(e.Pause)},
		})
	case migrator.Connecting:
		rep.connecting(e.Err)
	case migrator.ConnectionLost:
		rep.lost, rep.connectLoggedAt = true, time.Time{}
		rep.log.EndStep()
		rep.warn(eventLost, e.Err.Error()+"; reconnecting to find out whether it was committed", "error", e.Err.Error())
	case migrator.FileModified:
		rep.modified(e)
	case migrator.SchemaDrifted:
		what := "the schema is"
		if e.State == migrator.SchemaAccessChanged {
			what = "owners or privileges are"
		}
		rep.warn(eventDrifted, what+" not what the last run left; this run does not record it as its own", "state", string(e.State))
	case migrator.SchemaUncompared:
		rec := record{event: eventUncompared, level: slog.LevelWarn, msg: "the schema was " + e.Schema.String()}
		if e.Schema.Err == nil {
			rec.run = []suggestion{adviser{rep.program, rep.cmd}.recordSchema()}
		}
		rep.record(rec)
	case migrator.RevisionsReplaced:
		rep.replaced(e.Replacement)
	case migrator.RevisionUnfinished:
		rep.unfinished(e)
	case migrator.StepProgress:
		rep.log.StepDetails(progressDetails(e))
	case migrator.StepBlocked:
		rep.log.StepDetails("waiting for " + e.Blockers[0].String())
		for _, b := range e.Blockers {
			rep.warn(eventBlocked, stepName(e.Step)+" is waiting for a lock held by "+b.String(),
				"revision", e.Step.Revision, "pid", b.PID, "blocker", b.String(), "waited_ms", milliseconds(e.Waited))
		}
	case migrator.IndexProgress:
		rep.record(record{
			event: eventIndex, msg: stepName(e.Step) + ": " + e.Phase, text: indexProgress(e),
			attrs: []any{"revision", e.Step.Revision, "index", e.Index, "table", e.Table, "phase", e.Phase, "done", e.Done, "total", e.Total, "running_ms", milliseconds(e.Running)},
		})
	case migrator.Deferred:
		reason, _, _ := strings.Cut(e.Err.Error(), "\n")
		rep.info(eventDeferred, "deferred until the other targets have ended: "+reason, "reason", reason)
	case migrator.WorkerStopped:
		rep.warn(eventWorkerStopped, fmt.Sprintf("the server has no connection for another worker; continuing with %d", e.Workers), "workers", e.Workers, "error", e.Err.Error())
	case migrator.Repaired:
		rep.warn(eventRepairing, e.Object+": "+e.Problem+"; running "+e.Statement,
			"revision", e.Step.Revision, "object", e.Object, "problem", e.Problem, "statement", e.Statement)
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
		rep.messageWidth = max(rep.messageWidth, text.Width(terminal.Clip(s.Message)))
	}
	rep.record(record{
		event: eventPlanned, level: slog.LevelDebug,
		msg:   fmt.Sprintf("from %s to %s in %s", idsOrBase(p.From), idsOrBase(p.To), text.Count(len(p.Steps), "step")),
		attrs: []any{"from", list(p.From), "to", list(p.To), "steps", len(p.Steps)},
	})
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
	event, done := eventCommitted, "committed"
	if rep.stamp {
		event, done = eventRecorded, "recorded only"
	}
	attrs := []any{"direction", string(s.Direction), "revision", s.Revision, "message", s.Message, "duration_ms", milliseconds(s.Duration)}
	if len(s.PendingOn) > 0 {
		attrs = append(attrs, "pending_on", s.PendingOn)
		took += ", pending on " + text.List(s.PendingOn, "and")
	}
	rest := fmt.Sprintf("  %-*s  %s%s  %s%s", rep.idWidth, s.Revision,
		message, strings.Repeat(" ", max(0, rep.messageWidth-text.Width(message))), done, took)
	rep.result(event, []terminal.Cell{arrow, terminal.Plain.Cell(rest)}, stepName(s)+" "+done, attrs...)
}

// notice logs a message of the server about a step. Without --verbose it logs only
// warnings.
func (rep *reporter) notice(n migrator.Notice) {
	if n.Severity != "WARNING" && !rep.settings.Verbose {
		return
	}
	var b strings.Builder
	b.WriteString(n.Step.File + ":")
	if n.Line > 0 {
		b.WriteString(strconv.Itoa(n.Line) + ":")
	}
	b.WriteString(" " + n.Severity + ": " + indented(n.Text))
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
	rep.log.Log(level, n.Text, append(rep.origin(eventNotice), "revision", n.Step.Revision, "file", n.Step.File, "line", n.Line,
		"severity", n.Severity, "sqlstate", n.SQLState, "detail", n.Detail, "hint", n.Hint)...)
}

// indented returns text whose later lines cannot be taken for lines of the log.
func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n    ") }

func indexProgress(e migrator.IndexProgress) string {
	progress := stepName(e.Step) + ": " + e.Phase
	switch {
	case e.Index != "":
		progress += " of " + e.Index
	case e.Table != "":
		progress += " of an index of " + e.Table
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
	reason, problem := err.Error(), ""
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		reason, problem = e.Reason, string(e.Problem)
	}
	msg := "the server does not accept connections yet (" + reason + "); retrying"
	rep.record(record{
		event: eventUnavailable, msg: msg, text: msg + " for up to " + revision.FormatDuration(rep.connectLimit()),
		attrs: []any{"problem", problem, "reason", reason, "limit_ms", milliseconds(rep.connectLimit())},
	})
}

// shortestReturn is how long a run waits for a server that it has lost, whatever --wait is.
const shortestReturn = 3 * time.Second

// connectLimit returns how long a run tries to connect.
func (rep *reporter) connectLimit() time.Duration {
	if rep.lost {
		return max(rep.settings.Wait, shortestReturn)
	}
	return rep.settings.Wait
}

// modified logs the first few modified revisions; status lists them all.
func (rep *reporter) modified(c migrator.FileModified) {
	const logged = 5
	switch rep.modifiedFiles++; {
	case rep.modifiedFiles <= logged:
		var run []suggestion
		if rep.focus == nil || rep.focus.here {
			run = append(run, to("accept it as it is", rep.otherLine(rep.cmd, []string{"repair", c.Revision, "--accept"})))
		}
		rep.record(record{
			event: eventModified, level: slog.LevelWarn, run: run,
			msg:   fmt.Sprintf("%s was modified after it was applied (%s): %s; restore the file, or accept it", c.Revision, strings.Join(c.Changes, ", "), terminal.Quote(c.File)),
			attrs: []any{"revision", c.Revision, "file", c.File, "changes", list(c.Changes)},
		})
	case rep.modifiedFiles == logged+1:
		status := to("list them", rep.otherLine(rep.cmd, []string{"status"}))
		rep.record(record{event: eventMoreModified, level: slog.LevelWarn, msg: "more applied revisions were modified", run: []suggestion{status}})
	}
}

// unfinished logs that a revision is unfinished, and how to finish it.
func (rep *reporter) unfinished(e migrator.RevisionUnfinished) {
	a := adviser{rep.program, rep.cmd}.finish(e.Revision, e.Finish)
	line := e.Revision + " is unfinished"
	if a.text != "" {
		line += "; " + a.text
	}
	rep.record(record{event: eventUnfinished, level: slog.LevelWarn, msg: line, run: a.suggestions, attrs: []any{"revision", e.Revision}})
}

// stepName returns the name of a step: upgrade 433af9f41996 (create account table).
func stepName(s migrator.Step) string {
	name := "upgrade "
	if s.Direction == migrator.Downgrade {
		name = "downgrade "
	}
	return name + text.Named(s.Revision, terminal.Clip(s.Message))
}
