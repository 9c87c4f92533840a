package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) to() *cobra.Command {
	var pre preview
	return p.command(action{
		use: "to TARGET…", targets: true,
		short: "go up or down, until exactly the targets are applied",
		long: `Takes down what does not belong to the targets and applies what does, revisions that
only the ledger knows included. For people and pipelines: two images of a rolling
deployment that both say "to head" would fight.`,
		example: "to head\nto ae1027a6acf1\nto base",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne("say where to: a revision, a label, head, heads or base"),
		flags:   pre.flags,
		run:     func(r *run) error { return pre.run(r, migrator.To) },
	})
}
