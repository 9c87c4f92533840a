package cli

import (
	"slices"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

// rehearsal is what is asked for instead of a move: its script, or its plan with all
// checks. None of these flags has a variable: one that was left set would make a
// container do nothing.
type rehearsal struct {
	sql, dryRun settings.Switch
	from        settings.List
}

func (h *rehearsal) flags(f *pflag.FlagSet) {
	settings.AddFlag(f, &h.sql, "sql", "", "", "print the SQL script instead; a TARGET may be a range FROM:TO")
	settings.AddFlag(f, &h.from, "from", "", "REV,…|base|current", "where the script of --sql starts; default: base")
	settings.AddFlag(f, &h.dryRun, "dry-run", "", "", "show the plan and check rights, and change nothing")
}

// or runs a move, or what is asked for instead.
func (h *rehearsal) or(r *run, verb migrator.Verb) error {
	switch {
	case bool(h.sql) && bool(h.dryRun):
		return &migrator.UsageError{Text: "--sql and --dry-run are two things; choose one"}
	case bool(h.sql) && r.settings.JSON:
		return &migrator.UsageError{Text: "--sql prints a script, not a JSON document; plan --json shows the steps"}
	case len(h.from) > 0 && !bool(h.sql):
		return &migrator.UsageError{Text: "--from goes with --sql; to see a plan from there: plan " + string(verb) + " --from …"}
	case bool(h.sql):
		return r.script(h.from, verb)
	case bool(h.dryRun):
		return r.dryRun(verb)
	}
	return r.move(verb)
}

// script prints a whole script or, after a mistake, nothing.
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
		r.compare()
		if script, err = set.ScriptHere(r.ctx, cfg, verb, r.args...); err != nil {
			return err
		}
	} else {
		set, err := r.set()
		if err != nil {
			return err
		}
		r.compare()
		if script, err = set.Script(from, verb, r.args...); err != nil {
			return err
		}
	}
	r.out.Print(script)
	return nil
}

// dryRun shows the plan of a move after all that can be checked was checked.
func (r *run) dryRun(verb migrator.Verb) error {
	set, cfg, err := r.open((&reporter{run: r}).event)
	if err != nil {
		return err
	}
	r.compare()
	p, err := set.DryRun(r.ctx, cfg, verb, r.args...)
	if err != nil {
		return err
	}
	r.showPlan(set, p)
	r.log.Info("dry run: nothing was changed")
	return nil
}
