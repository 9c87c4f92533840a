package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// changes are the operations that change only the ledger. Each has a database where it has
// something to do, and what the ledger shows when it is done, once.
func changes(t *testing.T) map[string]struct {
	prepare func(url string)
	do      func(context.Context, string) (string, error)
	done    string
} {
	shop := projecttest.Shop(t)
	m := shop.Migrator(migrator.Config{})
	modified := projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id bigint PRIMARY KEY, name text);", "DROP TABLE account;", "branch_labels: store").
		Migrator(migrator.Config{})
	replacing := squashed(t).Migrator(migrator.Config{})
	const state = "SELECT (SELECT count(*) FROM ambix_revision) || ' rows, ' || coalesce((SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event), 'no events') || ', ' || (SELECT count(*) FROM ambix_meta) || ' ledger'"
	check := func(url string, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return pgtest.Value(t, url, state), nil
	}
	return map[string]struct {
		prepare func(url string)
		do      func(context.Context, string) (string, error)
		done    string
	}{
		"ensure-version": {func(string) {}, func(ctx context.Context, url string) (string, error) {
			created, err := m.EnsureLedger(ctx, projecttest.Config(t, url))
			if err == nil && !created {
				err = errors.New("not reported as created")
			}
			return check(url, err)
		}, "0 rows, no events, 1 ledger"},
		"repair": {func(url string) {
			pgtest.Exec(t, url, "CREATE TABLE noise (id int)")
			if _, err := m.Move(context.Background(), projecttest.Config(t, url), migrator.Up, "a1"); err != nil {
				t.Fatal(err)
			}
		}, func(ctx context.Context, url string) (string, error) {
			done, err := modified.Repair(ctx, projecttest.Config(t, url), "a1", migrator.AcceptFile)
			if err == nil && !strings.HasPrefix(done, "recorded a1 as it is in ") {
				err = errors.New(done)
			}
			return check(url, err)
		}, "1 rows, up a1, repair a1, 1 ledger"},
		"adopt": {func(url string) { pgtest.Exec(t, url, "CREATE TABLE account (id int)") }, func(ctx context.Context, url string) (string, error) {
			found, err := m.Adopt(ctx, projecttest.Config(t, url), migrator.Adopt{Baseline: []string{"a1"}})
			if err == nil && (found == nil || len(found.Revisions) != 1) {
				err = errors.New("not reported as adopted")
			}
			return check(url, err)
		}, "1 rows, adopt a1, 1 ledger"},
		"replace": {func(url string) {
			if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
		}, func(ctx context.Context, url string) (string, error) {
			report, err := replacing.Up(ctx, projecttest.Config(t, url), "s1")
			if err == nil && (len(report.Replaced) != 1 || len(report.Steps) > 0) {
				err = errors.New("not reported as replaced")
			}
			return check(url, err)
		}, "1 rows, up a1, up b2, up c3, replace s1, 1 ledger"},
	}
}

// Wherever the connection of a change of the ledger is cut, it connects again, finds out from
// the ledger whether the change is committed, and records it once.
func TestChangeOfLedgerSurvivesCutConnection(t *testing.T) {
	t.Parallel()
	for name, c := range changes(t) {
		for _, fault := range []pgtest.Fault{
			{Direction: pgtest.ToServer, Match: "ambix_meta", Before: true},                               // the read
			{Direction: pgtest.ToClient, Match: "ambix_meta", Action: pgtest.Reset},                       // its answer
			{Direction: pgtest.ToServer, Match: "COMMIT", Before: true},                                   // the change
			{Direction: pgtest.ToServer, Match: "COMMIT", Action: pgtest.HalfClose},                       // it arrives, without an answer
			{Direction: pgtest.ToClient, Match: "COMMIT\x00", Before: true},                               // its answer
			{Direction: pgtest.ToClient, Match: "COMMIT\x00", Before: true, Action: pgtest.Cut, Times: 2}, // and that of the next one
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				c.prepare(url)
				proxy := pgtest.NewProxy(t, url)
				happened := proxy.Inject(fault)
				if got, err := c.do(context.Background(), proxy.URL(url)); err != nil || got != c.done {
					t.Errorf("%+v: %s, %v", fault, got, err)
				}
				select {
				case <-happened:
				default:
					t.Errorf("%+v did not happen", fault)
				}
			})
		}
	}
}

// If the server does not come back, the change may be recorded or not, and the error says so.
func TestChangeOfLedgerWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range changes(t) {
		url := pgtest.Database(t)
		c.prepare(url)
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToClient, Match: "COMMIT\x00", Before: true})
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "database\x00", Before: true, Times: -1, Skip: 1})
		_, err := c.do(context.Background(), proxy.URL(url))
		var unknown *migrator.UnknownOutcomeError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), " during a change of the ledger; reconnecting failed: ") {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := c.do(context.Background(), url); name == "ensure-version" && (err == nil || err.Error() != "not reported as created") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// A session that an administrator ends does not come back, and nothing is recorded.
func TestTerminatedChangeOfLedgerIsNotRetried(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	c := changes(t)["repair"]
	c.prepare(url)
	pgtest.Exec(t, url, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON ambix_event FOR EACH ROW EXECUTE FUNCTION slow()`)
	done := make(chan error, 1)
	go func() { _, err := c.do(context.Background(), url); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
	var e *migrator.LedgerError
	if err := <-done; !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM ambix_event WHERE action = 'repair'"); got != "0" {
		t.Errorf("%s repairs", got)
	}
}
