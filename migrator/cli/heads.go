package cli

import (
	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) heads() *cobra.Command {
	return p.command(action{
		use: "heads", short: "show the head revisions",
		long:    "Shows the revisions without children. If a database is configured and can be reached,\ncurrent and pending revisions are marked.",
		example: "heads\nheads --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run: func(r *run) error {
			o, err := r.overview(false)
			if err != nil {
				return err
			}
			r.document = &headsDocument{list(o.Heads), o.documents(o.Heads)}
			o.print(o.Heads, false)
			return nil
		},
	})
}
