package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Each member of a fleet can be a database.
func TestFleetOfManyDatabases(t *testing.T) {
	t.Parallel()
	ctx, server := context.Background(), pgtest.Shared(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	cfg := projecttest.Config(t, pgtest.Database(t))
	var sent traffic
	sent.observe(cfg)
	prefix := cfg.Database + "_"
	var creating sync.WaitGroup
	for first := range 4 {
		creating.Go(func() {
			for i := first; i < 40; i += 4 {
				createDatabase(t, server, fmt.Sprintf("%s%02d", prefix, i))
			}
		})
	}
	creating.Wait()
	targets, err := m.DatabaseTargets(ctx, cfg, func(name string) bool { return strings.HasPrefix(name, prefix) })
	if err != nil || len(targets) != 40 || targets[7].Name != prefix+"07" {
		t.Fatal(targets, err)
	}
	f := fleet(t, m, targets, migrator.FleetConfig{Workers: 4})
	if c := count(f.Up(ctx)); c.String() != "40 done (40 changed), 0 failed, 0 not started" {
		t.Fatal(c, c.errs)
	}
	// One of them vanishes.
	pgtest.Exec(t, server.URL("postgres"), "DROP DATABASE "+prefix+"11")
	sent.connections.Store(0)
	c := count(fleet(t, m, targets, migrator.FleetConfig{MaxFailed: 1}).Up(ctx))
	if e, ok := errors.AsType[*migrator.ConnectError](c.errs[prefix+"11"]); !ok || e.Problem != migrator.ConnectNoDatabase || c.String() != "39 done (0 changed), 1 failed, 0 not started" {
		t.Errorf("%v: %v", c, c.errs)
	}
	if n := sent.connections.Load(); n != 40 {
		t.Errorf("%d connections", n)
	}
	for _, target := range targets {
		if target.Name != prefix+"11" {
			if got := pgtest.Value(t, server.URL(target.Name), "SELECT string_agg(revision, ',' ORDER BY event) FROM ambix_event"); got != "a1,b2,c3" {
				t.Errorf("%s: %s", target.Name, got)
			}
		}
	}
}

// Scratch databases are left out. One that only has such a name is a target.
func TestScratchDatabasesAreNoTargets(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	cfg := projecttest.Config(t, pgtest.Database(t))
	const scratch, other = "ambix_scratch_of_targets", "ambix_scratch_of_somebody"
	createDatabase(t, server, scratch)
	createDatabase(t, server, other)
	pgtest.Exec(t, server.URL("postgres"), "COMMENT ON DATABASE "+scratch+" IS 'ambix scratch database of shop on vm, created 2026-01-01T00:00:00Z'")
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	targets, err := m.DatabaseTargets(context.Background(), cfg, func(name string) bool { return name == scratch || name == other })
	if err != nil || len(targets) != 1 || targets[0].Name != other {
		t.Error(targets, err)
	}
}

// createDatabase creates a database that is dropped at the end.
func createDatabase(t testing.TB, server *pgtest.Server, name string) {
	t.Helper()
	pgtest.Exec(t, server.URL("postgres"), "CREATE DATABASE "+name)
	t.Cleanup(func() { pgtest.Exec(t, server.URL("postgres"), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
}

// Names are used as they are, whatever characters they contain.
func TestUnusualNamesOfSchemas(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	names := []string{`a"b`, "a.b", "a b", "Tenant", "tenant", "$1", `back\slash`, "o'brien", "{schema}x", strings.Repeat("é", 31) + "x", "select", "-1", `"`, "ünï"}
	slices.Sort(names)
	var sql strings.Builder
	for _, name := range names {
		sql.WriteString(`CREATE SCHEMA "` + strings.ReplaceAll(name, `"`, `""`) + `";`)
	}
	pgtest.Exec(t, url, sql.String())
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	targets, err := m.SchemaTargets(ctx, cfg, func(name string) bool { return name != "public" })
	if err != nil || len(targets) != len(names) {
		t.Fatal(targets, err)
	}
	f := fleet(t, m, targets, migrator.FleetConfig{Workers: 3})
	if c := count(f.Up(ctx)); c.done != len(names) {
		t.Fatal(c, c.errs)
	}
	for o := range f.Status(ctx) {
		if err := migrator.CheckLedgerName(o.Value.Ledger); err != nil || o.Err != nil || o.Value.Count(migrator.Applied) != 3 {
			t.Errorf("%s: ledger %s: %v %v", o.Target.Name, o.Value.Ledger, err, o.Err)
		}
		// The name of a ledger in a message can be used.
		named, err := migrator.New(projecttest.Shop(t).Files, migrator.Config{Ledger: o.Value.Ledger})
		if err != nil && strings.Contains(o.Target.Name, "{schema}") {
			continue // a placeholder for others
		}
		if err != nil {
			t.Fatal(err)
		}
		if st, err := named.Status(ctx, cfg); err != nil || st.Count(migrator.Applied) != 3 {
			t.Errorf("%s: %+v, %v", o.Value.Ledger, st, err)
		}
	}
	var got []string
	for _, row := range pgtest.Query(t, url, "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'account'") {
		got = append(got, row[0])
	}
	slices.Sort(got)
	if !slices.Equal(got, names) {
		t.Errorf("tables in %q, want %q", got, names)
	}
}

// A schema that does not exist, or not any more, is not created.
func TestMissingSchemaIsRefused(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	for _, ledger := range []string{"", "public.of_{schema}"} {
		targets := tenants(t, url, cfg, 3)
		for i := range targets {
			targets[i].Ledger = ledger
		}
		f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), targets, migrator.FleetConfig{Workers: 1, MaxFailed: -1})
		for _, migrated := range []bool{false, true} {
			if migrated {
				pgtest.Exec(t, url, "CREATE SCHEMA t001")
				if c := count(f.Up(ctx)); c.done != 3 {
					t.Fatal(c, c.errs)
				}
			}
			pgtest.Exec(t, url, "DROP SCHEMA t001 CASCADE")
			missing := func(err error) bool {
				e, ok := errors.AsType[*migrator.ConfigError](err)
				return ok && e.Value == "t001"
			}
			if c := count(f.Up(ctx)); c.done != 2 || !missing(c.errs["t001"]) {
				t.Errorf("up %s: %v: %v", ledger, c, c.errs)
			}
			for _, verb := range []migrator.Verb{migrator.Down, migrator.Stamp} {
				if c := count(f.Move(ctx, verb, "base")); c.done != 2 || !missing(c.errs["t001"]) {
					t.Errorf("%s %s: %v: %v", verb, ledger, c, c.errs)
				}
			}
			for o := range f.Status(ctx) {
				if (o.Err == nil) != (o.Target.Name != "t001") {
					t.Errorf("%s: %v", o.Target.Name, o.Err)
				}
			}
			if got := pgtest.Value(t, url, "SELECT to_regnamespace('t001') IS NULL"); got != "t" {
				t.Error("the schema was created")
			}
		}
		pgtest.Exec(t, url, "DROP SCHEMA t000 CASCADE; DROP SCHEMA t002 CASCADE")
	}
}

// A schema that is dropped in the middle of its revision fails alone.
func TestTargetVanishes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	targets := tenants(t, url, cfg, 4)
	m := projecttest.New(t).Add("a1", "", "SELECT pg_sleep(0.3);", "").Add("b2", "a1", "CREATE TABLE account (id int);", "").
		Migrator(migrator.Config{Send: migrator.SendRevision, OnEvent: func(e migrator.Event) {
			if f, ok := e.(migrator.StepFinished); ok && f.Target == "t002" && f.Step.Revision == "a1" {
				pgtest.Exec(t, url, "DROP SCHEMA t002 CASCADE")
			}
		}})
	c := count(fleet(t, m, targets, migrator.FleetConfig{Workers: 2, MaxFailed: 1}).Up(context.Background()))
	if c.String() != "3 done (4 changed), 1 failed, 0 not started" || c.errs["t002"] == nil {
		t.Errorf("%v: %v", c, c.errs)
	}
	if got := pgtest.Value(t, url, "SELECT to_regnamespace('t002') IS NULL"); got != "t" {
		t.Error("the schema was created again")
	}
	checkTenants(t, url, slices.Delete(targets, 2, 3), "a1,b2")
}

// What makes no sense is refused before anything is sent.
func TestInvalidFleets(t *testing.T) {
	t.Parallel()
	cfg, err := pgconn.ParseConfig("host=127.0.0.1 port=1 dbname=shop")
	if err != nil {
		t.Fatal(err)
	}
	again := cfg.Copy()
	one := func(name, schema, ledger string) migrator.Target {
		return migrator.Target{Name: name, Config: cfg, Schema: schema, Ledger: ledger}
	}
	long := strings.Repeat("x", 63)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	for name, test := range map[string]struct {
		targets []migrator.Target
		config  migrator.FleetConfig
		want    string
	}{
		"none":                     {nil, migrator.FleetConfig{}, `there are none`},
		"no name":                  {[]migrator.Target{one("", "a", "")}, migrator.FleetConfig{}, `it has no name, or no database`},
		"no database":              {[]migrator.Target{{Name: "a", Schema: "a"}}, migrator.FleetConfig{}, `it has no name, or no database`},
		"twice":                    {[]migrator.Target{one("a", "a", ""), one("a", "b", "")}, migrator.FleetConfig{}, `target "a": it is listed twice`},
		"one ledger":               {[]migrator.Target{one("a", "a", "ops.ambix"), one("b", "b", "ops.ambix")}, migrator.FleetConfig{}, `target "a": ledger ops.ambix: it is not in the schema a, and its name does not contain {schema}`},
		"ledger of another":        {[]migrator.Target{one("a", "a", "b.ambix")}, migrator.FleetConfig{}, `ledger b.ambix: it is not in the schema a`},
		"one ledger of {database}": {[]migrator.Target{one("a", "a", "ops.{database}"), one("b", "b", "ops.{database}")}, migrator.FleetConfig{}, `target "b": it would have the same ledger as a, ops.shop of database shop`},
		"one default ledger":       {[]migrator.Target{one("a", "", ""), {Name: "b", Config: again, Ledger: "public.ambix"}}, migrator.FleetConfig{}, `target "b": it would have the same ledger as a, public.ambix of database shop`},
		"no schema":                {[]migrator.Target{one("a", "", "{schema}.ambix")}, migrator.FleetConfig{}, `target "a": ledger {schema}.ambix: the target is a database and not a schema`},
		"long prefix":              {[]migrator.Target{one("a", long, "ops.{schema}")}, migrator.FleetConfig{}, `the prefix is longer than 49 bytes`},
		"schema of PostgreSQL":     {[]migrator.Target{one("a", "pg_toast", "")}, migrator.FleetConfig{}, `reserved for PostgreSQL`},
		"a line break":             {[]migrator.Target{one("a", "a\nb", "")}, migrator.FleetConfig{}, `a character that a name cannot contain`},
		"large canary":             {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{Canary: 2}, `canary "2": the fleet has only 1 targets`},
		"negative canary":          {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{Canary: -1}, `canary "-1": must be at least 1`},
		"negative workers":         {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{Workers: -1}, `workers "-1": must be at least 1`},
		"unknown first":            {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{First: []string{"A"}}, `first "A": the fleet has no such target`},
		"first twice":              {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{First: []string{"a", "a"}}, `first "a": it is listed twice`},
		"first and canary":         {[]migrator.Target{one("a", "a", "")}, migrator.FleetConfig{First: []string{"a"}, Canary: 1}, `mutually exclusive`},
		"placeholder of ledger":    {[]migrator.Target{one("a", "a", "{schema}")}, migrator.FleetConfig{}, `the schema is missing`},
	} {
		f, err := m.Fleet(test.targets, test.config)
		if _, ok := errors.AsType[*migrator.ConfigError](err); !ok || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := migrator.New(projecttest.Shop(t).Files, migrator.Config{Ledger: "{schema}.ambix"}); kindOf(err) != migrator.KindConfiguration {
		t.Error(err)
	}
}

// A query can name the targets of a fleet, with their databases, ledgers and waves.
func TestTargetsOfQuery(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	pgtest.Exec(t, url, `CREATE TABLE tenant (name text, db text, ring int); INSERT INTO tenant VALUES ('b', NULL, 2), ('a', 'other', 1), ('c', 'other', 1), ('b', NULL, 2)`)
	const all = "SELECT name AS target, db AS database, 'x_' || name AS schema, 'ops.{schema}' AS ledger, ring AS wave FROM tenant -- all"
	projecttest.RegisterSQL(all)
	targets, err := m.QueryTargets(ctx, cfg, all)
	if err != nil || len(targets) != 3 {
		t.Fatal(targets, err)
	}
	if b := targets[0]; b.Name != "b" || b.Config != cfg || b.Schema != "x_b" || b.Ledger != "ops.{schema}" || b.Wave != 2 {
		t.Errorf("%+v", b)
	}
	if a, c := targets[1], targets[2]; a.Config != c.Config || a.Config.Database != "other" || a.Config.Host != cfg.Host {
		t.Errorf("%+v, %+v", a, c)
	}
	if short, err := m.QueryTargets(ctx, cfg, "SELECT 'a' AS target"); err != nil || short[0].Schema != "a" {
		t.Error(short, err)
	}
	for query, want := range map[string]string{
		"SELECT name FROM tenant":                             `unknown column "name"; the columns are target, database, schema, ledger and wave`,
		"SELECT name AS target, ring AS \"Wave\" FROM tenant": `unknown column "Wave"`,
		"SELECT name AS schema FROM tenant":                   "it has no column target",
		"SELECT 1 AS target, 2 AS target":                     "two columns have the name target",
		"SELECT db AS target, db AS database FROM tenant":     "row 1: target is NULL or empty",
		"SELECT name AS target, 'soon' AS wave FROM tenant":   `row 1: wave is "soon", which is not an integer`,
		"SELEKT 1":                              `syntax error at or near "SELEKT" (42601)`,
		"CREATE TABLE x (id int)":               "cannot execute CREATE TABLE in a read-only transaction (25006)",
		"":                                      "it has no column target",
		"SELECT nothing AS target FROM missing": "does not exist (42P01)",
	} {
		projecttest.RegisterSQL(query)
		_, err := m.QueryTargets(ctx, cfg, query)
		if kindOf(err) != migrator.KindConfiguration || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// Statements whose effect does not depend on the search_path are found.
func TestNamedSchemas(t *testing.T) {
	t.Parallel()
	f := projecttest.New(t).
		Add("a1", "", "CREATE TABLE a (id int);\nCREATE TABLE shared.b (id int);", "DROP TABLE shared.b; DROP TABLE a;").
		Add("b2", "a1", "SET LOCAL search_path = other;\nINSERT INTO a SELECT b.id FROM shared.b;", "-").
		Migrator(migrator.Config{}).Files()
	want := []migrator.NamedSchema{{"a1", "a1.up.sql", 7, "shared"}, {"a1", "a1.down.sql", 3, "shared"}, {"b2", "b2.up.sql", 6, ""}}
	if got := f.NamedSchemas(); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
