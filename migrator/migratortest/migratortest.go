package migratortest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgserver"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/scratch"
)

// Config says which databases tests get. The zero value is right for most programs.
type Config struct {
	// URL is the server, in any form that pgconn.ParseConfig takes. "": TEST_DATABASE_URL, or else what Start returns, or
	// else a private server.
	URL string
	// Start starts a server and returns its URL. It is called by every New and should start the server only once, and end it
	// with the process: see package dockertest. Nil: a private server of the PostgreSQL on this machine.
	Start func() (url string, err error)

	// Targets are the revisions that are applied, with all below them. Empty: "head". "base" alone is a database without any.
	Targets []string
	// Migrator has the settings of the run, such as Ledger, Role, SearchPath and Wait. A role owns the database.
	Migrator migrator.Config
	// Roles are created on the server if it does not have them, without LOGIN: those that revisions name in GRANT. They stay.
	Roles []string
	// Role is set (SET ROLE) in the sessions of the test, so that it has the privileges of the application. "": none.
	Role string
	// DatabaseOptions are options of CREATE DATABASE, such as "ENCODING 'UTF8' LOCALE 'de_DE.UTF-8'". "": those of template0.
	DatabaseOptions string

	// FailOn is the severity from which a finding fails Rehearse. Zero: rehearse.Danger.
	FailOn rehearse.Severity
	// Sizes are the sizes of tables for Rehearse, such as those of production: see rehearse.ParseSizes. Nil: they are not known.
	Sizes *rehearse.Sizes

	// Prepare is called with the empty template, or scratch database of Rehearse, before the revisions are applied: extensions
	// that only a superuser creates.
	// Nil: nothing.
	Prepare func(context.Context, *pgconn.Config) error
	// Seed is called with the template after the revisions were applied: rows that every test needs. Like Prepare, it must
	// close its connections, and always do the same. Nil: nothing.
	Seed func(context.Context, *pgconn.Config) error
	// Key names what Prepare and Seed make: change it when that changes. Programs of several packages with the same key share
	// a template. "": with Prepare or Seed, the template is for this test program as it is built now, and for these functions.
	// Function literals that do different things because of the variables that they use need different keys.
	Key string
}

// New returns the configuration of a database that has all revisions of files; see Config.New.
func New(t testing.TB, files fs.FS) *pgconn.Config {
	t.Helper()
	return Config{}.New(t, files)
}

// New returns the configuration of a new database with the revisions below the root of files, for this test alone. It may be
// called from parallel tests, and more than once. The configuration works for pgconn, and for pgx when it is copied into one of
// pgx.ParseConfig.
//
// The database is dropped when the test and its subtests have ended, after all functions that the test gives to t.Cleanup
// later; sessions that are still open are ended. A failed test keeps it, and logs how to look at it; a day later, another
// test drops it.
//
// The test fails at once if there is no server, or the files are invalid or cannot be applied.
func (c Config) New(t testing.TB, files fs.FS) *pgconn.Config {
	t.Helper()
	cfg, err := c.newDatabase(t, files)
	if err != nil {
		t.Fatal(message(err))
	}
	return cfg
}

func (c Config) newDatabase(t testing.TB, files fs.FS) (*pgconn.Config, error) {
	ctx := t.Context()
	if ctx.Err() != nil {
		return nil, errors.New("the test has ended: its context is canceled, as in functions of t.Cleanup")
	}
	set, err := load(files)
	if err != nil {
		return nil, err
	}
	s, err := c.findServer()
	if err != nil {
		return nil, err
	}
	open, err := c.open(ctx, s)
	if refused, ok := errors.AsType[*pg.ConnectError](err); ok {
		return nil, fmt.Errorf("%s: %w", s.from, refused)
	}
	if err != nil {
		return nil, err
	}
	defer open.Close()
	name := pgserver.DatabaseName(t.Name())
	cfg, err := c.copyTemplate(ctx, s, open, set, name, t.Name())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.end(t, s, cfg) })
	if c.Role != "" {
		cfg = cfg.Copy()
		cfg.RuntimeParams = maps.Clone(cfg.RuntimeParams)
		cfg.RuntimeParams["role"] = c.Role
	}
	return cfg, nil
}

// open connects to the server.
func (c Config) open(ctx context.Context, s *server) (*scratch.Server, error) {
	return scratch.Open(ctx, scratch.Options{
		Server: s.cfg, CreateOnly: true, Create: c.DatabaseOptions, Owner: c.Migrator.Role,
		Program: "ambix " + migrator.BuildVersion(), Process: process(), Wait: c.Migrator.Wait,
	})
}

// endLimit limits the work at the end of a test, whose context has ended.
const endLimit = 30 * time.Second

// end drops the database, or keeps that of a failed test.
func (c Config) end(t testing.TB, s *server, cfg *pgconn.Config) {
	if (t.Failed() || panics()) && s.keeps() {
		t.Log(s.kept(cfg))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	open, err := c.open(ctx, s)
	if err == nil {
		defer open.Close()
		err = open.Drop(ctx, cfg.Database)
	}
	if err != nil {
		t.Logf("migratortest: database %s was not dropped: %v", cfg.Database, err)
	}
}

// panics reports whether the running function is called because of a panic, which makes a test fail only after its cleanup.
func panics() bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			return true
		}
		if !more {
			return false
		}
	}
}
