package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// process is a running program.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	dir            string // of the revisions
	stdout, stderr stream
}

// stream is the output of a program so far.
type stream struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// start runs a program on a database, with a revision for each up script.
func start(t *testing.T, program, databaseURL string, scripts []string, args ...string) *process {
	t.Helper()
	p := prepare(t, program, databaseURL, scripts, args...)
	if slices.Contains(args, "--wait-runner") { // another session holds the lock
		p.cmd.Dir = p.dir
		p.cmd.Env = append(p.cmd.Env, "PASTE="+p.dir, "HELD=1")
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// prepare is start without starting it.
func prepare(t *testing.T, program, databaseURL string, scripts []string, args ...string) *process {
	t.Helper()
	dir := t.TempDir()
	parent := ""
	for i, sql := range scripts {
		id := fmt.Sprintf("r%d", i+1)
		text := "-- step " + id + "\n--\n-- revision: " + id + "\n-- down_revision: " + parent + "\n\n" + sql + ";\n"
		if err := os.WriteFile(filepath.Join(dir, id+".up.sql"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		parent = id
	}
	p := &process{t: t, dir: dir, cmd: exec.Command(program, append([]string{"migrate"}, args...)...)}
	p.cmd.Env = append(os.Environ(), "DATABASE_URL="+databaseURL, "EMBEDDED="+dir)
	return p
}

// end waits for the exit code.
func (p *process) end() int {
	p.t.Helper()
	timer := time.AfterFunc(pgtest.Patience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	err := p.cmd.Wait()
	if err == nil {
		return 0
	}
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		p.t.Fatal(err)
	}
	return failed.ExitCode()
}

// says waits until a text is on standard error.
func (p *process) says(text string) {
	p.t.Helper()
	pgtest.Eventually(p.t, "it says "+text, func() bool { return strings.Contains(p.stderr.String(), text) })
}

func (p *process) want(code int, stderr ...string) {
	p.t.Helper()
	if got := p.end(); got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, pattern := range stderr {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(p.stderr.String()) {
			p.t.Errorf("%s is not on standard error", pattern)
		}
	}
	if p.t.Failed() {
		p.t.Logf("standard output:\n%s\nstandard error:\n%s", p.stdout.String(), p.stderr.String())
	}
}

// await waits until a query returns true.
func await(t *testing.T, databaseURL, query string) {
	t.Helper()
	pgtest.Eventually(t, query, func() bool { return pgtest.Value(t, databaseURL, query) == "t" })
}

const sleeping = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"

func TestSignalCancelsRunOnServer(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"app", "foreign"} {
		for _, test := range []struct {
			signal syscall.Signal
			want   int
		}{{syscall.SIGTERM, 143}, {syscall.SIGINT, 130}} {
			t.Run(program+" "+test.signal.String(), func(t *testing.T) {
				t.Parallel()
				db := pgtest.Database(t)
				p := start(t, program, db, []string{"CREATE TABLE a (id int)", "SELECT pg_sleep(60)", "SELECT 1"}, "up")
				await(t, db, sleeping)
				if err := p.cmd.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
				p.want(test.want,
					`interrupted: upgrade r2 \(step r2\) was canceled and rolled back$`,
					`^r2 was rolled back; 1 revision before it stays applied; the database is at r1 \(2 pending\)$`,
					`^to try again, run: `+program+` migrate up$`)
				if got := pgtest.Value(t, db, sleeping); got != "f" {
					t.Error("the statement still runs on the server")
				}
			})
		}
	}
}

// After the first signal the program waits for the server, which may not answer.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, db)
	p := start(t, "app", proxy.URL(db), []string{"SELECT pg_sleep(60)"}, "up")
	await(t, db, sleeping)
	proxy.All(pgtest.Stall)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.says("terminated signal received: canceling; a second signal exits at once") // two signals at once would be one
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.want(143)
	if strings.Contains(p.stderr.String(), "error: ") {
		t.Errorf("it ended by itself: %s", p.stderr.String())
	}
	pgtest.Exec(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
}

// Programs that start at the same time apply each revision once, and all succeed.
func TestConcurrentRunnersApplyOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	var scripts []string
	for i := range 8 {
		scripts = append(scripts, fmt.Sprintf("CREATE TABLE t%d (id int); SELECT pg_sleep(0.02)", i))
	}
	var processes []*process
	for range 6 {
		processes = append(processes, start(t, "app", db, scripts, "up"))
	}
	applied := 0
	for _, p := range processes {
		p.want(0)
		out := p.stdout.String()
		applied += strings.Count(out, "committed")
		last := strings.Split(strings.TrimSpace(out), "\n")
		if line := last[len(last)-1]; !regexp.MustCompile(`^(\d applied|\d applied, \d already applied by \S+ from \S+|\d already applied by \S+ from \S+|nothing to do), at r8 \(head\)$`).MatchString(line) {
			t.Errorf("the last line: %s", line)
		}
	}
	if applied != 8 {
		t.Errorf("%d revisions were reported as committed", applied)
	}
	if got := pgtest.Value(t, db, "SELECT count(*) FROM ambix_event WHERE action = 'up'"); got != "8" {
		t.Errorf("%s events", got)
	}
}

// lockHolder takes the lock of runners until release is called.
func lockHolder(t *testing.T, databaseURL string) (release func()) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", "ambix up 9f3c pod-7/1")
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // a + is a plus here
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", ledger.Tables{}.LockKey())).ReadAll(); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = conn.Close(ctx) })
	t.Cleanup(release)
	return release
}

func TestBusyRunnerIsAwaited(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	start(t, "app", db, []string{"SELECT 1"}, "up").want(0)
	release := lockHolder(t, db)
	start(t, "app", db, []string{"SELECT 1", "SELECT 2"}, "up", "--wait-runner", "0s").
		want(5, `^error: waited .* for another runner: process \d+, "ambix up 9f3c pod-7/1", .*$`,
			`^to try again when it has ended, run: app migrate up --wait-runner=0s$`, `^to wait longer for it, run: app migrate up --wait-runner=1h$`)
	p := start(t, "app", db, []string{"SELECT 1", "SELECT 2"}, "up")
	p.says("another runner")
	release()
	p.want(0, `^waiting for another runner for up to 10m: process \d+, "ambix up 9f3c pod-7/1", `)
	if !strings.Contains(p.stdout.String(), "1 applied, at r2 (head)") {
		t.Errorf("standard output: %s", p.stdout.String())
	}
}

func TestLongStepIsLoggedWhileItRuns(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	release := projecttest.Hold(t, projecttest.Config(t, db), "BEGIN; SELECT pg_advisory_xact_lock(1)")
	p := start(t, "app", db, []string{"SELECT pg_advisory_xact_lock(1)"}, "up", "--lock-timeout=0s")
	p.says("has been running for")
	release()
	p.want(0, `^upgrade r1 \(step r1\) has been running for \d+s$`)
}

// A rehearsal says what it waits for, as a run does.
func TestLongRehearsalSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	role := "go_" + strings.ReplaceAll(pgtest.Value(t, db, "SELECT gen_random_uuid()"), "-", "_") // seen from all databases of the server
	wait := "DO $$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = '" + role + "'); PERFORM pg_sleep(0.05); END LOOP; END $$"
	p := start(t, "app", db, []string{wait}, "rehearse", "--up-only")
	p.says("has been running for")
	pgtest.Exec(t, db, "CREATE ROLE "+role)
	t.Cleanup(func() { pgtest.Exec(t, db, "DROP ROLE "+role) })
	p.want(0, `^scratch database: upgrade r1 \(step r1\) has been running for \d+s$`)
}
