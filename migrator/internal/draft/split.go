package draft

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/schema"
)

// Part is the up script of one revision of a draft.
type Part struct {
	Purpose       string // what it does for the change, such as "build indexes"; "" for the part with the change itself
	Statements    []ddl.Statement
	Transactional bool
}

// The phases of a change, in their order. Each is one revision if it has statements.
const (
	valuePhase        = iota // values of enums that the other phases use
	changePhase              // everything else
	validatePhase            // checks the rows under locks that do not block reads and writes
	buildPhase               // builds indexes, without a transaction
	followPhase              // what needs the indexes
	followChecksPhase        // validates what needed the indexes
	dropPhase                // drops indexes, without a transaction
	numberOfPhases
)

var purposes = [numberOfPhases]string{
	valuePhase: "add enum values", validatePhase: "validate constraints", buildPhase: "build indexes", followPhase: "use the indexes",
	followChecksPhase: "validate constraints that use the indexes", dropPhase: "drop indexes",
}

// Single returns all statements as one part; none if there are no statements.
func Single(statements []ddl.Statement) []Part {
	return nonEmpty([]Part{{Statements: statements, Transactional: true}})
}

// Split returns the statements of ddl.Change as parts that are applied one after the other. from is the schema after the
// renames. What a statement leaves to a later part is not lost: together the parts do the same as the statements.
func Split(statements []ddl.Statement, from, to *schema.Schema) []Part {
	s := &splitter{from: from, to: to, together: map[schema.Key]bool{}}
	s.lookAhead(statements)
	for {
		s.begin()
		late := s.place(statements)
		if late == nil {
			return s.result()
		}
		// What is dropped and made again must not be missing between two revisions, nor NOT NULL when a primary key needs it.
		for _, key := range late {
			s.together[key] = true
		}
	}
}

// splitter assigns statements to phases.
type splitter struct {
	from, to *schema.Schema
	dropped  map[schema.Key]bool          // objects of from that are dropped, also to be made again
	retyped  map[schema.Key]bool          // columns that get another type
	moved    map[schema.Key]bool          // tables that get a parent or a child, which has to have the same constraints and indexes
	together map[schema.Key]bool          // objects that stay in the change
	created  map[schema.Key]ddl.Statement // what makes an index or a constraint, and reads the table for it

	statements [numberOfPhases][]ddl.Statement
	ends       []ddl.Statement // of validatePhase: what takes strong locks for a moment
	phase      map[schema.Key]int
	cause      map[schema.Key]schema.Key // of an object in followPhase: the object whose index it waits for
	replaced   map[schema.Key]bool       // indexes that are dropped once the new one is built
	lost       map[schema.Key]bool       // tables of which a unique index is dropped in the change
	waiting    []*schema.Object          // constraints and indexes that are dropped once the new ones are built
	names      map[schema.Key][]string   // of checks that were added for columns
	identities map[schema.Key]bool       // columns that become identity columns at the end of validatePhase
}

func (s *splitter) lookAhead(statements []ddl.Statement) {
	s.dropped, s.retyped, s.moved, s.created = map[schema.Key]bool{}, map[schema.Key]bool{}, map[schema.Key]bool{}, map[schema.Key]ddl.Statement{}
	for _, st := range statements {
		if o := s.to.Object(st.Object); o != nil && hasMark(st, ddl.Scans) && (isIndex(st.SQL) || definition(st, o) != "") {
			s.created[st.Object] = st
		}
		if st.Does == ddl.Drops || st.Does == ddl.Replaces {
			s.dropped[st.Object] = true
		}
		if st.Does == ddl.Alters && st.Object.Kind == schema.Column && strings.Contains(st.SQL, " TYPE ") {
			s.retyped[st.Object] = true
		}
		if o := s.to.Object(st.Object); o != nil && st.Object.Kind == schema.Table && (strings.Contains(st.SQL, " ATTACH PARTITION ") || strings.Contains(st.SQL, " INHERIT ")) {
			s.moved[st.Object] = true
			for _, n := range o.Needs {
				s.moved[n.On.Key] = true
			}
		}
	}
}

func (s *splitter) begin() {
	s.statements, s.ends = [numberOfPhases][]ddl.Statement{}, nil
	s.phase, s.cause = map[schema.Key]int{}, map[schema.Key]schema.Key{}
	s.replaced, s.names, s.identities = map[schema.Key]bool{}, map[schema.Key][]string{}, map[schema.Key]bool{}
	s.waiting, s.lost = nil, map[schema.Key]bool{}
}

// place assigns all statements. The result is nil, or names objects that have to stay in the change.
func (s *splitter) place(statements []ddl.Statement) (late []schema.Key) {
	values := usedValues(statements)
	s.findLost(statements)
	for i, st := range statements {
		switch {
		case i < values && st.Object != schema.Key{}:
			s.add(valuePhase, st)
		case st.Does == ddl.Drops || st.Does == ddl.Replaces && (strings.HasPrefix(st.SQL, "DROP ") || s.disposalOf(st) == whenBuilt):
			s.placeDrop(st)
		default:
			phase, waits := s.earliest(st)
			if phase > changePhase && st.Does == ddl.Replaces && st.Object != waits {
				return []schema.Key{waits}
			}
			s.placeAt(phase, st)
			if columns := s.notYetNotNull(st); columns != nil {
				return columns
			}
			if _, known := s.cause[st.Object]; !known && phase >= followPhase {
				s.cause[st.Object] = waits
			}
		}
	}
	return nil
}

func (s *splitter) add(phase int, statements ...ddl.Statement) {
	s.statements[phase] = append(s.statements[phase], statements...)
}

// usedValues returns how many statements are in front of the end of those that add values to enums which others use, 0 if
// none does.
func usedValues(statements []ddl.Statement) int {
	end, used := 0, false
	for i, st := range statements {
		if hasMark(st, ddl.NeedsOwnTransaction) {
			end = i + 1
		}
	}
	for _, added := range statements[:end] {
		_, value, found := strings.Cut(added.SQL, " ADD VALUE ")
		if !found {
			continue
		}
		value, _, _ = strings.Cut(value, " BEFORE ")
		value, _, _ = strings.Cut(value, " AFTER ")
		used = used || slices.ContainsFunc(statements, func(st ddl.Statement) bool {
			return !hasMark(st, ddl.NeedsOwnTransaction) && strings.Contains(st.SQL, value)
		})
	}
	if !used {
		return 0
	}
	return end
}

// UsesNewValues reports whether a statement uses a value that another one adds to an enum, which is not possible in one
// transaction.
func UsesNewValues(statements []ddl.Statement) bool { return usedValues(statements) > 0 }

func hasMark(st ddl.Statement, e ddl.Effect) bool {
	return slices.ContainsFunc(st.Marks, func(m ddl.Mark) bool { return m.Effect == e })
}

// earliest returns the first phase in which a statement can be run, and the object whose index it waits for.
func (s *splitter) earliest(st ddl.Statement) (int, schema.Key) {
	if phase := s.phase[st.Object]; phase > changePhase {
		if cause, ok := s.cause[st.Object]; ok {
			return phase, cause
		}
		return phase, st.Object
	}
	o := s.to.Object(st.Object)
	if o == nil {
		return changePhase, schema.Key{}
	}
	for _, on := range neededFor(o) {
		if phase := s.phase[on.Key]; phase >= buildPhase {
			if cause, ok := s.cause[on.Key]; ok {
				return followPhase, cause
			}
			return followPhase, on.Key
		}
	}
	return changePhase, schema.Key{}
}

// neededFor returns what an object needs, with what its columns, defaults and checks need.
func neededFor(o *schema.Object) []*schema.Object {
	var all []*schema.Object
	if o.Parent != nil {
		all = append(all, o.Parent)
	}
	for _, n := range o.Needs {
		all = append(all, n.On)
	}
	for _, part := range o.Parts {
		if kind := part.Key.Kind; kind == schema.Column || kind == schema.Default || kind == schema.Constraint && part.Fact("type") == "check" {
			for _, n := range part.Needs {
				all = append(all, n.On)
			}
		}
	}
	return all
}

// placeAt assigns a statement to a phase or a later one, and rewrites it if it can be done without blocking others.
func (s *splitter) placeAt(phase int, st ddl.Statement) {
	o := s.to.Object(st.Object)
	if o != nil && !s.together[st.Object] && (hasMark(st, ddl.Scans) && s.placeSafely(phase, st, o) || s.placeWithPartitions(st, o)) {
		return
	}
	if phase == validatePhase { // of a column that gets NOT NULL there
		if strings.Contains(st.SQL, " ADD GENERATED ") || s.identities[st.Object] && !strings.HasPrefix(st.SQL, "COMMENT ON COLUMN ") {
			s.identities[st.Object] = true
			s.ends = append(s.ends, st)
			return
		}
		phase = changePhase
	}
	s.add(phase, st)
	if phase > changePhase {
		s.phase[st.Object] = phase
	}
}

// result returns the parts that have statements.
func (s *splitter) result() []Part {
	// A constraint may have been validated twice: as one of its own, and as one that a column needs.
	s.add(validatePhase, s.ends...)
	var parts []Part
	for phase, statements := range s.statements {
		parts = append(parts, Part{purposes[phase], statements, phase != buildPhase && phase != dropPhase})
	}
	parts = nonEmpty(parts)
	if len(parts) == 1 {
		parts[0].Purpose = ""
	}
	return parts
}

// withoutPositions leaves out that the position of an identity column's sequence is lost: its values are not.
func withoutPositions(st ddl.Statement) ddl.Statement {
	if strings.HasSuffix(st.SQL, " DROP IDENTITY") {
		st.Marks = nil
	}
	return st
}

// nonEmpty returns the parts that change something. Functions are made without a look at their bodies, which may need what
// is made later.
func nonEmpty(parts []Part) []Part {
	var list []Part
	for _, p := range parts {
		var setting []ddl.Statement
		p.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(st ddl.Statement) bool {
			isSetting := st.Object == schema.Key{}
			if isSetting {
				setting = []ddl.Statement{st}
			}
			return isSetting
		})
		if len(p.Statements) == 0 {
			continue
		}
		if p.makesRoutines() {
			if setting == nil {
				setting = []ddl.Statement{{SQL: "SET check_function_bodies = off"}}
			}
			p.Statements = append(setting, p.Statements...)
		}
		for i, st := range p.Statements {
			p.Statements[i] = withoutPositions(st)
		}
		list = append(list, p)
	}
	return list
}

func (p Part) makesRoutines() bool {
	return slices.ContainsFunc(p.Statements, func(st ddl.Statement) bool {
		return (st.Object.Kind == schema.Function || st.Object.Kind == schema.Procedure) && st.Does != ddl.Drops
	})
}
