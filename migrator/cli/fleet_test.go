package cli_test

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

const createTenants = "CREATE SCHEMA t1; CREATE SCHEMA t2; CREATE SCHEMA t3; CREATE SCHEMA t4"

// On a terminal one line shows how many targets have ended. Failures are shown above it, and
// it is gone at the end.
func TestTerminalShowsHowManyTargetsAreDone(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, createTenants+"; CREATE TABLE t3.a (id int)")
	release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(1)")
	p := prepare(t, "app", url, []string{"CREATE TABLE a (id int)", "SELECT pg_advisory_xact_lock(1) WHERE current_schema() = 't2'"}, "up", "--each-schema=t*", "--lock-timeout=0s", "--max-failed=1")
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm")
	written, wait := onTerminal(t, p.cmd)
	live := regexp.MustCompile(`\r\x1b\[K2/4 done, 1 failed`)
	awaitScreen(t, written, live)
	release()
	lines := shown(wait())
	for _, line := range lines {
		if strings.Contains(line, "/4 done") {
			t.Errorf("left on the screen: %q", line)
		}
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{"t3: ", "1 of 4 targets failed, 3 are done", "1 failed with 42P07 at r1.up.sql:6: t3"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing in %s", want, all)
		}
	}
}

// A signal rolls back the targets in progress; the others are not started.
func TestSignalEndsFleet(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, createTenants)
	p := start(t, "app", url, []string{"CREATE TABLE a (id int)", "CREATE TABLE b (id int); SELECT pg_sleep(60) WHERE current_schema() > 't1'"}, "up", "--each-schema=t*", "--workers=2", "--json")
	await(t, url, strings.Replace(sleeping, "> 0", "= 2", 1))
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.want(143, `^error: 2 of 4 targets failed, 1 was not started, 1 is done$`, `^2 interrupted: t2 t3$`, `^to try again, run: `)
	for _, want := range []string{`"state": "not-started"`, `"kind": "interrupted"`, `"exit": 143`} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("%s is missing in %s", want, p.stdout.String())
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE tablename = 'b'"); got != "1" {
		t.Errorf("%s tables", got)
	}
}

// The exit code is that of the worst failure.
func TestExitCodeOfFleetIsThatOfTheWorstFailure(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, createTenants)
	scripts := []string{"CREATE TABLE a (id int)", "SELECT * FROM a"}
	p := start(t, "app", url, scripts, "up", "--each-schema=t[123]")
	p.want(0)
	pgtest.Exec(t, url, "INSERT INTO t2.ambix_revision SELECT 'unknown', message, '{}', '{}', '{}', state, 0, 'v1:0', 'v1:0', now(), NULL, 'me', 'here', 'v9', NULL, NULL FROM t2.ambix_revision LIMIT 1; DELETE FROM t2.ambix_revision WHERE revision = 'r2'; DELETE FROM t3.ambix_revision WHERE revision = 'r2'; UPDATE t2.ambix_meta SET generation = 5")
	projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; LOCK TABLE t3.a IN ACCESS EXCLUSIVE MODE")
	flags := []string{"up", "--each-schema=t*", "--max-failed=100%", "--lock-timeout=100ms", "--retry-for=0s"}
	start(t, "app", url, scripts, append(flags, "--skip=t2")...).want(5, `^t3: deferred until the other targets have ended: `, `^1 failed with 55P03 at r2.up.sql:6: t3$`)
	start(t, "app", url, scripts, flags...).want(4, `^error: 2 of 4 targets failed, 2 are done$`)
	start(t, "app", url, append(scripts, "CREATE TABLE a (id int)"), flags...).want(1, `^2 failed with 42P07 at r3.up.sql:6: t1 t4$`)
}
