package pgtest

import (
	"maps"
	"os"
	"testing"

	"example.com/ambix/migrator/internal/pgserver"
)

// Options describe a private server. Version 0 is TEST_PG_VERSION, else the newest installed.
type Options = pgserver.Options

// StopMode is how a server is stopped.
type StopMode = pgserver.StopMode

const (
	// Fast is a regular shutdown: it ends all sessions and writes a checkpoint.
	Fast = pgserver.Fast
	// Immediate is like a crash: the next start recovers from the WAL.
	Immediate = pgserver.Immediate
)

// Start starts a private server for this test, which stops when the test ends. A failed test
// logs the end of the server's log.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Version == 0 {
		var err error
		if o.Version, err = requestedVersion(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := startLocal(o)
	if err != nil {
		t.Fatalf("a private PostgreSQL server: %v\nscripts/servers installs PostgreSQL 13 to 18 for the tests", err)
	}
	s.stopWith(t)
	return s
}

// stopWith makes the server private to a test and stops it when that ends.
func (s *Server) stopWith(t testing.TB) {
	s.private = true
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of the server on port %d:\n%s", s.local.Port, s.local.LogTail())
		}
		// It may be down already. The keeper removes what is left.
		_ = s.local.Stop(Immediate)
		_ = os.RemoveAll(s.local.Dir)
	})
}

// Stop stops a private server.
func (s *Server) Stop(t testing.TB, mode StopMode) {
	t.Helper()
	s.mustBePrivate(t)
	if err := s.local.Stop(mode); err != nil {
		t.Fatal(err)
	}
}

// Start starts a stopped private server on the same port, and returns when it accepts
// connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mustBePrivate(t)
	if err := s.local.Start(); err != nil {
		t.Fatal(err)
	}
}

// Restart is Stop and Start.
func (s *Server) Restart(t testing.TB, mode StopMode) {
	t.Helper()
	s.Stop(t, mode)
	s.Start(t)
}

func (s *Server) mustBeLocal(t testing.TB) {
	t.Helper()
	if s.local == nil {
		t.Fatal("this server was not started from binaries: use pgtest.Start")
	}
}

func (s *Server) mustBePrivate(t testing.TB) {
	t.Helper()
	if !s.private {
		t.Fatal("other tests use the shared server: use pgtest.Start")
	}
}

// startLocal starts a server without autovacuum, whose workers lock tables and appear among sessions now and then.
func startLocal(o Options) (*Server, error) {
	settings := map[string]string{"autovacuum": "off"}
	maps.Copy(settings, o.Settings)
	o.Settings = settings
	i, err := pgserver.StartLocal(o)
	if err != nil {
		return nil, err
	}
	return serverOf(i), nil
}

func serverOf(i *pgserver.Instance) *Server {
	return &Server{Major: i.Binaries.Major, local: i, admin: i.URL()}
}
