package rehearsal

import (
	"maps"
	"slices"
	"sort"
	"strconv"
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
	d.compareNamed()
	d.compareAccess()
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
			d.does(parent, w.Kind, w.Reason).Index = w.Index
			merged = true
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
	if was.qualified() != now.qualified() && was.kind != "i" && was.kind != "I" && !d.schemaRenamed(was.qualified(), now.qualified()) {
		d.change(was, rehearse.RenameRelation, "", now.qualified())
	}
	d.compareColumns(was, now)
	switch {
	case !was.hasRows():
	case was.file == now.file:
		if was.scans != now.scans {
			d.does(was, rehearse.Scan, "")
		}
	case d.isEmptied(was, now):
		d.change(was, rehearse.Truncate, "", "")
	default:
		d.does(was, rehearse.Rewrite, d.reason(was, now))
	}
	if parent := d.now.relations[now.parent]; parent != nil && was.parent != now.parent && was.kind != "i" && was.kind != "I" {
		d.change(was, rehearse.AttachPartition, "", parent.qualified())
	}
}

// isEmptied reports whether a relation has a new file because its rows were removed. In a function TRUNCATE is what makes one
// without reading the old one: only the indexes are built.
func (d *difference) isEmptied(was, now *relation) bool {
	first, _, _ := strings.Cut(d.keywords, " ")
	switch first {
	case "TRUNCATE":
		return true
	case "DO", "CALL", "SELECT":
		indexes := 0
		for _, x := range d.now.relations {
			if x.kind == "i" && x.parent == now.oid {
				indexes++
			}
		}
		old, _ := strconv.Atoi(was.scans)
		scans, _ := strconv.Atoi(now.scans)
		return now.kind == "r" && scans-old <= indexes && d.reason(was, now) == ""
	}
	return was.populated && !now.populated
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
	case strings.HasPrefix(d.keywords, "REFRESH"):
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
				d.change(was, d.setNotNull(was, number, c), c.name, "")
			}
			if old.typ != c.typ {
				d.change(was, rehearse.ChangeType, c.name, "")
			}
		}
	}
}

// setNotNull returns the kind of SET NOT NULL: one of a column that the step has added with a default does not fail.
func (d *difference) setNotNull(r *relation, number string, c column) rehearse.ChangeKind {
	if _, old := d.before.relations[r.oid].columns[number]; !old && c.hasDefault {
		return rehearse.SetNewNotNull
	}
	return rehearse.SetNotNull
}

// explained adds what the plan of the statement tells, and corrects what it tells better.
func (d *difference) explained() {
	for _, c := range d.changed {
		for oid, r := range d.was.relations {
			if r.schema == c.schema && r.name == c.table && d.existed(d.was, oid) != nil {
				w := d.does(r, c.kind, c.reason)
				w.Kind, w.Reason = c.kind, c.reason
			}
		}
	}
	for i, w := range d.work {
		if d.keywords == "SELECT" && w.Kind == rehearse.Scan && d.locks[w.ID] == schema.RowShare && d.held[w.ID].Strength() < schema.RowShare.Strength() {
			d.work[i].Kind = rehearse.LockRows
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
