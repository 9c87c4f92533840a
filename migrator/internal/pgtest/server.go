package pgtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Server is a PostgreSQL server that tests may use.
type Server struct {
	// Major is its major version, 15 for example.
	Major int

	admin *url.URL  // superuser, a database that always exists
	local *instance // nil: not started from binaries by this process
	named bool      // by TEST_DATABASE_URL: outlives the tests
	own   bool      // belongs to one test
}

// URL returns the URL of a database on this server, as a role that may do everything.
func (s *Server) URL(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

// Database creates an empty database and returns its URL; see the function of that name.
// Options are those of CREATE DATABASE, for example "ENCODING 'LATIN1'".
func (s *Server) Database(t testing.TB, options ...string) string {
	t.Helper()
	name := databaseName(t.Name())
	// template0 takes no connections, so any number of copies can be made at once.
	Exec(t, s.admin.String(), "CREATE DATABASE "+name+" TEMPLATE template0 "+strings.Join(options, " "))
	t.Cleanup(func() {
		switch {
		case s.own: // goes with its server, which may be down by now
		case t.Failed():
			s.keep(t, name)
		default:
			if _, err := run(s.admin.String(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
				t.Logf("database %s stays behind: %v", name, err)
			}
		}
	})
	return s.URL(name)
}

// keep tells how to look at the database of a failed test.
func (s *Server) keep(t testing.TB, database string) {
	if s.named {
		u, _ := url.Parse(s.URL(database))
		t.Logf("the test failed; its database is kept: %s", u.Redacted())
		return
	}
	if lines := s.logOf(database); lines != "" {
		t.Logf("the server's log about this database:\n%s", lines)
	}
	t.Logf("the test failed; its database is kept as long as this test process runs: %s\n"+
		"to look at it afterwards, run the test on a server that stays: scripts/pg start; export TEST_DATABASE_URL=$(scripts/pg url)", s.URL(database))
}

// logOf returns the last lines that the server logged for sessions of a database.
func (s *Server) logOf(database string) string {
	if s.local == nil {
		return ""
	}
	log, _ := os.ReadFile(s.local.log())
	var lines []string
	mine := false
	for line := range strings.Lines(string(log)) {
		// Continued lines start with a tab, all others with the prefix set in postgresql.conf.
		if !strings.HasPrefix(line, "\t") {
			mine = strings.Contains(line, "@"+database+" ")
		}
		if mine {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// Log returns what a server of this process has logged so far.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	s.mustBeLocal(t)
	log, err := os.ReadFile(s.local.log())
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// Program returns the path of a PostgreSQL client program such as psql or pg_dump, the
// newest one installed. The test fails when there is none.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, b := range systemBinaries() {
		path := filepath.Join(b.dir, name)
		if executable(path) {
			return path
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path // client programs without a server
	}
	t.Fatalf("%s is not installed: apt-get install postgresql (scripts/test does)", name)
	return ""
}

func (s *Server) readVersion() error {
	rows, err := run(s.admin.String(), "SHOW server_version_num")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		return fmt.Errorf("server_version_num: %w", err)
	}
	s.Major = n / 10000
	return nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// databaseName makes a name that needs no quotes, tells which test it belongs to, and is
// unique on servers that several processes use.
func databaseName(test string) string {
	name := "t_" + notInNames.ReplaceAllString(strings.ToLower(test), "_")
	return name[:min(len(name), 48)] + "_" + randomHex(4)
}
