package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) history() *cobra.Command {
	var span settings.Text
	return p.command(action{
		use: "history", short: "list all revisions, newest first",
		long: `Lists the revisions with their down revisions, newest first. If a database is configured
and can be reached, current and pending revisions are marked.`,
		example: "history\nhistory -r ae1027a6acf1:head\nhistory -r -3:current\nhistory --verbose",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &span, "rev-range", p.shorthand("range"), "A:B", "only the revisions from A up to B")
		},
		run: func(r *run) error { return r.history(string(span)) },
	})
}

func (r *run) history(span string) error {
	o, err := r.overview(dependsOnState(span))
	if err != nil {
		return err
	}
	var ids []string
	if span != "" {
		if ids, err = o.Range(span); err != nil {
			return err
		}
	} else {
		for _, s := range o.Revisions {
			ids = append(ids, s.Revision)
		}
	}
	slices.Reverse(ids)
	r.document = &historyDocument{o.documents(ids)}
	o.print(ids, true)
	return nil
}
