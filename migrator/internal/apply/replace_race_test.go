package apply_test

import (
	"context"
	"sync"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestConcurrentRunnersExchangeOnce(t *testing.T) {
	t.Parallel()
	url := at(t, shopWithD4(t), "c3")
	const runners = 8
	var wg sync.WaitGroup
	reports := make([]*migrator.Report, runners)
	errs := make([]error, runners)
	for i := range runners {
		m, cfg := squashed(t).Migrator(migrator.Config{}), projecttest.Config(t, url)
		wg.Go(func() { reports[i], errs[i] = m.Up(context.Background(), cfg) })
	}
	wg.Wait()
	exchanged, steps := 0, 0
	for i := range runners {
		if errs[i] != nil {
			t.Errorf("runner %d: %v", i, errs[i])
			continue
		}
		exchanged += len(reports[i].Replaced)
		steps += len(reports[i].Steps)
	}
	if got := pgtest.Value(t, url, eventsInOrder); exchanged != 1 || steps != 1 || got != "up a1, up b2, up c3, replace s1, up d4" {
		t.Errorf("%d exchanges and %d steps are reported; events %q", exchanged, steps, got)
	}
}

// Where nothing is to be applied, a read-only server is no reason to fail.
func TestReadOnlyServerDoesNotExchange(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "d4")
	pgtest.Exec(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	report, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
	if err != nil || len(report.Replaced) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// A run of a program that has the replaced revisions does not apply them again when a newer one exchanges the rows meanwhile.
func TestExchangeDuringRunOfOlderProgram(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "c3")
	for _, ahead := range []migrator.Policy{migrator.Auto, migrator.Fail} {
		older := shopWithD4(t).Add("x9", "c3", "SELECT 1;", "").Migrator(migrator.Config{Ahead: ahead, OnEvent: func(e migrator.Event) {
			if _, ok := e.(migrator.Planned); ok {
				if _, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url), "s1"); err != nil {
					t.Error(err)
				}
			}
		}})
		if _, err := older.Up(ctx, projecttest.Config(t, url), "x9"); err != nil {
			t.Error(err)
		}
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "up a1, up b2, up c3, replace s1, up x9" {
		t.Errorf("events %q", got)
	}
}

// A process that is killed in the middle of the exchange leaves all rows or the one in their place.
func TestKilledExchangeIsAllOrNothing(t *testing.T) {
	t.Parallel()
	url := at(t, projecttest.Shop(t), "c3")
	pgtest.Exec(t, url, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(CASE WHEN NEW.action = 'replace' THEN 2 ELSE 0 END); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON ambix_event FOR EACH ROW EXECUTE FUNCTION slow()`)
	p := newProcess(t, url, "replacing")
	p.begin()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	_ = p.Process.Kill()
	_ = p.Wait()
	if got := pgtest.Value(t, url, rows); got != "a1 applied, b2 applied, c3 applied" {
		t.Errorf("during the exchange: %q", got)
	}
	if report, err := squashed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url), "s1"); err != nil || len(report.Steps) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FILTER (WHERE action = 'replace') || ' ' || ("+rows+") FROM ambix_event"); got != "1 s1 applied" {
		t.Errorf("afterwards: %q", got)
	}
}
