package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// findServer goes through the sources in the order of the package's comment. What was
// asked for by name is not replaced by something else when it does not work.
func findServer() (*Server, error) {
	version, err := askedVersion()
	if err != nil {
		return nil, err
	}
	if named := os.Getenv("TEST_DATABASE_URL"); named != "" {
		return namedServer(named, version)
	}
	var tried []error
	source := os.Getenv("TEST_PG_SOURCE")
	switch source {
	case "", "docker", "local":
	default:
		return nil, fmt.Errorf(`TEST_PG_SOURCE is %q: use "docker", "local" or leave it unset`, source)
	}
	if source != "local" {
		s, err := dockerServer(version)
		if err == nil {
			return s, nil
		}
		tried = append(tried, fmt.Errorf("docker: %w", err))
	}
	if source != "docker" {
		s, err := startLocal(Options{Version: version})
		if err == nil {
			return s, nil
		}
		tried = append(tried, fmt.Errorf("local binaries: %w", err))
	}
	return nil, &NoServerError{Version: version, Tried: tried}
}

// NoServerError says that no source had a PostgreSQL server for the tests.
type NoServerError struct {
	Version int     // major version asked for; 0: any
	Tried   []error // one per source
}

func (e *NoServerError) Error() string {
	var b strings.Builder
	b.WriteString("no PostgreSQL server for the tests")
	if e.Version != 0 {
		fmt.Fprintf(&b, " of version %d", e.Version)
	}
	b.WriteString("\n  TEST_DATABASE_URL: not set")
	for _, err := range e.Tried {
		fmt.Fprintf(&b, "\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n    "))
	}
	b.WriteString("\ninstall one (scripts/test does: apt-get install postgresql), start Docker, or set TEST_DATABASE_URL=postgres://… to a server where you may create databases")
	return b.String()
}

// Unwrap gives errors.Is and errors.As the reason of each source.
func (e *NoServerError) Unwrap() []error { return e.Tried }

func askedVersion() (int, error) {
	text := os.Getenv("TEST_PG_VERSION")
	if text == "" {
		return 0, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("TEST_PG_VERSION is %q: use a major version such as 15", text)
	}
	return version, nil
}

func namedServer(databaseURL string, version int) (*Server, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// Without the value: it may hold a password.
		return nil, errors.New("TEST_DATABASE_URL is no URL of the form postgres://user:password@host:port/database")
	}
	s := &Server{admin: u, named: true}
	if err := s.readVersion(); err != nil {
		return nil, fmt.Errorf("TEST_DATABASE_URL: %w", err)
	}
	if version != 0 && version != s.Major {
		return nil, fmt.Errorf("TEST_DATABASE_URL names a server of version %d, TEST_PG_VERSION asks for %d", s.Major, version)
	}
	return s, nil
}
