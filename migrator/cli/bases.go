package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) bases() *cobra.Command {
	return p.command(action{
		use: "bases", short: "show the base revisions",
		long:    "Shows the revisions without a down revision. If a database is configured and can be\nreached, current and pending revisions are marked.",
		example: "bases\nbases --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run: func(r *run) error {
			o, err := r.overview(false)
			if err != nil {
				return err
			}
			bases := o.set.Files().Graph().Bases()
			r.document = &basesDocument{list(bases), o.documents(bases)}
			o.print(bases, false)
			return nil
		},
	})
}
