package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/plan"
)

func (p *program) plan() *cobra.Command {
	var from settings.List
	return p.command(action{
		use: "plan up|down|to|stamp [TARGET…]", targets: true,
		short: "show the steps that up, down, to or stamp would take",
		long: `Shows the steps in order and where they lead, and runs nothing. With --from no database
is needed.`,
		example: "plan up\nplan down -2\nplan up head --from base\nplan to ae1027a6acf1 --json",
		groups:  []string{settings.GroupDatabase, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &from, "from", "", "REV,…|base", "what is applied, instead of a look into the database")
		},
		check: func(args []string) error {
			if len(args) == 0 || parseVerb(args[0]) == "" {
				return &migrator.UsageError{Text: "say which plan: plan up, plan down, plan to or plan stamp"}
			}
			return nil
		},
		run: func(r *run) error { return r.plan(from) },
	})
}

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
	set, p, err := r.makePlan(from, verb, targets)
	if err != nil {
		return err
	}
	r.showPlan(set, p)
	return nil
}

func (r *run) makePlan(from []string, verb migrator.Verb, targets []string) (*migrator.Set, *migrator.Plan, error) {
	if len(from) > 0 && !slices.Contains(from, "current") {
		set, err := r.set()
		if err != nil {
			return nil, nil, err
		}
		r.warnIfStale()
		p, err := set.PlanFrom(from, verb, targets...)
		return set, p, err
	}
	rep := &reporter{run: r} // planning has warnings too
	set, cfg, err := r.open(rep.event)
	if err != nil {
		return nil, nil, err
	}
	r.warnIfStale()
	p, err := set.Plan(r.ctx, cfg, verb, targets...)
	return set, p, err
}

// showPlan prints a plan, or makes it the document of --json.
func (r *run) showPlan(set *migrator.Set, p *migrator.Plan) {
	r.document = newPlanDocument(p)
	if r.settings.JSON {
		return
	}
	if len(p.Steps) == 0 {
		r.out.Print("nothing to do, " + located(set, p.To) + "\n")
		return
	}
	var t terminal.Table
	for _, s := range p.Steps {
		direction, file := terminal.Green.Cell("up"), s.File
		if s.Direction == plan.Down {
			direction = terminal.Yellow.Cell("down")
		}
		if file == "" {
			file = "(from the ledger)"
		}
		if !s.Transactional {
			file += " (outside a transaction)"
		}
		t.Add(direction, terminal.Bold.Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(file))
	}
	r.out.Print(r.out.Format(t) + terminal.Count(len(p.Steps), "step") + " from " + idsOrBase(p.From) + ", then " + located(set, p.To) + "\n")
}

func newPlanDocument(p *migrator.Plan) *planDocument {
	d := &planDocument{From: list(p.From), To: list(p.To), Steps: []stepDocument{}}
	for _, s := range p.Steps {
		d.Steps = append(d.Steps, newStepDocument(s))
	}
	return d
}

func newStepDocument(s migrator.Step) stepDocument {
	return stepDocument{string(s.Direction), s.Revision, s.Message, s.File, s.Transactional}
}
