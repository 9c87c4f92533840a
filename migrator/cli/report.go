package cli

import (
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/report"
)

// maxReportEvents is how many events of the log a page shows.
const maxReportEvents = 5000

func (p *program) report() *cobra.Command {
	var out settings.Text
	var offline settings.Switch
	return p.command(action{
		use: "report", short: "write a page with all revisions and what was done to the database",
		long: `Writes one HTML file for a review, an audit or an incident: the graph of the revisions with
their states, what is pending, findings such as drift and modified revisions, who ran what
and when and how long it took, and the SQL of each revision. The page needs no network and
loads nothing. If no database is configured or it cannot be reached, it shows the files.`,
		example: "report --out report.html\nreport --offline --out report.html",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &out, "out", "", "FILE", "write this file instead of standard output")
			settings.AddFlag(f, &offline, "offline", "", "", "show the files only")
		},
		run: func(r *run) error { return r.report(string(out), bool(offline)) },
	})
}

func (r *run) report(out string, offline bool) error {
	if out == "" && r.out.Columns() > 0 && !r.settings.JSON {
		again := r.sameLine(r.cmd, flagValue{"out", "report.html"})
		return suggest(&settings.UsageError{Text: "the page is not for a terminal: name a file"}, suggestion{"", again})
	}
	o, err := r.overviewOf(false, offline)
	if err != nil {
		return err
	}
	page, err := o.page()
	if err != nil {
		return err
	}
	d := &reportDocument{Database: o.stateKnown, Revisions: len(page.Revisions), Events: len(page.Events), File: out}
	for _, s := range page.Sections {
		d.Findings += len(s.Findings)
	}
	r.document = d
	if d.HTML, err = r.output(out, "<!doctype html>", func(w io.Writer) error { return page.WriteHTML(w) }); err != nil {
		return err
	}
	if out != "" {
		r.say(out + ": " + text.Count(d.Revisions, "revision") + ", " + text.Count(d.Findings, "finding") + ", " + text.Count(d.Events, "event"))
	}
	return nil
}

// page returns what the page shows.
func (o *overview) page() (*report.Report, error) {
	var st *migrator.Status
	if o.stateKnown {
		st = o.Status
	}
	page := report.New(o.set, st)
	page.Title = "Revisions of " + o.Program
	page.Program = o.Program + " " + o.Version
	page.Written = time.Now()
	page.Unread = o.unread
	if o.stateKnown {
		page.Title = "Revisions in " + databaseName(o.cfg)
		page.Database = dbenv.Describe(o.cfg) + ", ledger " + o.Ledger
		events, err := o.set.Log(o.ctx, o.cfg, maxReportEvents+1)
		if err != nil {
			return nil, err
		}
		if page.OlderEvents = len(events) > maxReportEvents; page.OlderEvents {
			events = events[:maxReportEvents]
		}
		page.Events = events
	}
	return page, nil
}
