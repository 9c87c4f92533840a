package rehearsal

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// difference finds out what a statement did from the catalogs before and after it.
type difference struct {
	*observer
	was, now *catalog
	keywords string
	changed  []changedRows // by its plan
	locks    map[string]schema.LockMode

	work    []rehearse.Work
	changes []rehearse.Change
}

func (d *difference) compare() {
	for _, oid := range slices.Sorted(maps.Keys(d.was.relations)) {
		r := d.existed(d.was, oid)
		if r == nil {
			continue
		}
		now := d.now.relations[oid]
		switch {
		case now == r:
		case now == nil:
			d.dropped(r)
		default:
			d.compareRelation(r, now)
		}
	}
	d.compareConstraints()
	d.compareIndexes()
	d.explained()
	d.mergePartitions()
	d.leaveOutSequences()
	sort.SliceStable(d.work, func(i, j int) bool { return d.work[i].Name < d.work[j].Name })
}

// leaveOutSequences removes the changes of sequences that go with a table or a column.
func (d *difference) leaveOutSequences() {
	for _, c := range d.changes {
		if c.Relation.Kind == rehearse.Sequence {
			continue
		}
		d.changes = slices.DeleteFunc(d.changes, func(s rehearse.Change) bool {
			return s.Relation.Kind == rehearse.Sequence && (s.Kind == c.Kind || c.Kind == rehearse.DropColumn)
		})
		return
	}
}

// mergePartitions replaces the same work on all partitions of a table by work on the table.
func (d *difference) mergePartitions() {
	for merged := true; merged; {
		merged = false
		for _, w := range d.work {
			parent := d.existed(d.was, d.was.relations[w.ID].parent)
			if parent == nil || !d.covers(parent, w.Kind) {
				continue
			}
			d.work = slices.DeleteFunc(d.work, func(other rehearse.Work) bool { return d.was.relations[other.ID].parent == parent.oid })
			w.Relation = d.public(parent)
			d.work, merged = append(d.work, w), true
			break
		}
	}
}

// covers reports whether there is work of a kind on all partitions of a table that can have rows.
func (d *difference) covers(parent *relation, kind rehearse.WorkKind) bool {
	for _, r := range d.was.relations {
		if r.parent == parent.oid && (r.kind == "r" || r.kind == "p") &&
			!slices.ContainsFunc(d.work, func(w rehearse.Work) bool { return w.ID == r.oid && w.Kind == kind }) {
			return false
		}
	}
	return true
}

func (d *difference) change(r *relation, kind rehearse.ChangeKind, name, to string) {
	d.changes = append(d.changes, rehearse.Change{Relation: d.public(r), Kind: kind, Name: name, To: to})
}

// does adds work, unless the same is known of the relation.
func (d *difference) does(r *relation, kind rehearse.WorkKind, reason string) *rehearse.Work {
	if i := slices.IndexFunc(d.work, func(w rehearse.Work) bool { return w.ID == r.oid }); i >= 0 {
		return &d.work[i]
	}
	d.work = append(d.work, rehearse.Work{Relation: d.public(r), Kind: kind, Reason: reason})
	return &d.work[len(d.work)-1]
}

// dropped is for a relation that is gone. A partition goes with its table, and an index destroys nothing.
func (d *difference) dropped(r *relation) {
	if r.kind == "i" || r.kind == "I" {
		return
	}
	if parent := d.was.relations[r.parent]; parent != nil && d.now.relations[r.parent] == nil {
		return
	}
	d.change(r, rehearse.DropRelation, "", "")
}

func (d *difference) compareRelation(was, now *relation) {
	if was.qualified() != now.qualified() && was.kind != "i" && was.kind != "I" {
		d.change(was, rehearse.RenameRelation, "", now.qualified())
	}
	d.compareColumns(was, now)
	switch {
	case !was.hasRows():
	case was.file == now.file:
		if was.scans != now.scans {
			d.does(was, rehearse.Scan, "")
		}
	case strings.HasPrefix(d.keywords, "TRUNCATE"):
		d.change(was, rehearse.Truncate, "", "")
	default:
		d.does(was, rehearse.Rewrite, d.reason(was, now))
	}
	if parent := d.now.relations[now.parent]; parent != nil && was.parent != now.parent && was.kind != "i" && was.kind != "I" {
		d.change(was, rehearse.AttachPartition, "", parent.qualified())
	}
}

// reason returns why a relation was rewritten, "" if that is not known.
func (d *difference) reason(was, now *relation) string {
	for _, number := range slices.Sorted(maps.Keys(now.columns)) {
		old, found := was.columns[number]
		switch c := now.columns[number]; {
		case c.dropped:
		case found && old.typ != c.typ:
			return "column " + schema.QuoteIdent(c.name) + " gets a type with another representation"
		case !found && c.generated:
			return "the values of the generated column " + schema.QuoteIdent(c.name) + " are stored"
		case !found:
			return "the default of column " + schema.QuoteIdent(c.name) + " is volatile, so that it is evaluated for each row"
		}
	}
	switch {
	case was.persistence != now.persistence:
		return "it becomes " + map[string]string{"p": "logged", "u": "unlogged"}[now.persistence]
	case was.tablespace != now.tablespace:
		return "it moves to another tablespace"
	case was.am != now.am:
		return "it gets another access method"
	case was.kind == "m":
		return "it is refreshed"
	}
	return ""
}

func (d *difference) compareColumns(was, now *relation) {
	for _, number := range slices.Sorted(maps.Keys(now.columns)) {
		old, found := was.columns[number]
		switch c := now.columns[number]; {
		case !found && c.notNull && !c.hasDefault && !c.generated && now.kind != "v":
			d.change(was, rehearse.AddNotNull, c.name, "")
		case !found || old.dropped:
		case c.dropped:
			d.change(was, rehearse.DropColumn, old.name, "")
		default:
			if old.name != c.name {
				d.change(was, rehearse.RenameColumn, old.name, c.name)
			}
			if !old.notNull && c.notNull {
				d.change(was, rehearse.SetNotNull, c.name, "")
			}
			if old.typ != c.typ {
				d.change(was, rehearse.ChangeType, c.name, "")
			}
		}
	}
}

func (d *difference) compareConstraints() {
	for _, oid := range slices.Sorted(maps.Keys(d.now.constraints)) {
		c, old := d.now.constraints[oid], d.was.constraints[oid]
		r := d.existed(d.was, c.relation)
		if r == nil || !c.valid || old.valid || d.hadConstraint(c) {
			continue
		}
		if c.kind == "f" && r.hasColumns(c.columns) {
			// How much of the other table it reads depends on the number of rows of this one.
			d.does(r, rehearse.Scan, "")
			d.work = slices.DeleteFunc(d.work, func(w rehearse.Work) bool {
				return w.ID == c.refers && c.refers != c.relation && w.Kind == rehearse.Scan
			})
		}
		kinds := map[string]rehearse.ChangeKind{
			"c": rehearse.AddCheck, "f": rehearse.AddForeignKey, "u": rehearse.AddUnique, "p": rehearse.AddUnique, "x": rehearse.AddExclusion,
		}
		switch kind := kinds[c.kind]; {
		case old != (constraint{}):
			d.change(r, rehearse.ValidateCheck, c.name, "")
		case kind != "":
			d.change(r, kind, c.name, "")
		}
	}
}

// hadConstraint reports whether the relation had a constraint like this one: ALTER COLUMN TYPE makes them again.
func (d *difference) hadConstraint(c constraint) bool {
	for oid, old := range d.was.constraints {
		if _, kept := d.now.constraints[oid]; !kept && old.valid && old.relation == c.relation && old.kind == c.kind && old.name == c.name {
			return true
		}
	}
	return false
}

// hasColumns reports whether a relation has all columns with these numbers. A foreign key of a new column is not checked.
func (r *relation) hasColumns(numbers string) bool {
	for number := range strings.FieldsSeq(numbers) {
		if _, found := r.columns[number]; !found {
			return false
		}
	}
	return true
}

// compareIndexes finds the indexes that were built.
func (d *difference) compareIndexes() {
	for _, oid := range slices.Sorted(maps.Keys(d.now.relations)) {
		index, old := d.now.relations[oid], d.was.relations[oid]
		if index.kind != "i" || old != nil && old.file == index.file || old == nil && d.hadFile(index) {
			continue
		}
		r := d.existed(d.was, index.parent)
		if r == nil || d.now.relations[index.parent] == nil || r.file != d.now.relations[index.parent].file {
			continue
		}
		w := d.does(r, rehearse.Build, "")
		if w.Kind == rehearse.Scan {
			w.Kind = rehearse.Build
		}
		if w.Index = index.qualified(); old == nil && index.unique && !d.isConstraint(index) {
			d.change(r, rehearse.AddUnique, index.name, "")
		}
	}
}

// hadFile reports whether an index has the file of one that is gone: ALTER COLUMN TYPE makes indexes again, and keeps their
// files if the values keep their representation.
func (d *difference) hadFile(index *relation) bool {
	for oid, old := range d.was.relations {
		if _, kept := d.now.relations[oid]; !kept && old.kind == "i" && old.parent == index.parent && old.file == index.file {
			return true
		}
	}
	return false
}

// isConstraint reports whether an index was made for a constraint, which has its name.
func (d *difference) isConstraint(index *relation) bool {
	for _, c := range d.now.constraints {
		if c.relation == index.parent && c.name == index.name {
			return true
		}
	}
	return false
}

// explained adds what the plan of the statement tells, and corrects what it tells better.
func (d *difference) explained() {
	for _, c := range d.changed {
		for oid, r := range d.was.relations {
			if r.schema == c.schema && r.name == c.table && d.existed(d.was, oid) != nil {
				d.does(r, c.kind, "").Kind = c.kind
			}
		}
	}
	if strings.HasPrefix(d.keywords, "DO") || strings.HasPrefix(d.keywords, "CALL") || strings.HasPrefix(d.keywords, "SELECT") {
		for i, w := range d.work { // a function has no plan
			if w.Kind == rehearse.Scan && d.locks[w.ID] == schema.RowExclusive && d.held[w.ID].Strength() < schema.RowExclusive.Strength() {
				d.work[i].Kind = rehearse.UpdateSome
			}
		}
	}
}
