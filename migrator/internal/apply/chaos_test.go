package apply_test

import (
	"context"
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
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// faultProject has statements of every kind that leave a trace, so that a fault can be
// detected.
func faultProject(t testing.TB) *projecttest.Project {
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "DROP TABLE x, runs;").
		Add("b", "a", "INSERT INTO x SELECT g, 'n' || g FROM generate_series(1, 500) g;\nINSERT INTO runs VALUES ('b1');\nCREATE INDEX CONCURRENTLY x_id ON x (id);\nINSERT INTO runs VALUES ('b2');\nVACUUM x;\nREINDEX INDEX CONCURRENTLY x_id;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS x_name ON x (name);\nINSERT INTO runs VALUES ('b3');\nDROP INDEX CONCURRENTLY x_id;\nINSERT INTO runs VALUES ('b4');", "", projecttest.NonTransactional).
		Add("c", "b", "COPY x FROM stdin;\n"+strings.Repeat("1\t\\N\n", 3000)+"\\.\nINSERT INTO runs VALUES ('c');", "")
	parent := "c"
	for i := range 6 {
		id := fmt.Sprintf("d%d", i)
		p.Add(id, parent, fmt.Sprintf("CREATE TABLE t%d (id int);\nINSERT INTO runs VALUES ('%s');", i, id), "")
		parent = id
	}
	return p.Add("e", parent, "SELECT pg_sleep(0.05);\nINSERT INTO runs VALUES ('e');", "")
}

// Several runners over unreliable networks, and an administrator who terminates sessions and
// cancels statements: after them, a run without faults leaves what a run in peace leaves.
// AMBIX_TEST_CHAOS is the number of rounds.
func TestRandomFaultsAreSurvived(t *testing.T) {
	t.Parallel()
	rounds := 6
	if n, err := strconv.Atoi(os.Getenv("AMBIX_TEST_CHAOS")); err == nil {
		rounds = n
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			chaos(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func chaos(t *testing.T, random *rand.Rand) {
	url := pgtest.Database(t)
	m := faultProject(t).Migrator(migrator.Config{Wait: time.Minute})
	var runners sync.WaitGroup
	for range 3 {
		proxy := pgtest.NewProxy(t, url)
		for range random.IntN(3) {
			f := pgtest.Fault{Direction: pgtest.Direction(random.IntN(2)), After: 1 + random.Int64N(20000), Action: []pgtest.Action{pgtest.Cut, pgtest.Reset, pgtest.HalfClose}[random.IntN(3)]}
			if random.IntN(2) == 0 {
				f.Match, f.Before = []string{"COMMIT", "runs", "INDEX", "sent:", "lock", "x_id", "VACUUM", "statements_done", "generation"}[random.IntN(9)], random.IntN(2) == 0
				f.Skip = random.IntN(4)
			}
			proxy.Inject(f)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+random.Int64N(1500))*time.Millisecond)
		cfg := projecttest.Config(t, proxy.URL(url))
		unlimited := random.IntN(2) == 0
		runners.Go(func() {
			defer cancel()
			if unlimited {
				ctx = context.Background()
			}
			_, _ = m.Up(ctx, cfg)
		})
	}
	over := make(chan struct{})
	var administrator sync.WaitGroup
	what, pauses := random.Perm(6), random.Perm(100)
	administrator.Go(func() { disturb(url, what, pauses, over) })
	runners.Wait()
	close(over)
	administrator.Wait()

	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatalf("the run without faults: %v", err)
	}
	for _, c := range []struct{ sql, want string }{
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs", "a b1 b2 b3 b4 c d0 d1 d2 d3 d4 d5 e"},
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_event WHERE action = 'up'", "a b c d0 d1 d2 d3 d4 d5 e"},
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision WHERE state = 'applied'", "a b c d0 d1 d2 d3 d4 d5 e"},
		{"SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ', ') FROM pg_index WHERE indrelid = 'x'::regclass", "x_name true"},
		{"SELECT count(*) FROM x", "3500"},
	} {
		if got := pgtest.Value(t, url, c.sql); got != c.want {
			t.Errorf("%s\nhave %s\nwant %s", c.sql, got, c.want)
		}
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}

// disturb terminates sessions and cancels statements of runners.
func disturb(url string, what, pauses []int, over <-chan struct{}) {
	conn, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for i, w := range what {
		select {
		case <-over:
			return
		case <-time.After(time.Duration(pauses[i]*4) * time.Millisecond):
		}
		do := []string{"pg_terminate_backend", "pg_cancel_backend"}[w%2]
		if w > 3 {
			continue
		}
		_, _ = conn.Exec(context.Background(), "SELECT "+do+"(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%' ORDER BY random() LIMIT 1").ReadAll()
	}
}
