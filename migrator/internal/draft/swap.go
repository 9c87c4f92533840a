package draft

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

// A UNIQUE or PRIMARY KEY constraint serves until the indexes that are built for its table are there, so that there is no time
// in which rows need not be unique. It is then exchanged for what has its name, in one transaction.

// waits reports whether a statement drops a constraint, or an index whose name a constraint gets, that can be dropped once the
// new indexes of the table are built.
func (s *splitter) waits(st ddl.Statement, old *schema.Object) bool {
	if s.together[st.Object] || !s.isExchanged(st, old) || !s.isBuilt(old) {
		return false
	}
	for _, n := range old.Needs { // a column of a primary key cannot become nullable
		if column := s.to.Object(n.On.Key); n.On.Key.Kind == schema.Column && n.On.Fact("not null") != "" && (column == nil || column.Fact("not null") == "") {
			return false
		}
	}
	return !slices.ContainsFunc(s.from.Dependents(old), func(d *schema.Object) bool { return s.dropped[d.Key] && s.to.Object(d.Key) != nil })
}

// findLost finds the tables of which a unique index is dropped in the change: those that replace it have to be made there too.
func (s *splitter) findLost(statements []ddl.Statement) {
	for again := true; again; {
		again = false
		for _, st := range statements {
			old := s.from.Object(st.Object)
			if old == nil || old.Parent == nil || s.lost[old.Parent.Key] || st.Does == ddl.Creates || st.Does == ddl.Alters || !isUniqueIndex(old) || s.dropped[old.Parent.Key] || s.losesColumn(old) {
				continue
			}
			isDrop := strings.HasPrefix(st.SQL, "DROP INDEX ") || strings.Contains(st.SQL, " DROP CONSTRAINT ")
			if isDrop && s.disposalOf(st) == inChange {
				s.lost[old.Parent.Key], again = true, true
			}
		}
	}
}

// losesColumn reports whether a column of an index is dropped.
func (s *splitter) losesColumn(index *schema.Object) bool {
	return slices.ContainsFunc(index.Needs, func(n schema.Need) bool { return n.On.Key.Kind == schema.Column && s.dropped[n.On.Key] })
}

// losesUnique reports whether an index has to be made in the change because one that it may take the place of is dropped there.
func (s *splitter) losesUnique(o *schema.Object) bool {
	return isUniqueIndex(o) && s.lost[o.Parent.Key]
}

// isExchanged reports whether a statement drops something that is needed until an index is built.
func (s *splitter) isExchanged(st ddl.Statement, old *schema.Object) bool {
	switch old.Key.Kind {
	case schema.Constraint:
		return isUnique(old) && old.Parent.Key.Kind == schema.Table && strings.Contains(st.SQL, " DROP CONSTRAINT ")
	case schema.Index:
		return st.Does == ddl.Drops && strings.HasPrefix(st.SQL, "DROP INDEX ") && s.isTaken(old)
	}
	return false
}

// isBuilt reports whether an index is built without blocking others for the table of an old one, and that is so for all that
// gets the name of the old one or is a primary key in its place.
func (s *splitter) isBuilt(old *schema.Object) bool {
	built := false
	for _, o := range s.to.Objects {
		isNew := s.created[o.Key].SQL != ""
		switch {
		case isNew && s.builds(o):
			built = built || o.Parent.Key == old.Parent.Key
		case o.RelationName() == indexName(old) && (isNew || s.from.Object(o.Key) == nil):
			return false
		case isNew && o.Fact("type") == "primary key" && old.Fact("type") == "primary key" && o.Parent.Key == old.Parent.Key:
			return false
		}
	}
	return built
}

// builds reports whether an index or a constraint that is made gets an index that is built without blocking others.
func (s *splitter) builds(o *schema.Object) bool {
	if s.together[o.Key] || o.Parent == nil || s.losesUnique(o) || s.moved[o.Parent.Key] || !s.builtWithParent(o) || o.Parent.Fact("partition key") != "" {
		return false
	}
	st := s.created[o.Key]
	if o.Key.Kind == schema.Index {
		return isIndex(st.SQL)
	}
	_, ok := cutUnique(definition(st, o))
	return ok && o.Fact("local") != "false" && o.Parent.Key.Kind == schema.Table
}

// isFree reports whether no index that waits has a name.
func (s *splitter) isFree(name string) bool {
	return !slices.ContainsFunc(s.waiting, func(old *schema.Object) bool { return indexName(old) == name })
}

// follows reports whether a constraint can only be made once an old one is dropped that waits for its index.
func (s *splitter) follows(o *schema.Object) bool {
	return !s.isFree(schema.Qualify(o.Parent.Schema, o.Name)) || o.Fact("type") == "primary key" && slices.ContainsFunc(s.waiting, func(old *schema.Object) bool {
		return old.Fact("type") == "primary key" && old.Parent.Key == o.Parent.Key
	})
}

func isUnique(constraint *schema.Object) bool {
	kind := constraint.Fact("type")
	return kind == "unique" || kind == "primary key"
}

func isUniqueIndex(o *schema.Object) bool {
	switch o.Key.Kind {
	case schema.Constraint:
		return isUnique(o)
	case schema.Index:
		return strings.HasPrefix(o.Fact("definition")+o.Fact("expression"), "CREATE UNIQUE INDEX ")
	}
	return false
}

// definition returns what follows the name in ADD CONSTRAINT, or "".
func definition(st ddl.Statement, o *schema.Object) string {
	if o == nil || o.Key.Kind != schema.Constraint {
		return ""
	}
	_, definition, _ := strings.Cut(st.SQL, "ADD CONSTRAINT "+schema.QuoteIdent(o.Name)+" ")
	return definition
}
