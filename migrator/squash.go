package migrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/content"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// SquashOptions say which revisions one new revision replaces, and what it contains.
type SquashOptions struct {
	// Target is the newest revision to replace. All below it are replaced too. "": the head.
	Target  string
	Message string
	ID      string // "": a new one
	// WithData are tables whose rows are kept, and WithoutData those whose rows are left out: patterns for names with or
	// without the schema, as path.Match has them. Positions of sequences go with the table that uses the sequence; others
	// are chosen by the name of the sequence. A table with rows, or a sequence that is not at its start, that is in neither
	// list is an error.
	WithData, WithoutData []string
	// Down writes a down script, which drops everything with all rows. Otherwise the revision is irreversible.
	Down bool
}

// Squash is a revision that makes what others made. It was proven in scratch databases: both make the same schema, with
// owners and privileges, and the same rows where rows are kept; what follows them makes the same schema as well; and the
// down script leaves nothing.
type Squash struct {
	Revision *revision.Revision
	Replaced []*revision.Revision // parents first
	Data     []SquashData         // rows and positions of sequences that the replaced revisions leave, sorted
	// Unqualified: the replaced scripts name no schema, and neither do those of the revision, which work with any
	// search_path. Otherwise the names in it have their schema.
	Unqualified bool
	// Omissions are effects of the replaced revisions that the new one does not have, because they are not part of a schema:
	// a role, a setting of the database.
	Omissions []SquashOmission
	// ServerVersion is that of the scratch databases, in the form of server_version_num. An older server may not understand
	// the scripts.
	ServerVersion int
}

// SquashData are the rows of a table, or the position of a sequence.
type SquashData struct {
	Name     string // qualified and quoted
	Sequence bool
	Rows     int64 // of a table
	Position int64 // of a sequence: the value that it has returned last, or returns next if it has returned none
	Kept     bool
}

// String describes the data on one line.
func (d SquashData) String() string {
	if d.Sequence {
		return fmt.Sprintf("sequence %s at %d", d.Name, d.Position)
	}
	return "table " + d.Name + " with " + text.Count(int(d.Rows), "row")
}

// SquashOmission is an effect that a squash does not have.
type SquashOmission struct {
	File string // "" if it was found in the database
	Line int
	What string
}

// SquashError reports revisions that cannot be replaced by one. Nothing was written.
type SquashError struct {
	Problem SquashProblem
	// Replaced are the revisions that were to be replaced, parents first.
	Replaced    []string
	Data        []SquashData        // of SquashUndecided: what is in neither list
	Differences []schema.Difference // of SquashDiffers and SquashNotEmpty
	Objects     []string            // of SquashDiffers: what differs besides the schema, in words
	failure
}

// SquashProblem says why revisions cannot be replaced.
type SquashProblem string

// The problems.
const (
	SquashNothing   SquashProblem = "nothing"         // no revision is below the target
	SquashOne       SquashProblem = "one revision"    // only one is
	SquashSeveral   SquashProblem = "several targets" // the target names several revisions
	SquashUndecided SquashProblem = "undecided"       // rows of which nobody said whether they are kept
	SquashDiffers   SquashProblem = "differs"         // the new revision does not make the same
	SquashFails     SquashProblem = "fails"           // its script fails, or that of a revision that follows
	SquashNotEmpty  SquashProblem = "not empty"       // its down script leaves objects
	SquashNoPlace   SquashProblem = "no place"        // rows cannot be loaded before triggers and foreign keys
)

// Kind returns KindSquash.
func (e *SquashError) Kind() Kind { return KindSquash }

// Squash returns a revision that makes what the target and all revisions below it make, and that replaces them. It is
// proven in scratch databases; nothing is written. See Squash.Write. Errors: *SquashError, *TargetError, *FilesError,
// *ConfigError, and those of Schema.
func (m *Migrator) Squash(ctx context.Context, o SquashOptions) (*Squash, error) {
	s, err := m.newSquasher(o)
	if err == nil {
		err = m.withScratch(ctx, m.upScripts(m.files.set.Graph.Heads()), func(server *scratch.Server) error { return s.run(ctx, server) })
	}
	if err != nil {
		return nil, newError(session.Interrupted(ctx, err))
	}
	return &s.Squash, nil
}

// squasher makes a squash.
type squasher struct {
	Squash
	m             *Migrator
	o             SquashOptions
	with, without func(string) bool
	targets       []string // the newest replaced revision
	heads         []string // all revisions, if some follow
	settings      session.Settings

	// Of the replaced revisions: what they make, and what they and those that follow make.
	made, all *schema.Schema
	before    content.Public
	content   *content.Content
	copies    map[string]string // COPY statements of the tables that are kept, by name
	files     *plan.Files       // after the squash
}

// newSquasher checks everything that can be checked without a database.
func (m *Migrator) newSquasher(o SquashOptions) (*squasher, error) {
	s := &squasher{m: m, o: o, settings: m.scratchSettings(), copies: map[string]string{}}
	var err error
	if s.with, err = matcher("with-data", o.WithData); err == nil {
		s.without, err = matcher("without-data", o.WithoutData)
	}
	if err != nil {
		return nil, err
	}
	target := o.Target
	if target == "" {
		target = "head"
	}
	if s.targets, err = m.EmptyStatus().Resolve(target); err != nil {
		return nil, withVerb("squash", err)
	}
	if err := s.choose(); err != nil {
		return nil, err
	}
	if _, err := m.planFrom(nil, Up, s.targets); err != nil { // scripts that are not written
		return nil, err
	}
	return s, guardScripts(m.upScripts(m.files.set.Graph.Heads())...)
}

// choose finds the revisions to replace.
func (s *squasher) choose() error {
	g := s.m.files.set.Graph
	below := g.Closure(graph.NewSet(s.targets...))
	var ids []string
	for _, r := range s.m.files.set.Ordered() {
		if below.Has(r.ID) {
			s.Replaced, ids = append(s.Replaced, r), append(ids, r.ID)
			s.checkStatements(r)
		}
	}
	problem := func(p SquashProblem, text string) error {
		return &SquashError{Problem: p, Replaced: ids, failure: failure{err: errors.New(text)}}
	}
	switch {
	case len(ids) == 0:
		return problem(SquashNothing, "no revision is below "+s.o.Target+", so there is nothing to replace")
	case len(s.targets) > 1:
		return problem(SquashSeveral, "one revision is required, with all that are below it")
	case len(ids) == 1:
		return problem(SquashOne, "revision "+ids[0]+" has none below it, so there is nothing to replace")
	}
	if len(ids) < g.Len() {
		s.heads = g.Maximal(graph.NewSet(g.Order()...))
	}
	return s.newRevision()
}

// newRevision makes the revision without its scripts.
func (s *squasher) newRevision() error {
	r := &revision.Revision{ID: s.o.ID, Message: s.o.Message, Created: time.Now().UTC().Truncate(time.Second)}
	exists := func(id string) bool {
		_, replaced := s.m.files.set.Graph.ReplacedBy(id)
		return replaced || s.m.files.Revision(id) != nil
	}
	if r.ID == "" {
		r.ID = revision.NewID(exists)
	}
	if err := revision.CheckID(r.ID); err != nil {
		return err
	}
	if old := s.m.files.Revision(r.ID); old != nil {
		return &revision.ExistsError{ID: r.ID, File: old.Up.File}
	}
	for _, old := range s.Replaced {
		r.BranchLabels = append(r.BranchLabels, old.BranchLabels...)
		r.Replaces = append(r.Replaces, revision.Replaced{ID: old.ID, Replaces: old.Replaces})
	}
	if !s.o.Down {
		r.Accept = []revision.Acceptance{{Word: revision.AcceptIrreversible}}
	}
	s.Revision = r
	return nil
}

// outside are the leading keywords of statements whose effect is outside of a schema.
var outside = []string{
	"CREATE ROLE", "ALTER ROLE", "DROP ROLE", "CREATE USER", "ALTER USER", "DROP USER", "CREATE GROUP", "ALTER GROUP", "DROP GROUP", "ALTER SYSTEM",
	"CREATE TABLESPACE", "ALTER TABLESPACE", "DROP TABLESPACE", "CREATE DATABASE", "ALTER DATABASE", "DROP DATABASE", "REASSIGN OWNED", "DROP OWNED",
}

// checkStatements notes what a script does outside of the schema.
func (s *squasher) checkStatements(r *revision.Revision) {
	script, err := r.Up.Loaded()
	if err != nil {
		return // it fails when it is run
	}
	for _, st := range script.All() {
		if slices.Contains(outside, st.Keywords) {
			s.Omissions = append(s.Omissions, SquashOmission{r.Up.File, sqltext.PositionAt(script.Text, st.Start).Line, st.Keywords})
		}
	}
}
