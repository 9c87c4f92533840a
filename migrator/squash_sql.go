package migrator

import (
	"errors"
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/content"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// upSQL returns the statements that make what the replaced revisions made. Rows come before triggers and foreign keys.
func (s *squasher) upSQL() (string, error) {
	statements, err := ddl.Create(s.made, s.ddlOptions())
	if err != nil {
		return "", err
	}
	late := slices.IndexFunc(statements, s.isLate)
	if late < 0 {
		late = len(statements)
	}
	if err := s.checkPlace(statements[late:]); err != nil {
		return "", err
	}
	s.keepCurrentPath(statements)
	var b strings.Builder
	b.WriteString(strings.TrimLeft(ddl.Script(statements[:late]), "\n"))
	for _, t := range s.content.Tables {
		if copied := s.copies[t.FullName()]; copied != "" {
			b.WriteString("\n" + copied)
		}
	}
	s.writePositions(&b)
	if late < len(statements) {
		b.WriteString("\n" + strings.TrimLeft(ddl.Script(statements[late:]), "\n"))
	}
	s.writeLast(&b)
	return b.String(), nil
}

// keepCurrentPath writes SET search_path FROM CURRENT in functions that have the search_path of revisions, if a replaced script
// does that: the path is then that of each database.
func (s *squasher) keepCurrentPath(statements []ddl.Statement) {
	if !slices.ContainsFunc(s.Replaced, func(r *revision.Revision) bool {
		script, err := r.Up.Loaded()
		return err == nil && strings.Contains(strings.ToLower(script.Text), "search_path from current")
	}) {
		return
	}
	for i, st := range statements {
		if st.Object.Kind != schema.Function && st.Object.Kind != schema.Procedure {
			continue
		}
		head, body, found := strings.Cut(st.SQL, "\nAS ")
		head = strings.Replace(head+"\n", "\n SET search_path TO "+s.content.SearchPath+"\n", "\n SET search_path FROM CURRENT\n", 1)
		if head = strings.TrimSuffix(head, "\n"); found {
			statements[i].SQL = head + "\nAS " + body
		}
	}
}

func (s *squasher) ddlOptions() ddl.Options {
	return ddl.Options{Owners: true, Privileges: true, Role: s.content.Role}
}

// isLate reports whether a statement makes something that rows are loaded before.
func (s *squasher) isLate(st ddl.Statement) bool {
	switch st.Object.Kind {
	case schema.Rule, schema.Trigger, schema.Policy, schema.EventTrigger, schema.Publication:
		return true
	case schema.Constraint:
		o := s.made.Object(st.Object)
		return o != nil && o.Fact("type") == "foreign key"
	}
	return false
}

// checkPlace returns an error if a table whose rows are kept is made after something that they have to precede.
func (s *squasher) checkPlace(late []ddl.Statement) error {
	var names []string
	for _, st := range late {
		o := s.made.Object(st.Object)
		if st.Object.Kind == schema.Table && o != nil && s.copies[o.Schema+"."+o.Name] != "" {
			names = append(names, st.Object.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	names = slices.Compact(names)
	return &SquashError{Problem: SquashNoPlace, failure: failure{err: errors.New(
		"the rows of " + text.List(names, "and") + " cannot be kept: something that has to be made after the rows is needed to make the table")}}
}

// writePositions writes the positions of sequences that are kept.
func (s *squasher) writePositions(b *strings.Builder) {
	first := true
	for _, q := range s.content.Sequences {
		if !s.keepsSequence(q) {
			continue
		}
		if first {
			b.WriteString("\n")
			first = false
		}
		b.WriteString(q.SetPosition() + ";\n")
	}
}

// writeLast writes what follows everything else.
func (s *squasher) writeLast(b *strings.Builder) {
	var last []string
	for _, view := range s.content.Populated {
		last = append(last, "REFRESH MATERIALIZED VIEW "+view)
	}
	last = append(last, s.before.Change(s.content.Public)...)
	if len(last) > 0 {
		b.WriteString("\n")
	}
	for _, sql := range last {
		b.WriteString(sql + ";\n")
	}
}

// downSQL returns the statements that remove what the up script makes, "" if no down script is wanted.
func (s *squasher) downSQL() (string, error) {
	if !s.o.Down {
		return "", nil
	}
	statements, err := ddl.Drop(s.made, s.ddlOptions())
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(strings.TrimLeft(ddl.Script(statements), "\n"))
	for _, sql := range s.content.Public.Change(s.before) {
		b.WriteString(sql + ";\n")
	}
	return b.String(), nil
}

// decideData finds out which rows and positions are kept. The error is a *SquashError, or a *ConfigError for a pattern that
// matches nothing.
func (s *squasher) decideData() error {
	var undecided []SquashData
	add := func(d SquashData, names ...string) {
		with, without := s.wants(names)
		d.Kept = with
		if with == without { // neither, or both
			undecided = append(undecided, d)
		}
		s.Data = append(s.Data, d)
	}
	for _, t := range s.content.Tables {
		if t.Rows > 0 {
			add(SquashData{Name: t.SQL(), Rows: t.Rows}, append([]string{t.FullName(), t.SQL()}, t.Partitioned...)...)
		}
	}
	for _, q := range s.content.Sequences {
		if !s.goesWithTable(q) {
			add(SquashData{Name: q.SQL(), Sequence: true, Position: q.Last}, q.FullName(), q.SQL())
		}
	}
	if err := s.checkPatterns(); err != nil {
		return err
	}
	if len(undecided) == 0 {
		return nil
	}
	var names []string
	for _, d := range undecided {
		names = append(names, d.String())
	}
	return &SquashError{Problem: SquashUndecided, Data: undecided, failure: failure{err: errors.New(
		"the replaced revisions leave data, and it has to be said of each whether it is kept: " + text.List(names, "and"))}}
}

// wants reports in which lists one of the names is.
func (s *squasher) wants(names []string) (with, without bool) {
	for _, name := range names {
		_, short, _ := strings.Cut(name, ".")
		with = with || s.with(name) || s.with(short)
		without = without || s.without(name) || s.without(short)
	}
	return with, without
}

// keeps reports whether the rows of a table are kept.
func (s *squasher) keeps(t content.Table) bool {
	return slices.ContainsFunc(s.Data, func(d SquashData) bool { return d.Kept && !d.Sequence && d.Name == t.SQL() })
}

// goesWithTable reports whether a table that uses the sequence has rows.
func (s *squasher) goesWithTable(q content.Sequence) bool {
	return slices.ContainsFunc(s.content.Tables, func(t content.Table) bool {
		return t.Rows > 0 && (slices.Contains(q.Tables, t.FullName()) || slices.ContainsFunc(t.Partitioned, func(p string) bool { return slices.Contains(q.Tables, p) }))
	})
}

// keepsSequence reports whether the position of a sequence is kept: by itself, or with a table that uses it.
func (s *squasher) keepsSequence(q content.Sequence) bool {
	if !s.goesWithTable(q) {
		return slices.ContainsFunc(s.Data, func(d SquashData) bool { return d.Kept && d.Sequence && d.Name == q.SQL() })
	}
	return slices.ContainsFunc(s.content.Tables, func(t content.Table) bool {
		uses := slices.Contains(q.Tables, t.FullName()) || slices.ContainsFunc(t.Partitioned, func(p string) bool { return slices.Contains(q.Tables, p) })
		return uses && s.keeps(t)
	})
}

// checkPatterns returns an error for a pattern that matches no table and no sequence.
func (s *squasher) checkPatterns() error {
	for setting, patterns := range map[string][]string{"with-data": s.o.WithData, "without-data": s.o.WithoutData} {
		for _, pattern := range patterns {
			match, err := matcher(setting, []string{pattern})
			if err != nil {
				return err
			}
			if pattern != "*" && !slices.ContainsFunc(s.dataNames(), match) {
				return &ConfigError{Setting: setting, Value: pattern, Reason: "the replaced revisions make no table and no sequence with such a name"}
			}
		}
	}
	return nil
}

// dataNames returns the names of all tables and sequences, with and without their schema.
func (s *squasher) dataNames() []string {
	var names []string
	add := func(list ...string) {
		for _, name := range list {
			_, short, _ := strings.Cut(name, ".")
			names = append(names, name, short)
		}
	}
	for _, t := range s.content.Tables {
		add(t.FullName(), t.SQL())
		add(t.Partitioned...)
	}
	for _, q := range s.content.Sequences {
		add(q.FullName(), q.SQL())
	}
	return names
}
