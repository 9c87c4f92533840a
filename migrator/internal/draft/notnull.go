package draft

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

// placeNotNull proves NOT NULL by a check, so that SET NOT NULL does not have to look at the rows.
func (s *splitter) placeNotNull(st ddl.Statement, column *schema.Object) bool {
	table := column.Parent
	if table.Key.Kind != schema.Table || s.moved[table.Key] || table.Fact("partition key") != "" && slices.ContainsFunc(table.Parts, s.keepsNotNull) {
		return false
	}
	alter := "ALTER TABLE " + table.Key.Name + " "
	switch {
	case strings.Contains(st.SQL, " VALIDATE CONSTRAINT "):
		st.Marks = onlyMayFail(st.Marks)
		s.add(validatePhase, st)
	case strings.Contains(st.SQL, " ADD CONSTRAINT ") && column.Detail("not null name") != "":
		s.addUnchecked(changePhase, validatePhase, st, alter+"VALIDATE CONSTRAINT "+schema.QuoteIdent(column.Detail("not null name")))
	case strings.HasSuffix(st.SQL, " SET NOT NULL"):
		check := schema.QuoteIdent(s.checkName(column))
		statement := func(sql string, marks []ddl.Mark) ddl.Statement {
			return ddl.Statement{SQL: alter + sql, Object: st.Object, Does: ddl.Alters, Marks: marks}
		}
		s.add(changePhase, statement("ADD CONSTRAINT "+check+" CHECK ("+schema.QuoteIdent(column.Name)+" IS NOT NULL) NOT VALID", nil))
		s.add(validatePhase, statement("VALIDATE CONSTRAINT "+check, onlyMayFail(st.Marks)))
		set := st
		set.Marks = nil
		s.ends = append(s.ends, set, statement("DROP CONSTRAINT "+check, nil))
	default:
		return false
	}
	s.phase[st.Object] = validatePhase
	return true
}

// notYetNotNull returns the columns of a primary key that stays in the change, and so builds its index there, which get NOT
// NULL after it. Since PostgreSQL 18 the columns of inheriting tables must have it first.
func (s *splitter) notYetNotNull(st ddl.Statement) []schema.Key {
	o := s.to.Object(st.Object)
	if o == nil || o.Fact("type") != "primary key" || s.created[o.Key].SQL != st.SQL || s.phase[o.Key] > changePhase {
		return nil
	}
	var columns []schema.Key
	for _, n := range o.Needs {
		if n.On.Key.Kind == schema.Column && s.phase[n.On.Key] == validatePhase {
			columns = append(columns, n.On.Key)
		}
	}
	return columns
}

// checkName returns an unused name for the check of a column.
func (s *splitter) checkName(column *schema.Object) string {
	table := column.Parent
	for i := 0; ; i++ {
		suffix := "_is_not_null"
		if i > 0 {
			suffix += strconv.Itoa(i)
		}
		name := schema.ClipName(table.Name+"_"+column.Name, len(suffix)) + suffix
		taken := func(t *schema.Object) bool {
			return t != nil && slices.ContainsFunc(t.Parts, func(p *schema.Object) bool { return p.Key.Kind == schema.Constraint && p.Name == name })
		}
		if !taken(table) && !taken(s.from.Object(table.Key)) && !slices.Contains(s.names[table.Key], name) {
			s.names[table.Key] = append(s.names[table.Key], name)
			return name
		}
	}
}
