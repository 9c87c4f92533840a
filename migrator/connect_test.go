package migrator_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// countSessions counts the sessions of this program in a database.
func countSessions(t *testing.T, url string) string {
	t.Helper()
	return pgtest.Value(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix %'")
}

// awaitNoSessions waits until this program has no session in a database.
func awaitNoSessions(t *testing.T, url string) {
	t.Helper()
	pgtest.Eventually(t, "no session is left", func() bool { return countSessions(t, url) == "0" })
}

// The first call uses the connection that was opened while the files were read, the next one
// opens its own.
func TestFirstCallTakesOverConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg, connected := projecttest.Config(t, url), 0
	m := projecttest.Chain(t, 3, -1, "").Migrator(migrator.Config{Database: cfg, BeforeConnect: func(context.Context, *pgconn.Config) error { connected++; return nil }})
	for want := 1; want <= 2; want++ {
		if _, err := m.Up(context.Background(), cfg); err != nil || connected != want {
			t.Fatalf("%d connections, want %d, %v", connected, want, err)
		}
	}
	m.Close()
	awaitNoSessions(t, url)
}

// The connection is not used for another configuration. Close closes it.
func TestConnectionIsNotTakenOverForOtherDatabase(t *testing.T) {
	t.Parallel()
	url, other := pgtest.Database(t), pgtest.Database(t)
	m := projecttest.Chain(t, 3, -1, "").Migrator(migrator.Config{Database: projecttest.Config(t, url)})
	if r, err := m.Up(context.Background(), projecttest.Config(t, other)); err != nil || len(r.Steps) != 3 {
		t.Fatalf("%v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'ambix_meta'"); got != "0" {
		t.Error("the other database was upgraded")
	}
	m.Close()
	m.Close()
	awaitNoSessions(t, url)
}

// Invalid files are reported first, whatever becomes of the connection.
func TestInvalidFilesAreReportedBeforeConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	bad := fstest.MapFS{"a.up.sql": {Data: []byte("-- revision: a\n")}}
	for _, database := range []string{proxy.URL(url), "postgres://nobody@127.0.0.1:1/nowhere"} {
		_, err := migrator.New(bad, migrator.Config{Database: projecttest.Config(t, database), Wait: time.Hour})
		if _, ok := errors.AsType[*migrator.FilesError](err); !ok {
			t.Errorf("%v", err)
		}
	}
	awaitNoSessions(t, url)
	if got := proxy.Stats().RoundTrips; got != 0 {
		t.Errorf("%d round trips", got)
	}
}
