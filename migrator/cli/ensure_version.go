package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
)

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
