package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) to() *cobra.Command {
	var pre preview
	var each eachFlags
	return p.command(action{
		use: "to TARGET…", elsewhere: []string{"goto"}, targets: true,
		short: "apply and revert until exactly the targets are applied",
		long: `Reverts what does not belong to the targets, including revisions that only the ledger
contains, and applies what does. It is for people and pipelines: two images of a rolling
deployment that both run "to head" would revert each other's work.`,
		example: "to head\nto ae1027a6acf1\nto base",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne(missingTarget),
		flags: func(f *pflag.FlagSet) {
			pre.flags(f)
			each.flags(f)
		},
		run: func(r *run) error { return r.moveAny(migrator.To, &pre, &each) },
	})
}
