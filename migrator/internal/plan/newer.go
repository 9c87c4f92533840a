package plan

import (
	"slices"
	"sort"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// Newer is a revision that a newer program has recorded in the place of others, and that the files do not contain. The ledger's
// events say which these were: the schema is the one that they make, so those of the files count as applied.
type Newer struct {
	Revision, Message string
	Replaced          []string // those of the files, sorted; they have no rows, and cannot be reverted
	Missing           []string // those that the files do not contain, sorted: then Revision is above the others, and unknown

	linked []string // the recorded revisions whose links lead to Revision
}

// restoreReplaced makes the rows what they were before a newer program exchanged them, as far as the files go.
func (v *View) restoreReplaced() {
	for _, row := range slices.Clone(v.State.Rows) {
		if v.Files.byID[row.Revision] != nil || row.State != ledger.Applied || len(v.State.Replaced[row.Revision]) == 0 {
			continue
		}
		n := Newer{Revision: row.Revision, Message: row.Message}
		n.Replaced, n.Missing = v.replacedFiles(v.State.Replaced[row.Revision])
		if len(n.Replaced) == 0 || len(v.recorded(n.Replaced)) > 0 {
			continue // nothing is known of it, or it is not as it should be
		}
		for _, other := range v.State.Rows {
			if slices.Contains(other.DownRevision, n.Revision) || slices.Contains(other.DependsOn, n.Revision) {
				n.linked = append(n.linked, other.Revision)
			}
		}
		v.Newer = append(v.Newer, n)
		v.restore(n, row)
	}
}

// replacedFiles returns which of the revisions the files contain, also in the place of some, and which they do not.
func (v *View) replacedFiles(ids []string) (known, missing []string) {
	all, seen := []string{}, map[string]bool{}
	for len(ids) > 0 {
		id := ids[0]
		ids = ids[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if inner := v.State.Replaced[id]; v.Files.byID[id] == nil && len(inner) > 0 {
			ids = append(slices.Clone(inner), ids...)
			continue
		}
		all = append(all, id)
	}
	taken := map[string]bool{}
	for _, r := range v.Files.replacing {
		if covers(r.Replaces, all) {
			known = append(known, r.ID)
			for _, id := range r.ReplacedIDs() {
				taken[id] = true
			}
		}
	}
	for _, id := range all {
		switch {
		case v.Files.byID[id] != nil:
			known = append(known, id)
		case !taken[id]:
			missing = append(missing, id)
		}
	}
	slices.Sort(known)
	slices.Sort(missing)
	return slices.Compact(known), missing
}

// covers reports whether each of the revisions, or all that it replaces, is among the ids.
func covers(list []revision.Replaced, ids []string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(r revision.Replaced) bool {
		return !slices.Contains(ids, r.ID) && !covers(r.Replaces, ids)
	})
}

// restore adds the rows of replaced revisions, and removes that of the one in their place unless it stands for more.
func (v *View) restore(n Newer, in ledger.Row) {
	tips := v.Files.Graph.Maximal(graph.NewSet(n.Replaced...))
	var rows []ledger.Row
	for _, row := range v.State.Rows {
		switch {
		case row.Revision != n.Revision:
			row.DownRevision, row.DependsOn = replaceID(row.DownRevision, n, tips), replaceID(row.DependsOn, n, tips)
		case len(n.Missing) == 0:
			continue
		default:
			row.DownRevision, row.BranchLabels = tips, nil // the labels are those of the replaced ones
		}
		rows = append(rows, row)
	}
	if v.Recorded == nil {
		v.Recorded = map[string]string{}
	}
	for _, id := range n.Replaced {
		row := newRow(v.Files.Entry(v.Files.byID[id]))
		row.AppliedAt, row.AppliedBy, row.AppliedFrom, row.BinaryVersion = in.AppliedAt, in.AppliedBy, in.AppliedFrom, in.BinaryVersion
		rows, v.Recorded[id] = append(rows, row), n.Revision
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Revision < rows[j].Revision })
	v.State.Rows = rows
	v.indexRows()
}

// replaceID returns links as they are with the rows that restore leaves: the tips are in the place of a revision that is no
// longer among them, and one that is stands for those that the files do not contain.
func replaceID(ids []string, n Newer, tips []string) []string {
	var links []string
	for _, id := range ids {
		switch {
		case id == n.Revision && len(n.Missing) == 0:
			links = append(links, tips...)
		case slices.Contains(n.Missing, id):
			links = append(links, n.Revision)
		default:
			links = append(links, id)
		}
	}
	return links
}

// RowOf returns the revision in whose row of the ledger an applied one is recorded: itself, or the one in its place.
func (v *View) RowOf(id string) string {
	if by, ok := v.Recorded[id]; ok {
		return by
	}
	return id
}

// RecordedIDs returns the applied revisions as the ledger has them, sorted.
func (v *View) RecordedIDs() []string {
	var ids []string
	for id := range v.Applied {
		ids = append(ids, v.RowOf(id))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
