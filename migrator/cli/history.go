package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) history() *cobra.Command {
	var span settings.Text
	var graph settings.Switch
	return p.command(action{
		use: "history", short: "list all revisions, newest first",
		long: `Lists the revisions with their down revisions, newest first. If a database is configured
and can be reached, current and pending revisions are marked.

With --graph lines lead down from each revision to its down revisions, and broken lines to
what it depends on; ~ ends a line to a revision that is not in the list. Points are
` + graphLegend() + `.
Only ASCII characters are used with --color=never, on a dumb terminal and in a locale
without UTF-8.`,
		example: "history\nhistory --graph\nhistory -r ae1027a6acf1:head\nhistory -r -3:current\nhistory --verbose",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &span, "rev-range", p.shorthand("range"), "A:B", "only the revisions from A up to B")
			settings.AddFlag(f, &graph, "graph", "", "", "draw the graph of the revisions")
		},
		run: func(r *run) error { return r.history(string(span), bool(graph)) },
	})
}

func (r *run) history(span string, graph bool) error {
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
	if graph && !r.settings.JSON {
		o.printGraph(ids)
		return nil
	}
	o.print(ids, true)
	return nil
}
