package pgtest

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Options describe a private server.
type Options struct {
	// Version is the major version. 0: TEST_PG_VERSION, else the newest installed.
	Version int
	// Settings are added to postgresql.conf. By default, servers survive a crash of the
	// server but not one of the machine (fsync is off).
	Settings map[string]string
	// Files are written into the data directory before the first start, for example
	// pg_hba.conf or a TLS key. They are owned by the server's user and have mode 0600.
	Files map[string]string
}

// StopMode is how a server is stopped.
type StopMode string

const (
	// Fast is a regular shutdown: it ends all sessions and writes a checkpoint.
	Fast StopMode = "fast"
	// Immediate is like a crash: the next start recovers from the WAL.
	Immediate StopMode = "immediate"
)

// instance is a server started from binaries. Its folder contains data/ and log.
type instance struct {
	home     *home
	binaries binaries
	dir      string
	port     int
}

func (i *instance) data() string { return filepath.Join(i.dir, "data") }
func (i *instance) log() string  { return filepath.Join(i.dir, "log") }

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
		t.Fatalf("a private PostgreSQL server: %v", err)
	}
	s.stopWith(t)
	return s
}

// stopWith makes the server private to a test and stops it when that ends.
func (s *Server) stopWith(t testing.TB) {
	s.private = true
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of the server on port %d:\n%s", s.local.port, s.local.logTail())
		}
		// It may be down already. The keeper removes what is left.
		_ = s.local.stop(Immediate)
		_ = os.RemoveAll(s.local.dir)
	})
}

// Stop stops a private server.
func (s *Server) Stop(t testing.TB, mode StopMode) {
	t.Helper()
	s.mustBePrivate(t)
	if err := s.local.stop(mode); err != nil {
		t.Fatal(err)
	}
}

// Start starts a stopped private server on the same port, and returns when it accepts
// connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mustBePrivate(t)
	if err := s.local.start(); err != nil {
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

func startLocal(o Options) (*Server, error) {
	b, err := findBinaries(o.Version)
	if err != nil {
		return nil, err
	}
	h, err := openHome()
	if err != nil {
		return nil, err
	}
	i, err := h.newInstance(b, o)
	if err != nil {
		return nil, err
	}
	if err := i.startOnFreePort(); err != nil {
		_ = os.RemoveAll(i.dir)
		return nil, err
	}
	return i.server(), nil
}

func (i *instance) server() *Server {
	return &Server{Major: i.binaries.major, local: i, admin: &url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password()), Path: "/postgres", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(i.port)),
	}}
}

const superuser = "postgres"

// password is that of the superuser on all servers of this process, because they are copies
// of one data directory.
var password = sync.OnceValue(func() string { return randomHex(12) })

const baseSettings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
max_prepared_transactions = 100
shared_buffers = 32MB
fsync = off
full_page_writes = off
jit = off
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] %q%u@%d %a: '
`

func (h *home) newInstance(b binaries, o Options) (*instance, error) {
	template, err := h.template(b)
	if err != nil {
		return nil, err
	}
	dir, err := h.newDir("pg" + strconv.Itoa(b.major))
	if err != nil {
		return nil, err
	}
	i := &instance{home: h, binaries: b, dir: dir}
	if err := i.fill(template, o); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return i, nil
}

func (i *instance) fill(template string, o Options) error {
	if err := i.home.run("cp", "-R", template, i.data()); err != nil {
		return err
	}
	var settings strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		fmt.Fprintf(&settings, "%s = '%s'\n", name, strings.ReplaceAll(o.Settings[name], "'", "''"))
	}
	if err := appendTo(filepath.Join(i.data(), "postgresql.conf"), settings.String()); err != nil {
		return err
	}
	for name, content := range o.Files {
		if err := i.home.write(filepath.Join(i.data(), name), content); err != nil {
			return err
		}
	}
	return nil
}

// template returns a data directory to copy: copying takes 30 ms, initdb most of a second.
func (h *home) template(b binaries) (string, error) {
	h.mu.Lock()
	create, ok := h.templates[b.dir]
	if !ok {
		create = sync.OnceValues(func() (string, error) { return h.initdb(b) })
		h.templates[b.dir] = create
	}
	h.mu.Unlock()
	return create()
}

func (h *home) initdb(b binaries) (string, error) {
	dir, err := h.newDir("initdb" + strconv.Itoa(b.major))
	if err != nil {
		return "", err
	}
	secret, template := filepath.Join(dir, "password"), filepath.Join(dir, "template")
	if err := h.write(secret, password()+"\n"); err != nil {
		return "", err
	}
	err = h.run(filepath.Join(b.dir, "initdb"), "-D", template, "-U", superuser, "--pwfile", secret, "-A", "scram-sha-256",
		"-E", "UTF8", "--no-locale", "--no-sync")
	if err != nil {
		return "", err
	}
	// Not with --pwfile: the verifier is longer than the 99 bytes that version 13 takes.
	cmd := h.command(filepath.Join(b.dir, "postgres"), "--single", "-D", template, "postgres")
	cmd.Stdin = strings.NewReader("ALTER ROLE " + superuser + " PASSWORD '" + verifier(password()) + "'\n")
	if err := finish(cmd); err != nil {
		return "", err
	}
	return template, appendTo(filepath.Join(template, "postgresql.conf"), baseSettings)
}

// startOnFreePort tries other ports if another process takes one first.
func (i *instance) startOnFreePort() error {
	var err error
	for range 5 {
		if i.port, err = freePort(); err != nil {
			return err
		}
		if err = i.start(); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
	return err
}

func (i *instance) start() error {
	err := i.pgCtl("start", "-w", "-t", "60", "-l", i.log(), "-o", "-p "+strconv.Itoa(i.port))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, i.logTail())
	}
	return nil
}

func (i *instance) stop(mode StopMode) error {
	return i.pgCtl("stop", "-w", "-t", "60", "-m", string(mode))
}

func (i *instance) pgCtl(args ...string) error {
	return i.home.run(filepath.Join(i.binaries.dir, "pg_ctl"), append(args, "-D", i.data())...)
}

func (i *instance) logTail() string {
	log, err := os.ReadFile(i.log())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
