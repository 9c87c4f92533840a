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
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
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
		rep.plan(e.Plan)
	case migrator.Started:
		rep.log.StartStep(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), "revision", e.Step.Revision)
	case migrator.Finished:
		rep.finished(e)
	case migrator.Notice:
		rep.notice(e)
	case migrator.Waiting:
		rep.log.EndStep()
		rep.log.Info("another runner is at work: "+e.Holder.String()+"; waiting for it"+rep.waitLimit(), "pid", e.Holder.PID, "application", e.Holder.Application, "waited_ms", milliseconds(e.Waited))
	case migrator.Retrying:
		rep.log.EndStep()
		rep.log.Warn(fmt.Sprintf("%s: %s; nothing of it was kept, try %d follows in %s",
			stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), e.Err.Text, e.Try+1, terminal.Duration(e.Pause)),
			"revision", e.Step.Revision, "sqlstate", e.Err.SQLState, "try", e.Try)
	case migrator.Connecting:
		rep.connecting(e.Err)
	case migrator.Lost:
		rep.log.EndStep()
		rep.log.Warn(e.Err.Error() + "; connecting again to see what became of it")
	case migrator.Changed:
		rep.modified(e.Change)
	case migrator.Halfway:
		rep.log.Warn(e.Revision+" is unfinished: "+rep.finishAdvice(e.Revision, e.Finish), "revision", e.Revision)
	case migrator.Blocked:
		rep.log.EndStep()
		for _, b := range e.Blockers {
			rep.log.Warn(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message)+" waits for a lock that is held by "+b.String(), "revision", e.Step.Revision, "pid", b.PID)
		}
	case migrator.IndexProgress:
		rep.log.Info(indexProgress(e), "revision", e.Step.Revision, "index", e.Index, "phase", e.Phase, "done", e.Done, "total", e.Total)
	case apply.Repaired:
		rep.log.Warn(e.Object+": "+e.Problem+"; running "+e.Statement, "revision", e.Step.Revision, "object", e.Object)
	}
}

func (rep *reporter) plan(p plan.Plan) {
	rep.planned, rep.stamp, rep.to = true, p.Stamp, p.To
	for _, s := range p.Steps {
		rep.idWidth = max(rep.idWidth, len(s.Revision))
		rep.messageWidth = max(rep.messageWidth, utf8.RuneCountInString(terminal.Clip(s.Message)))
	}
	rep.log.Debug(fmt.Sprintf("from %s to %s in %s", idsOrBase(p.From), idsOrBase(p.To), terminal.Count(len(p.Steps), "step")),
		"from", list(p.From), "to", list(p.To), "steps", len(p.Steps))
}

func (rep *reporter) finished(e migrator.Finished) {
	rep.log.EndStep()
	if rep.settings.Quiet {
		return
	}
	s, took := e.Step, ""
	if e.Duration > 0 {
		took = " in " + terminal.Duration(e.Duration)
	}
	arrow := rep.out.Styled(terminal.Green, "up  ")
	if s.Direction == plan.Down {
		arrow = rep.out.Styled(terminal.Yellow, "down")
	}
	message := terminal.Clip(s.Message)
	done := "committed"
	if rep.stamp {
		done = "recorded only"
	}
	rep.result(fmt.Sprintf("%s  %-*s  %s%s  %s%s", arrow, rep.idWidth, s.Revision,
		message, strings.Repeat(" ", max(0, rep.messageWidth-utf8.RuneCountInString(message))), done, took),
		"direction", string(s.Direction), "revision", s.Revision, "message", s.Message, "duration_ms", milliseconds(e.Duration))
}

// result prints a line or a record of the result.
func (rep *reporter) result(text string, attrs ...any) {
	switch {
	case rep.settings.JSON: // the document has it
	case rep.settings.LogFormat == settings.LogJSON:
		rep.out.Record(text, attrs...)
	default:
		rep.out.Print(text + "\n")
	}
}

// notice logs a message of the server about a step. Without --verbose it logs only
// warnings.
func (rep *reporter) notice(n apply.Notice) {
	if n.Severity != "WARNING" && !rep.settings.Verbose {
		return
	}
	var b strings.Builder
	b.WriteString(n.Step.Script.File + ":" + strconv.Itoa(n.Line) + ": " + n.Severity + ": " + n.Text)
	if n.SQLState != "" && n.SQLState != pg.SuccessfulCompletion {
		b.WriteString(" (" + n.SQLState + ")")
	}
	for _, more := range []struct{ name, text string }{{"DETAIL", n.Detail}, {"HINT", n.Hint}} {
		if more.text != "" {
			b.WriteString("\n  " + more.name + ": " + more.text)
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
	rep.log.Log(level, n.Text, "revision", n.Step.Revision, "file", n.Step.Script.File, "line", n.Line,
		"severity", n.Severity, "sqlstate", n.SQLState, "detail", n.Detail, "hint", n.Hint)
}

func indexProgress(e migrator.IndexProgress) string {
	text := stepName(e.Step.Direction, e.Step.Revision, e.Step.Message) + ": " + e.Phase
	if e.Index != "" {
		text += " of " + e.Index
	}
	if e.Total > 0 {
		text += fmt.Sprintf(", %d %%", 100*e.Done/e.Total)
	}
	return text + ", for " + terminal.Duration(e.Running)
}

func (rep *reporter) waitLimit() string {
	if rep.settings.WaitRunner == 0 {
		return ""
	}
	return ", at most " + revision.FormatDuration(rep.settings.WaitRunner)
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
	rep.log.Info("the server does not answer yet ("+reason+"); trying for up to "+revision.FormatDuration(rep.settings.Wait), "reason", reason)
}

// modified logs the first few modified files; status shows them all.
func (rep *reporter) modified(c plan.Change) {
	const told = 5
	switch rep.modifiedFiles++; {
	case rep.modifiedFiles <= told:
		rep.log.Warn(fmt.Sprintf("%s has changed since it was applied (%s): %s", c.Revision, strings.Join(c.What, ", "), c.File), "revision", c.Revision, "file", c.File)
	case rep.modifiedFiles == told+1:
		rep.log.Warn("more applied revisions have changed; status shows them")
	}
}

// stepName returns the name of a step: up 433af9f41996 (create account table).
func stepName(d plan.Direction, id, message string) string {
	if message == "" {
		return string(d) + " " + id
	}
	return string(d) + " " + id + " (" + terminal.Clip(message) + ")"
}
