package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) redo() *cobra.Command {
	var pre preview
	return p.command(action{
		use:     "redo [N]",
		short:   "revert the last N revisions and apply them again (default: 1)",
		long:    `Reverts the last N revisions and applies them again, to try a revision while writing it.`,
		example: "redo\nredo 2",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupPolicy, settings.GroupFiles, settings.GroupOutput},
		check:   atMostOne("redo", "number"),
		flags:   pre.flags,
		run:     func(r *run) error { return r.moveOne(migrator.Redo, &pre) },
	})
}
