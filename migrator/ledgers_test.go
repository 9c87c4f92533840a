package migrator_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// named returns a migrator of one revision with a table in its own schema.
func named(t *testing.T, ledger string) *migrator.Migrator {
	schema, _, _ := strings.Cut(ledger, ".")
	return projecttest.New(t).Add("a1", "", "CREATE TABLE "+schema+".thing (id int);", "DROP TABLE "+schema+".thing;").Migrator(migrator.Config{Ledger: ledger})
}

// A ledger that is named is created where it is named, whatever ledgers the database has.
func TestNamedLedgerIsCreated(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	first := projecttest.Shop(t).Migrator(migrator.Config{})
	if _, err := first.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	create := map[string]func(*migrator.Migrator) error{
		"s_up.x":     func(m *migrator.Migrator) error { _, err := m.Up(ctx, cfg); return err },
		"s_ensure.x": func(m *migrator.Migrator) error { _, err := m.EnsureLedger(ctx, cfg); return err },
		"s_stamp.x":  func(m *migrator.Migrator) error { _, err := m.Stamp(ctx, cfg, "head"); return err },
		"s_base.x":   func(m *migrator.Migrator) error { _, err := m.Stamp(ctx, cfg, "base"); return err },
		"s_purge.x":  func(m *migrator.Migrator) error { _, err := m.Purge(ctx, cfg, "base"); return err },
		"s_adopt.x": func(m *migrator.Migrator) error {
			_, err := m.Adopt(ctx, cfg, migrator.Adopt{Baseline: []string{"a1"}})
			return err
		},
	}
	for ledger, do := range create {
		m := named(t, ledger)
		if st, err := m.Status(ctx, cfg); err != nil || st.Exists {
			t.Errorf("%s before: %+v, %v", ledger, st, err)
		}
		if err := do(m); err != nil {
			t.Errorf("%s: %v", ledger, err)
		}
		if st, err := m.Status(ctx, cfg); err != nil || !st.Exists {
			t.Errorf("%s after: %+v, %v", ledger, st, err)
		}
		if got := pgtest.Value(t, url, "SELECT to_regclass('"+ledger+"_meta') IS NOT NULL"); got != "t" {
			t.Errorf("%s was not created", ledger)
		}
	}
	if st, err := first.Status(ctx, cfg); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("the first ledger: %+v, %v", st, err)
	}
}

// Without a name, a second history is not started in a database that has a ledger elsewhere.
func TestUnnamedLedgerIsNotCreatedNextToAnother(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	if _, err := named(t, "ops.x").EnsureLedger(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	for call, do := range boundedCalls {
		if err := do(ctx, m, cfg); kindOf(err) != migrator.KindOtherLedger && kindOf(err) != migrator.KindTarget && kindOf(err) != migrator.KindRepair {
			t.Errorf("%s: %v", call, err)
		}
	}
	if got := pgtest.Value(t, url, "SELECT to_regclass('public.ambix_meta') IS NULL"); got != "t" {
		t.Error("a second ledger was created")
	}
}

// Every call works on a second ledger, while a runner of the first one holds its lock.
func TestLedgersAreIndependent(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	projecttest.HoldLock(t, url, "a runner of the first ledger")
	m := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "billing.ambix", WaitRunner: -1})
	var wait sync.WaitGroup
	for _, ledger := range []string{"one.x", "two.x", "two.y"} {
		wait.Go(func() {
			m := projecttest.New(t).Add("a1", "", "SELECT pg_sleep(0.2);", "").Migrator(migrator.Config{Ledger: ledger, WaitRunner: -1})
			if r, err := m.Up(ctx, cfg); err != nil || len(r.Steps) != 1 {
				t.Errorf("%s: %+v, %v", ledger, r, err)
			}
		})
	}
	wait.Wait()
	for _, call := range []string{"ensure-version", "up", "status", "check", "dry run", "down", "to", "redo", "stamp", "purge", "log"} {
		if err := boundedCalls[call](ctx, m, cfg); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	if got := pgtest.Value(t, url, "SELECT to_regclass('public.ambix_meta') IS NULL"); got != "t" {
		t.Error("the first ledger was created")
	}
}

// No call takes a ledger of which a table is missing for an empty one.
func TestMissingTableIsReported(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"ambix_meta", "ambix_revision", "ambix_event", "ambix_meta, ambix_event", "ambix_meta, ambix_revision", "ambix_revision, ambix_event"} {
		url := pgtest.Database(t)
		cfg := projecttest.Config(t, url)
		m := projecttest.Shop(t).Migrator(migrator.Config{WaitRunner: -1})
		if _, err := m.Up(context.Background(), cfg, "b2"); err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, url, "DROP TABLE "+table)
		for call, do := range boundedCalls {
			if err := do(context.Background(), m, cfg); kindOf(err) != migrator.KindLedger || !strings.Contains(err.Error(), "restore") {
				t.Errorf("%s without %s: %v", call, table, err)
			}
		}
	}
}

// Row-level security on a table of the ledger never hides rows from a run.
func TestRowSecurityIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{WaitRunner: -1})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url), "b2"); err != nil {
		t.Fatal(err)
	}
	other := projecttest.Config(t, pgtest.Role(t, url))
	pgtest.Exec(t, url, "GRANT ALL ON ambix_meta, ambix_revision, ambix_event TO "+other.User+"; GRANT ALL ON SCHEMA public TO "+other.User)
	for _, tables := range [][]string{{"ambix_revision"}, {"ambix_meta"}, {"ambix_event"}, {"ambix_meta", "ambix_revision", "ambix_event"}} {
		for _, table := range tables {
			pgtest.Exec(t, url, "ALTER TABLE "+table+" ENABLE ROW LEVEL SECURITY")
		}
		for call, do := range boundedCalls {
			err := do(context.Background(), m, other)
			if err == nil && len(tables) == 1 && (call == "log") != (tables[0] == "ambix_event") {
				continue // it does not use the table
			}
			if tables[0] == "ambix_event" && call != "stamp" && call != "purge" {
				continue // the role could not run the revisions, and there is nothing to record
			}
			if kindOf(err) != migrator.KindLedger || !strings.Contains(err.Error(), `ALTER ROLE "`+other.User+`" BYPASSRLS`) {
				t.Errorf("%s with %v: %v", call, tables, err)
			}
		}
		if st, err := m.Status(context.Background(), projecttest.Config(t, url)); err != nil || st.Count(migrator.Applied) != 2 {
			t.Errorf("the owner: %v", err)
		}
		for _, table := range tables {
			pgtest.Exec(t, url, "ALTER TABLE "+table+" DISABLE ROW LEVEL SECURITY")
		}
	}
}

// A trigger that suppresses the change of the generation does not make a run repeat forever.
func TestUnwritableGenerationIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER no BEFORE UPDATE ON ambix_meta FOR EACH ROW EXECUTE FUNCTION no()`)
	pgtest.Exec(t, url, "UPDATE ambix_revision SET digest = 'x', checksum = 'x'") // so that there is something to repair
	for _, call := range []string{"up", "stamp", "repair"} {
		ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
		if err := boundedCalls[call](ctx, m, cfg); kindOf(err) != migrator.KindLedger {
			t.Errorf("%s: %v", call, err)
		}
		cancel()
	}
}

// A role whose sessions begin as another role comes back to that one after a body.
func TestDefaultRoleOfTheSessionIsKept(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	login := projecttest.Config(t, pgtest.Role(t, url, "NOINHERIT"))
	owner := projecttest.Config(t, pgtest.Role(t, url)).User
	pgtest.Exec(t, url, "GRANT CREATE ON SCHEMA public TO "+owner+"; GRANT "+owner+" TO "+login.User+"; ALTER ROLE "+login.User+" SET role = '"+owner+"'")
	for i, body := range []string{"SET ROLE " + owner, "RESET ROLE", "SET ROLE NONE", "SET SESSION AUTHORIZATION DEFAULT"} {
		for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
			ledger := "public.x" + string(rune('a'+i)) + header[len(header)-2:]
			m := projecttest.New(t).Add("a", "", body+";\nSELECT 1;", "", header).Migrator(migrator.Config{Ledger: ledger})
			if _, err := m.Up(ctx, login); err != nil {
				t.Errorf("%s, %s: %v", body, header, err)
			}
		}
	}
	pgtest.Exec(t, url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC, "+owner)
	_, err := named(t, "public.y").Up(ctx, login)
	var e *migrator.LedgerError
	if !errors.As(err, &e) || !strings.Contains(strings.Join(e.Grants, ";"), `TO "`+owner+`"`) {
		t.Errorf("%v", err)
	}
}

// A role that cannot be set is granted so that it can.
func TestRoleAdviceFitsTheServer(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	login := projecttest.Config(t, pgtest.Role(t, url))
	owner := projecttest.Config(t, pgtest.Role(t, url)).User
	m := projecttest.Shop(t).Migrator(migrator.Config{Role: owner})
	_, err := m.Status(context.Background(), login)
	var e *migrator.ConnectError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	_, grant, _ := strings.Cut(e.Hint, "a member of it can: ")
	pgtest.Exec(t, url, grant)
	if _, err := m.Status(context.Background(), login); err != nil {
		t.Errorf("after %s: %v", grant, err)
	}
	if pgtest.Value(t, url, "SELECT current_setting('server_version_num')::int >= 160000") == "t" {
		pgtest.Exec(t, url, `REVOKE "`+owner+`" FROM "`+login.User+`"; GRANT "`+owner+`" TO "`+login.User+`" WITH SET FALSE`)
		if _, err := m.Status(context.Background(), login); err == nil {
			t.Error("WITH SET FALSE lets it set the role")
		}
		pgtest.Exec(t, url, grant)
		if _, err := m.Status(context.Background(), login); err != nil {
			t.Errorf("after %s: %v", grant, err)
		}
	}
}

// The detail of an event has a limited size.
func TestEventDetailIsCut(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).Add("a", "", "DO $$ BEGIN RAISE EXCEPTION '%', repeat('é', 1000000); END $$;", "").Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err == nil {
		t.Fatal("it succeeded")
	}
	if got := pgtest.Value(t, url, "SELECT octet_length(detail) BETWEEN 8000 AND 8300 AND detail LIKE '% more bytes)' FROM ambix_event"); got != "t" {
		t.Error(pgtest.Value(t, url, "SELECT octet_length(detail) || right(detail, 60) FROM ambix_event"))
	}
}
