package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"example.com/ambix/migrator/internal/pgserver"
	"github.com/google/go-cmp/cmp"
)

// recorder is a test within a test: it can fail without failing the outer one.
type recorder struct {
	testing.TB
	failed   bool
	log      strings.Builder
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Failed() bool                 { return r.failed }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(format string, a ...any) { fmt.Fprintf(&r.log, format, a...) }

func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func databases(t *testing.T, like string) string {
	return Value(t, Shared(t).URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE '"+like+"%'")
}

func TestDatabasesAreSeparateAndDropped(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			r := &recorder{TB: t}
			u := Database(r)
			Exec(r, u, "CREATE TABLE account (id int); INSERT INTO account VALUES (1), (NULL)")
			want := [][]string{{"1"}, {"NULL"}}
			if diff := cmp.Diff(want, Query(r, u, "SELECT id FROM account ORDER BY id")); diff != "" {
				t.Error(diff)
			}
			r.end()
		})
	}
	wait.Wait()
	if n := databases(t, "t_testdatabasesareseparateanddropped_"); n != "0" {
		t.Errorf("%s databases are left", n)
	}
}

func TestFailedTestKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t, failed: true}
	u := Database(r)
	t.Cleanup(func() { Exec(t, Shared(t).URL("postgres"), "DROP DATABASE "+strings.Trim(mustParse(t, u).Path, "/")) })
	if _, err := run(u, "SELECT no_such_column"); err == nil {
		t.Fatal("want an error for the log")
	}
	r.end()
	if n := databases(t, "t_testfailedtestkeepsitsdatabase_"); n != "1" {
		t.Errorf("%s databases are left, want 1", n)
	}
	for _, want := range []string{mustParse(t, u).Host, mustParse(t, u).Path} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log does not name %s:\n%s", want, &r.log)
		}
	}
	if Shared(t).local != nil && !strings.Contains(r.log.String(), "no_such_column") {
		t.Errorf("the server's log is missing:\n%s", &r.log)
	}
}

func mustParse(t *testing.T, text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestDatabaseTakesOptions(t *testing.T) {
	t.Parallel()
	u := Shared(t).Database(t, "ENCODING 'LATIN1'", "LC_COLLATE 'C'", "LC_CTYPE 'C'")
	if got := Value(t, u, "SHOW server_encoding"); got != "LATIN1" {
		t.Errorf("encoding %s", got)
	}
}

func TestRoleIsDroppedWithItsObjects(t *testing.T) {
	t.Parallel()
	u := Database(t)
	r := &recorder{TB: t}
	role := Role(r, u, "CREATEDB")
	got := Query(t, role, "SELECT rolname = current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = session_user")
	if diff := cmp.Diff([][]string{{"t", "f", "t"}}, got); diff != "" {
		t.Error(diff)
	}
	Exec(t, u, "CREATE SCHEMA store AUTHORIZATION "+mustParse(t, role).User.Username())
	Exec(t, role, "CREATE TABLE store.account (id int)")
	r.end()
	if got := Value(t, u, "SELECT count(*) FROM pg_roles WHERE rolname = '"+mustParse(t, role).User.Username()+"'"); got != "0" {
		t.Errorf("the role still exists: %s", &r.log)
	}
}

func TestRequestedServerIsNotReplaced(t *testing.T) {
	shared := Shared(t)
	tests := []struct {
		name                 string
		url, version, docker string
		want                 []string
		not                  string
	}{
		{name: "version is not a number", version: "15.2", want: []string{`TEST_PG_VERSION is "15.2"`}},
		{name: "unknown source", docker: "podman", want: []string{`TEST_PG_SOURCE is "podman"`, `"local"`}},
		{name: "not installed", version: "99", docker: "local", want: []string{"of version 99", "scripts/servers", "TEST_DATABASE_URL"}},
		{name: "not a URL", url: "host=db password=s3cret", want: []string{"TEST_DATABASE_URL", "postgres://"}, not: "s3cret"},
		{name: "nothing listens", url: "postgres://store:s3cret@127.0.0.1:1/store", want: []string{"TEST_DATABASE_URL", "127.0.0.1:1"}, not: "s3cret"},
		{name: "another version", url: shared.URL("postgres"), version: "12", want: []string{"12", fmt.Sprint(shared.Major)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TEST_DATABASE_URL", test.url)
			t.Setenv("TEST_PG_VERSION", test.version)
			t.Setenv("TEST_PG_SOURCE", test.docker)
			_, err := findServer()
			if err == nil {
				t.Fatal("want an error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			if test.not != "" && strings.Contains(err.Error(), test.not) {
				t.Errorf("%q is in: %v", test.not, err)
			}
		})
	}
}

func TestNamedServerHidesItsPassword(t *testing.T) {
	named := Shared(t).URL("postgres")
	t.Setenv("TEST_PG_VERSION", "")
	t.Setenv("TEST_DATABASE_URL", named)
	s, err := findServer()
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{TB: t, failed: true}
	u := s.Database(r)
	r.end()
	Exec(t, named, "DROP DATABASE "+strings.Trim(mustParse(t, u).Path, "/"))
	secret, _ := mustParse(t, named).User.Password()
	if strings.Contains(r.log.String(), secret) || !strings.Contains(r.log.String(), mustParse(t, u).Path) {
		t.Errorf("want the kept database without its password, got: %s", &r.log)
	}
}

func TestNoServerNamesEverySource(t *testing.T) {
	t.Parallel()
	err := error(&NoServerError{Tried: []error{errors.New("Docker: no such socket"), fmt.Errorf("local binaries: %w", os.ErrNotExist)}})
	for _, want := range []string{"TEST_DATABASE_URL: not set", "no such socket", "local binaries", "apt-get install postgresql"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("errors.Is does not find the cause")
	}
}

func TestProgramIsExecutable(t *testing.T) {
	t.Parallel()
	if path := Program(t, "psql"); !pgserver.Executable(path) {
		t.Errorf("%s is not executable", path)
	}
}

// fatalRecorder records the message of Fatal.
type fatalRecorder struct {
	testing.TB
	text *string
}

func (f *fatalRecorder) Helper() {}

func (f *fatalRecorder) Fatal(args ...any) {
	*f.text = fmt.Sprint(args...)
	runtime.Goexit()
}
