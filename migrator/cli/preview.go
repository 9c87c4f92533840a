package cli

import (
	"slices"

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
	settings.AddFlag(f, &pre.sql, "sql", "", "", "print the SQL script instead; a TARGET may be a range FROM:TO")
	settings.AddFlag(f, &pre.from, "from", "", "REV,…|base|current", "where the script of --sql starts; default: base")
	settings.AddFlag(f, &pre.dryRun, "dry-run", "", "", "show the plan and check rights, and change nothing")
}

// run makes a move, or shows it as the flags demand.
func (pre *preview) run(r *run, verb migrator.Verb) error {
	switch {
	case bool(pre.sql) && bool(pre.dryRun):
		return &migrator.UsageError{Text: "--sql and --dry-run are two things; choose one"}
	case bool(pre.sql) && r.settings.JSON:
		return &migrator.UsageError{Text: "--sql prints a script, not a JSON document; plan --json shows the steps"}
	case len(pre.from) > 0 && !bool(pre.sql):
		return &migrator.UsageError{Text: "--from goes with --sql; to see a plan from there: plan " + string(verb) + " --from …"}
	case bool(pre.sql):
		return r.script(pre.from, verb)
	case bool(pre.dryRun):
		return r.dryRun(verb)
	}
	return r.move(verb)
}

// script prints the script of a move; after an error it prints nothing.
func (r *run) script(from []string, verb migrator.Verb) error {
	var script string
	if slices.Contains(from, "current") {
		if len(from) > 1 {
			return &migrator.UsageError{Text: "--from current stands alone: the database says the rest"}
		}
		set, cfg, err := r.open((&reporter{run: r}).event)
		if err != nil {
			return err
		}
		r.warnIfStale()
		if script, err = set.ScriptHere(r.ctx, cfg, verb, r.args...); err != nil {
			return err
		}
	} else {
		set, err := r.set()
		if err != nil {
			return err
		}
		r.warnIfStale()
		if script, err = set.Script(from, verb, r.args...); err != nil {
			return err
		}
	}
	r.out.Print(script)
	return nil
}

// dryRun shows the plan of a move after all checks that need no change.
func (r *run) dryRun(verb migrator.Verb) error {
	set, cfg, err := r.open((&reporter{run: r}).event)
	if err != nil {
		return err
	}
	r.warnIfStale()
	p, err := set.DryRun(r.ctx, cfg, verb, r.args...)
	if err != nil {
		return err
	}
	r.showPlan(set, p)
	r.log.Info("dry run: nothing was changed")
	return nil
}
