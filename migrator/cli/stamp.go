package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) redo() *cobra.Command {
	var h rehearsal
	return p.command(action{
		use:     "redo [N]",
		short:   "take the last revisions down and apply them again; default: 1",
		long:    `Takes the last N revisions down and applies them again: for writing a revision.`,
		example: "redo\nredo 2",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if len(args) > 1 {
				return &migrator.UsageError{Text: "redo takes one number of revisions"}
			}
			return nil
		},
		flags: h.flags,
		run:   func(r *run) error { return h.or(r, migrator.Redo) },
	})
}

func (p *program) stamp() *cobra.Command {
	var h rehearsal
	var purge settings.Switch
	return p.command(action{
		use: "stamp TARGET…", targets: true,
		short: "set the ledger without running SQL",
		long: `Sets the ledger to the targets as if their revisions had been applied, or the others taken
down, and runs none of them. It is for databases whose schema is there already.`,
		example: "stamp head\nstamp ae1027a6acf1\nstamp base\nstamp --purge head",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne("say where to: a revision, a label, head, heads or base"),
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &purge, "purge", "", "", "forget every row first, unknown revisions' too")
			h.flags(f)
		},
		run: func(r *run) error {
			if purge {
				return h.or(r, migrator.Purge)
			}
			return h.or(r, migrator.Stamp)
		},
	})
}

func (p *program) ensureVersion() *cobra.Command {
	return p.command(action{
		use:    "ensure-version",
		short:  "create the ledger",
		long:   `Creates the version tables of a database that has none, and changes nothing else.`,
		groups: []string{settings.GroupDatabase, settings.GroupRun, settings.GroupOutput},
		run: func(r *run) error {
			set, cfg, err := r.open((&reporter{run: r}).event)
			if err != nil {
				return err
			}
			created, err := set.EnsureLedger(r.ctx, cfg)
			if err != nil {
				return err
			}
			r.document = &ensureDocument{Ledger: r.settings.Ledger, Created: created}
			text := "the ledger " + r.settings.Ledger + " is there"
			if created {
				text = "created the ledger " + r.settings.Ledger
			}
			r.say(text)
			return nil
		},
	})
}

// say prints a result for people; the document says it otherwise.
func (r *run) say(text string) {
	if !r.settings.JSON {
		r.out.Print(text + "\n")
	}
}
