package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) plan() *cobra.Command {
	var from settings.List
	var each eachFlags
	return p.command(action{
		use: "plan up|down|to|stamp [TARGET…]", targets: true,
		short: "show the steps of up, down, to or stamp",
		long: `Shows the steps in order and the resulting revisions, and runs nothing. With --from, no
database is needed.`,
		example: "plan up\nplan down -2\nplan up head --from base\nplan to ae1027a6acf1 --json",
		groups:  []string{settings.GroupDatabase, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &from, "from", "", "REV,…|base", "the applied revisions, instead of those in the database")
			each.flags(f)
		},
		check: func(args []string) error {
			const choices = "plan up, plan down, plan to or plan stamp"
			if len(args) == 0 {
				return &settings.UsageError{Text: "missing command: " + choices}
			}
			if parseVerb(args[0]) == "" {
				return &settings.UsageError{Text: "unknown command " + terminal.Quote(args[0]) + ": must be " + choices}
			}
			return nil
		},
		run: func(r *run) error {
			switch many, err := each.given(r.cmd); {
			case err != nil:
				return err
			case many && len(from) > 0:
				return r.notForMany("from", "the plan would be the same for every target")
			case many:
				return r.planEach(&each)
			}
			return r.plan(from)
		},
	})
}

// planVerbs are the first arguments of plan.
var planVerbs = []string{"up", "down", "to", "stamp"}

// parseVerb returns the verb with this name or alias, or "".
func parseVerb(word string) migrator.Verb {
	switch word {
	case "up", "upgrade":
		return migrator.Up
	case "down", "downgrade":
		return migrator.Down
	case "to":
		return migrator.To
	case "stamp":
		return migrator.Stamp
	}
	return ""
}

func (r *run) plan(from []string) error {
	verb, targets := parseVerb(r.args[0]), r.args[1:]
	if len(from) == 0 {
		from = []string{"current"}
	}
	set, p, err := r.makePlan(from, verb, targets)
	if err != nil {
		return err
	}
	r.showPlan(set, p)
	return nil
}

// makePlan plans from the named revisions, or, if they are "current", from where the
// database is.
func (r *run) makePlan(from []string, verb migrator.Verb, targets []string) (*migrator.Migrator, *migrator.Plan, error) {
	if !slices.Contains(from, "current") {
		set, err := r.set()
		if err != nil {
			return nil, nil, err
		}
		r.warnIfStale()
		p, err := set.PlanFrom(from, verb, targets...)
		return set, p, err
	}
	if len(from) > 1 {
		return nil, nil, &settings.UsageError{Text: "--from current cannot be combined with revisions"}
	}
	set, cfg, err := r.openDatabase(&reporter{run: r}) // planning has warnings too
	if err != nil {
		return nil, nil, err
	}
	p, err := set.Plan(r.ctx, cfg, verb, targets...)
	return set, p, err
}

// showPlan prints a plan, or makes it the document of --json.
func (r *run) showPlan(set *migrator.Migrator, p *migrator.Plan) {
	r.document = newPlanDocument(p)
	if r.settings.JSON {
		return
	}
	for _, replacement := range p.Replacements {
		r.out.Print("record " + replacementLine(replacement) + "\n")
	}
	if len(p.Steps) == 0 {
		r.out.Print("nothing to do, " + located(set, p.To) + "\n")
		return
	}
	r.out.PrintTable(planTable(p))
	r.out.Print(text.Count(len(p.Steps), "step") + " from " + idsOrBase(p.From) + ", ending " + located(set, p.To) + "\n")
}

func planTable(p *migrator.Plan) terminal.Table {
	var t terminal.Table
	for _, s := range p.Steps {
		direction, file := terminal.Green.Cell("up"), s.File
		if s.Direction == migrator.Downgrade {
			direction = terminal.Yellow.Cell("down")
		}
		if file == "" {
			file = "(from the ledger)"
		}
		if !s.Transactional {
			file += " (non-transactional)"
		}
		t.Add(direction, terminal.Bold.Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(file))
	}
	return t
}

func newPlanDocument(p *migrator.Plan) *planDocument {
	d := &planDocument{From: list(p.From), To: list(p.To), Steps: []stepDocument{}}
	for _, s := range p.Steps {
		d.Steps = append(d.Steps, newStepDocument(s))
	}
	d.Replacements = newReplacementDocuments(p.Replacements)
	return d
}

func newStepDocument(s migrator.Step) stepDocument {
	return stepDocument{string(s.Direction), s.Revision, s.Message, s.File, s.Transactional}
}
