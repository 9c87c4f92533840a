package projecttest

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
)

// Sleeping counts the sessions of a database that are in pg_sleep.
const Sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"

// Config parses a URL of pgtest. Queries over its connections are recorded; see Main.
func Config(t testing.TB, url string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	recordQueries(cfg)
	return cfg
}

// Await waits until a query returns a value.
func Await(t testing.TB, url, sql, want string) {
	t.Helper()
	pgtest.Eventually(t, sql+" returns "+want, func() bool { return pgtest.Value(t, url, sql) == want })
}

// Hold runs statements in a session that stays open until release is called, or until the
// end of the test.
func Hold(t testing.TB, cfg *pgconn.Config, sql string) (release func()) {
	t.Helper()
	ctx := context.Background()
	cfg = cfg.Copy()
	cfg.DialFunc = (&net.Dialer{}).DialContext // not recorded
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = conn.Close(ctx) })
	t.Cleanup(release)
	return release
}

// HoldLock holds the lock of the default ledger, as another runner does.
func HoldLock(t testing.TB, url, application string) (release func()) {
	t.Helper()
	cfg := Config(t, url)
	cfg.RuntimeParams["application_name"] = application
	return Hold(t, cfg, "BEGIN; "+ledger.Tables{}.TryLock())
}

// AwaitNoAdvisoryLocks waits until no advisory lock is held in a database. A session that was ended or canceled gives back its
// locks only after its client has the answer.
func AwaitNoAdvisoryLocks(t testing.TB, url string) {
	t.Helper()
	Await(t, url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "0")
}

// Psql runs a script with psql, which stops at the first error.
func Psql(t testing.TB, url, script string) (string, error) {
	t.Helper()
	cmd := exec.Command("psql", "-X", "-q", "-f", "-", url)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Exec runs statements as one message on a new connection, which is not recorded.
func Exec(cfg *pgconn.Config, sql string) ([]*pgconn.Result, error) {
	ctx := context.Background()
	cfg = cfg.Copy()
	cfg.DialFunc = (&net.Dialer{}).DialContext
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Exec(ctx, sql).ReadAll()
}
