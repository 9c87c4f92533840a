package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

// reporter tells what happens in a run of up, down or to.
type reporter struct {
	*run
	planned     bool
	stamp       bool     // the steps run nothing
	to          []string // where the plan leads
	ids, words  int      // widths of columns
	changed     int
	connectedAt time.Time // when the last failure to connect was told
}

func (m *reporter) event(e migrator.Event) {
	switch e := e.(type) {
	case migrator.Planned:
		m.plan(e.Plan)
	case migrator.Started:
		m.log.StartStep(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), "revision", e.Step.Revision)
	case migrator.Finished:
		m.finished(e)
	case migrator.Notice:
		m.notice(e)
	case migrator.Waiting:
		m.log.EndStep()
		m.log.Info("another runner is at work: "+e.Holder.String()+"; waiting for it"+m.limit(), "pid", e.Holder.PID, "application", e.Holder.Application, "waited_ms", milliseconds(e.Waited))
	case migrator.Retrying:
		m.log.EndStep()
		m.log.Warn(fmt.Sprintf("%s: %s; nothing of it was kept, try %d follows in %s",
			stepName(e.Step.Direction, e.Step.Revision, e.Step.Message), e.Err.Text, e.Try+1, terminal.Duration(e.Pause)),
			"revision", e.Step.Revision, "sqlstate", e.Err.SQLState, "try", e.Try)
	case migrator.Connecting:
		m.connecting(e.Err)
	case migrator.Lost:
		m.log.EndStep()
		m.log.Warn(e.Err.Error() + "; connecting again to see what became of it")
	case migrator.Changed:
		m.change(e.Change)
	case migrator.Halfway:
		m.log.Warn(e.Revision+" is unfinished: "+m.finish(e.Revision, e.Finish), "revision", e.Revision)
	case migrator.Blocked:
		m.log.EndStep()
		for _, b := range e.Blockers {
			m.log.Warn(stepName(e.Step.Direction, e.Step.Revision, e.Step.Message)+" waits for a lock that is held by "+b.String(), "revision", e.Step.Revision, "pid", b.PID)
		}
	case migrator.IndexProgress:
		m.log.Info(progress(e), "revision", e.Step.Revision, "index", e.Index, "phase", e.Phase, "done", e.Done, "total", e.Total)
	case apply.Repaired:
		m.log.Warn(e.Object+": "+e.Problem+"; running "+e.Statement, "revision", e.Step.Revision, "object", e.Object)
	}
}

func (m *reporter) plan(p plan.Plan) {
	m.planned, m.stamp, m.to = true, p.Stamp, p.To
	for _, s := range p.Steps {
		m.ids = max(m.ids, len(s.Revision))
		m.words = max(m.words, utf8.RuneCountInString(terminal.Clip(s.Message)))
	}
	m.log.Debug(fmt.Sprintf("from %s to %s in %s", placeNames(p.From), placeNames(p.To), terminal.Count(len(p.Steps), "step")),
		"from", list(p.From), "to", list(p.To), "steps", len(p.Steps))
}

func (m *reporter) finished(e migrator.Finished) {
	m.log.EndStep()
	if m.settings.Quiet {
		return
	}
	s, took := e.Step, ""
	if e.Duration > 0 {
		took = " in " + terminal.Duration(e.Duration)
	}
	arrow := m.out.Styled(terminal.Green, "up  ")
	if s.Direction == plan.Down {
		arrow = m.out.Styled(terminal.Yellow, "down")
	}
	message := terminal.Clip(s.Message)
	done := "committed"
	if m.stamp {
		done = "recorded only"
	}
	m.result(fmt.Sprintf("%s  %-*s  %s%s  %s%s", arrow, m.ids, s.Revision,
		message, strings.Repeat(" ", max(0, m.words-utf8.RuneCountInString(message))), done, took),
		"direction", string(s.Direction), "revision", s.Revision, "message", s.Message, "duration_ms", milliseconds(e.Duration))
}

// result prints a line on standard output.
func (m *reporter) result(text string, attrs ...any) {
	switch {
	case m.settings.JSON: // the document says it
	case m.settings.LogFormat == settings.LogJSON:
		m.out.Record(text, attrs...)
	default:
		m.out.Print(text + "\n")
	}
}

func progress(e migrator.IndexProgress) string {
	text := stepName(e.Step.Direction, e.Step.Revision, e.Step.Message) + ": " + e.Phase
	if e.Index != "" {
		text += " of " + e.Index
	}
	if e.Total > 0 {
		text += fmt.Sprintf(", %d %%", 100*e.Done/e.Total)
	}
	return text + ", for " + terminal.Duration(e.Running)
}

func (m *reporter) limit() string {
	if m.settings.WaitRunner == 0 {
		return ""
	}
	return ", at most " + revision.FormatDuration(m.settings.WaitRunner)
}

// connecting tells the first failure to connect, and then one in a while.
func (m *reporter) connecting(err error) {
	if time.Since(m.connectedAt) < 10*time.Second {
		return
	}
	m.connectedAt = time.Now()
	reason := err.Error()
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		reason = string(e.Problem)
	}
	m.log.Info("the server does not answer yet ("+reason+"); trying for up to "+revision.FormatDuration(m.settings.Wait), "reason", reason)
}

// change tells of the first few changed files; status shows them all.
func (m *reporter) change(c plan.Change) {
	const told = 5
	switch m.changed++; {
	case m.changed <= told:
		m.log.Warn(fmt.Sprintf("%s has changed since it was applied (%s): %s", c.Revision, strings.Join(c.What, ", "), c.File), "revision", c.Revision, "file", c.File)
	case m.changed == told+1:
		m.log.Warn("more applied revisions have changed; status shows them")
	}
}

// kept says after a failure what stays and what to do next.
func (m *reporter) kept(set *migrator.Set, report *migrator.Report, err error) string {
	if !m.planned {
		return ""
	}
	var lines []string
	if m.settings.SingleTransaction && len(report.Steps) == 0 {
		lines = append(lines, "nothing of the whole run was kept")
	}
	failed, isFailed := errors.AsType[*apply.RevisionError](err)
	interrupted, isInterrupted := errors.AsType[*apply.InterruptedError](err)
	switch {
	case is[*apply.UnknownOutcomeError](err):
		return m.stays(report)
	case isFailed && failed.Outside:
		lines = append(lines, partly(failed.Revision, failed.Done))
	case isInterrupted && interrupted.Outside:
		lines = append(lines, partly(interrupted.Revision, interrupted.Done))
	case len(lines) > 0: // that says it
	case isFailed && failed.SQLState != "":
		lines = append(lines, "nothing of "+failed.Revision+" was kept")
	case isInterrupted && interrupted.Revision != "":
		lines = append(lines, "nothing of "+interrupted.Revision+" was kept")
	case len(report.Steps) == 0:
		return ""
	}
	if stays := m.stays(report); stays != "" {
		lines = append(lines, stays)
	}
	lines = append(lines, "the database is "+at(set, report.To))
	return strings.Join(lines, "; ") + "\n" + m.next(err, failed)
}

// partly is for a revision that runs outside a transaction.
func partly(id string, done int) string {
	return terminal.Count(done, "statement") + " of " + id + " " + terminal.Plural(done, "is", "are") + " done and " + terminal.Plural(done, "stays", "stay") +
		", the next run goes on after " + terminal.Plural(done, "it", "them")
}

// stays says what was done before a failure.
func (m *reporter) stays(report *migrator.Report) string {
	switch up, down := directions(report.Steps); {
	case up+down == 0:
		return ""
	case down == 0:
		return terminal.Count(up, "revision") + " before it " + terminal.Plural(up, "stays", "stay") + " applied"
	case up == 0:
		return terminal.Count(down, "revision") + " before it " + terminal.Plural(down, "stays", "stay") + " taken down"
	default:
		return terminal.Count(up+down, "step") + " before it " + terminal.Plural(up+down, "stays", "stay") + " done"
	}
}

// next is what to do after a failure.
func (m *reporter) next(err error, failed *apply.RevisionError) string {
	again := "run again: " + m.again()
	switch {
	case failed == nil || is[*apply.LockTimeoutError](err):
		return again
	case strings.HasPrefix(failed.File, "ledger:"):
		return "the script comes from the ledger: mend what it meets in the database, or use a program that has the revision's files; then " + again
	case m.embedded():
		return "correct " + failed.File + ", build the program again, then " + again
	}
	return "correct " + failed.File + ", then " + again
}

// again is the command that finishes the run. Steps that were counted from where the
// database was would be counted from where it is now, so the end of the plan is named.
func (m *reporter) again() string {
	counted := m.cmd.Name() == "redo" || m.cmd.Name() == "down" && len(m.args) == 0 ||
		slices.ContainsFunc(m.args, func(a string) bool { return strings.ContainsAny(a, "+-") })
	if !counted {
		return m.command()
	}
	verb, to := m.cmd.Name(), m.to
	switch {
	case verb == "redo":
		verb = "up"
	case verb == "down" && len(to) > 1:
		verb = "to"
	}
	if len(to) == 0 {
		to = []string{"base"}
	}
	return m.commandTo(m.cmd.Parent().CommandPath()+" "+verb, to)
}

// stepName names a step in a message: up 433af9f41996 (create account table).
func stepName(d plan.Direction, id, message string) string {
	if message == "" {
		return string(d) + " " + id
	}
	return string(d) + " " + id + " (" + terminal.Clip(message) + ")"
}

// notice logs what the server said about a step. Only warnings are shown without
// --verbose.
func (m *reporter) notice(n apply.Notice) {
	if n.Severity != "WARNING" && !m.settings.Verbose {
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
	if !m.log.JSON() {
		m.log.Log(slog.LevelInfo, b.String())
		return
	}
	level := slog.LevelInfo
	if n.Severity == "WARNING" {
		level = slog.LevelWarn
	}
	m.log.Log(level, n.Text, "revision", n.Step.Revision, "file", n.Step.Script.File, "line", n.Line,
		"severity", n.Severity, "sqlstate", n.SQLState, "detail", n.Detail, "hint", n.Hint)
}
