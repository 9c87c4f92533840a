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

// Options describe a private server. The zero value is one of the version that the suite
// runs on.
type Options struct {
	// Version is the major version. 0: TEST_PG_VERSION, else the newest that is installed.
	Version int
	// Settings are added to postgresql.conf. The test bed's own settings trade
	// durability against a crash of the machine for speed; those against a crash of the
	// server are PostgreSQL's defaults.
	Settings map[string]string
	// Files are written into the data directory before the first start, pg_hba.conf or a
	// TLS key for example. They belong to the server's user and have mode 0600.
	Files map[string]string
}

// StopMode is how a server is stopped.
type StopMode string

const (
	// Fast ends all sessions and writes a checkpoint, as an administrator does.
	Fast StopMode = "fast"
	// Immediate is a crash: nothing is written, and the next start recovers.
	Immediate StopMode = "immediate"
)

// instance is a server started from binaries: its folder holds data/ and log.
type instance struct {
	home     *home
	binaries binaries
	dir      string
	port     int
}

func (i *instance) data() string { return filepath.Join(i.dir, "data") }
func (i *instance) log() string  { return filepath.Join(i.dir, "log") }

// Start starts a server that only this test uses, and that ends with it. A failed test
// logs the last lines of the server's log.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Version == 0 {
		var err error
		if o.Version, err = askedVersion(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := startLocal(o)
	if err != nil {
		t.Fatalf("a private PostgreSQL server: %v", err)
	}
	s.endWith(t)
	return s
}

// endWith makes a server one test's own.
func (s *Server) endWith(t testing.TB) {
	s.own = true
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last lines of the log of the server on port %d:\n%s", s.local.port, s.local.lastLines())
		}
		// It may be down already. What stays is the keeper's.
		_ = s.local.stop(Immediate)
		_ = os.RemoveAll(s.local.dir)
	})
}

// Stop stops a private server.
func (s *Server) Stop(t testing.TB, mode StopMode) {
	t.Helper()
	s.mustBeOwn(t)
	if err := s.local.stop(mode); err != nil {
		t.Fatal(err)
	}
}

// Start starts a private server again that was stopped, on the same port, and returns
// when it accepts connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mustBeOwn(t)
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

func (s *Server) mustBeOwn(t testing.TB) {
	t.Helper()
	if !s.own {
		t.Fatal("the shared server serves other tests too: use pgtest.Start")
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
	if err := i.startAnywhere(); err != nil {
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

// password is the superuser's on all servers of this process, so that a copy of a data
// directory keeps it.
var password = sync.OnceValue(func() string { return randomHex(12) })

const ownSettings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 32MB
fsync = off
full_page_writes = off
jit = off
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] %q%u@%d %a: '
`

func (h *home) newInstance(b binaries, o Options) (*instance, error) {
	template, err := h.cluster(b)
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

// cluster returns a data directory of that version for copying: copying takes 30 ms,
// initdb most of a second.
func (h *home) cluster(b binaries) (string, error) {
	h.mu.Lock()
	template, ok := h.clusters[b.dir]
	if !ok {
		template = sync.OnceValues(func() (string, error) { return h.initdb(b) })
		h.clusters[b.dir] = template
	}
	h.mu.Unlock()
	return template()
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
	// A statement for single-user mode: initdb of 13 takes no more than 99 bytes of password.
	cmd := h.command(filepath.Join(b.dir, "postgres"), "--single", "-D", template, "postgres")
	cmd.Stdin = strings.NewReader("ALTER ROLE " + superuser + " PASSWORD '" + verifier(password()) + "'\n")
	if err := finish(cmd); err != nil {
		return "", err
	}
	return template, appendTo(filepath.Join(template, "postgresql.conf"), ownSettings)
}

// startAnywhere starts on a port that is free, trying others when somebody is faster.
func (i *instance) startAnywhere() error {
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
		return fmt.Errorf("%w\n%s", err, i.lastLines())
	}
	return nil
}

func (i *instance) stop(mode StopMode) error {
	return i.pgCtl("stop", "-w", "-t", "60", "-m", string(mode))
}

func (i *instance) pgCtl(args ...string) error {
	return i.home.run(filepath.Join(i.binaries.dir, "pg_ctl"), append(args, "-D", i.data())...)
}

func (i *instance) lastLines() string {
	log, err := os.ReadFile(i.log())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
