package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"example.com/ambix/migrator/migratortest/dockertest"
)

// findServer tries the sources in the order of the package comment. A source that was
// asked for by name is not replaced by another one.
func findServer() (*Server, error) {
	version, err := requestedVersion()
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
		return nil, fmt.Errorf(`TEST_PG_SOURCE is %q; want "docker", "local" or unset`, source)
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

// NoServerError means that no source has a PostgreSQL server for the tests.
type NoServerError struct {
	Version int     // requested major version; 0: any
	Tried   []error // the error of each source
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
	install := "install one (scripts/test does, or apt-get install postgresql)"
	if e.Version != 0 {
		install = "install it (scripts/servers does, for 13 to 18)"
	}
	b.WriteString("\n" + install + ", start Docker, or set TEST_DATABASE_URL=postgres://… to a server where you may create databases")
	return b.String()
}

// Unwrap returns Tried.
func (e *NoServerError) Unwrap() []error { return e.Tried }

// requestedVersion returns TEST_PG_VERSION, or 0 if it is not set.
func requestedVersion() (int, error) {
	text := os.Getenv("TEST_PG_VERSION")
	if text == "" {
		return 0, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("TEST_PG_VERSION is %q; want a major version such as 15", text)
	}
	return version, nil
}

// dockerServer starts a container that is removed when this process ends.
func dockerServer(version int) (*Server, error) {
	image := dockertest.Image{}
	if version != 0 {
		image.Tag = strconv.Itoa(version)
	}
	started, err := image.Start()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(started)
	if err != nil {
		return nil, err
	}
	s := &Server{admin: u}
	return s, s.readVersion()
}

func namedServer(databaseURL string, version int) (*Server, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// Without the value, which may contain a password.
		return nil, errors.New("TEST_DATABASE_URL is not of the form postgres://user:password@host:port/database")
	}
	s := &Server{admin: u, named: true}
	if err := s.readVersion(); err != nil {
		return nil, fmt.Errorf("TEST_DATABASE_URL: %w", err)
	}
	if version != 0 && version != s.Major {
		return nil, fmt.Errorf("TEST_DATABASE_URL is a server of version %d, but TEST_PG_VERSION is %d", s.Major, version)
	}
	return s, nil
}
