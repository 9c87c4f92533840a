package migrator_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// Who reads a table is not kept from it by a revision that waits for its lock: each time
// the wait is given up, those who queued behind it are let through.
func TestReadersGetThrough(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	hold(t, config(t, url), "BEGIN; SELECT * FROM account") // to the test's end, so the revision never gets its lock
	set := newProject(t).add("a", "", "ALTER TABLE account ADD name text;", "").
		set(migrator.Config{LockTimeout: 100 * time.Millisecond, RetryFor: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := config(t, url)
	go func() { _, err := set.Up(ctx, cfg); done <- err }()
	for range 3 {
		await(t, url, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'", "1")
		pgtest.Exec(t, url, "SET statement_timeout = '30s'; SELECT * FROM account")
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the revision got its lock")
	}
}

// docs/locking.md has a query that shows who is at work.
func TestWhoIsAtWork(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	queries := blocks(documents(t)["docs/locking.md"], "sql")
	if len(queries) != 1 {
		t.Fatalf("%d queries", len(queries))
	}
	if rows := pgtest.Query(t, url, queries[0]); len(rows) != 0 {
		t.Errorf("nobody is at work: %q", rows)
	}
	set := newProject(t).add("a", "", "SELECT pg_sleep(60);", "").set(migrator.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := config(t, url)
	go func() { _, err := set.Up(ctx, cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	rows := pgtest.Query(t, url, queries[0])
	cancel()
	<-done
	if len(rows) != 1 || !strings.HasPrefix(rows[0][2], "ambix up a ") || rows[0][3] != "active" {
		t.Errorf("%q", rows)
	}
}

// The roles of docs/operations.md can do what is said beside them, and no more.
func TestRolesOfTheDocument(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	admin := server.Database(t)
	sql := blocks(documents(t)["docs/operations.md"], "sql")
	if len(sql) != 1 {
		t.Fatalf("%d blocks", len(sql))
	}
	pgtest.Exec(t, admin, "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"+sql[0]+"ALTER ROLE store_migrator PASSWORD 'm'; ALTER ROLE store_reader PASSWORD 'r'")
	as := func(user, password string) *pgconn.Config {
		u, err := url.Parse(admin)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(user, password)
		return config(t, u.String())
	}
	ctx := context.Background()
	set := shop(t).set(migrator.Config{Ledger: "store.ambix", Role: "store_owner"})
	if _, err := set.Up(ctx, as("store_migrator", "m")); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, admin, "SELECT tableowner FROM pg_tables WHERE schemaname = 'store' AND tablename = 'account'"); got != "store_owner" {
		t.Errorf("the owner is %s", got)
	}
	reader := shop(t).set(migrator.Config{Ledger: "store.ambix"})
	if st, err := reader.Status(ctx, as("store_reader", "r")); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if events, err := reader.Log(ctx, as("store_reader", "r"), 0); err != nil || len(events) != 3 {
		t.Errorf("log: %d events, %v", len(events), err)
	}
	if _, err := reader.Down(ctx, as("store_reader", "r")); err == nil {
		t.Error("the reader took a revision down")
	}
}
