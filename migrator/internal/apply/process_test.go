package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// runnerURL and runnerProject are set for a process in which TestRunnerProcess applies a
// project to a database.
const (
	runnerURL     = "AMBIX_TEST_RUNNER_URL"
	runnerProject = "AMBIX_TEST_RUNNER_PROJECT"
)

// namedProject returns a project that a process can apply.
func namedProject(t testing.TB, name string) *projecttest.Project {
	switch name {
	case "mixed":
		return mixed(t)
	case "large":
		p := mixed(t).Add("d", "c", "CREATE INDEX CONCURRENTLY x_name ON x (name);\nINSERT INTO runs VALUES ('d');", "", projecttest.NonTransactional)
		for i := range 10 {
			p.Add(fmt.Sprintf("e%d", i), "d", fmt.Sprintf("INSERT INTO runs VALUES ('e%d');", i), "")
		}
		return p.Add("f", "e0, e1, e2, e3, e4, e5, e6, e7, e8, e9", "", "")
	case "distributed":
		return distributed(t)
	case "replacing":
		return squashed(t)
	case "chain":
		return projecttest.Chain(t, 40, -1, "")
	case "sleeping":
		return mixed(t).Add("d", "c", "SELECT pg_sleep(60);", "")
	case "many results":
		return projecttest.New(t).Add("a", "", "SELECT g, repeat('x', 100) FROM generate_series(1, 1000000) g;\nCOPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000) g) TO STDOUT;", "")
	}
	t.Fatalf("unknown project %q", name)
	return nil
}

// TestRunnerProcess does nothing unless it was started by another test.
func TestRunnerProcess(t *testing.T) {
	url := os.Getenv(runnerURL)
	if url == "" {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test calls begin
	r, err := namedProject(t, os.Getenv(runnerProject)).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
	if err != nil {
		t.Fatal(err)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if kilobytes, found := strings.CutPrefix(line, "VmHWM:"); found {
			fmt.Printf("peak:%s\n", strings.Fields(kilobytes)[0])
		}
	}
	fmt.Printf("steps:%d others:%d to:%s\n", len(r.Steps), len(r.Others), strings.Join(r.To, ","))
}

// process is a runner in a separate process.
type process struct {
	*exec.Cmd
	start io.Closer
	out   bytes.Buffer
}

// newProcess starts a process that waits until begin is called.
func newProcess(t testing.TB, url, project string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], "-test.run=^TestRunnerProcess$", "-test.count=1")}
	p.Env = append(os.Environ(), runnerURL+"="+url, runnerProject+"="+project)
	p.Stdout, p.Stderr = &p.out, &p.out
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.start = stdin
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

func (p *process) begin() { _ = p.start.Close() }

// runProcesses runs 32 processes at once, which all have to succeed and end at the same head.
// It returns how many steps they report.
func runProcesses(t *testing.T, url, project, head string) (steps int) {
	t.Helper()
	var processes []*process
	for range 32 {
		processes = append(processes, newProcess(t, url, project))
	}
	for _, p := range processes {
		p.begin()
	}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Errorf("%v\n%s", err, p.out.String())
			continue
		}
		_, rest, _ := strings.Cut(p.out.String(), "steps:")
		n, _, _ := strings.Cut(rest, " ")
		done, err := strconv.Atoi(n)
		if err != nil || !strings.Contains(rest, "to:"+head+"\n") {
			t.Errorf("%s", p.out.String())
		}
		steps += done
	}
	return steps
}

// Many processes upgrade an empty database at once: each revision is applied once, and no lock
// is left.
func TestManyProcessesApplyOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	total := runProcesses(t, url, "large", "f")
	if total != 15 {
		t.Errorf("the processes report %d steps", total)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != "a b b2 c d e0 e1 e2 e3 e4 e5 e6 e7 e8 e9" {
		t.Errorf("runs: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT revision) || ' ' || bool_and(action = 'up') FROM ambix_event"); got != "15 15 true" {
		t.Errorf("events: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || bool_and(indisvalid) FROM pg_index WHERE indrelid = 'x'::regclass"); got != "2 true" {
		t.Errorf("indexes: %s", got)
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}

// Many processes upgrade a database through a pooler, which sends every message to another
// server session.
func TestManyProcessesThroughPoolerApplyOnce(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	url := server.PgBouncer(t, map[string]string{"default_pool_size": "5"}).Through(direct)
	total := runProcesses(t, url, "chain", "r039")
	if got := pgtest.Value(t, direct, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "40 40" || total != 40 {
		t.Errorf("events, revisions: %s; %d are reported", got, total)
	}
	projecttest.AwaitNoAdvisoryLocks(t, direct)
	// A non-transactional revision is refused before anything runs.
	refused := server.Database(t)
	_, err := mixed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, server.PgBouncer(t, nil).Through(refused)))
	var pooler *migrator.RefusedError
	if !errors.As(err, &pooler) {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, refused, "SELECT count(*) FROM pg_class WHERE relname IN ('x', 'runs', 'ambix_meta')"); got != "0" {
		t.Errorf("%s tables were created", got)
	}
}

// A process that is killed while it waits for the lock leaves nothing.
func TestKilledWaiterLeavesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := projecttest.HoldLock(t, url, "another program")
	p := newProcess(t, url, "mixed")
	p.begin()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%' AND query LIKE '%pg_locks%' AND state = 'idle'", "1")
	_ = p.Process.Kill()
	_ = p.Wait()
	release()
	if _, err := mixed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	checkMixed(t, url)
}

// The statement of a killed process ends (PostgreSQL 14 and newer). On older servers the next
// run waits for it.
func TestStatementOfKilledProcessEnds(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	url := server.Database(t)
	p := newProcess(t, url, "sleeping")
	p.begin()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	_ = p.Process.Kill()
	_ = p.Wait()
	if server.Major >= 14 {
		projecttest.Await(t, url, projecttest.Sleeping, "0")
		checkMixed(t, url)
		return
	}
	// Version 13 does not check its client: the next run waits.
	_, err := mixed(t).Add("d", "c", "SELECT 1;", "").Migrator(migrator.Config{WaitRunner: 300 * time.Millisecond}).Up(context.Background(), projecttest.Config(t, url))
	if err == nil || !strings.Contains(err.Error(), `, "ambix up d `) {
		t.Errorf("%v", err)
	}
}

// The results of a body are not kept in memory.
func TestQueryResultsAreDiscarded(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := newProcess(t, url, "many results")
	p.begin()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.out.String())
	}
	_, rest, found := strings.Cut(p.out.String(), "peak:")
	line, _, _ := strings.Cut(rest, "\n")
	kilobytes, err := strconv.Atoi(line)
	if !found || err != nil {
		t.Fatalf("%s", p.out.String())
	}
	if kilobytes > 100<<10 { // each of the two answers is larger
		t.Errorf("the process grew to %d kB", kilobytes)
	}
}
