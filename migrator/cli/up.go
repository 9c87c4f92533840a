package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) up() *cobra.Command {
	var pre preview
	var each eachFlags
	return p.command(action{
		use: "up [TARGET…]", aliases: []string{"upgrade"}, elsewhere: []string{"apply", "deploy", "run"}, targets: true,
		short: "apply pending revisions up to the targets (default: head)",
		long: `Applies every pending revision up to the targets, each in its own transaction, and stops
at the first failure. Without a target it upgrades to the head; multiple heads are an
error that lists them. Any number of processes may do this at once: each revision runs
once.`,
		example: "up\nup heads\nup +1\nup shop@head",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		check:   anyArgs,
		flags: func(f *pflag.FlagSet) {
			pre.flags(f)
			each.flags(f)
		},
		run: func(r *run) error { return r.moveAny(migrator.Up, &pre, &each) },
	})
}
