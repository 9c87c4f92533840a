package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pgserver"
)

// Server is a PostgreSQL server for tests.
type Server struct {
	// Major is its major version, such as 15.
	Major int

	admin   *url.URL           // a superuser, and a database that always exists
	local   *pgserver.Instance // nil if it was not started from binaries by this process
	named   bool               // it is that of TEST_DATABASE_URL, which outlives the tests
	private bool               // it belongs to one test
}

// URL returns the URL of a database on this server, as a superuser.
func (s *Server) URL(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

// Database creates an empty database and returns its URL, as the function of that name does.
// Options are those of CREATE DATABASE, such as "ENCODING 'LATIN1'".
func (s *Server) Database(t testing.TB, options ...string) string {
	t.Helper()
	name := DatabaseName(t)
	// template0 allows no connections, so it can be copied concurrently. Copying its files takes half the time of logging
	// them, but makes checkpoints, which a server of others should be spared.
	if s.local != nil && s.Major >= 15 {
		options = append(options, "STRATEGY file_copy")
	}
	create := "CREATE DATABASE " + name + " TEMPLATE template0 " + strings.Join(options, " ")
	if _, err := s.runAsAdmin(create); err != nil {
		t.Fatalf("%s\n%v", create, err)
	}
	kept.keep(s.URL(name), 1)
	t.Cleanup(func() {
		kept.forget(context.Background(), s.URL(name))
		switch {
		case s.private: // ends with its server, which may be down already
		case t.Failed():
			s.logDatabase(t, name)
		default:
			if _, err := s.runAsAdmin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
				t.Logf("database %s was not dropped: %v", name, err)
			}
		}
	})
	return s.URL(name)
}

// runAsAdmin runs a statement in one of a few sessions that create and drop the databases of tests.
func (s *Server) runAsAdmin(sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	kept.keep(s.admin.String(), 8)
	return kept.run(ctx, s.admin.String(), sql)
}

// logDatabase logs how to inspect the database of a failed test.
func (s *Server) logDatabase(t testing.TB, database string) {
	if s.named {
		u, _ := url.Parse(s.URL(database))
		t.Logf("the test failed; its database is kept: %s", u.Redacted())
		return
	}
	if lines := s.logOf(database); lines != "" {
		t.Logf("the server's log for this database:\n%s", lines)
	}
	t.Logf("the test failed; its database is kept while this test process runs: %s\n"+
		"to inspect it later, run the test on a permanent server: scripts/pg start; export TEST_DATABASE_URL=$(scripts/pg url)", s.URL(database))
}

// logOf returns the last lines that the server logged for a database.
func (s *Server) logOf(database string) string {
	if s.local == nil {
		return ""
	}
	log, _ := os.ReadFile(s.local.Log())
	var lines []string
	matches := false
	for line := range strings.Lines(string(log)) {
		// Continuation lines begin with a tab, others with log_line_prefix.
		if !strings.HasPrefix(line, "\t") {
			matches = strings.Contains(line, "@"+database+" ")
		}
		if matches {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// Log returns the log of a server that was started from binaries.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	s.mustBeLocal(t)
	log, err := os.ReadFile(s.local.Log())
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// Program returns the path of the newest installed version of a PostgreSQL client program
// such as psql or pg_dump. The test fails if there is none.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, b := range pgserver.System() {
		path := filepath.Join(b.Dir, name)
		if pgserver.Executable(path) {
			return path
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path // installed without a server
	}
	t.Fatalf("%s is not installed: run scripts/install postgresql (scripts/test does)", name)
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

// DatabaseName returns a name for a database that needs no quoting, contains the name of the
// test, and is unique across processes.
func DatabaseName(t testing.TB) string { return pgserver.DatabaseName(t.Name()) }
