package pgtest

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pgserver"
)

// Bouncer is a PgBouncer in front of a server.
type Bouncer struct {
	server  *Server
	program string
	dir     string
	port    int
}

// PgBouncer starts a PgBouncer with transaction pooling, which stops when the test ends.
// Settings are those of its section [pgbouncer], such as {"pool_mode": "session"}. Every
// role of the server can log in through it. If the program is not installed, the test ends
// with Missing.
func (s *Server) PgBouncer(t testing.TB, settings map[string]string) *Bouncer {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // often not in PATH
	}
	if !pgserver.Executable(program) {
		Missing(t, "pgbouncer is not installed: run scripts/install pgbouncer (scripts/test does)")
	}
	h, err := pgserver.OpenHome()
	if err != nil {
		t.Fatal(err)
	}
	b := &Bouncer{server: s, program: program}
	if b.dir, err = h.NewDir("pgbouncer"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stop(t) })
	if err := b.start(h, settings); err != nil {
		t.Fatal(err)
	}
	return b
}

// URL returns the URL of a database through the pooler, as a superuser.
func (b *Bouncer) URL(database string) string { return b.Through(b.server.URL(database)) }

// Through returns a URL of the server, such as that of a role, changed to use the pooler.
func (b *Bouncer) Through(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return databaseURL
	}
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port))
	return u.String()
}

func (b *Bouncer) start(h *pgserver.Home, settings map[string]string) error {
	u := b.server.admin
	secret, _ := u.User.Password()
	users := fmt.Sprintf("\"%s\" \"%s\"\n", u.User.Username(), strings.ReplaceAll(secret, `"`, `""`))
	if err := h.Write(filepath.Join(b.dir, "users"), users); err != nil {
		return err
	}
	var err error
	for range 5 {
		if b.port, err = pgserver.FreePort(); err != nil {
			return err
		}
		if err := h.Write(filepath.Join(b.dir, "pgbouncer.ini"), b.config(settings)); err != nil {
			return err
		}
		if err = h.Run(b.program, "-d", "-q", filepath.Join(b.dir, "pgbouncer.ini")); err == nil {
			err = b.awaitStart()
		}
		if err == nil {
			return nil
		}
		b.kill()
	}
	return err
}

// Restart kills the pooler, which cuts all its connections, and starts it again.
func (b *Bouncer) Restart(t testing.TB) {
	t.Helper()
	pid := b.pid()
	b.kill()
	for pid != 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		time.Sleep(5 * time.Millisecond)
	}
	h, err := pgserver.OpenHome()
	if err == nil {
		err = h.Run(b.program, "-d", "-q", filepath.Join(b.dir, "pgbouncer.ini"))
	}
	if err == nil {
		err = b.awaitStart()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b *Bouncer) config(settings map[string]string) string {
	u := b.server.admin
	all := map[string]string{
		"listen_addr": "127.0.0.1", "listen_port": strconv.Itoa(b.port), "unix_socket_dir": "",
		"pool_mode": "transaction", "max_client_conn": "1000", "default_pool_size": "20",
		// The superuser looks up the passwords of all other roles.
		"auth_type": "scram-sha-256", "auth_file": filepath.Join(b.dir, "users"),
		"auth_user": u.User.Username(), "admin_users": u.User.Username(),
		"logfile": b.log(), "pidfile": filepath.Join(b.dir, "pgbouncer.pid"),
	}
	maps.Copy(all, settings)
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	var ini strings.Builder
	fmt.Fprintf(&ini, "[databases]\n* = host=%s port=%s\n[pgbouncer]\n", u.Hostname(), port)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&ini, "%s = %s\n", name, all[name])
	}
	return ini.String()
}

func (b *Bouncer) log() string { return filepath.Join(b.dir, "log") }

// awaitStart waits until the pooler listens, which it does only after it has gone to the
// background.
func (b *Bouncer) awaitStart() error {
	var err error
	ran := false
	for range 500 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port))); err == nil {
			return conn.Close()
		}
		runs := b.pid() != 0
		if ran && !runs {
			break
		}
		ran = runs
		time.Sleep(20 * time.Millisecond)
	}
	log, _ := os.ReadFile(b.log())
	return fmt.Errorf("pgbouncer on port %d: %w\n%s", b.port, err, log)
}

// pid returns 0 if the pooler is not running or has not written its whole pidfile yet.
func (b *Bouncer) pid() int {
	text, err := os.ReadFile(filepath.Join(b.dir, "pgbouncer.pid"))
	if err != nil {
		return 0
	}
	line, whole := strings.CutSuffix(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if !whole || err != nil || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return 0
	}
	return pid
}

func (b *Bouncer) kill() {
	if pid := b.pid(); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
	_ = os.Remove(filepath.Join(b.dir, "pgbouncer.pid"))
}

func (b *Bouncer) stop(t testing.TB) {
	if t.Failed() {
		log, _ := os.ReadFile(b.log())
		t.Logf("the log of the PgBouncer on port %d:\n%s", b.port, log)
	}
	b.kill()
	_ = os.RemoveAll(b.dir)
}
