package migrator_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// rich is a project with much that a squash has to keep.
func rich(t *testing.T, owner, reader string) *projecttest.Project {
	p := projecttest.New(t).
		Add("a1", "", `CREATE TABLE currency (code text PRIMARY KEY, name text);
INSERT INTO currency VALUES ('EUR', E'Euro\t\\ "x"'), ('CHF', NULL);
CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, currency text NOT NULL REFERENCES currency, made timestamptz DEFAULT '2020-01-01', data bytea, twice bigint GENERATED ALWAYS AS (2) STORED);
COMMENT ON COLUMN account.data IS 'it''s';
INSERT INTO account (currency, data) VALUES ('EUR', '\x00ff'), ('CHF', NULL);`, "-", "branch_labels: store", "accept: irreversible").
		Add("b2", "", `CREATE TYPE mood AS ENUM ('good');
CREATE SEQUENCE invoice_no START 1000;
SELECT nextval('invoice_no'), nextval('invoice_no');
CREATE TABLE invoice (no bigint DEFAULT nextval('invoice_no'), mood mood);`, "DROP TABLE invoice; DROP SEQUENCE invoice_no; DROP TYPE mood;", "branch_labels: billing").
		Add("c3", "a1", "CREATE INDEX CONCURRENTLY account_made ON account (made);\nALTER TYPE mood ADD VALUE 'bad';", "DROP INDEX account_made;", projecttest.NonTransactional, "depends_on: b2").
		Add("d4", "c3, b2", `CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows must be loaded before'; END $$;
CREATE TRIGGER log BEFORE INSERT ON currency FOR EACH ROW EXECUTE FUNCTION log();
CREATE VIEW open AS SELECT id, made FROM account;
CREATE MATERIALIZED VIEW names AS SELECT name FROM currency;
CREATE TABLE part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE part_2020 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO part VALUES (1, '2020-05-05');
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON account USING (true);
ALTER TABLE invoice OWNER TO `+owner+`;
GRANT SELECT ON account, open TO `+reader+`;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO `+reader+`;
GRANT USAGE ON SCHEMA public TO `+reader+`;`, "-", "accept: irreversible").
		Add("e5", "d4", "INSERT INTO account (currency) VALUES ('EUR');\nALTER TABLE account ADD note text;", "ALTER TABLE account DROP note;")
	return p
}

func TestSquashMakesTheSame(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	owner, reader := roleName(t, url), roleName(t, url)
	dir := onDisk(t, rich(t, owner, reader))
	old := diskMigrator(t, dir, cfg)
	if _, err := old.Up(ctx, cfg, "d4"); err != nil {
		t.Fatal(err)
	}
	s, err := old.Squash(ctx, migrator.SquashOptions{Target: "d4", Message: "initial schema", ID: "s1", WithData: []string{"currency", "public.acc*", "part", "invoice_no"}, Down: true})
	if err != nil {
		t.Fatal(err)
	}
	var data []string
	for _, d := range s.Data {
		data = append(data, fmt.Sprint(d, " ", d.Kept))
	}
	if got := strings.Join(data, ", "); got != "table public.account with 2 rows true, table public.currency with 2 rows true, table public.part_2020 with 1 row true, sequence public.invoice_no at 1001 true" {
		t.Error(got)
	}
	r := s.Revision
	if got := fmt.Sprint(r.DownRevision, r.BranchLabels, r.DependsOn, r.ReplacedIDs(), r.Accept, r.Down != nil); got != "[] [billing store] [] [b2 a1 c3 d4] [] true" {
		t.Error(got)
	}
	up := r.Up.SQL()
	for _, want := range []string{
		"OWNER TO " + owner, "TO " + reader, "ALTER DEFAULT PRIVILEGES GRANT", "GRANT USAGE ON SCHEMA public TO " + reader, "REFRESH MATERIALIZED VIEW public.names", "setval('public.invoice_no'::pg_catalog.regclass, 1001, true)",
		"setval('public.account_id_seq'::pg_catalog.regclass, 2, true)", "\nCHF\t\\N\n", `EUR	Euro\t\\ "x"`, "CREATE INDEX account_made",
	} {
		if !strings.Contains(up, want) {
			t.Errorf("no %s in\n%s", want, up)
		}
	}
	for _, not := range []string{"OWNER TO postgres", "FOR ROLE", "CONCURRENTLY"} {
		if strings.Contains(up, not) {
			t.Errorf("%s in\n%s", not, up)
		}
	}
	if _, _, _, err := s.Write(dir, dir); err != nil {
		t.Fatal(err)
	}
	const moved = ".replaced/s1/a1.up.sql .replaced/s1/b2.down.sql .replaced/s1/b2.up.sql .replaced/s1/c3.down.sql .replaced/s1/c3.up.sql .replaced/s1/d4.up.sql"
	if got := files(t, dir); !strings.HasPrefix(got, moved+" ") || len(strings.Fields(got)) != 10 {
		t.Errorf("files: %s", got)
	}
	m := diskMigrator(t, dir, cfg)
	fresh := pgtest.Database(t)
	for _, to := range []string{url, fresh} {
		if _, err := m.Up(ctx, projecttest.Config(t, to)); err != nil {
			t.Fatal(err)
		}
		if got := pgtest.Value(t, to, "SELECT (SELECT string_agg(id || currency, ' ' ORDER BY id) FROM account) || ' ' || (SELECT count(*) FROM names) || ' ' || nextval('invoice_no')"); got != "1EUR 2CHF 3EUR 2 1002" {
			t.Error(got)
		}
	}
	d, err := m.Diff(ctx, migrator.SchemaSource{Database: cfg}, migrator.SchemaSource{Database: projecttest.Config(t, fresh)}, migrator.DiffOptions{Owners: true, Privileges: true})
	if err != nil || len(d.Differences) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := m.Down(ctx, projecttest.Config(t, fresh), "base"); err != nil {
		t.Fatal(err)
	}
	left, err := m.Schema(ctx, migrator.SchemaSource{Database: projecttest.Config(t, fresh)})
	if err != nil || len(left.Objects) > 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// roleName creates a role that cannot log in, and returns its name.
func roleName(t *testing.T, url string) string {
	t.Helper()
	cfg, err := pgconn.ParseConfig(pgtest.Role(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return cfg.User
}

func TestSquashOfASquash(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.Shop(t).Add("d4", "c3", "CREATE TABLE d (id int);", "DROP TABLE d;").Add("e5", "d4", "CREATE TABLE e (id int);", "DROP TABLE e;")
	dir := onDisk(t, p)
	archives := []string{}
	for i, target := range []string{"c3", "d4", ""} {
		m := diskMigrator(t, dir, cfg)
		s, err := m.Squash(ctx, migrator.SquashOptions{Target: target, Message: "squash", ID: fmt.Sprintf("s%d", i), WithData: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		_, _, archive, err := s.Write(dir, dir)
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, archive)
	}
	m := diskMigrator(t, dir, cfg)
	if got := m.Files().Revisions(); len(got) != 1 || got[0].Replaces[0].String() != "s1 (s0 (a1, b2, c3), d4)" || len(got[0].Replaces) != 2 {
		t.Fatalf("%+v", got[0].Replaces)
	}
	// Every state that some program has left leads to the newest one.
	inner := filepath.Join(dir, ".replaced/s2/.replaced/s1")
	if _, err := os.Stat(filepath.Join(inner, ".replaced/s0/a1.up.sql")); err != nil {
		t.Error(err, archives)
	}
	for _, steps := range [][]string{{"s2/.replaced/s1/.replaced/s0 c3", "s2/.replaced/s1 d4", "s2 e5"}, {"s2/.replaced/s1 d4", "s2 e5"}, {"s2 e5"}} {
		to := projecttest.Config(t, pgtest.Database(t))
		for _, step := range steps {
			folder, target, _ := strings.Cut(step, " ")
			if _, err := diskMigrator(t, filepath.Join(dir, ".replaced", folder), cfg).Up(ctx, to, target); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
		}
		report, err := m.Up(ctx, to)
		if err != nil || len(report.Replaced) != 1 || len(report.Steps) > 0 {
			t.Errorf("%v: %+v, %v", steps, report, err)
		}
	}
}

func TestSquashOfOneBranch(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.New(t).
		Add("a1", "", "CREATE TABLE a (id int);", "DROP TABLE a;", "branch_labels: left").
		Add("a2", "a1", "ALTER TABLE a ADD x int;", "ALTER TABLE a DROP x;").
		Add("b1", "", "CREATE TABLE b (id int);", "DROP TABLE b;", "branch_labels: right").
		Add("b2", "b1", "ALTER TABLE b ADD x int;", "ALTER TABLE b DROP x;", "depends_on: left").
		Add("m", "a2, b2", "", "").
		Add("z", "a1", "CREATE TABLE z (id int);", "DROP TABLE z;")
	dir := onDisk(t, p)
	m := diskMigrator(t, dir, cfg)
	_, err := m.Squash(ctx, migrator.SquashOptions{Message: "x"})
	var several *migrator.TargetError
	if !errors.As(err, &several) || several.Problem != graph.MultipleHeads || several.Verb != "squash" {
		t.Errorf("two heads: %v", err)
	}
	var squash *migrator.SquashError
	for target, problem := range map[string]migrator.SquashProblem{"heads": migrator.SquashSeveral, "base": migrator.SquashNothing, "a1": migrator.SquashOne} {
		if _, err := m.Squash(ctx, migrator.SquashOptions{Target: target, Message: "x"}); !errors.As(err, &squash) || squash.Problem != problem {
			t.Errorf("%s: %v", target, err)
		}
	}
	s, err := m.Squash(ctx, migrator.SquashOptions{Target: "b2", Message: "x", ID: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Revision.ReplacedIDs(), " "); got != "a1 b1 b2" || !s.Unqualified {
		t.Errorf("%s, %t", got, s.Unqualified)
	}
	if _, _, _, err := s.Write(dir, dir); err != nil {
		t.Fatal(err)
	}
	m = diskMigrator(t, dir, cfg)
	if report, err := m.Up(ctx, cfg, "heads"); err != nil || projecttest.Steps(report) != "up s1, up a2, up m, up z" {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := m.Squash(ctx, migrator.SquashOptions{Target: "b2", Message: "x"}); err == nil || !strings.Contains(err.Error(), "revision b2 was replaced by s1") {
		t.Errorf("%v", err)
	}
	// The head of one branch, next to another one.
	if s, err := m.Squash(ctx, migrator.SquashOptions{Target: "z", Message: "x"}); err != nil || strings.Join(s.Revision.ReplacedIDs(), " ") != "s1 a1 b1 b2 z" {
		t.Errorf("%v", err)
	}
	if _, err := m.Squash(ctx, migrator.SquashOptions{Target: "m", Message: "x", ID: "a1"}); err == nil {
		t.Error("the id of a replaced revision is accepted")
	}
}

// What is not part of a schema is named.
func TestSquashNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	role := roleName(t, url)
	p := projecttest.New(t).
		Add("a1", "", "CREATE ROLE made_"+role+";\nALTER ROLE made_"+role+" CONNECTION LIMIT 3;\nCREATE TABLE a (id int);", "").
		Add("b2", "a1", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()); END $$;\nSELECT lo_create(0);", "")
	s, err := diskMigrator(t, onDisk(t, p), cfg).Squash(t.Context(), migrator.SquashOptions{Message: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range s.Omissions {
		got = append(got, fmt.Sprintf("%s:%d %s", filepath.Base(o.File), o.Line, o.What))
	}
	if want := []string{"a1.up.sql:6 CREATE ROLE", "a1.up.sql:7 ALTER ROLE", ".:0 1 large objects", ".:0 setting work_mem=5MB of the database"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Scripts that name no schema make their objects where the search_path says, and so does the squash of them.
func TestSquashForManySchemas(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.New(t).
		Add("a1", "", `CREATE TABLE account (id bigserial PRIMARY KEY, at date);
INSERT INTO account (at) VALUES ('2020-01-01');
CREATE TYPE mood AS ENUM ('good');`, "DROP TYPE mood; DROP TABLE account;").
		Add("b2", "a1", `CREATE FUNCTION two(mood) RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS $$ SELECT count(*) FROM account $$;
CREATE VIEW v AS SELECT a.id, two('good') FROM account a;
CREATE TABLE child (id bigint REFERENCES account, m mood DEFAULT 'good' CHECK (two(m) > 0));`, "DROP TABLE child; DROP VIEW v; DROP FUNCTION two(mood);")
	dir := onDisk(t, p)
	old := diskMigrator(t, dir, cfg)
	if len(old.Files().NamedSchemas()) > 0 {
		t.Fatal("the project names a schema")
	}
	s, err := old.Squash(ctx, migrator.SquashOptions{Message: "x", ID: "s1", WithData: []string{"*"}, Down: true})
	if err != nil || !s.Unqualified {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, _, _, err := s.Write(dir, dir); err != nil {
		t.Fatal(err)
	}
	m := diskMigrator(t, dir, cfg)
	if named := m.Files().NamedSchemas(); len(named) > 0 {
		t.Errorf("%+v", named)
	}
	pgtest.Exec(t, url, "CREATE SCHEMA t1; CREATE SCHEMA t2; CREATE SCHEMA t3")
	target := func(name string) migrator.Target { return migrator.Target{Name: name, Config: cfg, Schema: name} }
	run := func(m *migrator.Migrator, verb migrator.Verb, targets []migrator.Target, to ...string) {
		t.Helper()
		f, err := m.Fleet(targets, migrator.FleetConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for o := range f.Move(ctx, verb, to...) {
			if o.Err != nil {
				t.Errorf("%s: %v", o.Target.Name, o.Err)
			}
		}
	}
	run(old, migrator.Up, []migrator.Target{target("t1")})
	run(m, migrator.Up, []migrator.Target{target("t1"), target("t2"), target("t3")})
	if got := pgtest.Value(t, url, "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1) FROM (SELECT * FROM pg_tables WHERE tablename NOT LIKE 'ambix%' AND schemaname !~ '^(pg_|information)' ORDER BY 1, 2) x"); got != "t1.account t1.child t2.account t2.child t3.account t3.child" {
		t.Error(got)
	}
	if got := pgtest.Value(t, url, "SELECT (SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM t1.ambix_event) || '; ' || (SELECT string_agg(revision, ' ') FROM t1.ambix_revision) || '; ' || t2.two('good') || nextval('t2.account_id_seq')"); got != "up a1, up b2, replace s1; s1; 12" {
		t.Error(got)
	}
	run(m, migrator.Down, []migrator.Target{target("t1"), target("t2")}, "base")
	if got := pgtest.Value(t, url, "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1) FROM (SELECT * FROM pg_tables WHERE tablename NOT LIKE 'ambix%' AND schemaname !~ '^(pg_|information)' ORDER BY 1, 2) x"); got != "t3.account t3.child" {
		t.Error(got)
	}
}
