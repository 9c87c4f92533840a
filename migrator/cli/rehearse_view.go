package cli

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
)

// rehearsalView prints a rehearsal.
type rehearsalView struct {
	*run
	*migrator.Rehearsal
	failOn rehearse.Severity
	seed   uint64
}

// rehearsalError ends a rehearsal that has printed findings.
type rehearsalError struct{ text string }

func (e *rehearsalError) Error() string { return e.text }

// Kind returns kindFound.
func (e *rehearsalError) Kind() migrator.Kind { return kindFound }

// severityStyles are the colors of severities.
var severityStyles = map[rehearse.Severity]terminal.Style{rehearse.Note: terminal.Faint, rehearse.Warning: terminal.Yellow, rehearse.Danger: terminal.Red}

// warnAboutModified warns of a start that is not the one of the database.
func (v *rehearsalView) warnAboutModified() {
	if n := len(v.Modified); n > 0 {
		v.warn(eventModified, terminal.Plural(n, "the file of an applied revision was modified since", "files of applied revisions were modified since")+
			", so that the rehearsal began with another schema than that of the database: "+text.List(v.Modified, "and"), "revisions", v.Modified)
	}
}

// warnAboutSizes warns of tables whose size is not known, because findings about them may be more serious than they look.
func (v *rehearsalView) warnAboutSizes(sizes *rehearse.Sizes) {
	n := len(v.Unsized)
	if n == 0 {
		return
	}
	missing, rec := "the database does not have", record{event: eventSizesLack, level: slog.LevelWarn}
	if sizes != nil {
		missing = fmt.Sprintf("the sizes of %s, saved on %s at %s, lack", terminal.Quote(sizes.Database), sizes.At.UTC().Format(time.DateOnly), idsOrBase(sizes.Applied))
		rec.run = adviser{v.program, v.cmd}.saveSizesAgain()
	}
	rec.msg = missing + " " + text.Count(n, "table") + " that these revisions touch: " + text.List(v.Unsized, "and") + "; " +
		terminal.Plural(n, "its size is", "their sizes are") + " not known, and what is a warning may be a danger"
	rec.attrs = []any{"tables", v.Unsized, "commands", commandsOf(rec.run)}
	v.record(rec)
}

// saveSizesAgain returns how to write the file of --sizes again, where the database can be reached.
func (a adviser) saveSizesAgain() []suggestion {
	f := a.cmd.Flags().Lookup("sizes")
	if f == nil || !f.Changed {
		return nil
	}
	return []suggestion{to("save them again where the database is configured", a.otherLine(a.cmd, []string{"rehearse"}, flagValue{"save-sizes", f.Value.String()}))}
}

// printAs prints the rehearsal in a format.
func (v *rehearsalView) printAs(format string) error {
	revisions := map[string]bool{}
	for _, s := range v.Steps {
		revisions[s.Revision] = true
	}
	report := &rehearse.Report{Findings: v.Findings, Revisions: len(revisions), Version: migrator.BuildVersion(), Path: newRepository(v.environ()).path}
	switch {
	case v.settings.JSON: // the document
	case format == formatGitHub:
		v.out.PrintSQL(report.GitHub())
		v.out.Print(v.summary() + "\n")
	case format == formatMarkdown:
		v.out.PrintSQL(report.Markdown())
	case format == formatSARIF:
		data, err := report.SARIF()
		if err != nil {
			return err
		}
		v.out.PrintSQL(string(data))
	default:
		v.print()
	}
	return nil
}

// print prints the findings in the order of the revisions: a line each, and below it why it matters and what to write instead.
// Notes are a line, and what is accepted is only shown with --verbose.
func (v *rehearsalView) print() {
	for _, f := range v.Findings {
		if f.Accepted && !v.settings.Verbose {
			continue
		}
		v.printFinding(f)
	}
	v.out.Print(v.summary() + "\n")
}

func (v *rehearsalView) printFinding(f rehearse.Finding) {
	severity := f.Severity.String()
	style := severityStyles[f.Severity]
	if f.Accepted {
		severity, style = "accepted", terminal.Faint
	}
	where := f.Revision
	if f.File != "" {
		where = f.Pos.String()
		if f.Line == 0 {
			where = f.File
		}
	}
	v.out.PrintLine(style.Cell(severity+strings.Repeat(" ", len("accepted")-len(severity))+"  "), terminal.Bold.Cell(where), terminal.Plain.Cell("  "+f.Text))
	if f.Severity == rehearse.Note && !v.settings.Verbose || f.Accepted {
		return
	}
	indent := strings.Repeat(" ", len("accepted")+2)
	if f.Why != "" {
		v.out.PrintLine(terminal.Faint.Cell(indent + "why      " + f.Why))
	}
	if f.Safe != "" {
		for i, line := range strings.Split(f.Safe, "\n") {
			label := "instead  "
			if i > 0 {
				label = strings.Repeat(" ", len(label))
			}
			v.out.PrintLine(terminal.Plain.Cell(indent + label + line))
		}
	}
	if f.Accept.Word != "" && f.Severity >= v.failOn {
		v.out.PrintLine(terminal.Faint.Cell(indent + "or add   -- accept: " + f.Accept.String()))
	}
}

// summary says what was rehearsed and found.
func (v *rehearsalView) summary() string {
	revisions, statements := map[string]bool{}, 0
	for _, s := range v.Steps {
		revisions[s.Revision] = true
		if !s.Down {
			statements += len(s.Statements)
		}
	}
	if len(revisions) == 0 && len(v.Findings) == 0 {
		return "nothing to rehearse: nothing is pending, at " + idsOrBase(v.From)
	}
	parts := []string{text.Count(len(revisions), "revision") + " (" + text.Count(statements, "statement") + ")"}
	if v.Reverted > 0 {
		parts = append(parts, text.Count(v.Reverted, "down script"))
	}
	if v.Orders > 0 {
		parts = append(parts, fmt.Sprintf("%s (seed %d)", text.Count(v.Orders, "other order"), v.seed))
	}
	summary := "rehearsed " + text.List(parts, "and")
	summary += " from " + idsOrBase(v.From) + ": " + rehearse.Summary(v.Findings)
	if n := len(v.NotRehearsed); n > 0 {
		summary += "; " + text.Count(n, "revision") + " after the one that failed " + terminal.Plural(n, "was", "were") + " not rehearsed: " + text.List(v.NotRehearsed, "and")
	}
	return summary
}

// result returns the error for findings that make the command fail.
func (v *rehearsalView) result() error {
	n := 0
	for _, f := range v.Findings {
		if f.Counts(v.failOn) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	of := v.failOn.String()
	if v.failOn < rehearse.Danger {
		of += " or worse"
	}
	return &rehearsalError{"the rehearsal found " + text.Count(n, "problem") + " of severity " + of}
}

func (v *rehearsalView) newDocument() *rehearsalDocument {
	d := &rehearsalDocument{From: list(v.From), Steps: []rehearsedDocument{}, Findings: []rehearsalFindingDocument{}, NotRehearsed: list(v.NotRehearsed), Reverted: v.Reverted, Orders: v.Orders, Modified: list(v.Modified), Unsized: list(v.Unsized)}
	for _, s := range v.Steps {
		step := rehearsedDocument{Direction: direction(s.Down), Revision: s.Revision, Message: s.Message, Transactional: s.Transactional, Statements: []rehearsedStatementDocument{}}
		for _, st := range s.Statements {
			doc := rehearsedStatementDocument{File: st.File, Line: st.Line, Column: st.Column, DurationMS: milliseconds(st.Took), Locks: []lockDocument{}}
			for _, l := range st.Locks {
				doc.Locks = append(doc.Locks, lockDocument{l.Name, l.Mode.String(), string(l.Blocks())})
			}
			step.Statements = append(step.Statements, doc)
		}
		d.Steps = append(d.Steps, step)
	}
	if c := v.Data; c != nil {
		d.Data = &copiedRowsDocument{Database: c.Database, At: list(c.At), Tables: c.Tables, Rows: c.Rows, Left: []leftRowsDocument{}, Differs: []string{}}
		for _, l := range c.Left {
			d.Data.Left = append(d.Data.Left, leftRowsDocument{l.Table, string(l.Reason), l.Rows, l.Columns})
		}
		for _, o := range c.Differs {
			d.Data.Differs = append(d.Data.Differs, o.Key.String())
		}
	}
	for _, f := range v.Findings {
		d.Findings = append(d.Findings, newRehearsalFinding(f))
	}
	return d
}

func direction(down bool) string {
	if down {
		return string(migrator.Downgrade)
	}
	return string(migrator.Upgrade)
}

func newRehearsalFinding(f rehearse.Finding) rehearsalFindingDocument {
	doc := rehearsalFindingDocument{
		Rule: string(f.Rule), Severity: f.Severity.String(), Revision: f.Revision, Direction: direction(f.Down), File: f.File, Line: f.Line, Column: f.Column, Object: f.Object,
		Message: f.Text, Why: f.Why, Safe: f.Safe, Accept: f.Accept.String(), Accepted: f.Accepted, Lock: f.Lock.String(), Blocks: string(f.Blocks), Table: f.Table,
	}
	if f.Size.Known {
		doc.Size = &sizeDocument{f.Size.Bytes, f.Size.Rows}
	}
	return doc
}
