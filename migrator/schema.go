package migrator

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// SchemaSource says which schema is meant. Exactly one of its fields is set.
type SchemaSource struct {
	// Database is a database whose schema is read as it is.
	Database *pgconn.Config
	// Applied is a database whose ledger says which revisions are applied: the schema is the one that these make.
	Applied *pgconn.Config
	// Targets name revisions: the schema is the one that these and everything below them make. "base" is an empty one, and
	// targets that depend on a database, such as "current" and "+1", are unknown.
	Targets []string
	// Files are SQL: the schema is the one that they make, in this order. See LoadSchemaFiles.
	Files []revision.Source
}

// Scratch says where throw-away databases are made for schemas that are not read from a database: those of revisions and of
// SQL files. The zero value is nowhere.
type Scratch struct {
	// Server is the server, with a database to connect to; the role needs CREATEDB. Without it, that database is used
	// itself: it must be empty, and is emptied afterwards. Nil: the server of Like, if that is this machine.
	Server *pgconn.Config
	// Like is a database whose encoding and locale they get. Nil: those of the server's template0.
	Like *pgconn.Config
	// OnCreate is called with each scratch database before it is used: for extensions that only a superuser creates. It must
	// close its connections. Nil: nothing.
	OnCreate func(context.Context, *pgconn.Config) error
	// OnOpen is called when the server is connected and can make them, before the first one is made. Nil: nothing.
	OnOpen func()
	// OnDatabase is called before a scratch database is made, and after it was dropped. A program that is about to exit in
	// between leaves it behind. Nil: nothing.
	OnDatabase func(name string, exists bool)
	// OnStep is called before something that may take long is done in a scratch database, and with the zero ScratchStep at the
	// end; by one goroutine at a time. Nil: nothing.
	OnStep func(ScratchStep)
}

// ScratchStep is what is done in a scratch database. One of Revision, File and Table is set.
type ScratchStep struct {
	Revision, Message string // that is applied or reverted; the message's first line
	Direction         Direction
	File              string // of SQL that is run
	Table             string // to which rows are copied; qualified, and quoted where necessary
}

// step reports a step.
func (s *Scratch) step(step ScratchStep) {
	if s.OnStep != nil {
		s.OnStep(step)
	}
}

// Schema returns a schema, without ledgers. A database is only read, in one transaction, by any role that can connect;
// revisions and files are run in a scratch database, which is dropped before Schema returns. Errors: *SchemaError,
// *ScratchError, *FilesError for files, *RevisionError and others of a run for revisions, *TargetError, *ConnectError,
// *LedgerError.
func (m *Migrator) Schema(ctx context.Context, from SchemaSource) (*schema.Schema, error) {
	made, err := m.schemas(ctx, from)
	if err != nil {
		return nil, err
	}
	return made[0], nil
}

// schemas returns the schema of each source. What can fail without a scratch database comes first.
func (m *Migrator) schemas(ctx context.Context, sources ...SchemaSource) ([]*schema.Schema, error) {
	found := make([]*schema.Schema, len(sources))
	fill := make([]*filler, len(sources))
	for i, from := range sources {
		var err error
		if from.Database != nil {
			found[i], err = m.readSchema(ctx, from.Database)
		} else {
			fill[i], err = m.filler(ctx, from)
		}
		if err != nil {
			return nil, newError(session.Interrupted(ctx, err))
		}
	}
	if err := m.makeSchemas(ctx, found, fill); err != nil {
		return nil, newError(session.Interrupted(ctx, err))
	}
	return found, nil
}

// makeSchemas fills a scratch database for each filler that is not nil, one after the other.
func (m *Migrator) makeSchemas(ctx context.Context, found []*schema.Schema, fill []*filler) error {
	needed := false
	var scripts []*revision.Script
	for _, f := range fill {
		if f != nil {
			needed, scripts = true, append(scripts, f.scripts...)
		}
	}
	if !needed {
		return nil
	}
	return m.withScratch(ctx, scripts, func(server *scratch.Server) error {
		for i := range fill {
			if fill[i] == nil {
				continue
			}
			made, err := server.Make(ctx, fill[i].run)
			if err != nil {
				return err
			}
			found[i] = session.WithoutLedgers(made, m.settings.Ledger)
		}
		return nil
	})
}

// withScratch calls use with the server for scratch databases, unless one of the scripts that use will run there would do harm
// outside of them, or drop a role of that server.
func (m *Migrator) withScratch(ctx context.Context, scripts []*revision.Script, use func(*scratch.Server) error) error {
	if err := guardScripts(scripts...); err != nil {
		return err
	}
	server, err := scratch.Open(ctx, scratch.Options{
		Server: m.cfg.Scratch.Server, Like: m.cfg.Scratch.Like, Owner: m.cfg.Role, Roles: m.createdRoles(), Program: "ambix " + m.cfg.Version,
		Process: m.settings.Runner().Process, Wait: m.cfg.Wait, BeforeConnect: m.cfg.BeforeConnect, OnCreate: m.cfg.Scratch.OnCreate,
		OnDatabase: m.cfg.Scratch.OnDatabase,
	})
	if err != nil {
		return err
	}
	defer server.Close()
	if m.cfg.Scratch.OnOpen != nil {
		m.cfg.Scratch.OnOpen()
	}
	if err := guardRoles(ctx, server, scripts...); err != nil {
		return err
	}
	defer m.cfg.Scratch.step(ScratchStep{})
	return use(server)
}

// createdRoles returns the roles that the up scripts create. Those of scripts that are too large to be kept in memory are not
// among them.
func (m *Migrator) createdRoles() []string {
	var roles []string
	for _, r := range m.files.set.Ordered() {
		if r.Up.InMemory() {
			roles = append(roles, sqltext.CreatedRoles(r.Up.SQL())...)
		}
	}
	return roles
}

func (m *Migrator) readSchema(ctx context.Context, cfg *pgconn.Config) (found *schema.Schema, err error) {
	err = m.with(ctx, cfg, func(s *session.Session) (err error) {
		found, err = s.Schema(ctx)
		return err
	})
	return found, err
}

// filler makes a schema in an empty database.
type filler struct {
	scripts []*revision.Script // that it runs
	run     func(context.Context, *pgconn.Config) error
}

// filler returns what makes the schema of a source.
func (m *Migrator) filler(ctx context.Context, from SchemaSource) (*filler, error) {
	switch {
	case from.Applied != nil:
		ids, err := m.appliedIDs(ctx, from.Applied)
		if err != nil {
			return nil, err
		}
		return m.revisionFiller(ids)
	case len(from.Files) > 0:
		return m.fileFiller(from.Files)
	}
	var ids []string
	for _, target := range from.Targets {
		resolved, err := m.EmptyStatus().Resolve(target)
		if err != nil {
			return nil, withVerb("schema", err)
		}
		ids = append(ids, resolved...)
	}
	return m.revisionFiller(ids)
}

// appliedIDs returns the maximal applied revisions of a database, if the files can apply exactly what is applied.
func (m *Migrator) appliedIDs(ctx context.Context, cfg *pgconn.Config) (ids []string, err error) {
	err = m.with(ctx, cfg, func(s *session.Session) error {
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		ids, err = reproducible(v)
		return err
	})
	return ids, err
}

// reproducible returns the maximal applied revisions, if the files can apply exactly what is applied. The error is a
// *SchemaError or a *plan.ReplacedError.
func reproducible(v *plan.View) ([]string, error) {
	if len(v.Conflicts) > 0 {
		return nil, v.Conflicts[0]
	}
	if unknown := v.Unknown(); len(unknown) > 0 {
		return nil, &SchemaError{Problem: SchemaAhead, Revisions: unknown}
	}
	if list := v.Unfinished(); len(list) > 0 {
		return nil, &SchemaError{Problem: SchemaUnfinished, Revisions: each(list, func(u plan.Unfinished) string { return u.Revision })}
	}
	var late []string
	for _, r := range v.Graph.OutOfOrder(v.Applied) {
		late = append(late, r.Revision)
	}
	if len(late) > 0 {
		return nil, &SchemaError{Problem: SchemaOutOfOrder, Revisions: late}
	}
	return v.Current(), nil
}

// scratchSettings are those of a run in a scratch database.
func (m *Migrator) scratchSettings() session.Settings {
	settings := m.settings
	settings.SingleTransaction, settings.FlushEvery, settings.Fingerprint, settings.Guard = false, false, session.FingerprintOff, 0
	settings.Policies = plan.Policies{Ahead: plan.OK, Modified: plan.OK, OutOfOrder: plan.OK}
	if m.cfg.Scratch.Server != nil {
		settings.BeforeConnect = nil // it is for another server
	}
	settings.OnStart = func(s plan.Step) {
		m.cfg.Scratch.step(ScratchStep{Revision: s.Revision, Message: s.Message, Direction: Direction(s.Direction)})
	}
	return settings
}

// revisionFiller returns a filler that applies revisions, and those below them, with the executor of every run.
func (m *Migrator) revisionFiller(ids []string) (*filler, error) {
	scripts := m.upScripts(ids)
	if err := guardScripts(scripts...); err != nil {
		return nil, err
	}
	settings := m.scratchSettings()
	return &filler{scripts, func(ctx context.Context, cfg *pgconn.Config) error {
		if len(ids) == 0 {
			return nil
		}
		return moveScratch(ctx, cfg, m.files.set, settings, ids...)
	}}, nil
}

// moveScratch applies and reverts revisions in a scratch database until exactly those below the targets are applied.
func moveScratch(ctx context.Context, cfg *pgconn.Config, files *plan.Files, settings session.Settings, targets ...string) error {
	s, err := session.Open(ctx, files, settings, cfg, settings.Wait, nil, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Move(ctx, plan.VerbTo, targets)
	return err
}

// fileFiller returns a filler that runs SQL files. The error has the problems of all files.
func (m *Migrator) fileFiller(files []revision.Source) (*filler, error) {
	var scripts []*revision.Script
	var problems revision.Problems
	for _, file := range files {
		script, found := revision.PlainScript(file)
		if len(found) > 0 && connects(file) {
			found[0].Text = "the dump makes and connects to a database of its own; make it without --create (-C)"
			found = found[:1]
		}
		scripts, problems = append(scripts, script), append(problems, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if err := guardScripts(scripts...); err != nil {
		return nil, err
	}
	settings := m.scratchSettings()
	start := "SET lock_timeout = '30s'; SET synchronous_commit = off"
	if m.cfg.Role != "" {
		start += "; SET ROLE " + sqltext.QuoteName(m.cfg.Role)
	}
	return &filler{scripts, func(ctx context.Context, cfg *pgconn.Config) error {
		conn, err := pg.Connect(ctx, cfg, settings.Connecting())
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.DisableTimeouts(ctx); err != nil {
			return err
		}
		if err := conn.Exec(ctx, start); err != nil {
			return err
		}
		for _, script := range scripts {
			m.cfg.Scratch.step(ScratchStep{File: script.File})
			if err := apply.Load(ctx, conn, script); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// NewestServer is the newest major version of PostgreSQL whose schemas this version knows. What a newer one has added is
// neither compared nor written.
const NewestServer = catalog.Newest

// DumpOptions say what a dump contains. The zero value writes the structure and comments.
type DumpOptions struct {
	Owners     bool // ALTER … OWNER TO
	Privileges bool // GRANT and REVOKE, and default privileges
}

// DumpSchema writes a schema as SQL that makes it in an empty database: sorted by dependencies and names, so that equal
// schemas give equal text, and without psql commands, settings of a version or a date. The error is a *SchemaError.
func DumpSchema(s *schema.Schema, o DumpOptions) (string, error) {
	if s.Version/10000 > catalog.Newest {
		return "", &SchemaError{Problem: SchemaNewerServer, Version: s.Version}
	}
	statements, err := ddl.Create(s, ddl.Options{Owners: o.Owners, Privileges: o.Privileges})
	if err != nil {
		return "", newError(err)
	}
	return ddl.Script(statements), nil
}

// InSchemas returns the part of a schema that is in the schemas (namespaces) whose names match one of the patterns, as
// path.Match has them. What is in no schema, such as extensions, event triggers and publications, is left out. The error is
// a *ConfigError for a pattern that is not valid, and for one that no schema with objects matches.
func InSchemas(s *schema.Schema, patterns ...string) (*schema.Schema, error) {
	match, err := matcher("schema-only", patterns)
	if err != nil {
		return nil, err
	}
	for _, pattern := range patterns {
		one, err := matcher("schema-only", []string{pattern})
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(s.Objects, func(o *schema.Object) bool {
			return o.Schema != "" && one(o.Schema) || o.Key.Kind == schema.Namespace && one(o.Name)
		}) {
			return nil, &ConfigError{Setting: "schema-only", Value: pattern, Reason: "no schema with objects has such a name"}
		}
	}
	return s.Without(func(o *schema.Object) bool {
		name := o.Schema
		switch {
		case o.Parent != nil:
			return false // it goes with its parent
		case o.Key.Kind == schema.Namespace:
			name = o.Name
		}
		return name == "" || !match(name)
	}), nil
}

// WithoutMatches returns a schema without the objects whose names match one of the patterns, as path.Match has them, and
// without their parts: "public.tmp_*", "audit.*" or the name of an extension. The error is a *ConfigError for a pattern that
// is not valid.
func WithoutMatches(s *schema.Schema, patterns ...string) (*schema.Schema, error) {
	if _, err := matcher("ignore", patterns); err != nil {
		return s, err
	}
	return s.WithoutNames(patterns...), nil
}
