package migrator_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// The query in docs/locking.md shows the runners.
func TestDocumentedQueryShowsRunners(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	queries := blocks(documents(t)["docs/locking.md"], "sql")
	if len(queries) != 1 {
		t.Fatalf("%d queries", len(queries))
	}
	if rows := pgtest.Query(t, url, queries[0]); len(rows) != 0 {
		t.Errorf("without a runner: %q", rows)
	}
	m := projecttest.New(t).Add("a", "", "SELECT pg_sleep(60);", "").Migrator(migrator.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := projecttest.Config(t, url)
	go func() { _, err := m.Up(ctx, cfg); done <- err }()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	rows := pgtest.Query(t, url, queries[0])
	cancel()
	<-done
	if len(rows) != 1 || !strings.HasPrefix(rows[0][2], "ambix up a ") || rows[0][3] != "active" {
		t.Errorf("%q", rows)
	}
}

// The roles in docs/operations.md have the privileges that the text states, and no others.
func TestDocumentedRolesSuffice(t *testing.T) {
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
		return projecttest.Config(t, u.String())
	}
	ctx := context.Background()
	m := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "store.ambix", Role: "store_owner"})
	if _, err := m.Up(ctx, as("store_migrator", "m")); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, admin, "SELECT tableowner FROM pg_tables WHERE schemaname = 'store' AND tablename = 'account'"); got != "store_owner" {
		t.Errorf("the owner is %s", got)
	}
	reader := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "store.ambix"})
	if st, err := reader.Status(ctx, as("store_reader", "r")); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if events, err := reader.Log(ctx, as("store_reader", "r"), 0); err != nil || len(events) != 3 {
		t.Errorf("log: %d events, %v", len(events), err)
	}
	if _, err := reader.Down(ctx, as("store_reader", "r")); err == nil {
		t.Error("the reader reverted a revision")
	}
}
