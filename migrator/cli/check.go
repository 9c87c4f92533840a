package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) check() *cobra.Command {
	var offline settings.Switch
	var each eachFlags
	var schema settings.Text
	var ignore settings.List
	return p.command(action{
		use:   "check",
		short: "report everything that is not ready for a release",
		long: `Reports everything that is not ready, such as pending, modified, unfinished, unwritten and
irreversible revisions, multiple heads and invalid files, and exits with 3 if there is any.
It writes nothing and is intended for pipelines.

With --schema it reports something else: how the schema that all revisions make differs
from the desired one, for which revision --autogenerate would write revisions.`,
		example: "check\ncheck --offline\ncheck --schema\ncheck --schema=db/schema.sql",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if schema != "" && len(args) == 1 {
				return nil // --schema FILE
			}
			if len(args) > 0 {
				return suggest(&settings.UsageError{Text: "check takes no arguments"}, p.helpLine(p.running))
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &offline, "offline", "", "", "check the files only")
			settings.AddFlag(f, &schema, "schema", "", "SCHEMA", "compare the revisions with an SQL file, a folder or \"database\" ["+defaultSchema+"]")
			f.Lookup("schema").NoOptDefVal = defaultSchema
			settings.AddFlag(f, &ignore, "ignore", "", "GLOB,…", "with --schema: leave out the objects with these names")
			each.flags(f)
		},
		run: func(r *run) error {
			switch many, err := each.given(r.cmd); {
			case err != nil:
				return err
			case many && bool(offline):
				return r.notForMany("offline", "the files are the same for every target")
			case many && schema != "":
				return r.notForMany("schema", "the files are the same for every target")
			case schema != "" && bool(offline):
				return &settings.UsageError{Text: "--offline and --schema are mutually exclusive"}
			case schema != "":
				return r.checkSchema(cmp.Or(strings.Join(r.args, ""), string(schema)), ignore)
			case len(ignore) > 0:
				return &settings.UsageError{Text: "--ignore requires --schema"}
			case many:
				return r.checkEach(&each)
			}
			return r.check(bool(offline))
		},
	})
}

// findingsError ends a check that has printed findings.
type findingsError struct{ count int }

func (e *findingsError) Error() string { return "check found " + text.Count(e.count, "problem") }

// Kind returns kindFound.
func (e *findingsError) Kind() migrator.Kind { return kindFound }

func (r *run) check(offline bool) error {
	d := &checkDocument{Findings: []findingDocument{}}
	var next []suggestion
	found, err := r.findings(offline)
	if e, ok := errors.AsType[*migrator.FilesError](err); ok && len(e.Problems) > 0 {
		next = adviser{r.program, r.cmd}.importFiles(e)
		for _, p := range e.Problems {
			d.Findings = append(d.Findings, findingDocument{Kind: string(migrator.FindingFiles), File: p.File, Line: p.Line, Column: p.Column, Message: p.Text})
		}
	} else if err != nil {
		return err
	}
	for _, f := range found {
		d.Findings = append(d.Findings, newFindingDocument(f))
	}
	r.document = d
	if len(d.Findings) == 0 {
		r.say("no problems found")
		return nil
	}
	if !r.settings.JSON {
		var t terminal.Table
		for _, f := range d.Findings {
			t.Add(terminal.Yellow.Cell(stateName(f.Kind)), terminal.Bold.Cell(f.Revision), terminal.Plain.Cell(f.Message), terminal.Faint.Cell(f.position()))
		}
		r.out.PrintTable(t)
	}
	next = append(next, adviser{r.program, r.cmd}.findings(found)...)
	d.Commands = commandsOf(next)
	return suggest(&findingsError{len(d.Findings)}, next...)
}

func newFindingDocument(f migrator.Finding) findingDocument {
	return findingDocument{Kind: string(f.Kind), Revision: f.Revision, File: f.File, Line: f.Line, Column: f.Column, Message: findingText(f)}
}

// findingText returns a description of a finding.
func findingText(f migrator.Finding) string {
	switch f.Kind {
	case migrator.FindingHeads:
		return fmt.Sprintf("there are %d heads: %s", len(f.Heads), text.List(f.Heads, "and"))
	case migrator.FindingEmpty:
		return "the up script has no SQL, so it cannot be applied"
	case migrator.FindingUnwritten:
		return "the script is not written yet: replace its TODO line"
	case migrator.FindingIrreversible:
		return `it has no down script and cannot be reverted; "-- accept: irreversible" in its header accepts that`
	case migrator.FindingDestroys:
		return fmt.Sprintf(`it destroys %s %s; "-- accept: %s" in its header accepts that`, f.Object, f.Name, f.Accept)
	case migrator.FindingUsing:
		return "it converts " + f.Object + " " + f.Name + " through text; check the USING of the statement, and remove the comment line"
	case migrator.FindingAccept:
		return "accept: " + f.Accept + " is no longer needed; remove it from the header"
	case migrator.FindingOutOfOrder:
		return "it is pending, but revisions above it are applied"
	case migrator.FindingPending:
		return "it is pending"
	case migrator.FindingUnfinished:
		return "it was interrupted"
	case migrator.FindingLedger:
		switch f.Object {
		case "owner":
			return f.Table + " belongs to " + f.Name + "; runs refuse to write it unless --ledger-owner names that role"
		case "row-level security":
			return f.Table + " has row-level security, which hides rows from some roles"
		}
		return f.Table + " has the " + f.Object + " " + f.Name + ", which runs with the privileges of whoever migrates"
	case migrator.FindingReplaced:
		return replacementText(*f.Replacement)
	case migrator.FindingOtherTool:
		return otherTool(f.Foreign)
	case migrator.FindingDrift:
		return f.Schema.String()
	case migrator.FindingModified:
		return "its " + text.List(f.Changes, "and") + terminal.Plural(len(f.Changes), " was", " were") + " modified after it was applied"
	}
	return ""
}

// findings returns what to do about findings: first what has to be done first.
func (a adviser) findings(found []migrator.Finding) []suggestion {
	of := func(kind migrator.FindingKind) (list []migrator.Finding) {
		for _, f := range found {
			if f.Kind == kind {
				list = append(list, f)
			}
		}
		return list
	}
	if list := of(migrator.FindingOtherTool); len(list) > 0 {
		return a.otherTool(list[0].Adoptable)
	}
	if len(of(migrator.FindingUnfinished)) > 0 {
		return []suggestion{to("see how to finish the interrupted revision", a.other("status"))}
	}
	if list := of(migrator.FindingReplaced); len(list) > 0 {
		return a.replaced(*list[0].Replacement).suggestions
	}
	var list []suggestion
	for _, f := range of(migrator.FindingModified) {
		list = append(list, to("accept the files of "+f.Revision+" as they are now", a.other("repair", f.Revision, "--accept")))
	}
	for _, f := range of(migrator.FindingDrift) {
		list = append(list, a.drift(f.Schema, len(f.Ahead) > 0))
	}
	var heads []string
	if f := of(migrator.FindingHeads); len(f) > 0 {
		if heads = f[0].Heads; a.onDisk(heads) {
			list = append(list, to("join the heads", a.other("merge")))
		}
	}
	late := len(of(migrator.FindingOutOfOrder)) > 0
	if len(of(migrator.FindingEmpty)) == 0 && (late || len(of(migrator.FindingPending)) > 0) {
		up := a.up(heads, false, late, len(of(migrator.FindingModified)) > 0)
		if up.purpose == "" {
			up = to("apply the pending revisions", up.command)
		}
		list = append(list, up)
	}
	return list
}

func (f findingDocument) position() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

func (r *run) findings(offline bool) ([]migrator.Finding, error) {
	if offline {
		set, err := r.set()
		if err != nil {
			return nil, err
		}
		r.warnIfStale()
		return set.Files().Check(), nil
	}
	set, cfg, err := r.openDatabase(&reporter{run: r})
	if err != nil {
		return nil, err
	}
	return set.Check(r.ctx, cfg)
}
