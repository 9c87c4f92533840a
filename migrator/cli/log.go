package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// eventFilter selects events.
type eventFilter struct {
	limit    settings.Count
	revision settings.Text
	action   settings.List
	since    settings.Time
	until    settings.Time
}

func (p *program) log() *cobra.Command {
	f := eventFilter{limit: 20}
	return p.command(action{
		use:   "log",
		short: "show the event log: who did what, when, and how it ended",
		long: `Shows the event log of the database, newest first: what was applied, reverted, stamped,
repaired and adopted, what failed or was interrupted, by whom, from where and with which
version.`,
		example: "log\nlog --revision 9f3c --limit 0\nlog --action failed,interrupted --since 2026-01-31",
		groups:  []string{settings.GroupDatabase, settings.GroupOutput},
		flags: func(flags *pflag.FlagSet) {
			settings.AddFlag(flags, &f.limit, "limit", "", "N", "maximum number of events; 0: all (default: 20)")
			settings.AddFlag(flags, &f.revision, "revision", "", "REV", "only this revision: its id, or the beginning of it")
			settings.AddFlag(flags, &f.action, "action", "", "ACTION,…", "only "+actionChoices)
			settings.AddFlag(flags, &f.since, "since", "", "TIME", "not before 2026-01-31 or 2026-01-31T08:00:00Z")
			settings.AddFlag(flags, &f.until, "until", "", "TIME", "not after this time; a day counts to its end")
		},
		run: func(r *run) error { return r.logEvents(&f) },
	})
}

func (r *run) logEvents(f *eventFilter) error {
	if err := f.check(); err != nil {
		return err
	}
	set, cfg, err := r.open((&reporter{run: r}).event)
	if err != nil {
		return err
	}
	v := &eventView{run: r}
	some := false
	for e, err := range set.LogEntries(r.ctx, cfg) {
		if err != nil {
			v.flush()
			return err
		}
		if some = true; !f.match(&e) {
			continue
		}
		if v.add(&e); v.shown == int(f.limit) {
			break
		}
	}
	v.end(some)
	return nil
}

// eventView prints events as they come, so that a log of any length needs little memory.
type eventView struct {
	*run
	shown int
	table terminal.LongTable
}

// startedLog is a logDocument whose events are being printed.
type startedLog struct {
	logDocument // without the events
	list        *terminal.JSONList
}

// end prints the rest.
func (d *startedLog) end() {
	if d.Error != nil {
		d.list.End("error", d.Error)
		return
	}
	d.list.End("", nil)
}

// eventsAtOnce is the number of events whose columns are aligned before they are printed.
const eventsAtOnce = 1000

func (v *eventView) add(e *migrator.LogEntry) {
	v.shown++
	if v.settings.JSON {
		v.start().list.Add(newEventDocument(e))
		return
	}
	v.table.Add(v.eventLine(e)...)
	v.table.Table = append(v.table.Table, detailRows(e)...)
	if v.shown%eventsAtOnce == 0 {
		v.flush()
	}
}

// start returns the document, which it begins if that was not done.
func (v *eventView) start() *startedLog {
	d, ok := v.document.(*startedLog)
	if !ok {
		d = &startedLog{list: v.out.NewJSONList("events")}
		v.document = d
	}
	return d
}

func (v *eventView) flush() { v.table.Print(v.out) }

// end completes the output. some: there are events, whether they match or not.
func (v *eventView) end(some bool) {
	switch {
	case v.settings.JSON:
		v.start().end()
		v.document = nil // it is printed
	case v.shown > 0:
		v.flush()
	case some:
		v.out.Print("no matching events\n")
	default:
		v.out.Print("no events\n")
	}
}

func (f *eventFilter) match(e *migrator.LogEntry) bool {
	return strings.HasPrefix(e.Revision, string(f.revision)) &&
		(len(f.action) == 0 || slices.Contains(f.action, string(e.Action))) &&
		!e.At.Before(f.since.Time) && (f.until.IsZero() || e.At.Before(f.until.End()))
}

// check returns an error if no event can match.
func (f *eventFilter) check() error {
	for _, a := range f.action {
		if !slices.Contains(actions, a) {
			return &settings.UsageError{Text: "--action " + terminal.Quote(a) + ": must be " + actionChoices}
		}
	}
	if !f.until.IsZero() && !f.since.Before(f.until.End()) {
		return &settings.UsageError{Text: "--since " + f.since.String() + " is after --until " + f.until.String()}
	}
	if r := string(f.revision); r != "" && revision.CheckID(r) != nil {
		return &settings.UsageError{Text: "--revision " + terminal.Quote(r) + ": must be a revision id or the beginning of one"}
	}
	return nil
}

// actions are the values of --action.
var actions = []string{
	string(migrator.LogUp), string(migrator.LogDown), string(migrator.LogStamp), string(migrator.LogFailed), string(migrator.LogInterrupted),
	string(migrator.LogRepair), string(migrator.LogAdopt), string(migrator.LogReplace), string(migrator.LogFormat), string(migrator.LogFingerprint),
}

var actionChoices = strings.Join(actions[:len(actions)-1], ", ") + " or " + actions[len(actions)-1]

func (r *run) eventLine(e *migrator.LogEntry) []terminal.Cell {
	color := terminal.Green
	switch e.Action {
	case migrator.LogDown, migrator.LogStamp, migrator.LogRepair, migrator.LogAdopt:
		color = terminal.Yellow
	case migrator.LogFailed, migrator.LogInterrupted:
		color = terminal.Red
	}
	action := string(e.Action)
	if d := string(e.Direction); d != "" && d != action {
		action += " " + d
	}
	took := ""
	if e.Duration > 0 {
		took = terminal.Duration(e.Duration)
	}
	return []terminal.Cell{
		terminal.Faint.Cell(e.At.UTC().Format("2006-01-02 15:04:05Z")),
		color.Cell(action),
		terminal.Bold.Cell(e.Revision),
		terminal.Plain.Cell(terminal.Clip(text.Subject(e.Message))),
		terminal.Faint.Cell(took),
		terminal.Faint.Cell(e.AppliedBy + " from " + e.AppliedFrom + ", version " + e.BinaryVersion),
	}
}

// detailRows returns the detail of an event, one row per line.
func detailRows(e *migrator.LogEntry) terminal.Table {
	var t terminal.Table
	for line := range strings.Lines(e.Detail) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			t.Add(terminal.Cell{}, terminal.Cell{}, terminal.Cell{}, terminal.Plain.Cell(line))
		}
	}
	return t
}

func newEventDocument(e *migrator.LogEntry) eventDocument {
	return eventDocument{
		Event: e.ID, At: e.At.UTC(), Action: string(e.Action), Revision: e.Revision, Message: text.Subject(e.Message), Direction: string(e.Direction),
		DurationMS: milliseconds(e.Duration), AppliedBy: e.AppliedBy, AppliedFrom: e.AppliedFrom, BinaryVersion: e.BinaryVersion, Run: e.Run, Detail: e.Detail,
	}
}
