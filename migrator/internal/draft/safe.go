package draft

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/sqltext"
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

func isIndex(sql string) bool {
	return strings.HasPrefix(sql, "CREATE INDEX ") || strings.HasPrefix(sql, "CREATE UNIQUE INDEX ")
}

// placeIndex builds an index concurrently. If it replaces another one, that serves until the new one is built.
func (s *splitter) placeIndex(st ddl.Statement, o *schema.Object) bool {
	if s.moved[o.Parent.Key] || !s.builtWithParent(o) {
		return false
	}
	s.phase[st.Object] = buildPhase
	if !s.replaced[st.Object] {
		s.add(buildPhase, buildConcurrently(st, ""))
		return true
	}
	name := s.unusedName(o.Schema, o.Name)
	s.add(buildPhase,
		buildConcurrently(st, schema.QuoteIdent(name)),
		ddl.Statement{SQL: "DROP INDEX CONCURRENTLY " + o.Key.Name, Object: st.Object, Does: ddl.Replaces},
		ddl.Statement{SQL: "ALTER INDEX " + schema.Qualify(o.Schema, name) + " RENAME TO " + schema.QuoteIdent(o.Name), Object: st.Object, Does: ddl.Replaces},
	)
	return true
}

// buildConcurrently returns CREATE INDEX CONCURRENTLY, with another name unless it is "". There is no IF NOT EXISTS: an
// interrupted build is repeated by the run that continues the revision, and an index with the same name and another
// definition must not be taken for this one.
func buildConcurrently(st ddl.Statement, name string) ddl.Statement {
	before, after, _ := strings.Cut(st.SQL, " INDEX ")
	if name != "" {
		for t := range sqltext.Tokens(after) {
			after = name + after[t.End:]
			break
		}
	}
	st.SQL = before + " INDEX CONCURRENTLY " + after
	st.Marks = onlyMayFail(st.Marks)
	return st
}

// placeWithPartitions assigns the index of a partitioned table, which is made without those of the partitions, to the phase in
// which these are built and attached. Once they are, they cannot be dropped alone.
func (s *splitter) placeWithPartitions(st ddl.Statement, o *schema.Object) bool {
	isUnique := o.Key.Kind == schema.Constraint && strings.Contains(st.SQL, " ADD CONSTRAINT ") && !s.keepsNotNull(o)
	if o.Key.Kind != schema.Index && !isUnique || o.Key.Kind == schema.Index && !isIndex(st.SQL) || !s.isKept(o.Parent) || s.moved[o.Parent.Key] || !s.builtWithParent(o) {
		return false
	}
	if !slices.ContainsFunc(s.to.Objects, func(part *schema.Object) bool { return part.Fact("parent") == indexName(o) && s.isKept(part.Parent) }) {
		return false
	}
	s.phase[st.Object] = buildPhase
	s.add(buildPhase, st)
	return true
}

// builtWithParent reports whether the index of the partitioned table is made in the same phase, if an index has one. Attached
// later, it could not be dropped alone.
func (s *splitter) builtWithParent(o *schema.Object) bool {
	name := o.Fact("parent")
	if name == "" {
		return true
	}
	i := slices.IndexFunc(s.to.Objects, func(parent *schema.Object) bool {
		return (parent.Key.Kind == schema.Index || parent.Key.Kind == schema.Constraint) && indexName(parent) == name
	})
	if i < 0 {
		return false
	}
	parent := s.to.Objects[i]
	isNew := s.from.Object(parent.Key) == nil || s.dropped[parent.Key]
	return isNew && s.isKept(parent.Parent) && !s.keepsNotNull(parent) && !s.moved[parent.Parent.Key] && !s.together[parent.Key] && s.builtWithParent(parent)
}

// keepsNotNull reports whether a key of a partition, made from an index, would turn an inherited NOT NULL constraint into one
// of the partition itself, as it does since PostgreSQL 18.
func (s *splitter) keepsNotNull(o *schema.Object) bool {
	return o.Fact("type") == "primary key" && s.to.Version >= 180000
}

// isKept reports whether a table exists all the time.
func (s *splitter) isKept(table *schema.Object) bool {
	return table != nil && s.from.Object(table.Key) != nil && !s.dropped[table.Key]
}

// indexName returns the name of an index, or of that of a constraint.
func indexName(o *schema.Object) string {
	if name := o.Detail("index"); name != "" {
		return name
	}
	return o.Key.Name
}

func onlyMayFail(marks []ddl.Mark) []ddl.Mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m ddl.Mark) bool { return m.Effect == ddl.Scans })
}

// unusedName returns a name in a schema for an index until it gets the one that another index has now.
func (s *splitter) unusedName(of, now string) string {
	for i := 0; ; i++ {
		suffix := "__new"
		if i > 0 {
			suffix += strconv.Itoa(i)
		}
		name := schema.ClipName(now, len(suffix)) + suffix
		if key := schema.Qualify(of, name); !hasRelation(s.from, key) && !hasRelation(s.to, key) {
			return name
		}
	}
}

// hasRelation reports whether a name is that of a relation or an index.
func hasRelation(s *schema.Schema, name string) bool {
	return slices.ContainsFunc(s.Objects, func(o *schema.Object) bool { return relationName(o) == name })
}

// relationName returns the name that an object has among the relations of its schema, or "".
func relationName(o *schema.Object) string {
	switch o.Key.Kind {
	case schema.Constraint:
		return o.Detail("index")
	case schema.Index, schema.Table, schema.ForeignTable, schema.View, schema.MaterializedView, schema.Sequence:
		return o.Key.Name
	case schema.Type:
		if o.Fact("form") == "composite" {
			return o.Key.Name
		}
	case schema.Column:
		if name := o.Detail("sequence name"); name != "" {
			return schema.Qualify(o.Detail("sequence schema"), name)
		}
	}
	return ""
}

// placeDrop assigns the drop of an index that the rest of the change does not need dropped.
func (s *splitter) placeDrop(st ddl.Statement) {
	o := s.from.Object(st.Object)
	switch {
	case o == nil || o.Key.Kind != schema.Index || !strings.HasPrefix(st.SQL, "DROP INDEX ") || !s.canWait(o):
		s.add(changePhase, st)
	case st.Does == ddl.Replaces && !s.together[st.Object] && isPlain(s.to.Object(st.Object)) && !s.moved[o.Parent.Key]:
		s.replaced[st.Object] = true
	case st.Does == ddl.Drops && !s.isTaken(o):
		st.SQL = "DROP INDEX CONCURRENTLY " + o.Key.Name
		s.add(dropPhase, st)
	default:
		s.add(changePhase, st)
	}
}

// isPlain reports whether an index can be built concurrently.
func isPlain(index *schema.Object) bool {
	return index.Parent.Fact("partition key") == "" && index.Fact("parent") == ""
}

// canWait reports whether an index can be dropped after the change.
func (s *splitter) canWait(index *schema.Object) bool {
	if !isPlain(index) || s.dropped[index.Parent.Key] || s.moved[index.Parent.Key] || s.to.Object(index.Parent.Key) == nil {
		return false
	}
	return !slices.ContainsFunc(index.Needs, func(n schema.Need) bool {
		for on := n.On; on != nil; on = on.Parent {
			if s.dropped[on.Key] || s.retyped[on.Key] {
				return true
			}
		}
		return false
	})
}

// isTaken reports whether a new relation has the name of an index.
func (s *splitter) isTaken(index *schema.Object) bool {
	return slices.ContainsFunc(s.to.Objects, func(o *schema.Object) bool { return o.Key != index.Key && relationName(o) == index.Key.Name })
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

// placeUnique builds the index of a constraint concurrently.
func (s *splitter) placeUnique(st ddl.Statement, o *schema.Object) bool {
	name := schema.QuoteIdent(o.Name)
	alter, definition, found := strings.Cut(st.SQL, "ADD CONSTRAINT "+name+" ")
	u, ok := cutUnique(definition)
	drop, waits := s.waiting[st.Object]
	if !found || !ok || o.Parent.Fact("partition key") != "" || s.dropped[st.Object] && !waits || !s.builtWithParent(o) {
		return false
	}
	index := name
	if waits {
		index = schema.QuoteIdent(s.unusedName(o.Parent.Schema, o.Name))
	}
	build := st
	build.SQL, build.Marks = "CREATE UNIQUE INDEX CONCURRENTLY "+index+" ON "+o.Parent.Key.Name+" "+u.index, onlyMayFail(st.Marks)
	use := st
	use.SQL, use.Marks = alter+"ADD CONSTRAINT "+name+" "+u.keyword+" USING INDEX "+index+u.deferrable, nil
	if waits {
		s.phase[st.Object] = followPhase
		s.add(buildPhase, build)
		s.add(followPhase, drop, use)
		return true
	}
	s.phase[st.Object] = buildPhase
	s.add(buildPhase, build, use)
	return true
}

// uniqueConstraint is the definition of a UNIQUE or PRIMARY KEY constraint.
type uniqueConstraint struct {
	keyword    string
	index      string // what follows the table in CREATE INDEX
	deferrable string
}

func cutUnique(definition string) (u uniqueConstraint, ok bool) {
	distinct := ""
	for _, keyword := range []string{"UNIQUE NULLS NOT DISTINCT", "UNIQUE", "PRIMARY KEY"} {
		if rest, found := strings.CutPrefix(definition, keyword+" ("); found {
			u.keyword, definition = strings.TrimSuffix(keyword, " NULLS NOT DISTINCT"), "("+rest
			if keyword != u.keyword {
				distinct = " NULLS NOT DISTINCT"
			}
			break
		}
	}
	if u.keyword == "" {
		return u, false
	}
	options, deferrable, end := len(definition), len(definition), len(definition)
	depth := 0
	for t := range sqltext.Tokens(definition) {
		switch token := definition[t.Start:t.End]; {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case t.Kind == sqltext.Word && token == "WITHOUT":
			return u, false // OVERLAPS needs an exclusion constraint
		case depth == 0 && t.Kind == sqltext.Word && token == "WITH":
			options = min(options, t.Start)
		case depth == 0 && t.Kind == sqltext.Word && (token == "DEFERRABLE" || token == "INITIALLY"):
			deferrable = min(deferrable, t.Start)
		}
	}
	options = min(options, deferrable)
	columns, with := strings.TrimSpace(definition[:options]), strings.TrimSpace(definition[options:deferrable])
	u.index = columns + distinct
	if with != "" {
		u.index += " " + with
	}
	if deferrable < end {
		u.deferrable = " " + definition[deferrable:]
	}
	return u, true
}

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
