package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) down() *cobra.Command {
	var pre preview
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
		flags: pre.flags,
		run:   func(r *run) error { return pre.run(r, migrator.Down) },
	})
}
