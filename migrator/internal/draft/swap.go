package draft

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

// A UNIQUE or PRIMARY KEY constraint with a new definition: the old one serves until the new index is built, so that rows stay
// unique, and both are exchanged in one transaction.

// waits reports whether a statement drops a constraint that can be exchanged later for the one that takes its place.
func (s *splitter) waits(st ddl.Statement) bool {
	old, o := s.from.Object(st.Object), s.to.Object(st.Object)
	if st.Does != ddl.Replaces || old == nil || o == nil || s.together[st.Object] || !strings.Contains(st.SQL, " DROP CONSTRAINT ") {
		return false
	}
	if !isUnique(old) || !isUnique(o) || !s.canWait(old) || !isPlain(o) || o.Parent.Key.Kind != schema.Table || o.Fact("local") == "false" {
		return false
	}
	if _, ok := cutUnique(s.added[st.Object]); !ok {
		return false
	}
	for _, n := range old.Needs { // a column of a primary key cannot become nullable
		if column := s.to.Object(n.On.Key); n.On.Key.Kind == schema.Column && n.On.Fact("not null") != "" && (column == nil || column.Fact("not null") == "") {
			return false
		}
	}
	return !slices.ContainsFunc(s.from.Dependents(old), func(d *schema.Object) bool { return s.dropped[d.Key] })
}

func isUnique(constraint *schema.Object) bool {
	kind := constraint.Fact("type")
	return kind == "unique" || kind == "primary key"
}

// definition returns what follows the name in ADD CONSTRAINT, or "".
func definition(st ddl.Statement, o *schema.Object) string {
	if o == nil || o.Key.Kind != schema.Constraint {
		return ""
	}
	_, definition, _ := strings.Cut(st.SQL, "ADD CONSTRAINT "+schema.QuoteIdent(o.Name)+" ")
	return definition
}
