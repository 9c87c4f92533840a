package migrator_test

import (
	"context"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// The script of a target starts where the target is, and leaves what a run leaves.
func TestScriptsOfFleet(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	targets := tenants(t, url, projecttest.Config(t, url), 3)
	m := projecttest.Shop(t).
		Add("d4", "c3", "CREATE INDEX CONCURRENTLY account_name ON account (name);", "DROP INDEX account_name;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	f := fleet(t, m, targets, migrator.FleetConfig{})
	if c := count(fleet(t, m, targets[1:2], migrator.FleetConfig{}).Up(ctx, "b2")); c.done != 1 {
		t.Fatal(c, c.errs)
	}
	for name, p := range plansOf(t, f) {
		var script strings.Builder
		if err := p.Script(&script); err != nil {
			t.Fatal(err)
		}
		if out, err := projecttest.Psql(t, url, script.String()); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	checkTenants(t, url, targets, "a1,b2,c3,d4")
	if n := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != "0" {
		t.Errorf("%s tables in public", n)
	}
	if c := count(f.Up(ctx)); c.String() != "3 done (0 changed), 0 failed, 0 not started" {
		t.Error(c, c.errs)
	}
}

func plansOf(t *testing.T, f *migrator.Fleet) map[string]*migrator.Plan {
	t.Helper()
	plans := map[string]*migrator.Plan{}
	for o := range f.Plan(context.Background(), migrator.Up) {
		if o.Err != nil {
			t.Fatal(o.Target.Name, o.Err)
		}
		plans[o.Target.Name] = o.Value
	}
	return plans
}

// A script does not make the schema of a target that does not exist any more, wherever its ledger is.
func TestScriptOfMissingSchemaChangesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "ops.{schema}"} {
		url := pgtest.Database(t)
		cfg := projecttest.Config(t, url)
		f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), []migrator.Target{{Name: "t1", Config: cfg, Schema: "t1", Ledger: name}}, migrator.FleetConfig{})
		plans, err := f.PlanFrom(nil, migrator.Up)
		if err != nil || len(plans) != 1 {
			t.Fatal(plans, err)
		}
		var script strings.Builder
		if err := plans[0].Script(&script); err != nil {
			t.Fatal(err)
		}
		out, err := projecttest.Psql(t, url, script.String())
		if err == nil || !strings.Contains(out, "the schema of this target does not exist") {
			t.Errorf("%v: %s", err, out)
		}
		if n := pgtest.Value(t, url, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('t1', 'ops')"); n != "0" {
			t.Errorf("%s schemas", n)
		}
	}
}

// A script is for the database of its target only: a client that does not know \connect runs it in another one.
func TestScriptOfFleetNamesItsDatabase(t *testing.T) {
	t.Parallel()
	url, other := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE SCHEMA t1")
	pgtest.Exec(t, other, "CREATE SCHEMA t1")
	cfg := projecttest.Config(t, url)
	for _, target := range []migrator.Target{{Name: "database", Config: cfg}, {Name: "t1", Config: cfg, Schema: "t1"}} {
		f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), []migrator.Target{target}, migrator.FleetConfig{})
		var script strings.Builder
		if err := plansOf(t, f)[target.Name].Script(&script); err != nil {
			t.Fatal(err)
		}
		out, err := projecttest.Psql(t, other, script.String())
		if err == nil || !strings.Contains(out, "this is not the database of this target") {
			t.Errorf("%v: %s", err, out)
		}
		if n := pgtest.Value(t, other, "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 't1')"); n != "0" {
			t.Errorf("%s tables", n)
		}
		if out, err := projecttest.Psql(t, url, script.String()); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// A role that may create nothing but objects of its schema can run the script of that schema.
func TestScriptNeedsNoPrivilegeOnTheDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	roleURL := pgtest.Role(t, url)
	cfg := projecttest.Config(t, roleURL)
	pgtest.Exec(t, url, "CREATE SCHEMA t1 AUTHORIZATION "+cfg.User)
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), []migrator.Target{{Name: "t1", Config: cfg, Schema: "t1"}}, migrator.FleetConfig{})
	plans, err := f.PlanFrom(nil, migrator.Up)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	if err := plans[0].Script(&script); err != nil {
		t.Fatal(err)
	}
	if out, err := projecttest.Psql(t, roleURL, script.String()); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if c := count(f.Up(context.Background())); c.String() != "1 done (0 changed), 0 failed, 0 not started" {
		t.Error(c, c.errs)
	}
}

// Preflight finds what a plan cannot: here a ledger that the role may not write.
func TestPreflightOfFleetChecksPrivileges(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	roleURL := pgtest.Role(t, url)
	cfg := projecttest.Config(t, roleURL)
	pgtest.Exec(t, url, "CREATE SCHEMA t1; CREATE SCHEMA t2 AUTHORIZATION "+cfg.User+"; GRANT USAGE ON SCHEMA t1 TO "+cfg.User)
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), []migrator.Target{{Name: "t1", Config: cfg, Schema: "t1"}, {Name: "t2", Config: cfg, Schema: "t2"}}, migrator.FleetConfig{})
	for o := range f.Preflight(ctx, migrator.Up) {
		if failed := o.Err != nil; failed != (o.Target.Name == "t1") {
			t.Errorf("%s: %v", o.Target.Name, o.Err)
		}
		if o.Target.Name == "t2" && len(o.Value.Steps) != 3 {
			t.Errorf("%+v", o.Value)
		}
	}
	if n := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE schemaname IN ('t1', 't2')"); n != "0" {
		t.Errorf("%s tables", n)
	}
}
