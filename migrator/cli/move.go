package cli

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
)

// moveAny shows an operation, or runs it, for one database or for many targets, as the flags ask for.
func (r *run) moveAny(verb migrator.Verb, pre *preview, each *eachFlags) error {
	many, err := each.given(r.cmd)
	switch {
	case err != nil:
		return err
	case !many:
		return r.moveOne(verb, pre)
	}
	if err := pre.check(r, verb, true); err != nil {
		return err
	}
	if pre.sql {
		return r.scriptEach(pre.from, verb, each)
	}
	return r.moveEach(verb, each, bool(pre.dryRun))
}

// moveOne is moveAny for one database.
func (r *run) moveOne(verb migrator.Verb, pre *preview) error {
	err := pre.check(r, verb, false)
	switch {
	case err != nil:
		return err
	case bool(pre.sql):
		return r.script(pre.from, verb)
	case bool(pre.dryRun):
		return r.dryRun(verb)
	}
	return r.move(verb)
}

// move runs a verb of the library and reports it.
func (r *run) move(verb migrator.Verb) error {
	rep := &reporter{run: r}
	set, cfg, err := r.openDatabase(rep)
	if err != nil {
		return err
	}
	report, err := set.Move(r.ctx, cfg, verb, r.args...)
	if rep.planned && r.settings.JSON { // it may have very many steps
		r.document = newMoveDocument(report)
	}
	if err != nil {
		r.after = rep.afterFailure(set, report, err)
		return err
	}
	line := summary(set, report)
	if verb == migrator.Stamp || verb == migrator.Purge {
		line = "stamped, " + located(set, report.To)
	}
	rep.result(eventFinished, []terminal.Cell{terminal.Plain.Cell(line)}, line, "from", list(report.From), "to", list(report.To), "steps", len(report.Steps))
	return nil
}

func newMoveDocument(r *migrator.Report) *moveDocument {
	d := &moveDocument{From: list(r.From), To: list(r.To), Steps: make([]doneDocument, 0, len(r.Steps)), Others: []otherDocument{}, Ahead: list(r.Ahead)}
	for _, s := range r.Steps {
		d.Steps = append(d.Steps, doneDocument{newStepDocument(s), milliseconds(s.Duration), s.PendingOn})
	}
	d.Replaced = newReplacementDocuments(r.Replaced)
	for _, o := range r.Others {
		d.Others = append(d.Others, otherDocument{string(o.Direction), o.Revision, o.By, o.From})
	}
	return d
}

// summary returns the last line of a run.
func summary(set *migrator.Migrator, r *migrator.Report) string {
	var parts []string
	up, down := countDirections(r.Steps)
	if down > 0 {
		parts = append(parts, fmt.Sprint(down, " reverted"))
	}
	if up > 0 {
		parts = append(parts, fmt.Sprint(up, " applied"))
	}
	parts = append(parts, otherRunners(r.Others)...)
	switch {
	case len(parts) > 0:
	case len(r.Replaced) > 0:
		parts = append(parts, "nothing else to do")
	default:
		parts = append(parts, "nothing to do")
	}
	line := strings.Join(parts, ", ") + ", " + located(set, r.To)
	if ids := r.Ahead; len(ids) > 0 {
		line += "; the database is ahead of this program by " + text.Count(len(ids), "revision") + ": " + text.List(ids, "and")
	}
	return line
}

func countDirections(steps []migrator.Step) (up, down int) {
	for _, s := range steps {
		if s.Direction == migrator.Upgrade {
			up++
		} else {
			down++
		}
	}
	return up, down
}

// otherRunners returns what other runners did meanwhile, and by whom if the ledger has it.
func otherRunners(steps []migrator.OtherStep) []string {
	var order []string
	counts := map[string]int{}
	for _, o := range steps {
		what := "already reverted by another runner"
		if o.Direction == migrator.Upgrade {
			what = "already applied by another runner"
			if o.By != "" {
				what = "already applied by " + terminal.Line(o.By) + " from " + terminal.Line(o.From)
			}
		}
		if counts[what] == 0 {
			order = append(order, what)
		}
		counts[what]++
	}
	for i, what := range order {
		order[i] = fmt.Sprint(counts[what], " ", what)
	}
	return order
}

// located returns where a database is, and how many revisions are pending.
func located(set *migrator.Migrator, ids []string) string {
	position := "at " + idsOrBase(ids)
	g := set.Files().Graph()
	for _, id := range ids {
		if _, known := g.Node(id); !known {
			return position
		}
	}
	switch pending := g.Len() - len(g.Closure(graph.NewSet(ids...))); {
	case pending > 0:
		return position + fmt.Sprintf(" (%d pending)", pending)
	case len(ids) == 1:
		return position + " (head)"
	case len(ids) > 1:
		return position + " (heads)"
	}
	return position
}
