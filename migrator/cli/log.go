package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/ledger"
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
		short: "who did what, when, and how it ended",
		long: `Shows the event log of the database, the newest first: what was applied, taken down,
stamped, repaired and adopted, what failed and what was interrupted, by whom, from where
and with which version.`,
		example: "log\nlog --revision 9f3c --limit 0\nlog --action failed,interrupted --since 2026-01-31",
		groups:  []string{settings.GroupDatabase, settings.GroupOutput},
		flags: func(flags *pflag.FlagSet) {
			settings.AddFlag(flags, &f.limit, "limit", "", "N", "how many at most; 0: all; default: 20")
			settings.AddFlag(flags, &f.revision, "revision", "", "REV", "of this revision: an id or its beginning")
			settings.AddFlag(flags, &f.action, "action", "", "ACTION,…", "up, down, stamp, failed, interrupted, repair, adopt or format")
			settings.AddFlag(flags, &f.since, "since", "", "TIME", "not before: 2026-01-31 or 2026-01-31T08:00:00Z")
			settings.AddFlag(flags, &f.until, "until", "", "TIME", "not after that moment, or that day")
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
	all, err := set.Log(r.ctx, cfg, 0)
	if err != nil {
		return err
	}
	d := &logDocument{Events: []eventDocument{}}
	var t terminal.Table
	for i := range all {
		if e := &all[i]; f.match(e) && (f.limit == 0 || len(d.Events) < int(f.limit)) {
			d.Events = append(d.Events, newEventDocument(e))
			t.Add(r.eventLine(e)...)
			t = append(t, detailRows(e)...)
		}
	}
	r.document = d
	if r.settings.JSON {
		return nil
	}
	switch {
	case len(all) == 0:
		r.out.Print("no events\n")
		return nil
	case len(d.Events) == 0:
		r.out.Print("none of " + terminal.Count(len(all), "event") + " is like that\n")
		return nil
	}
	r.out.Print(r.out.Format(t))
	return nil
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
			return &migrator.UsageError{Text: "--action " + terminal.Quote(a) + ": it is one of " + strings.Join(actions, ", ")}
		}
	}
	if !f.until.IsZero() && !f.since.Before(f.until.End()) {
		return &migrator.UsageError{Text: "--since " + f.since.String() + " is after --until " + f.until.String()}
	}
	if r := string(f.revision); r != "" && revision.CheckID(r) != nil {
		return &migrator.UsageError{Text: "--revision " + terminal.Quote(r) + ": name a revision by its id or the beginning of it"}
	}
	return nil
}

// actions are the values of --action.
var actions = []string{
	string(ledger.Up), string(ledger.Down), string(ledger.Stamped), string(ledger.Failed), string(ledger.Interrupted),
	string(ledger.Repair), string(ledger.Adopted), string(ledger.FormatRaise),
}

func (r *run) eventLine(e *migrator.LogEntry) []terminal.Cell {
	color := terminal.Green
	switch e.Action {
	case ledger.Down, ledger.Stamped, ledger.Repair, ledger.Adopted:
		color = terminal.Yellow
	case ledger.Failed, ledger.Interrupted:
		color = terminal.Red
	}
	action := string(e.Action)
	if e.Direction != "" && e.Direction != action {
		action += " " + e.Direction
	}
	took := ""
	if e.Duration > 0 {
		took = terminal.Duration(e.Duration)
	}
	return []terminal.Cell{
		terminal.Faint.Cell(e.At.UTC().Format("2006-01-02 15:04:05Z")),
		color.Cell(action),
		terminal.Bold.Cell(e.Revision),
		terminal.Plain.Cell(terminal.Clip(terminal.FirstLine(e.Message))),
		terminal.Faint.Cell(took),
		terminal.Faint.Cell(terminal.Printable(e.AppliedBy) + " from " + terminal.Printable(e.AppliedFrom) + ", version " + terminal.Printable(e.BinaryVersion)),
	}
}

// detailRows returns the detail of an event, one row per line.
func detailRows(e *migrator.LogEntry) terminal.Table {
	var t terminal.Table
	for line := range strings.Lines(e.Detail) {
		if line = terminal.Printable(line); line != "" {
			t.Add(terminal.Cell{}, terminal.Cell{}, terminal.Cell{}, terminal.Plain.Cell(line))
		}
	}
	return t
}

func newEventDocument(e *migrator.LogEntry) eventDocument {
	return eventDocument{
		Event: e.ID, At: e.At.UTC(), Action: string(e.Action), Revision: e.Revision, Message: terminal.FirstLine(e.Message), Direction: e.Direction,
		DurationMS: milliseconds(e.Duration), AppliedBy: e.AppliedBy, AppliedFrom: e.AppliedFrom, BinaryVersion: e.BinaryVersion, Run: e.Run, Detail: e.Detail,
	}
}
