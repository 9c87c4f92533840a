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
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

func (p *program) merge() *cobra.Command {
	var n newRevision
	return p.command(action{
		use: "merge [REV…]", targets: true,
		short: "create a revision that joins heads (default: all)",
		long: `Creates the up and the down file of a revision with several down revisions, so that the
graph has one head again. They need no SQL. The files are created on disk, and embedded
when the program is built.`,
		example: "merge\nmerge shop@head billing@head -m \"merge shop and billing\"",
		groups:  []string{settings.GroupFiles, settings.GroupOutput},
		check:   anyArgs,
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &n.message, "message", p.shorthand("message"), "MESSAGE", "message of the revision (default: merge REV and REV)")
			settings.AddFlag(f, &n.labels, "branch-label", "", "LABEL", "label of the branch that begins here")
			settings.AddFlag(f, &n.id, "rev-id", "", "ID", "id of the revision (default: 12 random hex digits)")
			settings.AddFlag(f, &n.versionPath, "version-path", "", "DIR", "create the files in this folder below --dir")
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
	rev, err := r.build(&n, set)
	if err != nil {
		return err
	}
	if rev.Message = revision.CleanMessage(string(n.message)); rev.Message == "" {
		rev.Message = "merge " + idsInSentence(ids)
	}
	rev.Up, rev.Down = revision.NewScript(""), revision.NewScript("")
	return r.writeRevision(rev, string(n.versionPath), "the revision joins "+idsInSentence(ids)+" and needs no SQL; to apply it,")
}

// headsToMerge returns the heads that the arguments name, or all.
func (r *run) headsToMerge(set *migrator.Migrator) ([]string, error) {
	g := set.Files().Graph()
	// The target heads omits a head that another one depends on, as in Alembic, but here it
	// is to be merged too.
	if len(r.args) == 0 || slices.Equal(r.args, []string{"heads"}) {
		switch heads := g.Heads(); len(heads) {
		case 0:
			return nil, &settings.UsageError{Text: "nothing to merge: there are no revisions yet"}
		case 1:
			return nil, &settings.UsageError{Text: "nothing to merge: " + heads[0] + " is the only head"}
		default:
			return heads, nil
		}
	}
	ids, err := resolveEach(set, "merge", r.args)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 1:
		return nil, &settings.UsageError{Text: "merge " + strings.Join(r.args, " ") + ": at least two revisions are required, not only " + ids[0]}
	}
	if err := requireUnrelated(g, ids); err != nil {
		return nil, err
	}
	return ids, r.requireHeads(g, ids)
}

// requireHeads returns an error if a revision is not a head, with the heads above it.
func (r *run) requireHeads(g *graph.Graph, ids []string) error {
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
		return &settings.UsageError{Text: "nothing to merge: " + idsInSentence(ids) + " already lead to one head, " + heads[0]}
	}
	branch := r.otherLine(r.cmd, []string{"revision"}, flagValue{"head", strings.Join(ids, ",")}, flagValue{"splice", "true"}, flagValue{"message", "merge " + idsInSentence(ids)})
	return suggest(&settings.UsageError{Text: notAHead(g, lower)},
		to("merge the heads above", r.sameLineWith(r.cmd, heads)), to("start a branch there", branch))
}

// notAHead returns the reason why a revision with children is not accepted.
func notAHead(g *graph.Graph, id string) string {
	children := g.Children(id)
	return id + " is not a head: " + text.List(children, "and") + terminal.Plural(len(children), " follows it", " follow it")
}
