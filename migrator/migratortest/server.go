package migratortest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgserver"
	"example.com/ambix/migrator/scratch"
)

// server is where databases are made.
type server struct {
	url     string // to tell servers apart
	from    string // what names it, such as TEST_DATABASE_URL
	cfg     *pgconn.Config
	started bool                   // by Config.Start: it ends with this process
	shared  *pgserver.SharedServer // nil: it is named, or started
}

// findServer returns the first server that is available, in the order of the package comment.
func (c Config) findServer() (*server, error) {
	for _, named := range []struct{ url, name string }{{c.URL, "Config.URL"}, {os.Getenv("TEST_DATABASE_URL"), "TEST_DATABASE_URL"}} {
		if named.url != "" {
			s := &server{url: named.url}
			return s, s.parse(named.name)
		}
	}
	if c.Start != nil {
		started, err := c.Start()
		if err != nil {
			return nil, &noServerError{fmt.Errorf("Config.Start: %w", err)}
		}
		s := &server{url: started, started: true}
		return s, s.parse("Config.Start")
	}
	shared, err := sharedServer()
	if err != nil {
		return nil, &noServerError{fmt.Errorf("PostgreSQL on this machine: %w", err)}
	}
	s := &server{url: shared.URL.String(), shared: shared}
	return s, s.parse("PostgreSQL on this machine")
}

func (s *server) parse(name string) error {
	s.from = name
	cfg, err := pgconn.ParseConfig(s.url)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.cfg = cfg
	return nil
}

// sharedServer is attached once for each process.
var sharedServer = sync.OnceValues(func() (*pgserver.SharedServer, error) {
	version := 0
	if text := os.Getenv("TEST_PG_VERSION"); text != "" {
		var err error
		if version, err = strconv.Atoi(text); err != nil || version < 1 {
			return nil, fmt.Errorf("TEST_PG_VERSION is %q; want a major version such as 15", text)
		}
	}
	return pgserver.Shared(pgserver.SharedOptions{Version: version})
})

// keeps reports whether a database can be looked at after this process has ended.
func (s *server) keeps() bool { return !s.started }

// kept returns how to look at the database of a failed test.
func (s *server) kept(cfg *pgconn.Config) string {
	connect := "psql " + shellQuote(fmt.Sprintf("host=%s port=%d user=%s dbname=%s", value(cfg.Host), cfg.Port, value(cfg.User), value(cfg.Database)))
	if s.shared == nil {
		return "the test failed; its database is kept for a day. To look at it, run:\n" + connect
	}
	kept := s.shared.Keep()
	return fmt.Sprintf("the test failed; its database is kept for %d minutes. To look at it, run:\nPGPASSFILE=%s %s\nTo keep it longer, set TEST_DATABASE_URL to a server of yours.",
		int(kept.Minutes()), shellQuote(s.shared.PassFile()), connect)
}

// value quotes a value of a connection string, if necessary.
func value(v string) string {
	if v != "" && !strings.ContainsAny(v, ` '\`) {
		return v
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// noServerError means that there is no server.
type noServerError struct{ err error }

func (e *noServerError) Error() string { return "no PostgreSQL server for the tests: " + e.err.Error() }

func (e *noServerError) Unwrap() error { return e.err }

// message returns an error with what to do about it.
func message(err error) string {
	text := "migratortest: " + err.Error()
	if failed, ok := errors.AsType[*migrator.RevisionError](err); ok {
		text = strings.TrimSuffix(text+"\n"+failed.Excerpt(), "\n")
		if role := migrator.ExistingRole(err); role != "" {
			text += "\nRoles belong to all databases of a server: it may be from other revisions, or from these before they were changed." +
				" Create it only if it does not exist:\n" + migrator.CreateRoleOnce(role)
		}
		return text
	}
	if _, ok := errors.AsType[*noServerError](err); ok {
		return text + "\nDo one of these:" +
			"\n- set TEST_DATABASE_URL to a server where the role may create databases, such as postgres://postgres:secret@localhost:5432/postgres" +
			"\n- install PostgreSQL's server on this machine (apt-get install postgresql, brew install postgresql); it is started when tests run" +
			"\n- start Docker, and set Config.Start to dockertest.Image{}.Start, of example.com/ambix/migrator/migratortest/dockertest"
	}
	if e, ok := errors.AsType[*scratch.Error](err); ok {
		switch e.Problem {
		case scratch.NoCreateDB:
			return fmt.Sprintf("migratortest: role %q may not create databases at %s\nRun as a superuser: ALTER ROLE %q CREATEDB", e.Role, e.Host, e.Role)
		case scratch.Pooler:
			return "migratortest: there is a connection pooler at " + e.Host + ", which keeps sessions in templates\nName the server itself in TEST_DATABASE_URL."
		}
	}
	return text
}

// process names this process in comments of databases.
func process() string {
	host, _ := os.Hostname()
	return cmp.Or(host, "unknown") + "/" + strconv.Itoa(os.Getpid())
}
