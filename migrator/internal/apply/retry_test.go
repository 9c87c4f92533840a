package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A lock is waited for in short tries.
func TestLockTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	m := projecttest.New(t).Add("a", "", "CREATE TABLE other (id int);\nALTER TABLE account ADD name text;", "")
	holder := projecttest.Config(t, url)
	release := projecttest.Hold(t, holder, "BEGIN; SELECT * FROM account")
	short := m.Migrator(migrator.Config{LockTimeout: 50 * time.Millisecond, RetryFor: 300 * time.Millisecond})
	_, err := short.Up(context.Background(), projecttest.Config(t, url))
	var timeout *migrator.LockTimeoutError
	if !errors.As(err, &timeout) || timeout.Line != 7 {
		t.Fatalf("%v", err)
	}
	if !slices.Equal(timeout.Tables, []string{"account"}) || len(timeout.Holders) != 1 || !strings.Contains(err.Error(), "; locks on account are held by process "+timeout.Holders[0].PID) {
		t.Errorf("%v: %v, %+v", err, timeout.Tables, timeout.Holders)
	}
	tries := 0
	retrying := m.Migrator(migrator.Config{LockTimeout: 50 * time.Millisecond, RetryFor: time.Minute, OnEvent: func(e migrator.Event) {
		if _, ok := e.(migrator.StepRetrying); ok {
			if tries++; tries == 2 {
				release()
			}
		}
	}})
	if _, err := retrying.Up(context.Background(), projecttest.Config(t, url)); err != nil || tries < 2 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// Sessions that read a table are not blocked for long by a revision that waits for its lock:
// after each try, those that queue behind it proceed.
func TestReadersAreNotStarved(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT * FROM account") // until the end of the test, so the revision never gets its lock
	m := projecttest.New(t).Add("a", "", "ALTER TABLE account ADD name text;", "").
		Migrator(migrator.Config{LockTimeout: 100 * time.Millisecond, RetryFor: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := projecttest.Config(t, url)
	go func() { _, err := m.Up(ctx, cfg); done <- err }()
	for range 3 {
		projecttest.Await(t, url, "SELECT count(*) FROM pg_locks WHERE relation = 'account'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted", "1")
		pgtest.Exec(t, url, "SET statement_timeout = '30s'; SELECT * FROM account")
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the revision got its lock")
	}
}

// The smallest limit applies, and a negative RetryFor means one try.
func TestSmallestLimitsApply(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT * FROM account")
	m := projecttest.New(t).Add("a", "", "ALTER TABLE account ADD name text;", "").Migrator(migrator.Config{LockTimeout: time.Microsecond, RetryFor: -1})
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	_, err := m.Up(ctx, projecttest.Config(t, url))
	var timeout *migrator.LockTimeoutError
	if !errors.As(err, &timeout) || timeout.Tries != 1 || !strings.HasSuffix(err.Error(), "; tried once, rolled back, safe to run again") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision FROM ambix_event"); got != "failed a" {
		t.Errorf("event: %s", got)
	}
	past, cancelPast := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancelPast()
	if _, err := m.Up(past, projecttest.Config(t, url)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an ended context: %v", err)
	}
}

// The statement timeout of a revision does not limit how long writing the ledger takes.
func TestStatementTimeoutAppliesToBodyOnly(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"transactional": "transaction: on", "non-transactional": projecttest.NonTransactional} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			p := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "-")
			if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			pgtest.Exec(t, url, `CREATE TABLE limits (was text); GRANT ALL ON limits TO public;
				CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.limits VALUES (pg_catalog.current_setting('statement_timeout')); RETURN NULL; END $$;
				CREATE TRIGGER note AFTER INSERT OR UPDATE ON ambix_revision EXECUTE FUNCTION note();
				CREATE TRIGGER note AFTER INSERT OR UPDATE ON ambix_event EXECUTE FUNCTION note();
				CREATE TRIGGER note AFTER INSERT OR UPDATE ON ambix_meta EXECUTE FUNCTION note()`)
			p.Add("b", "a", "CREATE TABLE b AS SELECT current_setting('statement_timeout') AS was;", "-", header, "statement_timeout: 150s")
			p.Add("c", "b", "CREATE TABLE c AS SELECT current_setting('statement_timeout') AS was;", "-", header)
			if _, err := p.Migrator(migrator.Config{StatementTimeout: 160 * time.Second}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			if got := pgtest.Value(t, url, "SELECT b.was || ' ' || c.was FROM b, c"); got != "150s 160s" {
				t.Errorf("the bodies ran with %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(DISTINCT was, ' ') FROM limits"); got != "0" {
				t.Errorf("the ledger was written with %s", got)
			}
		})
	}
}

// A body that sets lock_timeout, as the output of pg_dump does, causes one warning.
func TestLockTimeoutInBodyIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var warnings []string
	m := projecttest.New(t).
		Add("a", "", "SELECT 'lock_timeout';", "").
		Add("b", "a", "SELECT 1;\nSET lock_timeout = 0;\nSET lock_timeout = 0;", "").
		Add("c", "b", "SELECT set_config('lock_timeout', '0', false);", "", projecttest.NonTransactional).
		Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok {
				warnings = append(warnings, fmt.Sprintf("%s %s:%d %s", n.Severity, n.Step.Revision, n.Line, n.Text))
			}
		}})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 2 || !strings.HasPrefix(warnings[0], "WARNING b:7 the body sets lock_timeout") || !strings.HasPrefix(warnings[1], "WARNING c:7 ") {
		t.Errorf("%q", warnings)
	}
}
