package cli

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// planEach shows the plans of many targets.
func (r *run) planEach(e *eachFlags) error {
	f, err := r.eachOf(e)
	if err != nil {
		return err
	}
	if f.fleet == nil {
		return f.nothingLeft()
	}
	return f.showPlans(f.fleet.Plan(r.ctx, parseVerb(r.args[0]), r.args[1:]...))
}

// showPlans shows plans, each once with the targets that it is for.
func (f *fleetRun) showPlans(outcomes iter.Seq[migrator.Outcome[*migrator.Plan]]) error {
	var plans groups
	err := collect(f, outcomes, func(d *targetDocument, p *migrator.Plan) bool {
		if p == nil {
			return false
		}
		d.Plan = newPlanDocument(p)
		key := idsOrBase(p.From)
		for _, s := range p.Steps {
			key += "\x00" + string(s.Direction) + s.Revision
		}
		if len(p.Steps) == 0 {
			key = ""
		}
		if g, isNew := plans.add(key, d.Target); isNew {
			g.current, g.rows = len(p.Steps) == 0, planTable(p)
		}
		return len(p.Steps) > 0
	})
	if f.isText() {
		for _, g := range plans.sorted() {
			if g.current {
				f.out.Print(text.Count(len(g.targets), "target") + ": nothing to do\n")
				continue
			}
			f.out.Print(text.Count(len(g.targets), "target") + ": " + f.names(g) + "\n")
			f.out.PrintTable(g.rows)
		}
	}
	return err
}

// scriptEach prints the scripts of a verb for many targets as one; after an error it prints nothing. Each starts where its
// target is, unless from or a range says where all of them start.
func (r *run) scriptEach(from []string, verb migrator.Verb, e *eachFlags) error {
	f, err := r.eachOf(e)
	if err != nil {
		return err
	}
	if f.fleet == nil {
		return f.nothingLeft()
	}
	if err := f.checkScript(); err != nil {
		return err
	}
	var plans []*migrator.Plan
	if slices.Equal(from, []string{"current"}) || len(from) == 0 && !slices.ContainsFunc(r.args, isRange) {
		plans = make([]*migrator.Plan, len(f.targets))
		err = collect(f, f.fleet.Plan(r.ctx, verb, r.args...), func(d *targetDocument, p *migrator.Plan) bool {
			plans[f.index[d.Target]] = p
			return false
		})
	} else if plans, err = f.fleet.PlanFrom(from, verb, r.args...); err != nil || !slices.ContainsFunc(plans, hasSteps) {
		if reversed := r.checkReversed(f.set, verb); reversed != nil {
			err = reversed
		}
	}
	if err != nil {
		return err
	}
	script, err := f.script(plans)
	if err == nil {
		r.out.PrintSQL(script)
	}
	return err
}

func hasSteps(p *migrator.Plan) bool { return len(p.Steps) > 0 }

// checkScript refuses targets that one script cannot be for.
func (f *fleetRun) checkScript() error {
	first := f.targets[0].Config
	for _, t := range f.targets {
		switch {
		case t.Config.Host != first.Host || t.Config.Port != first.Port:
			return &settings.UsageError{Text: "--sql prints one script for one server, and the targets are on several: " + terminal.Quote(f.targets[0].Name) + " and " + terminal.Quote(t.Name) + "; list those of one server"}
		case strings.ContainsAny(t.Config.Database, "\r\n"):
			return &settings.UsageError{Text: "--sql: psql cannot connect to a database whose name contains a line break: " + terminal.Quote(t.Config.Database)}
		}
	}
	return nil
}

// script returns the scripts of plans, those of the targets in their order.
func (f *fleetRun) script(plans []*migrator.Plan) (string, error) {
	var b strings.Builder
	// What is visible cannot end a comment.
	fmt.Fprintf(&b, "-- %s, each with its own ledger. What is committed when one fails is kept.\n-- Run it with: psql -f FILE\n", text.Count(len(plans), "target"))
	connected := f.configured
	for i, t := range f.targets {
		fmt.Fprintf(&b, "\n-- target %s\n", text.Visible(t.Name))
		if !hasSteps(plans[i]) {
			b.WriteString("-- nothing to do\n")
			continue
		}
		if connected == nil || t.Config.Database != connected.Database {
			b.WriteString(connectTo(t.Config.Database) + "\n")
		}
		connected = t.Config
		if err := plans[i].Script(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// connectTo returns the psql command that connects to another database of the same server, as pg_dumpall writes it.
func connectTo(database string) string {
	value := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(database)
	return `\connect -reuse-previous=on ` + sqltext.QuoteName("dbname='"+value+"'")
}
