package plan

import (
	"fmt"
	"slices"
	"sort"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Replacement is a revision of the files whose replaced revisions are all that the ledger has in its place. It counts as
// applied, and the next run exchanges the rows.
type Replacement struct {
	Revision, Message string
	Replaced          []string // the recorded revisions, sorted
	// StandsFor are these and what they had replaced themselves: a database that never had those may meet a program that has.
	StandsFor []string
	Entry     ledger.Entry
}

// Replacing is a revision that replaces others, and what of these a ledger may have in its place.
type Replacing struct {
	Entry    ledger.Entry
	Replaces []ledger.ReplacedRevision
}

// Replacing returns the revisions that replace others, among those that count as applied.
func (v *View) Replacing() []Replacing {
	var list []Replacing
	for _, r := range v.Files.replacing {
		if row := v.rows[r.ID]; row != nil && row.State == ledger.Applied {
			list = append(list, Replacing{v.Files.Entry(r), replacedRevisions(r.Replaces)})
		}
	}
	return list
}

func replacedRevisions(list []revision.Replaced) []ledger.ReplacedRevision {
	var all []ledger.ReplacedRevision
	for _, r := range list {
		all = append(all, ledger.ReplacedRevision{Revision: r.ID, Replaces: replacedRevisions(r.Replaces)})
	}
	return all
}

// ReplacedError reports a ledger that has some of the revisions that another one replaces, or both that one and some of
// them: whether it is applied is not known. Nothing was run.
type ReplacedError struct {
	Revision, Message string   // the one that replaces
	Recorded          []string // the replaced revisions that the ledger has, sorted
	Both              bool     // Revision is recorded as well
	Missing           []string // the replaced revisions that the ledger lacks; nil if Both
	Unfinished        []string // among Recorded: non-transactional, and interrupted
	Others            []string // the other revisions that the ledger has, sorted
}

func (e *ReplacedError) Error() string {
	name := text.Named(e.Revision, e.Message)
	switch {
	case e.Both:
		return fmt.Sprintf("the ledger has revision %s and also %s, which it replaces: %s", name, text.Count(len(e.Recorded), "revision"), firstFew(e.Recorded))
	case len(e.Unfinished) > 0:
		return fmt.Sprintf("revision %s replaces revisions that are unfinished in this database: %s", name, firstFew(e.Unfinished))
	}
	return fmt.Sprintf("revision %s replaces %s, and this database has only some of them: applied are %s, not applied are %s",
		name, text.Count(len(e.Recorded)+len(e.Missing), "revision"), firstFew(e.Recorded), firstFew(e.Missing))
}

// firstFew lists a few ids, and counts the others.
func firstFew(ids []string) string {
	const few = 6
	if len(ids) <= few {
		return text.List(ids, "and")
	}
	return text.List(append(slices.Clone(ids[:few-1]), fmt.Sprintf("%d more", len(ids)-few+1)), "and")
}

// replaceRows compares the rows with the revisions that replace others. It deletes the rows in whose place one counts as
// applied, and adds one for it.
func (v *View) replaceRows() {
	for _, r := range v.Files.replacing {
		found := v.recorded(r.ReplacedIDs())
		if len(found) == 0 {
			continue
		}
		e := &ReplacedError{Revision: r.ID, Message: r.Subject(), Recorded: found}
		for _, id := range found {
			if v.rows[id].State != ledger.Applied {
				e.Unfinished = append(e.Unfinished, id)
			}
		}
		if e.Both = v.rows[r.ID] != nil; !e.Both {
			e.Missing = v.missing(r.Replaces)
		}
		if e.Both || len(e.Missing) > 0 || len(e.Unfinished) > 0 {
			e.Others = v.others(append(found, r.ID))
			v.Conflicts = append(v.Conflicts, e)
			continue
		}
		v.Replacements = append(v.Replacements, Replacement{Revision: r.ID, Message: r.Subject(), Replaced: found, StandsFor: v.standsFor(r.Replaces), Entry: v.Files.Entry(r)})
	}
	if len(v.Replacements) > 0 {
		v.exchangeRows()
	}
}

// recorded returns which of the revisions have a row, sorted.
func (v *View) recorded(ids []string) []string {
	found := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return v.rows[id] == nil })
	slices.Sort(found)
	return found
}

// standsFor returns the recorded revisions of a list with all that they had replaced themselves.
func (v *View) standsFor(list []revision.Replaced) []string {
	var ids []string
	for _, r := range list {
		if v.rows[r.ID] == nil {
			ids = append(ids, v.standsFor(r.Replaces)...)
			continue
		}
		ids = append(append(ids, r.ID), (&revision.Revision{Replaces: r.Replaces}).ReplacedIDs()...)
	}
	slices.Sort(ids)
	return ids
}

// others returns the revisions that have a row and are not in the list, sorted.
func (v *View) others(list []string) []string {
	var ids []string
	for id := range v.rows {
		if !slices.Contains(list, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// missing returns which of the revisions have no row, and none in the place of it. A revision next to those that it has
// replaced itself counts as missing these.
func (v *View) missing(list []revision.Replaced) []string {
	var ids []string
	for _, r := range list {
		inner := (&revision.Revision{Replaces: r.Replaces}).ReplacedIDs()
		found := v.recorded(inner)
		switch {
		case v.rows[r.ID] != nil && len(found) == 0:
		case v.rows[r.ID] != nil, len(found) > 0:
			ids = append(ids, v.missing(r.Replaces)...)
		default:
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// exchangeRows makes the rows what they are after the exchange.
func (v *View) exchangeRows() {
	var rows []ledger.Row
	taken := map[string]bool{}
	for _, r := range v.Replacements {
		row := newRow(r.Entry)
		for _, id := range r.Replaced {
			taken[id] = true
			if old := v.rows[id]; !old.AppliedAt.Before(row.AppliedAt) {
				row.AppliedAt, row.AppliedBy, row.AppliedFrom, row.BinaryVersion = old.AppliedAt, old.AppliedBy, old.AppliedFrom, old.BinaryVersion
			}
		}
		rows = append(rows, row)
	}
	for _, row := range v.State.Rows {
		if !taken[row.Revision] {
			rows = append(rows, row)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Revision < rows[j].Revision })
	v.State.Rows = rows
	v.indexRows()
}

func newRow(e ledger.Entry) ledger.Row {
	return ledger.Row{
		Revision: e.Revision, DownRevision: e.DownRevision, DependsOn: e.DependsOn, BranchLabels: e.BranchLabels, State: ledger.Applied,
		Checksum: e.Checksum, Digest: e.Digest, Reversible: e.DownSQL != nil, Message: e.Message,
	}
}

// checkConflicts refuses to apply anything to a ledger with some of the revisions that another one replaces. They can be
// reverted with what the ledger has of them, unless the one that replaces them is recorded too.
func (v *View) checkConflicts(down, up []string) error {
	for _, c := range v.Conflicts {
		if c.Both || len(up) > 0 || len(down) == 0 {
			return c
		}
	}
	return nil
}
