package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

// missingTarget is the error of commands that need at least one target.
const missingTarget = "missing target: a revision, a label, head, heads or base"

func (p *program) stamp() *cobra.Command {
	var pre preview
	var each eachFlags
	var purge settings.Switch
	return p.command(action{
		use: "stamp TARGET…", elsewhere: []string{"force"}, targets: true,
		short: "set the ledger without running SQL",
		long: `Sets the ledger as if the targets and their ancestors had been applied and all other
revisions reverted, without running any of them. It is for databases whose schema
already exists.`,
		example: "stamp head\nstamp ae1027a6acf1\nstamp base\nstamp --purge head",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne(missingTarget),
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &purge, "purge", "", "", "remove all revisions from the ledger first, also unknown ones")
			pre.flags(f)
			each.flags(f)
		},
		run: func(r *run) error {
			if purge {
				return r.moveAny(migrator.Purge, &pre, &each)
			}
			return r.moveAny(migrator.Stamp, &pre, &each)
		},
	})
}
