package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

func (p *program) check() *cobra.Command {
	var offline settings.Switch
	return p.command(action{
		use:   "check",
		short: "find what is not ready for a release; exit code 3",
		long: `Lists everything that is not as it should be: pending, changed, unfinished, empty and
irreversible revisions, several heads, files that are wrong. It exits with 3 when there
is any. It is for pipelines and readiness probes, and writes nothing.`,
		example: "check\ncheck --offline",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &offline, "offline", "", "", "look at the files alone")
		},
		run: func(r *run) error { return r.check(bool(offline)) },
	})
}

// findingsError ends a check that has printed findings.
type findingsError struct{ count int }

func (e *findingsError) Error() string { return "check found " + terminal.Count(e.count, "problem") }

func (r *run) check(offline bool) error {
	found, err := r.findings(offline)
	if problems, ok := errors.AsType[revision.Problems](err); ok {
		for _, p := range problems {
			found = append(found, migrator.Finding{Kind: migrator.FindingFiles, File: p.File, Line: p.Line, Column: p.Column, Text: p.Text})
		}
	} else if err != nil {
		return err
	}
	d := &checkDocument{Findings: []findingDocument{}}
	var t terminal.Table
	for _, f := range found {
		d.Findings = append(d.Findings, findingDocument{string(f.Kind), f.Revision, f.File, f.Line, f.Column, f.Text})
		t.Add(terminal.Yellow.Cell(string(f.Kind)), terminal.Bold.Cell(f.Revision), terminal.Plain.Cell(f.Text), terminal.Faint.Cell(position(f)))
	}
	r.document = d
	if len(found) == 0 {
		r.say("nothing found")
		return nil
	}
	if !r.settings.JSON {
		r.out.Print(r.out.Format(t))
	}
	return &findingsError{len(found)}
}

func position(f migrator.Finding) string {
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
		return set.CheckFiles(), nil
	}
	set, cfg, err := r.open((&reporter{run: r}).event)
	if err != nil {
		return nil, err
	}
	r.warnIfStale()
	return set.Check(r.ctx, cfg)
}
