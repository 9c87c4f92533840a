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
		flags: pre.flags,
		run:   func(r *run) error { return pre.run(r, migrator.Redo) },
	})
}
