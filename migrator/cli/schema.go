package cli

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
)

// schemaOptions are the flags of schema.
type schemaOptions struct {
	from               settings.Text
	only, ignore       settings.List
	owners, privileges settings.Switch
	out                settings.Text
}

func (p *program) schema() *cobra.Command {
	o := schemaOptions{from: "heads"}
	return p.command(action{
		use:   "schema",
		short: "print the schema that the revisions make, as SQL",
		long: `Prints the schema as SQL that makes it in an empty database. By default it is the schema that
all revisions make; they are applied in a scratch database, which is dropped at the end.
Equal schemas give equal text, and the ledger is left out.`,
		example: "schema --out schema.sql\nschema --from database\nschema --from 433a --schema-only public\nschema --from ./dump.sql",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &o.from, "from", "", "SCHEMA", "database, applied, a TARGET, a file or a folder with / or .sql (default: heads)")
			settings.AddFlag(f, &o.only, "schema-only", "", "GLOB,…", "only what is in the schemas with these names")
			settings.AddFlag(f, &o.ignore, "ignore", "", "GLOB,…", "leave out the objects with these names")
			settings.AddFlag(f, &o.owners, "owners", "", "", "write owners")
			settings.AddFlag(f, &o.privileges, "privileges", "", "", "write privileges")
			settings.AddFlag(f, &o.out, "out", "", "FILE", "write this file; - is standard output")
		},
		run: func(r *run) error { return r.schema(&o) },
	})
}

func (r *run) schema(o *schemaOptions) error {
	sides, set, err := r.schemaSides(string(o.from))
	if err != nil {
		return err
	}
	s, err := set.Schema(r.ctx, sides[0].source)
	if err == nil {
		r.warnOfUnused(migrator.UnusedPatterns(o.ignore, s), s)
		s, err = migrator.WithoutMatches(s, o.ignore...)
	}
	if err == nil && len(o.only) > 0 {
		s, err = migrator.InSchemas(s, o.only...)
	}
	var sql string
	if err == nil {
		sql, err = migrator.DumpSchema(s, migrator.DumpOptions{Owners: bool(o.owners), Privileges: bool(o.privileges)})
	}
	if err != nil {
		return r.scratchFailed(r.unknownSide(err, []string{string(o.from)}))
	}
	d := &schemaDocument{Version: s.Version, Fingerprint: s.Fingerprint().String(), Objects: len(s.Objects)}
	r.document = d
	switch {
	case o.out != "" && o.out != "-":
		if err := writeWhole(string(o.out), sql); err != nil {
			return err
		}
		d.File = string(o.out)
		r.say(string(o.out) + ": " + text.Count(len(s.Objects), "object"))
	case r.settings.JSON:
		d.SQL = sql
	default:
		r.out.PrintSQL(sql)
	}
	return nil
}

// schemaSide is a schema that a person named.
type schemaSide struct {
	source migrator.SchemaSource
	name   string // as the argument names it
	label  string // as a sentence names it
}

// schemaSides reads the revisions and returns the schemas with these names. The database is only required if one of them
// is "database" or "applied".
func (r *run) schemaSides(names ...string) ([]schemaSide, *migrator.Migrator, error) {
	sides := make([]schemaSide, len(names))
	needsDatabase := false
	for i, name := range names {
		side, err := newSchemaSide(name)
		if err != nil {
			return nil, nil, err
		}
		sides[i] = side
		needsDatabase = needsDatabase || name == "database" || name == "applied"
	}
	set, cfg, err := r.openScratch(needsDatabase)
	if err != nil {
		return nil, nil, err
	}
	for i := range sides {
		switch sides[i].name {
		case "database":
			sides[i].source.Database = cfg
		case "applied":
			sides[i].source.Applied = cfg
		}
	}
	return sides, set, nil
}

// newSchemaSide returns what an argument names, but for the configuration of a database.
func newSchemaSide(name string) (schemaSide, error) {
	side := schemaSide{name: name, label: name}
	var err error
	switch {
	case name == "database":
		side.label = "the database"
	case name == "applied":
		side.label = "the applied revisions"
	case strings.HasSuffix(strings.ToLower(name), ".sql"), strings.ContainsAny(name, `/\`):
		side.source.Files, err = migrator.LoadSchemaFiles(name)
	case dependsOnState(name):
		err = &settings.UsageError{Text: terminal.Quote(name) + ": targets that depend on the state of a database are not possible here; use the id of the revision, or applied"}
	default:
		side.source.Targets = []string{name}
	}
	return side, err
}

// unknownSide adds to the error for a target that is not known how a file or a folder with that name is written.
func (r *run) unknownSide(err error, names []string) error {
	e, ok := errors.AsType[*migrator.TargetError](err)
	i := -1
	if ok {
		i = slices.Index(names, e.Target)
	}
	if i < 0 {
		return err
	}
	err = withCommand(r.cmd.Name(), err)
	written := "./" + e.Target
	if _, failed := migrator.LoadSchemaFiles(written); failed != nil {
		return err // nothing there, or revisions
	}
	if r.cmd.Name() == "schema" {
		return suggest(err, to("read the files of "+written, r.sameLine(r.cmd, flagValue{"from", written})))
	}
	args := slices.Clone(r.args)
	args[len(args)-len(names)+i] = written
	return suggest(err, to("read the files of "+written, r.sameLineWith(r.cmd, args)))
}

// openScratch is open for a command that compares schemas, with where scratch databases are made. Without need, the
// database may be missing; its configuration is then nil.
func (r *run) openScratch(need bool) (*migrator.Migrator, *pgconn.Config, error) {
	config := r.config()
	config.OnEvent = r.OnEvent
	var cfg *pgconn.Config
	source, err := r.database().Source()
	switch {
	case err == nil:
		config.BeforeConnect = r.beforeConnect(source)
		if cfg, err = source.Config(r.ctx); err != nil {
			return nil, nil, err
		}
	case need || !noDatabaseNamed(err):
		return nil, nil, err
	}
	config.Scratch.Like, config.Scratch.OnDatabase, config.Scratch.OnStep = cfg, r.noteScratch, r.scratchProgress()
	if config.Scratch.Server, err = r.scratchServer(); err != nil {
		return nil, nil, err
	}
	if server := cmp.Or(config.Scratch.Server, cfg); server != nil && !r.settings.JSON {
		config.Scratch.OnOpen = func() {
			r.info(eventScratch, "scratch databases at "+serverOf(server), "host", server.Host, "user", server.User)
		}
	}
	set, err := r.load(config)
	if err != nil {
		return nil, nil, err
	}
	r.warnIfStale()
	if need {
		r.noteDatabase(cfg)
	}
	return set, cfg, nil
}

// noteDatabase reports the database that is used.
func (r *run) noteDatabase(cfg *pgconn.Config) {
	r.setOrigin(migrator.Origin{Database: databaseName(cfg)})
	r.info(eventDatabase, dbenv.Describe(cfg), "host", cfg.Host, "user", cfg.User)
}

// serverOf describes a server without its database.
func serverOf(cfg *pgconn.Config) string {
	_, at, _ := strings.Cut(dbenv.Describe(cfg), " at ")
	return at
}

// scratchServer returns the configuration of --scratch-url, or nil. The variables of the database do not complete it.
func (r *run) scratchServer() (*pgconn.Config, error) {
	if r.settings.ScratchURL == "" {
		return nil, nil
	}
	return r.otherDatabase(r.settings.ScratchURL, "--scratch-url")
}

// otherDatabase returns the configuration of a URL that a flag has. The variables of the database do not complete it.
func (r *run) otherDatabase(url, flag string) (*pgconn.Config, error) {
	environ := []string{}
	for _, entry := range r.environ() {
		if !strings.HasPrefix(entry, "DB_") && !strings.HasPrefix(entry, "DATABASE_URL=") {
			environ = append(environ, entry)
		}
	}
	return dbenv.Options{DatabaseURL: url, DatabaseURLName: flag, Environ: environ}.Config()
}

// scratchFailed adds to an error of a script what became of the database that it ran in.
func (r *run) scratchFailed(err error) error {
	if (is[*migrator.SchemaFileError](err) || is[*migrator.RevisionError](err)) && !is[*migrator.ScratchError](err) {
		r.after = advice{text: "it failed in a scratch database, which was dropped with all that was made in it"}
	}
	return err
}
