package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/report"
	"example.com/ambix/migrator/revision"
)

// maxReportEvents is how many events of the log a page shows.
const maxReportEvents = 5000

// reportOptions are the flags of report.
type reportOptions struct {
	out, rehearsal settings.Text
	offline, diff  settings.Switch
	limit          settings.Count
}

func (p *program) report() *cobra.Command {
	o := reportOptions{limit: 1000}
	return p.command(action{
		use: "report", short: "write a page with all revisions and what was done to the database",
		long: `Writes one HTML file for a review, an audit or an incident: the graph of the revisions with
their states, what is pending, findings such as drift and modified revisions, who ran what
and when and how long it took, and the SQL of each revision. The page needs no network and
loads nothing. If no database is configured or it cannot be reached, it shows the files.
Of a long history the older revisions are only in a table, without their SQL; see --limit.

With --diff it also lists the objects in which the database differs from what its applied
revisions make; they are applied in a scratch database, which is dropped at the end.`,
		example: "report --out report.html\nreport --offline --out report.html\nreport --diff --out report.html\nreport --rehearsal rehearsal.json --out report.html",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &o.out, "out", "", "FILE", "write this file instead of standard output")
			settings.AddFlag(f, &o.limit, "limit", "", "N", "show the newest N revisions, and all that are not applied, with their SQL; 0: all (default: 1000)")
			settings.AddFlag(f, &o.rehearsal, "rehearsal", "", "FILE", "add the findings in this file, the output of rehearse --json")
			settings.AddFlag(f, &o.diff, "diff", "", "", "list the objects of the schema that have changed")
			settings.AddFlag(f, &o.offline, "offline", "", "", "show the files only")
		},
		run: func(r *run) error { return r.report(&o) },
	})
}

func (r *run) report(options *reportOptions) error {
	out := string(options.out)
	if options.diff && options.offline {
		return &settings.UsageError{Text: "--diff and --offline are mutually exclusive"}
	}
	if out == "" && r.out.Columns() > 0 && !r.settings.JSON {
		again := r.sameLine(r.cmd, flagValue{"out", "report.html"})
		return suggest(&settings.UsageError{Text: "the page is not for a terminal: name a file"}, suggestion{"", again})
	}
	var rehearsed []rehearse.Finding
	if options.rehearsal != "" {
		var err error
		if rehearsed, err = readRehearsal(string(options.rehearsal)); err != nil {
			return err
		}
	}
	o, err := r.overviewOf(bool(options.diff), bool(options.offline), (*migrator.Migrator).Status)
	if err != nil {
		return err
	}
	page, err := o.page()
	if err != nil {
		return err
	}
	if options.diff {
		sides, set, err := r.schemaSides("database", "applied")
		if err != nil {
			return err
		}
		d, err := set.Diff(r.ctx, sides[0].source, sides[1].source, migrator.DiffOptions{})
		if err != nil {
			return r.scratchFailed(r.unknownSide(err, nil))
		}
		page.Sections = append(page.Sections, report.Drift(d))
	}
	if options.rehearsal != "" {
		page.Sections = append(page.Sections, report.Rehearsal(rehearsed))
	}
	page.Limit = int(options.limit)
	d := &reportDocument{Database: o.stateKnown, Revisions: len(page.Revisions), InFull: page.InFull(), Events: len(page.Events), File: out}
	for _, s := range page.Sections {
		d.Findings += len(s.Findings)
	}
	r.document = d
	if d.HTML, err = r.output(out, "<!doctype html>", func(w io.Writer) error { return page.WriteHTML(w) }); err != nil {
		return err
	}
	if out != "" {
		revisions := text.Count(d.Revisions, "revision")
		if d.InFull < d.Revisions {
			revisions += fmt.Sprintf(" (%d with their SQL)", d.InFull)
		}
		r.say(out + ": " + revisions + ", " + text.Count(d.Findings, "finding") + ", " + text.Count(d.Events, "event"))
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

// readRehearsal returns the findings in a document of rehearse --json.
func readRehearsal(name string) ([]rehearse.Finding, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, &fileError{err}
	}
	var d struct {
		Findings *[]rehearsalFindingDocument `json:"findings"`
		Orders   *int                        `json:"orders"`
	}
	if err := json.Unmarshal(content, &d); err != nil || d.Findings == nil || d.Orders == nil {
		return nil, &settings.UsageError{Text: "--rehearsal " + terminal.Quote(name) + ": it is not a document of rehearse --json"}
	}
	var found []rehearse.Finding
	for _, f := range *d.Findings {
		severity, ok := rehearse.ParseSeverity(f.Severity)
		if !ok {
			return nil, &settings.UsageError{Text: "--rehearsal " + terminal.Quote(name) + ": unknown severity " + terminal.Quote(f.Severity)}
		}
		found = append(found, rehearse.Finding{
			Rule: rehearse.Rule(f.Rule), Severity: severity, Revision: f.Revision, Pos: revision.Pos{File: f.File, Line: f.Line, Column: f.Column},
			Text: f.Message, Why: f.Why, Safe: f.Safe, Accepted: f.Accepted,
		})
	}
	return found, nil
}
