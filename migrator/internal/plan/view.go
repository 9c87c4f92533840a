package plan

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/text"
)

// View is a set of files together with the ledger of a database. Its graph includes rows
// without files.
type View struct {
	Files *Files
	Graph *graph.Graph
	State ledger.State
	// Applied are the revisions that can be reverted: those that are applied, and those that
	// were interrupted while they were reverted.
	Applied graph.Set
	// Replacements are the revisions that count as applied because the ledger has all that they replace. State, Applied and
	// Row are as if the rows were exchanged. Conflicts are those of which it has some.
	Replacements []Replacement
	Conflicts    []*ReplacedError
	// Newer are the revisions that a newer program has recorded in the place of some of the files. State, Applied and Row have
	// these instead, and Recorded says which revision has the row of each of them.
	Newer    []Newer
	Recorded map[string]string

	rows      map[string]*ledger.Row
	unchanged bool // no applied revision was modified, according to the digests
}

// JoinUnchanged is Join for a state that was not read in full. It returns nil if that is not
// enough: unless every row is applied, and from the file as it is now.
func JoinUnchanged(f *Files, state ledger.State) *View {
	if f.dependsOnLabel {
		return nil // the digest of a file does not cover what a label refers to
	}
	digests, file := f.Digests(), 0 // rows and files are both sorted by id
	for i := range state.Rows {
		row := &state.Rows[i]
		for file < len(f.revs) && f.revs[file].ID < row.Revision {
			file++
		}
		if file == len(f.revs) || f.revs[file].ID != row.Revision || row.State != ledger.Applied || row.Digest != digests[file] {
			return nil
		}
	}
	v, _ := Join(f, state) // cannot fail: every row has a file
	v.unchanged = true
	return v
}

// Join combines files and rows. The error is a *JoinError.
func Join(f *Files, state ledger.State) (*View, error) {
	v := &View{Files: f, Graph: f.Graph, State: state}
	v.indexRows()
	v.replaceRows()
	v.restoreReplaced()
	var unknown []graph.Node
	for _, row := range v.State.Rows {
		if f.byID[row.Revision] == nil {
			unknown = append(unknown, graph.Node{ID: row.Revision, DownRevision: row.DownRevision, DependsOn: row.DependsOn, BranchLabels: row.BranchLabels, Unknown: true})
		}
	}
	if len(unknown) > 0 {
		g, problems := graph.New(slices.Concat(f.nodes(), unknown))
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

func (v *View) indexRows() {
	v.rows = make(map[string]*ledger.Row, len(v.State.Rows))
	for i := range v.State.Rows {
		v.rows[v.State.Rows[i].Revision] = &v.State.Rows[i]
	}
}

// JoinError reports rows without files that do not form a graph with the files.
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

// At returns a view of a database in which exactly these revisions are applied.
func At(f *Files, applied graph.Set) *View {
	var state ledger.State
	for id := range applied {
		e := f.Entry(f.byID[id])
		state.Rows = append(state.Rows, newRow(e))
	}
	v, _ := Join(f, state) // cannot fail: every row has a file
	return v
}

// Row returns the row of a revision, or nil.
func (v *View) Row(id string) *ledger.Row { return v.rows[id] }

// Current returns the maximal applied revisions over both kinds of links, sorted.
func (v *View) Current() []string { return v.Graph.Maximal(v.Applied) }

// Unknown returns the revisions in the ledger that have no file, parents first.
func (v *View) Unknown() []string {
	var ids []string
	for _, id := range v.Graph.Order() {
		if v.rows[id] != nil && v.Files.byID[id] == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Unfinished is a non-transactional revision that was interrupted.
type Unfinished struct {
	Revision, Message string
	Direction         Direction
	StatementsDone    int
	// Finish is the verb and the targets that finish it and do nothing else; nil when the
	// files do not have its script.
	Finish []string
}

// Unfinished returns the revisions that were interrupted, sorted.
func (v *View) Unfinished() []Unfinished {
	var all []Unfinished
	for i := range v.State.Rows {
		row := &v.State.Rows[i]
		if row.State == ledger.Applied {
			continue
		}
		u := Unfinished{row.Revision, v.Subject(row.Revision), Up, row.StatementsDone, v.Finish(row)}
		if row.State == ledger.Reverting {
			u.Direction = Down
		}
		all = append(all, u)
	}
	return all
}

// Subject returns the first line of a revision's message, from its file or its row.
func (v *View) Subject(id string) string {
	if r := v.Files.byID[id]; r != nil {
		return r.Subject()
	}
	if row := v.rows[id]; row != nil {
		return text.Subject(row.Message)
	}
	return ""
}

// DownScriptModified is among the changes of a revision whose down script differs from the
// one in the ledger.
const DownScriptModified = "down script"

// Change is an applied revision whose files were modified.
type Change struct {
	Revision string
	What     []string // "up script", DownScriptModified, "down_revision", "depends_on", "branch_labels"
	File     string   // the up file
}

// Changes compares applied revisions with their up files. Comments and white space do not
// count.
func (v *View) Changes() []Change {
	if v.unchanged {
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
			continue // like nearly all
		}
		node, _ := v.Graph.Node(r.ID)
		var what []string
		if row.Digest != r.Up.Digest() && row.Checksum != r.Up.Checksum() {
			what = append(what, "up script")
		}
		for _, l := range []struct {
			key            string
			file, recorded []string
		}{
			{"down_revision", node.DownRevision, row.DownRevision},
			{"depends_on", node.DependsOn, row.DependsOn},
			{"branch_labels", r.BranchLabels, row.BranchLabels},
		} {
			if !sameSet(l.file, v.Graph.Canonical(l.recorded)) {
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
