package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/plan"
)

func (p *program) up() *cobra.Command {
	var h rehearsal
	return p.command(action{
		use: "up [TARGET…]", aliases: []string{"upgrade"}, targets: true,
		short: "apply what leads to the targets; default: head",
		long: `Applies what leads to the targets, each revision in a transaction of its own, and stops
at the first that fails. Without a target it goes to the head; several heads are an
error that lists them. Any number of processes may do this at once: each revision runs
once.`,
		example: "up\nup heads\nup +1\nup shop@head",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		check:   anyNumber,
		flags:   h.flags,
		run:     func(r *run) error { return h.or(r, migrator.Up) },
	})
}

func (p *program) down() *cobra.Command {
	var h rehearsal
	return p.command(action{
		use: "down [TARGET]", aliases: []string{"downgrade"}, targets: true,
		short: "take down what lies above the target; default: -1",
		long: `Takes down what lies above the target, newest first. What this program does not know is
taken down with the script that the ledger keeps.`,
		example: "down\ndown -2\ndown ae1027a6acf1\ndown shop@-1\ndown base",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if len(args) > 1 {
				return &migrator.UsageError{Text: "down has one target, not " + fmt.Sprint(len(args)) + ": " + strings.Join(args, " ")}
			}
			return nil
		},
		flags: h.flags,
		run:   func(r *run) error { return h.or(r, migrator.Down) },
	})
}

func (p *program) to() *cobra.Command {
	var h rehearsal
	return p.command(action{
		use: "to TARGET…", targets: true,
		short: "go up or down, until exactly the targets are applied",
		long: `Takes down what does not belong to the targets and applies what does, revisions that
only the ledger knows included. For people and pipelines: two images of a rolling
deployment that both say "to head" would fight.`,
		example: "to head\nto ae1027a6acf1\nto base",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne("say where to: a revision, a label, head, heads or base"),
		flags:   h.flags,
		run:     func(r *run) error { return h.or(r, migrator.To) },
	})
}

func anyNumber([]string) error { return nil }

func atLeastOne(text string) func([]string) error {
	return func(args []string) error {
		if len(args) == 0 {
			return &migrator.UsageError{Text: text}
		}
		return nil
	}
}

// move runs one of the library's moves and reports it.
func (r *run) move(verb migrator.Verb) error {
	m := &reporter{run: r}
	set, cfg, err := r.open(m.event)
	if err != nil {
		return err
	}
	r.compare()
	report, err := set.Move(r.ctx, cfg, verb, r.args...)
	if m.planned {
		r.document = newMoveDocument(report)
	}
	if err != nil {
		r.kept = m.kept(set, report, err)
		return err
	}
	text := summary(set, report)
	if verb == migrator.Stamp || verb == migrator.Purge {
		text = "stamped, " + at(set, report.To)
	}
	m.result(text, "from", list(report.From), "to", list(report.To), "steps", len(report.Steps))
	return nil
}

// summary is the last line of a run.
func summary(set *migrator.Set, r *migrator.Report) string {
	var parts []string
	up, down := directions(r.Steps)
	if down > 0 {
		parts = append(parts, fmt.Sprint(down, " taken down"))
	}
	if up > 0 {
		parts = append(parts, fmt.Sprint(up, " applied"))
	}
	parts = append(parts, others(r.Others)...)
	if len(parts) == 0 {
		parts = append(parts, "nothing to do")
	}
	text := strings.Join(parts, ", ") + ", " + at(set, r.To)
	if ids := r.Ahead; len(ids) > 0 {
		text += "; the database is ahead of this program by " + terminal.Count(len(ids), "revision") + ": " + terminal.FirstFew(ids)
	}
	return text
}

func directions(steps []migrator.Step) (up, down int) {
	for _, s := range steps {
		if s.Direction == plan.Up {
			up++
		} else {
			down++
		}
	}
	return up, down
}

// others says what other runners did, by whom as far as the ledger tells.
func others(steps []migrator.OtherStep) []string {
	var order []string
	counts := map[string]int{}
	for _, o := range steps {
		what := "already taken down by another runner"
		if o.Direction == plan.Up {
			what = "already applied by another runner"
			if o.By != "" {
				what = "already applied by " + terminal.Printable(o.By) + " from " + terminal.Printable(o.From)
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

// at says where a database is, and whether that is all that this program has.
func at(set *migrator.Set, ids []string) string {
	text := "at " + placeNames(ids)
	g := set.Graph()
	for _, id := range ids {
		if _, known := g.Node(id); !known {
			return text
		}
	}
	switch pending := g.Len() - len(g.Closure(graph.NewSet(ids...))); {
	case pending > 0:
		return text + fmt.Sprintf(" (%d pending)", pending)
	case len(ids) == 1:
		return text + " (head)"
	case len(ids) > 1:
		return text + " (heads)"
	}
	return text
}

// placeNames names current revisions, base for none.
func placeNames(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return strings.Join(ids, ", ")
}
