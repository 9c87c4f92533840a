package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Runners, one of them through a pooler, a server that crashes and takes unflushed commits
// back, and others who hold locks by prepared transactions, hide rows by policies and write
// nonsense into the ledger: each run reports what the ledger says that it did, and a run in
// peace finishes the work. AMBIX_TEST_CHAOS is the number of rounds.
func TestReportsAreTrueAmongFaults(t *testing.T) {
	t.Parallel()
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("AMBIX_TEST_CHAOS")); err == nil {
		rounds = n
	}
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "10", "wal_writer_delay": "10s"}})
	pooler := server.PgBouncer(t, map[string]string{"pool_mode": "session"})
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			newTurmoil(t, server, pooler, rand.New(rand.NewPCG(seed, 0))).check(t)
		})
	}
}

// turmoil is a database with runners and others who disturb them.
type turmoil struct {
	server *pgtest.Server
	pooler *pgtest.Bouncer
	random *rand.Rand
	url    string // of a superuser
	owner  string // of the ledger: a plain role
	pooled bool   // one runner uses the pooler, which allows no non-transactional revision
	// proxies are between the runners and the server.
	proxies []*pgtest.Proxy
}

func newTurmoil(t *testing.T, server *pgtest.Server, pooler *pgtest.Bouncer, random *rand.Rand) *turmoil {
	w := &turmoil{server: server, pooler: pooler, random: random, url: server.Database(t), pooled: random.IntN(2) == 0}
	w.owner = projecttest.Config(t, pgtest.Role(t, w.url)).User
	pgtest.Exec(t, w.url, "GRANT ALL ON SCHEMA public TO "+w.owner)
	return w
}

const turmoilRuns = "a b1 b2 b3 c d0 d1 d2 d3 d4 d5 e"

// project takes long enough to be disturbed.
func (w *turmoil) project(t *testing.T) *projecttest.Project {
	p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "")
	if w.pooled {
		p.Add("b", "a", "INSERT INTO runs VALUES ('b1');\nSELECT pg_sleep(0.2);\nINSERT INTO runs VALUES ('b2'), ('b3');", "")
	} else {
		p.Add("b", "a", "INSERT INTO runs VALUES ('b1');\nSELECT pg_sleep(0.2);\nCREATE INDEX CONCURRENTLY x_id ON x (id);\nINSERT INTO runs VALUES ('b2');\nSELECT pg_sleep(0.2);\nINSERT INTO runs VALUES ('b3');", "", projecttest.NonTransactional)
	}
	p.Add("c", "b", "COPY x FROM stdin;\n"+strings.Repeat("1\n", 3000)+"\\.\nINSERT INTO runs VALUES ('c');\nSELECT pg_sleep(0.1);", "")
	parent := "c"
	for i := range 6 {
		id := fmt.Sprintf("d%d", i)
		p.Add(id, parent, fmt.Sprintf("CREATE TABLE t%d (id int);\nINSERT INTO runs VALUES ('%s');\nSELECT pg_sleep(0.05);", i, id), "")
		parent = id
	}
	return p.Add("e", parent, "INSERT INTO runs VALUES ('e');\nSELECT pg_sleep(0.1);", "")
}

// report is what one runner says. Runners differ by their role, which the ledger records.
type report struct {
	role, steps string
	err         error
}

func (w *turmoil) runner(t *testing.T, through func(string) string, timeout time.Duration) func() report {
	role := pgtest.Role(t, w.url)
	cfg := projecttest.Config(t, through(role))
	pgtest.Exec(t, w.url, "GRANT "+w.owner+" TO "+cfg.User)
	m := w.project(t).Migrator(migrator.Config{Role: w.owner, Wait: time.Minute, WaitRunner: time.Minute, LockTimeout: 200 * time.Millisecond, RetryFor: time.Minute})
	return func() report {
		ctx := context.Background()
		if timeout > 0 {
			var cancel func()
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		r, err := m.Up(ctx, cfg)
		return report{cfg.User, projecttest.Steps(r), err}
	}
}

func (w *turmoil) check(t *testing.T) {
	t.Helper()
	direct := func(s string) string { return s }
	var runners []func() report
	for i := range 3 {
		through := direct
		if i > 0 {
			behind := w.url
			if i > 1 && w.pooled {
				behind = w.pooler.Through(w.url)
			}
			proxy := pgtest.NewProxy(t, behind)
			w.proxies = append(w.proxies, proxy)
			for range w.random.IntN(3) {
				proxy.Inject(pgtest.Fault{Direction: pgtest.Direction(w.random.IntN(2)), After: 1 + w.random.Int64N(20000), Action: []pgtest.Action{pgtest.Cut, pgtest.Reset, pgtest.HalfClose, pgtest.Hold}[w.random.IntN(4)]})
			}
			through = proxy.URL
		}
		runners = append(runners, w.runner(t, through, time.Duration(w.random.IntN(2))*time.Duration(1+w.random.Int64N(3000))*time.Millisecond))
	}
	last := w.runner(t, direct, 0)
	reports := make([]report, len(runners))
	var running sync.WaitGroup
	for i, run := range runners {
		running.Go(func() { reports[i] = run() })
	}
	over, done := make(chan struct{}), make(chan struct{})
	faults := w.faults(t)
	go func() {
		defer close(done)
		defer w.release()
		for range 12 { // in the end the runners are left in peace
			select {
			case <-over:
				return
			case <-time.After(time.Duration(w.random.IntN(300)) * time.Millisecond):
				f := faults[w.random.IntN(len(faults))]
				t.Log(f.name)
				f.do()
			}
		}
	}()
	running.Wait()
	close(over)
	<-done
	reports = append(reports, last())
	if err := reports[3].err; err != nil {
		t.Errorf("the run in peace: %v", err)
	}
	for _, r := range reports {
		w.compare(t, r)
	}
	if got := pgtest.Value(t, w.url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != turmoilRuns {
		t.Errorf("runs: %s", got)
	}
	if got := pgtest.Value(t, w.url, "SELECT string_agg(revision, ' ' ORDER BY event) FROM ambix_event WHERE action = 'up'"); got != "a b c d0 d1 d2 d3 d4 d5 e" {
		t.Errorf("events: %s", got)
	}
}

// compare compares a report with the events of its role. Only a run that could not look again
// may lack one, and says so.
func (w *turmoil) compare(t *testing.T, r report) {
	t.Helper()
	recorded := pgtest.Value(t, w.url, "SELECT coalesce(string_agg('up ' || revision, ', ' ORDER BY event), '') FROM ambix_event WHERE action = 'up' AND applied_by = '"+r.role+"'")
	var unknown *migrator.UnknownOutcomeError
	var unconfirmed *migrator.UnconfirmedError
	if errors.As(r.err, &unknown) || errors.As(r.err, &unconfirmed) {
		t.Logf("%q, recorded %q: %v", r.steps, recorded, r.err)
		return
	}
	if r.steps != recorded {
		t.Errorf("reported %q, recorded %q: %v", r.steps, recorded, r.err)
	}
	t.Logf("%q: %v", r.steps, r.err)
}

// release lets arrive what the proxies hold, and disarms them.
func (w *turmoil) release() {
	for _, p := range w.proxies {
		p.Clear()
	}
}

type disturbance struct {
	name string
	do   func()
}

// faults are what others do to the runners. Each undoes what it did.
func (w *turmoil) faults(t *testing.T) []disturbance {
	pause := func() { time.Sleep(time.Duration(w.random.IntN(400)) * time.Millisecond) }
	try := func(sql string) bool {
		conn, err := pgconn.Connect(context.Background(), w.url)
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close(context.Background()) }()
		// A session whose client is held may keep a lock until release.
		if _, err := conn.Exec(context.Background(), "SET lock_timeout = '1s'").ReadAll(); err != nil {
			return false
		}
		_, err = conn.Exec(context.Background(), sql).ReadAll()
		return err == nil
	}
	must := func(sql string) {
		pgtest.Eventually(t, "undone: "+sql, func() bool {
			done := try(sql)
			if !done {
				w.release()
			}
			return done
		})
	}
	forAWhile := func(do, undo string) func() {
		return func() {
			if try(do) {
				pause()
				must(undo)
			}
		}
	}
	database := projecttest.Config(t, w.url).Database
	prepared := func(sql string) func() {
		return forAWhile("BEGIN; "+sql+"; PREPARE TRANSACTION '"+database+"'", "ROLLBACK PREPARED '"+database+"'")
	}
	runners := "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%' ORDER BY random() LIMIT 1"
	return []disturbance{
		{"terminate", func() { try("SELECT pg_terminate_backend(pid) " + runners) }},
		{"cancel", func() { try("SELECT pg_cancel_backend(pid) " + runners) }},
		{"crash", func() { w.server.Restart(t, pgtest.Immediate) }},
		{"held messages arrive", w.release},
		{"pooler restarts", func() { w.pooler.Restart(t) }},
		{"runner's lock is prepared", prepared(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", ledger.Tables{}.LockKey()))},
		{"tables are locked, prepared", prepared("LOCK TABLE " + []string{"ambix_meta", "ambix_revision", "ambix_event", "x"}[w.random.IntN(4)])},
		{"rows are hidden", forAWhile("ALTER TABLE ambix_revision ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; ALTER TABLE ambix_meta ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
			"ALTER TABLE ambix_revision DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY; ALTER TABLE ambix_meta DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")},
		{"a row is nonsense", forAWhile("INSERT INTO ambix_revision SELECT (jsonb_populate_record(r, '{\"revision\": \"x*/; DROP TABLE runs; /*\"}')).* FROM ambix_revision r LIMIT 1", "DELETE FROM ambix_revision WHERE revision LIKE 'x*%'")},
	}
}
