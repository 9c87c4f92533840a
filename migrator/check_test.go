package migrator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestLogAndCheck(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if log, err := m.Log(ctx, cfg, 0); err != nil || len(log) != 0 {
		t.Errorf("log without a ledger: %v, %v", log, err)
	}
	if created, err := m.EnsureLedger(ctx, cfg); err != nil || !created {
		t.Errorf("ensure: %v, %v", created, err)
	}
	if created, err := m.EnsureLedger(ctx, cfg); err != nil || created {
		t.Errorf("ensure again: %v, %v", created, err)
	}
	found, err := m.Check(ctx, cfg)
	if err != nil || len(found) != 3 || found[0].Kind != migrator.FindingPending {
		t.Errorf("check: %+v, %v", found, err)
	}
	if _, err := m.Up(ctx, cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	modified := projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);", "-").
		Add("b2", "a1", "-- a comment\nALTER  TABLE account ADD email text;", "ALTER TABLE account DROP email;").
		Add("x", "a1", "SELECT 1;", "").
		Migrator(migrator.Config{})
	found, err = modified.Check(ctx, cfg)
	var kinds []string
	for _, f := range found {
		kinds = append(kinds, string(f.Kind)+" "+f.Revision)
	}
	if got := strings.Join(kinds, ", "); err != nil || got != "heads , irreversible a1, changed a1, pending x" {
		t.Errorf("check: %s, %v", got, err)
	}
	log, err := m.Log(ctx, cfg, 1)
	if err != nil || len(log) != 1 || log[0].Revision != "b2" || log[0].At.IsZero() || log[0].AppliedBy == "" {
		t.Errorf("log: %+v, %v", log, err)
	}
}

func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	owner := pgtest.Role(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "app.ambix"})
	ctx := context.Background()
	_, err := m.Up(ctx, projecttest.Config(t, owner))
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a role without privileges: %v", err)
	}
	name := projecttest.Config(t, owner).User
	pgtest.Exec(t, url, fmt.Sprintf("CREATE SCHEMA app AUTHORIZATION %s; ALTER ROLE %[1]s SET search_path TO app; REVOKE ALL ON SCHEMA public FROM PUBLIC", name))
	if err := projecttest.DryRun(ctx, m, projecttest.Config(t, owner), migrator.Up); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if _, err := m.Up(ctx, projecttest.Config(t, owner)); err != nil {
		t.Errorf("a role that owns one schema: %v", err)
	}
	reader := pgtest.Role(t, url)
	if _, err := m.Status(ctx, projecttest.Config(t, reader)); err == nil || !strings.Contains(err.Error(), "GRANT SELECT ON") {
		t.Errorf("a role that cannot read: %v", err)
	}
	readerName := projecttest.Config(t, reader).User
	pgtest.Exec(t, url, fmt.Sprintf("GRANT USAGE ON SCHEMA app TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA app TO %[1]s", readerName))
	if st, err := m.Status(ctx, projecttest.Config(t, reader)); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status of a reader: %+v, %v", st, err)
	}
	if err := projecttest.DryRun(ctx, m, projecttest.Config(t, reader), migrator.Down); err == nil || !strings.Contains(err.Error(), " lacks INSERT on ") {
		t.Errorf("dry run of a reader: %v", err)
	}
	as := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "app.ambix", Role: name})
	pgtest.Exec(t, url, fmt.Sprintf("GRANT %s TO %s; ALTER ROLE %[2]s SET search_path TO app", name, readerName))
	if _, err := as.Down(ctx, projecttest.Config(t, reader), "base"); err != nil {
		t.Errorf("down as another role: %v", err)
	}
}
