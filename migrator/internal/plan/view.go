package plan

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
)

// View is a set of files together with what a database has applied. Rows that the
// files do not know are part of its graph.
type View struct {
	Files *Files
	Graph *graph.Graph
	State ledger.State
	// Applied is the set of revisions that are there to be taken down: those whose row
	// says applied, and those that are half taken down.
	Applied graph.Set
	rows    map[string]*ledger.Row
	same    bool // the digests say that the rows are those of the files
}

// Same gives the view of a state that was not read in full, or nil when a row says more
// than that its revision was applied from the very file that is here.
func Same(f *Files, state ledger.State) *View {
	if f.labelled {
		return nil // what a label stands for, other files say
	}
	digests, file := f.Digests(), 0 // rows and files are both sorted by id
	for i := range state.Rows {
		row := &state.Rows[i]
		for file < len(f.nodes) && f.nodes[file].ID < row.Revision {
			file++
		}
		if file == len(f.nodes) || f.nodes[file].ID != row.Revision || row.State != ledger.Applied || row.Digest != digests[file] {
			return nil
		}
	}
	v, _ := Join(f, state) // nothing that does not fit
	v.same = true
	return v
}

// Join makes files and rows meet. The error is a *JoinError: the rows that the files
// do not know cannot be fitted to them.
func Join(f *Files, state ledger.State) (*View, error) {
	v := &View{Files: f, Graph: f.Graph, State: state, rows: make(map[string]*ledger.Row, len(state.Rows))}
	var unknown []graph.Node
	for i := range state.Rows {
		row := &v.State.Rows[i]
		v.rows[row.Revision] = row
		if f.byID[row.Revision] == nil {
			unknown = append(unknown, graph.Node{ID: row.Revision, DownRevision: row.DownRevision, DependsOn: row.DependsOn, BranchLabels: row.BranchLabels, Unknown: true})
		}
	}
	if len(unknown) > 0 {
		g, problems := graph.New(slices.Concat(f.nodes, unknown))
		if len(problems) > 0 {
			return nil, &JoinError{problems}
		}
		v.Graph = g
	}
	var applied []string
	for id, row := range v.rows {
		if row.State != ledger.Applying {
			applied = append(applied, id)
		}
	}
	v.Applied = graph.NewSet(applied...)
	return v, nil
}

// JoinError says that the ledger's unknown rows and the files make no graph.
type JoinError struct {
	Problems []graph.Problem
}

func (e *JoinError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.ID + ": " + p.Text
	}
	return "the revisions that only the ledger knows do not fit these files: " + strings.Join(texts, "; ")
}

// At gives a view of a database in which exactly these revisions are applied.
func At(f *Files, applied graph.Set) *View {
	var state ledger.State
	for id := range applied {
		e := f.Entry(f.byID[id])
		state.Rows = append(state.Rows, ledger.Row{
			Revision: id, DownRevision: e.DownRevision, DependsOn: e.DependsOn, BranchLabels: e.BranchLabels, State: ledger.Applied,
			Checksum: e.Checksum, Digest: e.Digest, Reversible: e.DownSQL != nil, Message: e.Message,
		})
	}
	v, _ := Join(f, state) // files fit files
	return v
}

// Row gives what the ledger says of a revision, or nil.
func (v *View) Row(id string) *ledger.Row { return v.rows[id] }

// Current gives the maximal applied revisions over both kinds of links, sorted.
func (v *View) Current() []string { return v.Graph.Maximal(v.Applied) }

// Unknown gives the applied revisions that no file knows, parents first.
func (v *View) Unknown() []string {
	var ids []string
	for _, id := range v.Graph.Order() {
		if v.rows[id] != nil && v.Files.byID[id] == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Pending gives the files that are not applied, parents first.
func (v *View) Pending() []string {
	var ids []string
	for _, id := range v.Files.Graph.Order() {
		if row := v.rows[id]; row == nil || row.State != ledger.Applied {
			ids = append(ids, id)
		}
	}
	return ids
}

// Unfinished gives the rows of revisions that were interrupted outside a transaction.
func (v *View) Unfinished() []*ledger.Row {
	var rows []*ledger.Row
	for i := range v.State.Rows {
		if v.State.Rows[i].State != ledger.Applied {
			rows = append(rows, &v.State.Rows[i])
		}
	}
	return rows
}

// Subject is the first line of a revision's message, from its file or its row.
func (v *View) Subject(id string) string {
	if r := v.Files.byID[id]; r != nil {
		return r.Subject()
	}
	if row := v.rows[id]; row != nil {
		subject, _, _ := strings.Cut(row.Message, "\n")
		return subject
	}
	return ""
}

// Change says that an applied revision is no longer what was applied.
type Change struct {
	Revision string
	// What changed: "up script", "down_revision", "depends_on", "branch_labels".
	What []string
	// File is the revision's up file.
	File string
}

// Changes compares applied revisions with their files; comments and white space do
// not count.
func (v *View) Changes() []Change {
	if v.same {
		return nil
	}
	var changes []Change
	for i := range v.State.Rows {
		row := &v.State.Rows[i]
		r := v.Files.byID[row.Revision]
		if r == nil || row.State != ledger.Applied {
			continue
		}
		if slices.Equal(r.DownRevision, row.DownRevision) && slices.Equal(r.DependsOn, row.DependsOn) && slices.Equal(r.BranchLabels, row.BranchLabels) && row.Digest == r.Up.Digest() {
			continue // as nearly all are
		}
		node, _ := v.Graph.Node(r.ID)
		var what []string
		if row.Digest != r.Up.Digest() && row.Checksum != r.Up.Checksum() {
			what = append(what, "up script")
		}
		for _, l := range []struct {
			key        string
			file, mind []string
		}{
			{"down_revision", node.DownRevision, row.DownRevision},
			{"depends_on", node.DependsOn, row.DependsOn},
			{"branch_labels", r.BranchLabels, row.BranchLabels},
		} {
			if !sameSet(l.file, l.mind) {
				what = append(what, l.key)
			}
		}
		if len(what) > 0 {
			changes = append(changes, Change{row.Revision, what, r.Up.File})
		}
	}
	return changes
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}
