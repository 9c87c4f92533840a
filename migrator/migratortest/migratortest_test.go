package migratortest_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/migratortest"
)

// recorder is a test within a test: it can fail without failing the outer one.
type recorder struct {
	testing.TB
	name     string
	failed   bool
	log      strings.Builder
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Name() string                 { return r.name }
func (r *recorder) Failed() bool                 { return r.failed }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(format string, a ...any) { fmt.Fprintf(&r.log, format+"\n", a...) }
func (r *recorder) Log(a ...any)                 { fmt.Fprintln(&r.log, a...) }

func (r *recorder) Fatal(a ...any) {
	r.failed = true
	r.Log(a...)
	runtime.Goexit()
}

// run runs a test and its cleanups, and returns what it logged.
func (r *recorder) run(test func(t testing.TB)) string {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	return r.log.String()
}

// config is on the server of these tests. name is a part of all names of databases.
func config(t testing.TB) migratortest.Config {
	return migratortest.Config{URL: pgtest.Shared(t).URL("postgres")}
}

func revisions(bodies ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, body := range bodies {
		up := fmt.Sprintf("-- revision: r%d\n-- down_revision: %s\n\n%s\n", i+1, map[bool]string{true: fmt.Sprintf("r%d", i)}[i > 0], body)
		files[fmt.Sprintf("r%d.up.sql", i+1)] = &fstest.MapFile{Data: []byte(up)}
		files[fmt.Sprintf("r%d.down.sql", i+1)] = &fstest.MapFile{Data: []byte("SELECT 1;\n")}
	}
	return files
}

// unique makes a set of files that no other test has.
func unique(t testing.TB) string {
	return "COMMENT ON TABLE account IS '" + pgtest.DatabaseName(t) + "';"
}

const account = "CREATE TABLE account (id int PRIMARY KEY, name text);"

func value(t testing.TB, cfg *pgconn.Config, sql string) string {
	t.Helper()
	return pgtest.Value(t, migratortest.URL(cfg), sql)
}

// count counts databases by a pattern of their names or comments.
func count(t testing.TB, like string) string {
	t.Helper()
	return pgtest.Value(t, pgtest.Shared(t).URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE '"+like+"' OR shobj_description(oid, 'pg_database') LIKE '"+like+"'")
}

//go:embed testdata/sql
var embedded embed.FS

func TestEachTestHasItsOwnDatabaseAtHead(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(embedded, "testdata/sql")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			r := &recorder{TB: t, name: "TestOwn/a name: with ☺"}
			log := r.run(func(t testing.TB) {
				cfg := config(t).New(t, files)
				if !strings.HasPrefix(cfg.Database, "t_testown_a_name_with_") {
					t.Errorf("database %s does not show the name of the test", cfg.Database)
				}
				pgtest.Exec(t, migratortest.URL(cfg), fmt.Sprintf("INSERT INTO account VALUES (%d, 'me')", i))
				if n := value(t, cfg, "SELECT count(*) FROM account"); n != "1" {
					t.Errorf("%s accounts", n)
				}
				if got := value(t, cfg, "SELECT string_agg(revision, ',' ORDER BY revision) FROM ambix_revision"); got != "r1,r2" {
					t.Errorf("revisions %s", got)
				}
			})
			if log != "" {
				t.Error(log)
			}
		})
	}
	wait.Wait()
	if n := count(t, "t_testown_%"); n != "0" {
		t.Errorf("%s databases are left", n)
	}
}

func TestRolesAreCreatedAndSet(t *testing.T) {
	t.Parallel()
	owner, app := pgtest.DatabaseName(t), pgtest.DatabaseName(t)
	admin := pgtest.Shared(t).URL("postgres")
	c := config(t)
	c.Roles, c.Role = []string{owner, app}, app
	c.Migrator.Role = owner
	// Before the cleanup of the roles, which own databases, the databases go.
	r := &recorder{TB: t, name: t.Name()}
	log := r.run(func(t testing.TB) {
		cfg := c.New(t, revisions(account, "GRANT SELECT ON account TO "+app+";"))
		if got := value(t, cfg, "SELECT current_user || ' ' || (SELECT count(*) FROM account) || ' ' || (SELECT tableowner FROM pg_tables WHERE tablename = 'account')"); got != app+" 0 "+owner {
			t.Errorf("%s", got)
		}
		conn, err := pgconn.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(t.Context(), "DELETE FROM account").ReadAll(); err == nil {
			t.Error("the role of the application deletes")
		}
	})
	if log != "" {
		t.Error(log)
	}
	template := pgtest.Value(t, admin, "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '"+owner+"'")
	pgtest.Exec(t, admin, "DROP DATABASE "+template)
	pgtest.Exec(t, admin, "DROP ROLE "+owner+"; DROP ROLE "+app)
}

func TestFailedTestKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	var cfg *pgconn.Config
	r := &recorder{TB: t, name: t.Name()}
	log := r.run(func(t testing.TB) {
		cfg = config(t).New(t, revisions(account))
		r.failed = true
	})
	if n := count(t, cfg.Database); n != "1" {
		t.Fatalf("%s databases, want 1", n)
	}
	pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DROP DATABASE "+cfg.Database)
	want := fmt.Sprintf("psql 'host=127.0.0.1 port=%d user=%s dbname=%s'", cfg.Port, cfg.User, cfg.Database)
	if !strings.Contains(log, want) || strings.Contains(log, cfg.Password) {
		t.Errorf("want %s without the password, and got:\n%s", want, log)
	}
}

// The cleanups of a test that panics run before it is marked as failed.
func TestPanickingTestKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t, name: t.Name()}
	var cfg *pgconn.Config
	func() {
		defer func() { _ = recover() }()
		cfg = config(t).New(r, revisions(account))
		defer func() { r.cleanups[0]() }()
		panic("a bug")
	}()
	if n := count(t, cfg.Database); n != "1" || !strings.Contains(r.log.String(), "its database is kept") {
		t.Fatalf("%s databases, want 1\n%s", n, r.log.String())
	}
	pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DROP DATABASE "+cfg.Database)
}

func TestCleanupsOfTheTestRunBeforeTheDatabaseIsDropped(t *testing.T) {
	t.Parallel()
	var order []string
	r := &recorder{TB: t, name: t.Name()}
	var cfg *pgconn.Config
	log := r.run(func(t testing.TB) {
		cfg = config(t).New(t, revisions(account))
		conn, err := pgconn.ConnectConfig(t.Context(), cfg) // and left open
		if err != nil {
			t.Error(err)
		}
		t.Cleanup(func() {
			if _, err := conn.Exec(context.Background(), "SELECT FROM account").ReadAll(); err != nil {
				t.Errorf("in the cleanup: %v", err)
			}
			order = append(order, "cleanup")
		})
	})
	if n := count(t, cfg.Database); n != "0" || len(order) != 1 || log != "" {
		t.Errorf("%s databases, %v\n%s", n, order, log)
	}
}

func TestFailuresNameTheProblem(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{}) // nobody else's
	plain := pgtest.Role(t, server.URL("postgres"))
	named := func(url string) func(c *migratortest.Config) {
		return func(c *migratortest.Config) { c.URL = url }
	}
	wrong, _ := url.Parse(plain)
	wrong.User = url.UserPassword(wrong.User.Username(), "s3cret")
	tests := map[string]struct {
		change func(c *migratortest.Config)
		files  fs.FS
		want   []string
	}{
		"no right":       {named(plain), revisions(account), []string{"may not create databases", "CREATEDB"}},
		"pooler":         {named(server.PgBouncer(t, nil).URL("postgres")), revisions(account), []string{"connection pooler", "TEST_DATABASE_URL"}},
		"not a URL":      {named("host=db port=many"), revisions(account), []string{"Config.URL", "port"}},
		"wrong password": {named(wrong.String()), revisions(account), []string{"migratortest: Config.URL: ", "password"}},
		"no files":       {func(*migratortest.Config) {}, nil, []string{"the files are nil"}},
		"invalid files":  {func(*migratortest.Config) {}, fstest.MapFS{"a.sql": {}}, []string{"a.sql"}},
		"failing revision": {
			func(*migratortest.Config) {}, revisions(account, "SELECT emial FROM account;"),
			[]string{"r2.up.sql:4:8", `column "emial" does not exist`, "   4 | SELECT emial"},
		},
		"publisher": {
			func(*migratortest.Config) {}, revisions(account, "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (create_slot = false);"),
			[]string{"r2.up.sql:4:1", "would connect to the publisher from a scratch database: nothing was run"},
		},
		"other database": {func(*migratortest.Config) {}, revisions("ALTER DATABASE postgres SET work_mem = '8MB';"), []string{"r1.up.sql:4:1", "ALTER DATABASE names database postgres"}},
		"unknown target": {func(c *migratortest.Config) { c.Targets = []string{"r9"} }, revisions(account), []string{"r9"}},
		"no start": {func(c *migratortest.Config) {
			c.URL = ""
			c.Start = func() (string, error) { return "", errors.New("no engine") }
		}, revisions(account), []string{"no engine", "TEST_DATABASE_URL", "install PostgreSQL", "dockertest"}},
		"seed": {func(c *migratortest.Config) {
			c.Seed = func(context.Context, *pgconn.Config) error { return errors.New("no rows") }
		}, revisions(account), []string{"Config.Seed: no rows"}},
		"session left": {func(c *migratortest.Config) {
			c.Seed = func(ctx context.Context, cfg *pgconn.Config) error {
				conn, err := pgconn.ConnectConfig(ctx, cfg)
				t.Cleanup(func() { _ = conn.Close(context.Background()) })
				return err
			}
		}, revisions(account), []string{"a session was still connected to the template"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("TEST_DATABASE_URL") != "" && name == "no start" {
				t.Skip("TEST_DATABASE_URL is set")
			}
			c := migratortest.Config{URL: server.URL("postgres")}
			test.change(&c)
			r := &recorder{TB: t, name: t.Name()}
			log := r.run(func(t testing.TB) { c.New(t, test.files) })
			if !r.failed {
				t.Fatal("the test did not fail")
			}
			for _, want := range test.want {
				if !strings.Contains(log, want) {
					t.Errorf("want %q in:\n%s", want, log)
				}
			}
			if strings.Contains(log, "s3cret") {
				t.Errorf("a password:\n%s", log)
			}
		})
	}
	if n := pgtest.Value(t, server.URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE 'ambix_unfinished_%'"); n != "0" {
		t.Errorf("%s unfinished templates are left", n)
	}
}

func BenchmarkNew(b *testing.B) {
	c := config(b)
	files := revisions(account)
	c.New(b, files)
	for b.Loop() {
		r := &recorder{TB: b, name: b.Name()}
		r.run(func(t testing.TB) { c.New(t, files) })
	}
}
