package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/revision"
)

func (p *program) merge() *cobra.Command {
	var n newRevision
	return p.command(action{
		use: "merge [REV…]", targets: true,
		short: "write a revision that joins several heads; default: all",
		long: `Writes an up and a down file with several down revisions, so that what builds on them
has one head again. They need no SQL. It works on disk: the next build embeds what was
written.`,
		example: "merge\nmerge shop@head billing@head -m \"merge shop and billing\"",
		groups:  []string{settings.GroupFiles, settings.GroupOutput},
		check:   anyArgs,
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &n.message, "message", p.shorthand("message"), "MESSAGE", "default: merge REV and REV")
			settings.AddFlag(f, &n.labels, "branch-label", "", "LABEL", "name the branch that begins here")
			settings.AddFlag(f, &n.id, "rev-id", "", "ID", "default: 12 random hex digits")
			settings.AddFlag(f, &n.versionPath, "version-path", "", "DIR", "write into this folder below --dir")
		},
		run: func(r *run) error { return r.merge(n) },
	})
}

func (r *run) merge(n newRevision) error {
	set, err := r.diskSet()
	if err != nil {
		return err
	}
	ids, err := r.headsToMerge(set)
	if err != nil {
		return err
	}
	n.head = ids
	rev, err := n.build(set)
	if err != nil {
		return err
	}
	if rev.Message = revision.CleanMessage(string(n.message)); rev.Message == "" {
		rev.Message = "merge " + idsInSentence(ids)
	}
	rev.Up, rev.Down = revision.NewScript(""), revision.NewScript("")
	return r.writeRevision(rev, string(n.versionPath), "it joins "+idsInSentence(ids)+", and needs no SQL")
}

// headsToMerge returns the heads that the arguments name, or all.
func (r *run) headsToMerge(set *migrator.Set) ([]string, error) {
	g := set.Graph()
	// The target heads omits a head that another one depends on, as in Alembic, but here it
	// is to be merged too.
	if len(r.args) == 0 || slices.Equal(r.args, []string{"heads"}) {
		switch heads := g.Heads(); len(heads) {
		case 0:
			return nil, &migrator.UsageError{Text: "there are no revisions yet, so there is nothing to merge"}
		case 1:
			return nil, &migrator.UsageError{Text: "there is one head, " + heads[0] + ", so there is nothing to merge"}
		default:
			return heads, nil
		}
	}
	ids, err := resolveEach(set, "merge", r.args)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 1:
		return nil, &migrator.UsageError{Text: "a merge joins two revisions or more, and " + strings.Join(r.args, " ") + " is one, " + ids[0]}
	}
	if err := requireUnrelated(g, ids); err != nil {
		return nil, err
	}
	return ids, requireHeads(g, ids)
}

// requireHeads returns an error if a revision is not a head, with the heads above it.
func requireHeads(g *graph.Graph, ids []string) error {
	var heads []string
	lower := ""
	for _, id := range ids {
		above, err := g.Resolve(graph.Set{}, id+"@heads")
		if err != nil {
			return err
		}
		if lower == "" && !slices.Contains(above, id) {
			lower = id
		}
		heads = append(heads, above...)
	}
	slices.Sort(heads)
	heads = slices.Compact(heads)
	switch {
	case lower == "":
		return nil
	case len(heads) == 1:
		return &migrator.UsageError{Text: idsInSentence(ids) + " lead to one head already, " + heads[0] + ", so there is nothing to merge"}
	}
	return &migrator.UsageError{Text: lower + " is no head: " + terminal.FirstFew(g.Children(lower)) + " " + terminal.Plural(len(g.Children(lower)), "builds", "build") + " on it; merge " +
		strings.Join(heads, " ") + ", or begin a branch there with revision --head " + strings.Join(ids, " --head ") + " --splice"}
}
