package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) branches() *cobra.Command {
	return p.command(action{
		use: "branches", short: "show branch points and branch labels",
		long: `Shows the revisions that have several children, with those children, and for each label
the revision where its branch begins and the heads of the branch. If a database is
configured and can be reached, current and pending revisions are marked.`,
		example: "branches\nbranches --verbose\nbranches --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run:     (*run).branches,
	})
}

// branchLabel is a label with the revision that has it and the heads of its branch.
type branchLabel struct {
	label, revision string
	heads           []string
}

func (r *run) branches() error {
	o, err := r.overview(false)
	if err != nil {
		return err
	}
	g := o.set.Files().Graph()
	var points []string
	var labels []branchLabel
	for _, rev := range o.set.Files().Revisions() {
		if len(g.Children(rev.ID)) > 1 {
			points = append(points, rev.ID)
		}
		for _, label := range rev.BranchLabels {
			heads, err := g.Resolve(graph.Set{}, label+"@heads")
			if err != nil {
				return err
			}
			labels = append(labels, branchLabel{label, rev.ID, heads})
		}
	}
	r.document = o.branchesDocument(points, labels)
	if !r.settings.JSON {
		o.printBranches(points, labels)
	}
	return nil
}

func (o *overview) branchesDocument(points []string, labels []branchLabel) *branchesDocument {
	d := &branchesDocument{BranchPoints: []branchPointDocument{}, Labels: []labelDocument{}}
	for i, base := range o.documents(points) {
		d.BranchPoints = append(d.BranchPoints, branchPointDocument{base, list(o.set.Files().Graph().Children(points[i]))})
	}
	for _, b := range labels {
		d.Labels = append(d.Labels, labelDocument{b.label, b.revision, list(b.heads)})
	}
	return d
}

// printBranches prints a row for each branch point and each of its children, then one for
// each label. With --verbose the revisions follow in full.
func (o *overview) printBranches(points []string, labels []branchLabel) {
	var t terminal.Table
	row := func(title, id string, notes ...string) {
		s := o.byID[id]
		t.Add(terminal.Bold.Cell(title), o.color(s).Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(strings.Join(notes, ", ")))
	}
	for _, id := range points {
		marks := slices.DeleteFunc(o.marks(o.byID[id]), func(mark string) bool { return mark == "branch point" })
		row("branch point", id, marks...)
		for _, child := range o.set.Files().Graph().Children(id) {
			row("  child", child, o.marks(o.byID[child])...)
		}
	}
	full := points
	for _, b := range labels {
		row("label "+b.label, b.revision, terminal.Plural(len(b.heads), "head ", "heads ")+text.List(b.heads, "and"))
		if !slices.Contains(full, b.revision) {
			full = append(full, b.revision)
		}
	}
	o.out.PrintTable(t)
	if o.settings.Verbose && len(full) > 0 {
		o.out.PrintLine()
		o.printInFull(full)
	}
}
