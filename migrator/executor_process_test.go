package migrator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

// runnerURL and runnerProject make TestRunnerProcess, in a process of its own, apply a
// project to a database.
const (
	runnerURL     = "AMBIX_TEST_RUNNER_URL"
	runnerProject = "AMBIX_TEST_RUNNER_PROJECT"
)

// projects are what a process can be told to apply.
func projects(t testing.TB, name string) *project {
	switch name {
	case "mixed":
		return mixed(t)
	case "large":
		p := mixed(t).add("d", "c", "CREATE INDEX CONCURRENTLY x_name ON x (name);\nINSERT INTO runs VALUES ('d');", "", off)
		for i := range 10 {
			p.add(fmt.Sprintf("e%d", i), "d", fmt.Sprintf("INSERT INTO runs VALUES ('e%d');", i), "")
		}
		return p.add("f", "e0, e1, e2, e3, e4, e5, e6, e7, e8, e9", "", "")
	case "chain":
		return chainOf(t, 40, -1, "")
	case "sleepy":
		return mixed(t).add("d", "c", "SELECT pg_sleep(60);", "")
	case "talkative":
		return newProject(t).add("a", "", "SELECT g, repeat('x', 100) FROM generate_series(1, 1000000) g;\nCOPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000) g) TO STDOUT;", "")
	}
	t.Fatalf("there is no project %q", name)
	return nil
}

// TestRunnerProcess does nothing unless it was started by another test.
func TestRunnerProcess(t *testing.T) {
	url := os.Getenv(runnerURL)
	if url == "" {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // all begin when the test says so
	r, err := projects(t, os.Getenv(runnerProject)).set(migrator.Config{}).Up(context.Background(), config(t, url))
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

// process is a runner of its own.
type process struct {
	*exec.Cmd
	start io.Closer
	out   bytes.Buffer
}

// newProcess starts a process that waits for begin.
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

// together starts 32 processes at once, all of which have to end well and at one head. It
// returns how many steps they report.
func together(t *testing.T, url, project, head string) (steps int) {
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

// 32 processes start together on an empty database: each revision is applied once, all
// are done, and nothing is left behind.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	total := together(t, url, "large", "f")
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
	await(t, url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "0")
}

// As many through a pooler, which hands every message to another server session.
func TestManyRunnersThroughAPooler(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	url := server.PgBouncer(t, map[string]string{"default_pool_size": "5"}).Through(direct)
	total := together(t, url, "chain", "r039")
	if got := pgtest.Value(t, direct, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "40 40" || total != 40 {
		t.Errorf("events, revisions: %s; the reports hold %d", got, total)
	}
	if got := locks(t, direct); got != "0" {
		t.Errorf("%s locks are left", got)
	}
	// What cannot be safe is refused before anything runs.
	refused := server.Database(t)
	_, err := mixed(t).set(migrator.Config{}).Up(context.Background(), config(t, server.PgBouncer(t, nil).Through(refused)))
	var pooler *apply.PoolerError
	if !errors.As(err, &pooler) {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, refused, "SELECT count(*) FROM pg_class WHERE relname IN ('x', 'runs', 'ambix_meta')"); got != "0" {
		t.Errorf("%s tables were made", got)
	}
}

type instant struct {
	name  string
	fault pgtest.Fault
}

// instants are the places of a run of mixed where an end is met. What a fault stalls has
// not happened yet; otherwise it is under way.
var instants = []instant{
	{"reading the state", pgtest.Fault{Match: "SELECT format"}},
	{"before the first revision is sent", pgtest.Fault{Match: "ambix up a", Before: true, Action: pgtest.Stall}},
	{"as the first revision is sent", pgtest.Fault{Match: "ambix up a"}},
	{"before its answer", pgtest.Fault{Direction: pgtest.ToClient, Match: "COMMIT", Action: pgtest.Stall}},
	{"taking the lock", pgtest.Fault{Match: "pg_try_advisory_lock"}},
	{"before the row of a revision outside a transaction", pgtest.Fault{Match: "statements_done", Before: true, Action: pgtest.Stall}},
	{"in its first statement", pgtest.Fault{Match: "VALUES ('b')"}},
	{"between two of its statements", pgtest.Fault{Match: "sent:", Before: true, Action: pgtest.Stall}},
	{"after it was said that one is sent", pgtest.Fault{Match: "sent:"}},
	{"before a concurrent build", pgtest.Fault{Match: "CREATE INDEX CONCURRENTLY", Before: true, Action: pgtest.Stall}},
	{"in a concurrent build", pgtest.Fault{Match: "CREATE INDEX CONCURRENTLY"}},
	{"before its end is known", pgtest.Fault{Direction: pgtest.ToClient, Match: "CREATE INDEX", Action: pgtest.Stall}},
	{"before its last statement", pgtest.Fault{Match: "VALUES ('b2')", Before: true, Action: pgtest.Stall}},
	{"as the last revision commits", pgtest.Fault{Match: "ambix up c"}},
	{"before that is known", pgtest.Fault{Direction: pgtest.ToClient, Match: "ALTER TABLE", Before: true, Action: pgtest.Stall}},
}

// inject tells when a run through the proxy comes there.
func (i instant) inject(proxy *pgtest.Proxy) <-chan struct{} {
	if i.fault.Action == pgtest.Cut {
		i.fault.Action = pgtest.Watch
	}
	return proxy.Inject(i.fault)
}

// reached starts a run through the proxy, and returns when it comes there.
func (i instant) reached(t *testing.T, proxy *pgtest.Proxy, url string) (done <-chan error) {
	t.Helper()
	met, ended := i.inject(proxy), make(chan error, 1)
	set, cfg := mixed(t).set(migrator.Config{Wait: time.Minute}), config(t, proxy.URL(url))
	go func() { _, err := set.Up(context.Background(), cfg); ended <- err }()
	if err, over := before(met, ended); over {
		t.Fatalf("it never came there: %v", err)
	}
	return ended
}

// before waits for met. A run that ends without coming there is over; one that did and is
// at its end already keeps its error in ended.
func before(met <-chan struct{}, ended chan error) (err error, over bool) {
	select {
	case <-met:
		return nil, false
	case err = <-ended:
	}
	select {
	case <-met:
		ended <- err
		return nil, false
	default:
		return err, true
	}
}

// A process that is killed at any moment leaves what the next run can finish.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, c := range instants {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			met := c.inject(proxy)
			p := newProcess(t, proxy.URL(url), "mixed")
			p.begin()
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			if err, over := before(met, ended); over {
				t.Fatalf("it never came there: %v\n%s", err, p.out.String())
			}
			_ = p.Process.Kill()
			<-ended
			proxy.Clear()
			if _, err := projects(t, "mixed").set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			undisturbed(t, url)
		})
	}
}

// The server crashes at any moment and comes back: the run goes on by itself, or, when it
// had not begun, the next one does all.
func TestCrashedAnywhere(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	for _, c := range instants { // one after the other: a crash ends all sessions
		t.Run(c.name, func(t *testing.T) {
			url := server.Database(t)
			proxy := pgtest.NewProxy(t, url)
			done := c.reached(t, proxy, url)
			server.Stop(t, pgtest.Immediate)
			proxy.Clear()
			server.Start(t)
			if err := <-done; err != nil {
				t.Error(err)
			}
			undisturbed(t, url)
		})
	}
}

// The standby takes over at any moment: what it has not got is done again there, and
// nothing twice.
func TestPromotedAnywhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"before its answer", "between two of its statements", "in a concurrent build", "before that is known"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := pgtest.Start(t, pgtest.Options{})
			url := primary.Database(t)
			standby := primary.Standby(t)
			proxy := pgtest.NewProxy(t, url)
			done := instants[slices.IndexFunc(instants, func(i instant) bool { return i.name == name })].reached(t, proxy, url)
			primary.Stop(t, pgtest.Immediate)
			promoted := strings.Replace(url, hostOf(t, url), hostOf(t, standby.URL("postgres")), 1)
			proxy.Retarget(t, promoted)
			standby.Promote(t)
			proxy.Clear()
			if err := <-done; err != nil {
				t.Error(err)
			}
			undisturbed(t, promoted)
		})
	}
}

func hostOf(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// Others see what is done, and where it comes from, also for the longest of ids.
func TestNameInTheActivity(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"b", strings.Repeat("long.id_", 8)} {
		url := pgtest.Database(t)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		set, cfg := newProject(t).add(id, "", "SELECT pg_sleep(60);", "").set(migrator.Config{}), config(t, url)
		go func() { _, err := set.Up(ctx, cfg); done <- err }()
		await(t, url, sleeping, "1")
		got := pgtest.Value(t, url, "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
		cancel()
		<-done
		from := fmt.Sprintf(" %s/%d", host, os.Getpid())
		if len(from) < 40 && (!strings.HasPrefix(got, "ambix up "+id[:1]) || !strings.HasSuffix(got, from)) {
			t.Errorf("%q", got)
		}
	}
}

// While it waits for the lock, a process may be killed without anybody noticing.
func TestKilledWhileWaiting(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := holdLock(t, url, "another program")
	p := newProcess(t, url, "mixed")
	p.begin()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%' AND query LIKE '%pg_locks%' AND state = 'idle'", "1")
	_ = p.Process.Kill()
	_ = p.Wait()
	release()
	if _, err := mixed(t).set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	undisturbed(t, url)
}

// The statement of a killed process does not run on (PostgreSQL 14 and newer), and the
// next run waits for it where it does.
func TestStatementOfAKilledProcessEnds(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	url := server.Database(t)
	p := newProcess(t, url, "sleepy")
	p.begin()
	await(t, url, sleeping, "1")
	_ = p.Process.Kill()
	_ = p.Wait()
	if server.Major >= 14 {
		await(t, url, sleeping, "0")
		undisturbed(t, url)
		return
	}
	// Version 13 does not look for its client: the next run waits.
	_, err := mixed(t).add("d", "c", "SELECT 1;", "").set(migrator.Config{WaitRunner: 300 * time.Millisecond}).Up(context.Background(), config(t, url))
	if err == nil || !strings.Contains(err.Error(), "another runner: \"ambix up d ") {
		t.Errorf("%v", err)
	}
}

// What a body selects is dropped as it comes.
func TestAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := newProcess(t, url, "talkative")
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
