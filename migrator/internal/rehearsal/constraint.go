package rehearsal

import (
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/rehearse"
)

func (d *difference) compareConstraints() {
	for _, oid := range slices.Sorted(maps.Keys(d.now.constraints)) {
		c, old := d.now.constraints[oid], d.was.constraints[oid]
		r := d.existed(d.was, c.relation)
		if r == nil || !c.valid || old.valid || d.hadConstraint(c) || d.provenByPartitions(r, c) {
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

// provenByPartitions reports whether a foreign key is that of a partitioned table whose partitions all had such a one, which
// was valid and is now part of it: the server does not read them again.
func (d *difference) provenByPartitions(r *relation, c constraint) bool {
	if r.kind != "p" || c.kind != "f" {
		return false
	}
	had := map[string]bool{}
	for oid, old := range d.was.constraints {
		if _, kept := d.now.constraints[oid]; !kept && old.kind == "f" && old.valid && old.refers == c.refers {
			had[old.relation] = true
		}
	}
	for _, partition := range d.was.relations {
		if partition.parent == r.oid && (partition.kind == "r" || partition.kind == "p") && !had[partition.oid] {
			return false
		}
	}
	return true
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
		if w.Index = index.qualified(); old == nil && index.unique && !d.isConstraint(index) && !d.hadUnique(index) {
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

// hadUnique reports whether a unique index is one of the table that was built anew.
func (d *difference) hadUnique(index *relation) bool {
	for oid, old := range d.was.relations {
		if _, kept := d.now.relations[oid]; !kept && old.kind == "i" && old.unique && old.valid && old.parent == index.parent && old.name == index.name {
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
