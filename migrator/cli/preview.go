package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

// preview is the flags that show a move instead of making it: its script, or its plan after
// all checks.
type preview struct {
	sql, dryRun settings.Switch
	from        settings.List
}

func (pre *preview) flags(f *pflag.FlagSet) {
	settings.AddFlag(f, &pre.sql, "sql", "", "", "print the SQL script; a TARGET may be a range FROM:TO")
	settings.AddFlag(f, &pre.from, "from", "", "REV,…|base|current", "the revisions where --sql starts (default: base)")
	settings.AddFlag(f, &pre.dryRun, "dry-run", "", "", "show the plan, check privileges, and change nothing")
}

// show shows an operation instead of running it, if the flags ask for that. done is false
// if they do not.
func (pre *preview) show(r *run, verb migrator.Verb) (done bool, err error) {
	switch {
	case bool(pre.sql) && bool(pre.dryRun):
		return true, &settings.UsageError{Text: "--sql and --dry-run are mutually exclusive"}
	case bool(pre.sql) && r.settings.JSON:
		return true, &settings.UsageError{Text: "--sql and --json are mutually exclusive; plan --json shows the steps"}
	case len(pre.from) > 0 && !bool(pre.sql):
		return true, &settings.UsageError{Text: "--from requires --sql; plan --from shows a plan from there"}
	case len(pre.from) == 0 && bool(pre.sql) && verb == migrator.Redo:
		return true, &settings.UsageError{Text: "missing --from: redo --sql --from REV"}
	case bool(pre.sql):
		return true, r.script(pre.from, verb)
	case bool(pre.dryRun):
		return true, r.dryRun(verb)
	}
	return false, nil
}

// script prints the script of a move; after an error it prints nothing.
func (r *run) script(from []string, verb migrator.Verb) error {
	_, p, err := r.makePlan(from, verb, r.args)
	if err != nil {
		return err
	}
	var script strings.Builder
	if err := p.Script(&script); err != nil {
		return err
	}
	r.out.PrintSQL(script.String())
	return nil
}

// dryRun shows the plan of a move after all checks that need no change.
func (r *run) dryRun(verb migrator.Verb) error {
	set, cfg, err := r.openDatabase(&reporter{run: r})
	if err != nil {
		return err
	}
	p, err := set.Plan(r.ctx, cfg, verb, r.args...)
	if err == nil {
		err = p.Preflight(r.ctx, cfg)
	}
	if err != nil {
		return err
	}
	r.showPlan(set, p)
	r.log.Info("dry run: nothing was changed")
	return nil
}
