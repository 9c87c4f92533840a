package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
)

func (p *program) branches() *cobra.Command {
	return p.command(action{
		use: "branches", short: "where the graph branches, and which branches have a label",
		long: `Shows the revisions that several others build on, each with those, and for each label
where its branch begins and what its heads are. What is current and pending is marked
when a database is named and can be reached.`,
		example: "branches\nbranches --verbose\nbranches --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run:     (*run).branches,
	})
}

func (p *program) bases() *cobra.Command {
	return p.command(action{
		use: "bases", short: "the revisions that build on none",
		long:    "Shows the revisions without a down revision. What is current and pending is marked when a\ndatabase is named and can be reached.",
		example: "bases\nbases --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run: func(r *run) error {
			l, err := r.look(false)
			if err != nil {
				return err
			}
			bases := l.set.Graph().Bases()
			r.document = &basesDocument{list(bases), l.documents(bases)}
			l.print(bases, false)
			return nil
		},
	})
}

// labelled is a label, the revision that has it, and the heads of its branch.
type labelled struct {
	label, revision string
	heads           []string
}

func (r *run) branches() error {
	l, err := r.look(false)
	if err != nil {
		return err
	}
	g := l.set.Graph()
	var points []string
	var labels []labelled
	for _, rev := range l.set.Revisions() {
		if len(g.Children(rev.ID)) > 1 {
			points = append(points, rev.ID)
		}
		for _, label := range rev.BranchLabels {
			heads, err := g.Resolve(graph.Set{}, label+"@heads")
			if err != nil {
				return err
			}
			labels = append(labels, labelled{label, rev.ID, heads})
		}
	}
	r.document = l.branchesDocument(points, labels)
	if !r.settings.JSON {
		r.out.Print(l.branchesText(points, labels))
	}
	return nil
}

func (l *look) branchesDocument(points []string, labels []labelled) *branchesDocument {
	d := &branchesDocument{BranchPoints: []branchPointDocument{}, Labels: []labelDocument{}}
	for i, base := range l.documents(points) {
		d.BranchPoints = append(d.BranchPoints, branchPointDocument{base, list(l.set.Graph().Children(points[i]))})
	}
	for _, b := range labels {
		d.Labels = append(d.Labels, labelDocument{b.label, b.revision, list(b.heads)})
	}
	return d
}

// branchesText is a row for each revision at which something branches and for those on
// top of it, then one for each label; with --verbose the revisions in full follow.
func (l *look) branchesText(points []string, labels []labelled) string {
	var t terminal.Table
	row := func(title, id string, notes ...string) {
		s := l.byID[id]
		t.Add(terminal.Bold.Cell(title), l.color(s).Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(strings.Join(notes, ", ")))
	}
	for _, id := range points {
		marks := slices.DeleteFunc(l.marks(l.byID[id]), func(mark string) bool { return mark == "branch point" })
		row("branch point", id, marks...)
		for _, child := range l.set.Graph().Children(id) {
			row("  on top", child, l.marks(l.byID[child])...)
		}
	}
	full := points
	for _, b := range labels {
		row("label "+b.label, b.revision, terminal.Plural(len(b.heads), "head ", "heads ")+terminal.FirstFew(b.heads))
		if !slices.Contains(full, b.revision) {
			full = append(full, b.revision)
		}
	}
	text := l.out.Format(t)
	if l.settings.Verbose && len(full) > 0 {
		text += "\n" + l.full(full)
	}
	return text
}
