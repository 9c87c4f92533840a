package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) ensureVersion() *cobra.Command {
	return p.command(action{
		use:   "ensure-version",
		short: "create the ledger if it does not exist",
		long: `Creates the tables of the ledger if they do not exist, and changes nothing else. up does
this by itself; use it to create them in advance, for example with another role.`,
		example: "ensure-version\nensure-version --ledger billing.ambix --role billing_owner",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupOutput},
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
			text := "the ledger " + r.settings.Ledger + " already exists"
			if created {
				text = "created the ledger " + r.settings.Ledger
			}
			r.say(text)
			return nil
		},
	})
}
