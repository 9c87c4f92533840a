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
	var d draft
	return p.command(action{
		use: "merge [REV…]", targets: true,
		short: "write a revision that joins several heads; default: all",
		long: `Writes an up and a down file with several down revisions, so that what builds on them
has one head again. They need no SQL. It works on disk: the next build embeds what was
written.`,
		example: "merge\nmerge shop@head billing@head -m \"merge shop and billing\"",
		groups:  []string{settings.GroupFiles, settings.GroupOutput},
		check:   anyNumber,
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &d.message, "message", p.shorthand("message"), "MESSAGE", "default: merge REV and REV")
			settings.AddFlag(f, &d.labels, "branch-label", "", "LABEL", "name the branch that begins here")
			settings.AddFlag(f, &d.id, "rev-id", "", "ID", "default: 12 random hex digits")
			settings.AddFlag(f, &d.versionPath, "version-path", "", "DIR", "write into this folder below --dir")
		},
		run: func(r *run) error { return r.merge(d) },
	})
}

func (r *run) merge(d draft) error {
	set, err := r.written()
	if err != nil {
		return err
	}
	ids, err := r.merged(set)
	if err != nil {
		return err
	}
	d.head = ids
	rev, err := d.revision(set)
	if err != nil {
		return err
	}
	if rev.Message = revision.CleanMessage(string(d.message)); rev.Message == "" {
		rev.Message = "merge " + joined(ids)
	}
	rev.Up, rev.Down = revision.NewScript(""), revision.NewScript("")
	return r.write(rev, string(d.versionPath), "it joins "+joined(ids)+", and needs no SQL")
}

// merged are the heads to be joined: those that the arguments name, or all.
func (r *run) merged(set *migrator.Set) ([]string, error) {
	g := set.Graph()
	// Alembic's target heads leaves out a head that another one depends on; it is a head
	// to be joined nevertheless.
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
	ids, err := namedOnDisk(set, "merge", r.args)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 1:
		return nil, &migrator.UsageError{Text: "a merge joins two revisions or more, and " + strings.Join(r.args, " ") + " is one, " + ids[0]}
	}
	if err := oneLine(g, ids); err != nil {
		return nil, err
	}
	return ids, areHeads(g, ids)
}

// areHeads refuses revisions that are no heads, and says which were meant.
func areHeads(g *graph.Graph, ids []string) error {
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
		return &migrator.UsageError{Text: joined(ids) + " lead to one head already, " + heads[0] + ", so there is nothing to merge"}
	}
	return &migrator.UsageError{Text: lower + " is no head: " + terminal.FirstFew(g.Children(lower)) + " " + terminal.Plural(len(g.Children(lower)), "builds", "build") + " on it; merge " +
		strings.Join(heads, " ") + ", or begin a branch there with revision --head " + strings.Join(ids, " --head ") + " --splice"}
}

// namedOnDisk gives the revisions that targets name without a database, each once.
func namedOnDisk(set *migrator.Set, command string, targets []string) ([]string, error) {
	return named(command, targets, func(target string) ([]string, error) { return resolve(set, command, []string{target}) })
}

// named gives the revisions that targets name, each once. Base is none.
func named(command string, targets []string, find func(target string) ([]string, error)) ([]string, error) {
	var ids []string
	for _, target := range targets {
		found, err := find(target)
		if err != nil {
			return nil, typedAfter(command, err)
		}
		if len(found) == 0 {
			return nil, &migrator.UsageError{Text: command + " " + terminal.Quote(target) + ": that is base, and base is no revision: it comes before the first"}
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// oneLine refuses down revisions of which one builds on another: it would be there twice.
func oneLine(g *graph.Graph, ids []string) error {
	for _, id := range ids {
		below := lineage(g, id)
		for _, other := range ids {
			if other != id && below[other] {
				return &migrator.UsageError{Text: id + " builds on " + other + ": they are one line already, and " + id + " alone stands for both"}
			}
		}
	}
	return nil
}

// lineage is a revision and all that it builds on, by down revisions.
func lineage(g *graph.Graph, id string) map[string]bool {
	seen, rest := map[string]bool{id: true}, []string{id}
	for len(rest) > 0 {
		node, _ := g.Node(rest[len(rest)-1])
		rest = rest[:len(rest)-1]
		for _, down := range node.DownRevision {
			if !seen[down] {
				seen[down] = true
				rest = append(rest, down)
			}
		}
	}
	return seen
}

// joined names revisions in a sentence: a, b and c.
func joined(ids []string) string {
	last := len(ids) - 1
	if last < 1 {
		return placeNames(ids)
	}
	return strings.Join(ids[:last], ", ") + " and " + ids[last]
}
