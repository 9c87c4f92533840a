package schema

import "slices"

// RenameCandidates returns the renames that could explain why objects of s are not in a later or desired schema while
// others are only there. Each is a question to ask: applying one changes data that dropping and adding would lose, or the
// reverse, and only its author knows which is meant.
//
// A removed and an added object could be the same if they are of the same kind, in the same schema or table, or have the same
// name in two schemas, and
//   - columns of a table: have the same type;
//   - tables: have at least two thirds of their columns in common, by name and type;
//   - all others: have equal facts but for the name.
//
// An object can be part of several candidates. After a rename was accepted, the renamed schema may have further ones, such
// as the sequences and indexes of a renamed table. The result is sorted by key and name.
func (s *Schema) RenameCandidates(to *Schema) []Renaming {
	var removed, added []*Object
	for _, d := range s.Compare(to, Owner, Privileges, Comment, Label) {
		switch d.Change {
		case Removed:
			removed = append(removed, s.Object(d.Key))
		case Added:
			added = append(added, to.Object(d.Key))
		}
	}
	var candidates []Renaming
	for _, from := range removed {
		for _, other := range added {
			r := Renaming{Key: from.Key, Name: other.Name}
			if from.Schema != other.Schema {
				r.Schema = other.Schema
			}
			if (canBeRenamed(from, other) || canBeMoved(from, other)) && s.looksAlike(from, other) {
				if _, _, err := s.Renamed(r); err == nil {
					candidates = append(candidates, r)
				}
			}
		}
	}
	return candidates
}

// canBeRenamed reports whether ALTER … RENAME makes the name of one object that of another.
func canBeRenamed(from, to *Object) bool {
	if from.Key.Kind != to.Key.Kind || from.Schema != to.Schema || from.Name == to.Name || (from.Parent == nil) != (to.Parent == nil) {
		return false
	}
	if from.Parent != nil && from.Parent.Key != to.Parent.Key {
		return false
	}
	switch from.Key.Kind {
	case Column:
		kind := from.Parent.Key.Kind
		return (isTableKind(kind) || kind == Type) && from.Fact("local") == "" && to.Fact("local") == ""
	case Table, ForeignTable, View, MaterializedView, Sequence, Type, Domain, Function, Procedure, Index, Constraint, Trigger, Policy, Statistics:
		return true
	}
	return false
}

// canBeMoved reports whether ALTER … SET SCHEMA makes one object the other. The sequence of a column moves with its table.
func canBeMoved(from, to *Object) bool {
	return from.Key.Kind == to.Key.Kind && from.Schema != to.Schema && from.Name == to.Name && canMove(from.Key.Kind) &&
		(from.Parent == nil) == (to.Parent == nil) && (from.Parent == nil || from.Parent.Key == to.Parent.Key) &&
		from.Fact("owned by") == "" && to.Fact("owned by") == ""
}

func (s *Schema) looksAlike(from, to *Object) bool {
	switch from.Key.Kind {
	case Column:
		return from.Fact("type") == to.Fact("type") && from.Fact("generated") == to.Fact("generated")
	case Table, ForeignTable:
		return mostColumnsEqual(from, to)
	}
	facts := newRenaming(from, to.Name, map[*Object]bool{from: true}).facts(from)
	if from.Schema != to.Schema {
		facts = s.newMoving(from, to.Schema).facts(from)
	}
	structure := func(facts []Fact) []Fact {
		return slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return FacetOf(f.Name) != 0 })
	}
	return slices.EqualFunc(structure(facts), structure(to.Facts), func(a, b Fact) bool {
		return a.Name == b.Name && normalValue(a) == normalValue(b)
	})
}

func mostColumnsEqual(from, to *Object) bool {
	equal := 0
	for _, a := range from.Columns() {
		if slices.ContainsFunc(to.Columns(), func(b *Object) bool { return a.Name == b.Name && a.Fact("type") == b.Fact("type") }) {
			equal++
		}
	}
	return equal > 0 && 3*equal >= 2*max(len(from.Columns()), len(to.Columns()))
}
