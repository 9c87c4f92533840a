package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/graph"
)

// preview is the flags that show a move instead of making it: its script, or its plan after
// all checks.
type preview struct {
	sql, dryRun settings.Switch
	from        settings.List
}

func (pre *preview) flags(f *pflag.FlagSet) {
	settings.AddFlag(f, &pre.sql, "sql", "", "", "print the SQL script; a TARGET may be a range FROM:TO")
	settings.AddFlag(f, &pre.from, "from", "", "REV,…|base|current", "where --sql starts [base; many targets: current]")
	settings.AddFlag(f, &pre.dryRun, "dry-run", "", "", "show the plan, check privileges, and change nothing")
}

// check returns an error if the flags contradict each other. many: the command is for many targets.
func (pre *preview) check(r *run, verb migrator.Verb, many bool) error {
	jsonLines := r.cmd.Flags().Lookup("json-lines")
	switch {
	case bool(pre.sql) && bool(pre.dryRun):
		return &settings.UsageError{Text: "--sql and --dry-run are mutually exclusive"}
	case bool(pre.sql) && r.settings.JSON:
		return suggest(&settings.UsageError{Text: "--sql and --json are mutually exclusive"}, r.planInstead(verb)...)
	case bool(pre.sql) && many && jsonLines.Changed:
		return &settings.UsageError{Text: "--sql and --json-lines are mutually exclusive"}
	case len(pre.from) > 0 && !bool(pre.sql):
		instead := []suggestion{to("print the script", r.sameLine(r.cmd, flagValue{"sql", "true"}))}
		if !many {
			instead = append(instead, r.planInstead(verb)...)
		}
		return suggest(&settings.UsageError{Text: "--from requires --sql"}, instead...)
	case len(pre.from) == 0 && bool(pre.sql) && verb == migrator.Redo:
		return &settings.UsageError{Text: "missing --from: redo --sql needs the revisions where it starts"}
	case len(pre.from) > 0 && slices.ContainsFunc(r.args, isRange):
		withoutFrom := to("print the script of the range", r.sameLine(r.cmd, flagValue{"from", ""}))
		return suggest(&settings.UsageError{Text: "--from and a range FROM:TO are mutually exclusive"}, withoutFrom)
	case slices.Contains(pre.from, "current") && len(pre.from) > 1:
		return &settings.UsageError{Text: "--from current cannot be combined with revisions"}
	case bool(pre.sql) && !many && verb == migrator.Down && len(r.args) == 0 && len(pre.from) == 0:
		return &settings.UsageError{Text: "missing target: down --sql requires a range FROM:TO, or --from"}
	case bool(pre.sql) && r.settings.Guard > 0:
		r.warn(eventGuardOmitted, "--guard has no effect on a script: nothing stops it at a large table")
	}
	return nil
}

func isRange(target string) bool { return strings.Contains(target, ":") }

// checkReversed returns an error if a range without steps has its ends in the wrong order.
func (r *run) checkReversed(set *migrator.Migrator, verb migrator.Verb) error {
	if len(r.args) != 1 || !isRange(r.args[0]) || verb != migrator.Up && verb != migrator.Down {
		return nil
	}
	lower, upper, _ := strings.Cut(r.args[0], ":")
	from, err := set.EmptyStatus().Resolve(lower)
	if err != nil {
		return nil // an empty or a relative end
	}
	end, err := set.EmptyStatus().Resolve(upper)
	if err != nil || slices.Equal(from, end) {
		return nil
	}
	other, above, below := migrator.Down, from, end
	if verb == migrator.Down {
		other, above, below = migrator.Up, end, from
	}
	included := set.Files().Graph().Closure(graph.NewSet(above...))
	if slices.ContainsFunc(below, func(id string) bool { return !included.Has(id) }) {
		return nil
	}
	turned := r.sameLineWith(r.cmd, []string{upper + ":" + lower})
	return suggest(&settings.UsageError{Text: string(verb) + " " + r.args[0] + ": the range is reversed, so there is nothing to do"},
		suggestion{"", turned}, to("print the script of the other direction", r.otherLine(r.cmd, []string{string(other), "--sql", r.args[0]})))
}

// planInstead suggests to show the plan instead of the script.
func (r *run) planInstead(verb migrator.Verb) []suggestion {
	if parseVerb(string(verb)) == "" {
		return nil
	}
	args := append([]string{"plan", string(verb)}, r.args...)
	var from []flagValue
	if f := r.cmd.Flags().Lookup("from"); f != nil && f.Changed {
		from = append(from, flagValue{"from", f.Value.String()})
	}
	return []suggestion{to("show the steps", r.otherLine(r.cmd, args, from...))}
}

// script prints the script of a move; an error is found before anything is printed.
func (r *run) script(from []string, verb migrator.Verb) error {
	set, p, err := r.makePlan(from, verb, r.args)
	if set != nil && (err != nil || len(p.Steps) == 0) {
		if reversed := r.checkReversed(set, verb); reversed != nil {
			err = reversed
		}
	}
	if err != nil {
		return err
	}
	err = p.Script(r.out.SQL())
	if r.out.Err() != nil {
		return nil // it is reported as an error of the output
	}
	return err
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
	r.info(eventNothing, "nothing was changed (dry run)")
	return nil
}
