package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) down() *cobra.Command {
	var pre preview
	var each eachFlags
	return p.command(action{
		use: "down [TARGET]", aliases: []string{"downgrade"}, elsewhere: []string{"rollback", "revert", "undo"}, targets: true,
		short: "revert the revisions above the target (default: -1)",
		long: `Reverts the revisions above the target, newest first. A revision that this program does
not contain is reverted with the down script stored in the ledger.`,
		example: "down\ndown -2\ndown ae1027a6acf1\ndown shop@-1\ndown base",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atMostOne("down", "target"),
		flags: func(f *pflag.FlagSet) {
			pre.flags(f)
			each.flags(f)
		},
		run: func(r *run) error { return r.moveAny(migrator.Down, &pre, &each) },
	})
}
