package draft

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

// placeSafely rewrites a statement that reads a whole table under a lock that blocks others. It returns false if there is
// no other way to write it.
func (s *splitter) placeSafely(phase int, st ddl.Statement, o *schema.Object) bool {
	switch o.Key.Kind {
	case schema.Index:
		return isIndex(st.SQL) && s.placeIndex(st, o)
	case schema.Constraint:
		return s.placeConstraint(phase, st, o)
	case schema.Column:
		return s.placeNotNull(st, o)
	}
	return false
}

// placeConstraint adds a constraint to a table without a look at its rows.
func (s *splitter) placeConstraint(phase int, st ddl.Statement, o *schema.Object) bool {
	table := o.Parent
	if table.Key.Kind != schema.Table || s.moved[table.Key] || o.Fact("local") == "false" {
		return false // that of a child is validated as its parent's, and cannot be made invalid alone
	}
	checks := validatePhase
	if phase >= buildPhase {
		checks = followChecksPhase
	}
	switch kind := o.Fact("type"); {
	case strings.Contains(st.SQL, " VALIDATE CONSTRAINT "):
		if s.isInherited(o) {
			return false // a child that was made later may have a valid one already
		}
		st.Marks = onlyMayFail(st.Marks)
		s.add(checks, st)
	case !strings.Contains(st.SQL, " ADD CONSTRAINT "):
		return false
	case kind == "check", kind == "foreign key" && table.Fact("partition key") == "":
		s.addUnchecked(phase, checks, st, "ALTER TABLE "+table.Key.Name+" VALIDATE CONSTRAINT "+schema.QuoteIdent(o.Name))
	case kind == "unique" || kind == "primary key":
		return s.placeUnique(st, o)
	default:
		return false
	}
	return true
}

// isInherited reports whether other tables have a check from this one.
func (s *splitter) isInherited(check *schema.Object) bool {
	return slices.ContainsFunc(s.to.Objects, func(o *schema.Object) bool {
		return o.Key.Kind == schema.Constraint && o.Name == check.Name && o.Fact("local") == "false"
	})
}

// addUnchecked adds a constraint as NOT VALID, and what validates it.
func (s *splitter) addUnchecked(phase, checks int, st ddl.Statement, validate string) {
	unchecked := st
	unchecked.SQL, unchecked.Marks = st.SQL+" NOT VALID", nil
	s.add(phase, unchecked)
	if phase > changePhase {
		s.phase[st.Object] = phase
	}
	s.add(checks, ddl.Statement{SQL: validate, Object: st.Object, Does: ddl.Alters, Marks: onlyMayFail(st.Marks)})
}
