package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// filter is which events are of interest.
type filter struct {
	limit    countValue
	revision textValue
	action   listValue
	since    timeValue
	until    timeValue
}

func (p *program) log() *cobra.Command {
	f := filter{limit: 20}
	return p.command(action{
		use:   "log",
		short: "who did what, when, and how it ended",
		long: `Shows the event log of the database, the newest first: what was applied, taken down,
stamped, repaired and adopted, what failed and what was interrupted, by whom, from where
and with which version.`,
		example: "log\nlog --revision 9f3c --limit 0\nlog --action failed,interrupted --since 2026-01-31",
		groups:  []string{groupDatabase, groupOutput},
		flags: func(flags *pflag.FlagSet) {
			own(flags, &f.limit, "limit", "", "N", "how many at most; 0: all; default: 20")
			own(flags, &f.revision, "revision", "", "REV", "of this revision: an id or its beginning")
			own(flags, &f.action, "action", "", "ACTION,…", "up, down, stamp, failed, interrupted, repair, adopt or format")
			own(flags, &f.since, "since", "", "TIME", "not before: 2026-01-31 or 2026-01-31T08:00:00Z")
			own(flags, &f.until, "until", "", "TIME", "not after that moment, or that day")
		},
		run: func(r *run) error { return r.events(&f) },
	})
}

func (f *filter) match(e *migrator.LogEntry) bool {
	return strings.HasPrefix(e.Revision, string(f.revision)) &&
		(len(f.action) == 0 || slices.Contains(f.action, string(e.Action))) &&
		!e.At.Before(f.since.Time) && (f.until.IsZero() || e.At.Before(f.until.end()))
}

// check refuses a filter that nothing can pass.
func (f *filter) check() error {
	for _, a := range f.action {
		if !slices.Contains(actions, a) {
			return &migrator.UsageError{Text: "--action " + quoted(a) + ": it is one of " + strings.Join(actions, ", ")}
		}
	}
	if !f.until.IsZero() && !f.since.Before(f.until.end()) {
		return &migrator.UsageError{Text: "--since " + f.since.String() + " is after --until " + f.until.String()}
	}
	if r := string(f.revision); r != "" && revision.CheckID(r) != nil {
		return &migrator.UsageError{Text: "--revision " + quoted(r) + ": name a revision by its id or the beginning of it"}
	}
	return nil
}

func (r *run) events(f *filter) error {
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
	var t table
	for i := range all {
		if e := &all[i]; f.match(e) && (f.limit == 0 || len(d.Events) < int(f.limit)) {
			d.Events = append(d.Events, newEventDocument(e))
			t.add(r.eventLine(e)...)
			t = append(t, details(e)...)
		}
	}
	r.document = d
	if r.settings.json {
		return nil
	}
	switch {
	case len(all) == 0:
		r.out.print("no events\n")
		return nil
	case len(d.Events) == 0:
		r.out.print("none of " + count(len(all), "event") + " is like that\n")
		return nil
	}
	var b strings.Builder
	t.write(&b, r.out)
	r.out.print(b.String())
	return nil
}

// actions are what --action takes.
var actions = []string{
	string(ledger.Up), string(ledger.Down), string(ledger.Stamped), string(ledger.Failed), string(ledger.Interrupted),
	string(ledger.Repair), string(ledger.Adopted), string(ledger.FormatRaise),
}

func (r *run) eventLine(e *migrator.LogEntry) []cell {
	color := green
	switch e.Action {
	case ledger.Down, ledger.Stamped, ledger.Repair, ledger.Adopted:
		color = yellow
	case ledger.Failed, ledger.Interrupted:
		color = red
	}
	action := string(e.Action)
	if e.Direction != "" && e.Direction != action {
		action += " " + e.Direction
	}
	took := ""
	if e.Duration > 0 {
		took = spent(e.Duration)
	}
	return []cell{
		{e.At.UTC().Format("2006-01-02 15:04:05Z"), faint},
		{action, color},
		{e.Revision, bold},
		{text: clip(firstLine(e.Message))},
		{took, faint},
		{printable(e.AppliedBy) + " from " + printable(e.AppliedFrom) + ", version " + printable(e.BinaryVersion), faint},
	}
}

// details are lines of their own: what went wrong, what was decided.
func details(e *migrator.LogEntry) table {
	var t table
	for line := range strings.Lines(e.Detail) {
		if line = printable(line); line != "" {
			t.add(cell{}, cell{}, cell{}, cell{text: line})
		}
	}
	return t
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

func newEventDocument(e *migrator.LogEntry) eventDocument {
	return eventDocument{
		Event: e.ID, At: e.At.UTC(), Action: string(e.Action), Revision: e.Revision, Message: firstLine(e.Message), Direction: e.Direction,
		DurationMS: milliseconds(e.Duration), AppliedBy: e.AppliedBy, AppliedFrom: e.AppliedFrom, BinaryVersion: e.BinaryVersion, Run: e.Run, Detail: e.Detail,
	}
}
