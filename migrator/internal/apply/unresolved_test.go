package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A run that loses its connection and cannot find out what became of its steps says so,
// whatever is in the way: it must not look as if they had not run.
func TestUnresolvedOutcomeIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// obstacle is what happens after the loss. It may end the run with cancel.
		obstacle func(t *testing.T, url string, proxy *pgtest.Proxy, cancel func())
		want     string
		exit     int
	}{
		{"ledger is poisoned", func(t *testing.T, url string, _ *pgtest.Proxy, _ func()) {
			pgtest.Exec(t, url, "UPDATE ambix_revision SET revision = 'x*/' WHERE revision = 'a'")
		}, "is not a valid name", 6},
		{"ledger is locked", func(t *testing.T, url string, _ *pgtest.Proxy, _ func()) {
			t.Cleanup(projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; LOCK TABLE ambix_revision"))
		}, "its tables are locked by", 6},
		{"ledger belongs to somebody else", func(t *testing.T, url string, _ *pgtest.Proxy, _ func()) {
			pgtest.Exec(t, url, "ALTER TABLE ambix_event RENAME TO hidden; CREATE VIEW ambix_event AS SELECT * FROM hidden")
		}, "one of its tables is a view", 6},
		{"password has changed", func(t *testing.T, url string, _ *pgtest.Proxy, _ func()) {
			pgtest.Exec(t, url, "ALTER ROLE "+pgtest.Value(t, url, "SELECT applied_by FROM ambix_revision LIMIT 1")+" PASSWORD 'another'")
		}, "password authentication failed", 6},
		{"server does not answer", func(_ *testing.T, _ string, proxy *pgtest.Proxy, _ func()) {
			proxy.Inject(pgtest.Fault{Action: pgtest.Cut, Times: -1})
		}, "", 6},
		{"interrupted", func(_ *testing.T, _ string, _ *pgtest.Proxy, cancel func()) { cancel() }, "interrupted before its outcome was known", 130},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			role := pgtest.Role(t, url)
			pgtest.Exec(t, url, "GRANT ALL ON SCHEMA public TO "+projecttest.Config(t, role).User)
			proxy := pgtest.NewProxy(t, url)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			once := false
			p := projecttest.New(t)
			three(p)
			m := p.Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
				if _, lost := e.(migrator.ConnectionLost); lost && !once {
					once = true
					projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'", "0")
					c.obstacle(t, url, proxy, cancel)
				}
			}})
			proxy.Inject(pgtest.Fault{Direction: pgtest.ToClient, Match: "CREATE TABLE", Before: true, Action: pgtest.Cut})
			r, err := m.Up(ctx, projecttest.Config(t, proxy.URL(role)))
			var unknown *migrator.UnknownOutcomeError
			if !errors.As(err, &unknown) || unknown.Revision != "a" || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "each revision from there on was applied completely or not at all") {
				t.Errorf("%v", err)
			}
			if code := cli.ExitCode(err); code != c.exit || len(r.Steps) > 0 {
				t.Errorf("exit code %d, want %d; %+v", code, c.exit, r)
			}
		})
	}
}
