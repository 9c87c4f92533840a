package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) stamp() *cobra.Command {
	var pre preview
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
			pre.flags(f)
		},
		run: func(r *run) error {
			if purge {
				return pre.run(r, migrator.Purge)
			}
			return pre.run(r, migrator.Stamp)
		},
	})
}
