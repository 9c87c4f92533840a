package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// chainOf makes a chain of small revisions r000, r001, …; one of them may be special.
func chainOf(t testing.TB, n, special int, up string) *project {
	p := newProject(t)
	parent := ""
	for i := range n {
		id, body := fmt.Sprintf("r%03d", i), fmt.Sprintf("CREATE TABLE t%d (id int);", i)
		if i == special {
			body = up
		}
		p.add(id, parent, body, fmt.Sprintf("DROP TABLE t%d;", i))
		parent = id
	}
	return p
}

func TestSharedMessages(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	set := chainOf(t, 250, -1, "").set(migrator.Config{})
	r, err := set.Up(context.Background(), config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 250 {
		t.Fatalf("%d steps, %v", len(r.Steps), err)
	}
	// The state, what else the database holds, three messages.
	if got := proxy.Stats().RoundTrips; got != 5 {
		t.Errorf("%d round trips for 250 revisions", got)
	}
	proxy = pgtest.NewProxy(t, url)
	if _, err := set.Up(context.Background(), config(t, proxy.URL(url))); err != nil {
		t.Fatal(err)
	}
	if got := proxy.Stats().RoundTrips; got != 1 {
		t.Errorf("%d round trips for nothing to do", got)
	}
}

// Sharing changes nothing that matters: the error, what was kept, and the log are those
// of revisions that travel alone.
func TestErrorInASharedMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, up, want string }{
		{"run time", "CREATE TABLE kept (id int);\nSELECT 1 / 0;", "r030.up.sql:7:1: upgrade r030 (add r030): division by zero (22012)"},
		{"meaning", "CREATE TABLE kept (id int);\nSELECT 'é', nix;", `r030.up.sql:7:13: upgrade r030 (add r030): column "nix" does not exist (42703)`},
		{"syntax", "CREATE TABLE kept (id int);\nSELECT 'é' FROM FROM x;", `r030.up.sql:7:17: upgrade r030 (add r030): syntax error at or near "FROM" (42601)`},
		{"deferred", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE kept (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO kept VALUES (1);", `r030.up.sql: upgrade r030 (add r030): insert or update on table "kept" violates foreign key constraint "kept_id_fkey" (23503)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			r, err := chainOf(t, 60, 30, c.up).set(migrator.Config{}).Up(context.Background(), config(t, url))
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
				t.Error("something of the failed revision, or behind it, is there")
			}
		})
	}
}

// The connection is lost in the middle of a shared message: the report says what was
// committed, no more and no less.
func TestLostInASharedMessage(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "ambix up r000", Action: pgtest.HalfClose})
	r, err := chainOf(t, 90, -1, "").set(migrator.Config{}).Up(context.Background(), config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 90 || len(r.Others) != 0 {
		t.Errorf("%d steps, %d others, %v", len(r.Steps), len(r.Others), err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "90 90" {
		t.Errorf("events, revisions: %s", got)
	}
}

// What the last message holds is flushed when the run says it is done: nothing is lost
// in a crash.
func TestDurableWhenDone(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"fsync": "on", "wal_writer_delay": "10s", "synchronous_commit": "off"}})
	url := server.Database(t)
	if _, err := chainOf(t, 30, -1, "").set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	server.Restart(t, pgtest.Immediate)
	if got := pgtest.Value(t, url, "SELECT count(*) FROM ambix_revision"); got != "30" {
		t.Errorf("%s of 30 revisions survived", got)
	}
}
