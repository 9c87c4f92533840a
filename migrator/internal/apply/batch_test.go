package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestBatchSavesRoundTrips(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	m := projecttest.Chain(t, 250, -1, "").Migrator(migrator.Config{})
	r, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 250 {
		t.Fatalf("%d steps, %v", len(r.Steps), err)
	}
	// The state, other ledgers, and three batches.
	if got := proxy.Stats().RoundTrips; got != 5 {
		t.Errorf("%d round trips for 250 revisions", got)
	}
	proxy = pgtest.NewProxy(t, url)
	if _, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url))); err != nil {
		t.Fatal(err)
	}
	if got := proxy.Stats().RoundTrips; got != 1 {
		t.Errorf("%d round trips for nothing to do", got)
	}
}

// An error, what is committed, and the log are those of revisions in separate messages.
func TestDurationInBatchIsThatOfOneRevision(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	m := projecttest.New(t).Add("a", "", "SELECT pg_sleep(0.3);", "SELECT pg_sleep(0.3);").Add("b", "a", "SELECT 1;", "SELECT 1;").Migrator(migrator.Config{})
	cfg := projecttest.Config(t, url)
	durations := "SELECT string_agg(%s, ' ' ORDER BY event) FROM ambix_event"
	r, err := m.Up(ctx, cfg)
	if err != nil || r.Steps[0].Duration < 300*time.Millisecond {
		t.Fatalf("%v, %+v", err, r)
	}
	// The second one began when the first one had ended.
	if got := pgtest.Value(t, url, "SELECT b.duration < e.at - a.applied_at FROM ambix_revision a, ambix_revision b, ambix_event e WHERE a.revision = 'a' AND b.revision = 'b' AND e.revision = 'b'"); got != "t" {
		t.Errorf("durations: %s", pgtest.Value(t, url, fmt.Sprintf(durations, "duration::text")))
	}
	if _, err := m.Down(ctx, cfg, "base"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Move(ctx, cfg, migrator.Up, "a"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "TRUNCATE ambix_event")
	if _, err := m.Move(ctx, cfg, migrator.Redo); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT u.duration < u.at - d.at FROM ambix_event u, ambix_event d WHERE u.action = 'up' AND d.action = 'down'"); got != "t" {
		t.Errorf("durations of redo: %s", pgtest.Value(t, url, fmt.Sprintf(durations, "duration::text")))
	}
}

func TestErrorInBatchAffectsOneRevision(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, up, want string }{
		{"run time", "CREATE TABLE kept (id int);\nSELECT 1 / 0;", "r030.up.sql:7:1: upgrade r030 (add r030): division by zero (22012)"},
		{"semantic", "CREATE TABLE kept (id int);\nSELECT 'é', nix;", `r030.up.sql:7:13: upgrade r030 (add r030): column "nix" does not exist (42703)`},
		{"syntax", "CREATE TABLE kept (id int);\nSELECT 'é' FROM FROM x;", `r030.up.sql:7:17: upgrade r030 (add r030): syntax error at or near "FROM" (42601)`},
		{"deferred", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE kept (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO kept VALUES (1);", `r030.up.sql: upgrade r030 (add r030): insert or update on table "kept" violates foreign key constraint "kept_id_fkey" (23503)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			r, err := projecttest.Chain(t, 60, 30, c.up).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
			var e *migrator.RevisionError
			if !errors.As(err, &e) || err.Error() != c.want {
				t.Fatalf("have %v\nwant %s", err, c.want)
			}
			if len(r.Steps) != 30 || strings.Join(r.To, " ") != "r029" {
				t.Errorf("%d steps, at %v", len(r.Steps), r.To)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || max(revision) FROM ambix_revision"); got != "30 r029" {
				t.Errorf("rows: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FILTER (WHERE action = 'up') || ' ' || string_agg(revision, ' ') FILTER (WHERE action = 'failed') FROM ambix_event"); got != "30 r030" {
				t.Errorf("events: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname IN ('kept', 't31')"); got != "0" {
				t.Error("the failed revision or a later one left something")
			}
		})
	}
}

// The connection is lost in the middle of a batch: the report has exactly what was committed.
func TestOutcomeOfLostBatchIsResolved(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "ambix up r000", Action: pgtest.HalfClose})
	r, err := projecttest.Chain(t, 90, -1, "").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 90 || len(r.Others) != 0 {
		t.Errorf("%d steps, %d others, %v", len(r.Steps), len(r.Others), err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "90 90" {
		t.Errorf("events, revisions: %s", got)
	}
}

// All commits are flushed when a run returns: nothing is lost in a crash.
func TestFinishedRunIsDurable(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"fsync": "on", "wal_writer_delay": "10s", "synchronous_commit": "off"}})
	url := server.Database(t)
	if _, err := projecttest.Chain(t, 30, -1, "").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	server.Restart(t, pgtest.Immediate)
	if got := pgtest.Value(t, url, "SELECT count(*) FROM ambix_revision"); got != "30" {
		t.Errorf("%s of 30 revisions survived", got)
	}
}
