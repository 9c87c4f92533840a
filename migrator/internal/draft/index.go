package draft

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

func isIndex(sql string) bool {
	return strings.HasPrefix(sql, "CREATE INDEX ") || strings.HasPrefix(sql, "CREATE UNIQUE INDEX ")
}

// placeIndex builds an index concurrently. If it replaces another one, that serves until the new one is built.
func (s *splitter) placeIndex(st ddl.Statement, o *schema.Object) bool {
	isFree := s.isFree(o.Key.Name)
	switch {
	case s.moved[o.Parent.Key] || !s.builtWithParent(o):
		return false
	case isUniqueIndex(o) && s.losesUnique(o):
		return false
	case s.replaced[st.Object] || !isFree:
	default:
		s.phase[st.Object] = buildPhase
		s.add(buildPhase, buildConcurrently(st, ""))
		return true
	}
	name := s.unusedName(o.Schema, o.Name)
	if !isFree {
		s.phase[st.Object] = followPhase
		s.add(buildPhase, buildConcurrently(st, schema.QuoteIdent(name)))
		s.add(followPhase, renameIndex(st, o, name))
		return true
	}
	s.phase[st.Object] = buildPhase
	s.add(buildPhase, exchangeIndex(st, o, name)...)
	return true
}

// exchangeIndex builds an index with another name before it drops the old one with the name.
func exchangeIndex(st ddl.Statement, o *schema.Object, name string) []ddl.Statement {
	return []ddl.Statement{
		buildConcurrently(st, schema.QuoteIdent(name)),
		{SQL: "DROP INDEX CONCURRENTLY " + o.Key.Name, Object: st.Object, Does: ddl.Replaces},
		renameIndex(st, o, name),
	}
}

// renameIndex gives an index its own name.
func renameIndex(st ddl.Statement, o *schema.Object, name string) ddl.Statement {
	return ddl.Statement{SQL: "ALTER INDEX " + schema.Qualify(o.Schema, name) + " RENAME TO " + schema.QuoteIdent(o.Name), Object: st.Object, Does: st.Does}
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
	if o.Key.Kind != schema.Index && !isUnique || o.Key.Kind == schema.Index && !isIndex(st.SQL) || !s.isKept(o.Parent) || s.moved[o.Parent.Key] || !s.builtWithParent(o) || s.losesUnique(o) {
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
	return isNew && s.isKept(parent.Parent) && !s.keepsNotNull(parent) && !s.moved[parent.Parent.Key] && !s.together[parent.Key] && !s.losesUnique(parent) && s.builtWithParent(parent)
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

func (s *splitter) unusedName(of, now string) string { return unusedName(s.from, s.to, of, now) }

// unusedName returns a name in a schema for an index until it gets the one that another index has now.
func unusedName(from, to *schema.Schema, of, now string) string {
	for i := 0; ; i++ {
		suffix := "__new"
		if i > 0 {
			suffix += strconv.Itoa(i)
		}
		name := schema.ClipName(now, len(suffix)) + suffix
		if key := schema.Qualify(of, name); !hasRelation(from, key) && !hasRelation(to, key) {
			return name
		}
	}
}

// hasRelation reports whether a name is that of a relation or an index.
func hasRelation(s *schema.Schema, name string) bool {
	return slices.ContainsFunc(s.Objects, func(o *schema.Object) bool { return o.RelationName() == name })
}

// disposal is how an index or a constraint is dropped.
type disposal uint8

const (
	inChange  disposal = iota
	whenBuilt          // once the new indexes of its table are built
	forNew             // when the new one with its name is built
	atTheEnd
)

// disposalOf returns how a statement drops something, in a way that the rest of the change allows.
func (s *splitter) disposalOf(st ddl.Statement) disposal {
	o := s.from.Object(st.Object)
	switch {
	case o == nil || o.Parent == nil || !s.canWait(o):
	case s.isReferenced(o, true):
	case s.waits(st, o):
		return whenBuilt
	case o.Key.Kind != schema.Index || !strings.HasPrefix(st.SQL, "DROP INDEX "):
	case st.Does == ddl.Replaces && !s.together[st.Object] && isPlain(s.to.Object(st.Object)) && !s.moved[o.Parent.Key] && !s.losesUnique(s.to.Object(st.Object)):
		return forNew
	case st.Does == ddl.Drops && !s.isTaken(o) && !s.isReferenced(o, false):
		return atTheEnd
	}
	return inChange
}

// placeDrop assigns a statement that drops something.
func (s *splitter) placeDrop(st ddl.Statement) {
	switch s.disposalOf(st) {
	case whenBuilt:
		s.waiting = append(s.waiting, s.from.Object(st.Object))
		s.add(followPhase, st)
	case forNew:
		s.replaced[st.Object] = true
	case atTheEnd:
		st.SQL = strings.Replace(st.SQL, "DROP INDEX ", "DROP INDEX CONCURRENTLY ", 1)
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

// isReferenced reports whether a new foreign key may depend on a unique index if that is still there when it is made: the server
// takes any unique index of the columns. inChange: only those count that are made in the change, because their key is kept.
func (s *splitter) isReferenced(index *schema.Object, inChange bool) bool {
	return isUniqueIndex(index) && slices.ContainsFunc(s.to.Objects, func(o *schema.Object) bool {
		return o.Fact("type") == "foreign key" && (s.from.Object(o.Key) == nil || s.dropped[o.Key]) &&
			strings.Contains(o.Fact("definition")+o.Fact("expression"), " REFERENCES "+index.Parent.Key.Name+"(") &&
			!(inChange && slices.ContainsFunc(o.Needs, func(n schema.Need) bool {
				return isUniqueIndex(n.On) && (s.from.Object(n.On.Key) == nil || s.dropped[n.On.Key])
			}))
	})
}

// isTaken reports whether a new relation has the name of an index.
func (s *splitter) isTaken(index *schema.Object) bool {
	return slices.ContainsFunc(s.to.Objects, func(o *schema.Object) bool { return o.Key != index.Key && o.RelationName() == index.Key.Name })
}
