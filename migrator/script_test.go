package migrator_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/internal/sqltext"
)

// scriptProject has everything that may behave differently in a script and in a run.
func scriptProject(t testing.TB) *projecttest.Project {
	return projecttest.New(t).
		Add("a", "", "CREATE TABLE account (id int PRIMARY KEY, name text);\nCOPY account FROM stdin;\n1\tcopied\n\\.\nSET search_path TO '';", "DROP TABLE account;", "branch_labels: store").
		Add("b", "a", "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN ';'; END $f$;", "DROP FUNCTION f();").
		Add("c", "a", "CREATE INDEX CONCURRENTLY account_name ON account (name);\nINSERT INTO account VALUES (2, 'off');\nCOPY account FROM stdin;\n3\tx\n\\.\n", "DROP INDEX account_name;", projecttest.NonTransactional).
		Add("m", "b, c", "", "-").
		Add("d", "m", "CREATE TEMP TABLE left_over (id int);\nCREATE VIEW v AS SELECT name FROM account;", "DROP VIEW v;")
}

// contents describes a database, ledger included, without what differs between runs.
func contents(t testing.TB, url string) string {
	t.Helper()
	var b strings.Builder
	const user = "relnamespace = 'public'::regnamespace AND relname NOT LIKE 'ambix%'"
	for _, sql := range []string{
		"SELECT relname, relkind, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid WHERE attnum > 0 AND relkind IN ('r', 'v') AND " + user + " ORDER BY 1, attnum",
		"SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE " + user + " ORDER BY 1",
		"SELECT pg_get_viewdef(c.oid) FROM pg_class c WHERE relkind = 'v' AND " + user + " ORDER BY 1",
		"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
		"SELECT relname, query_to_xml('SELECT * FROM ' || c.oid::regclass || ' ORDER BY 1', true, false, '') FROM pg_class c WHERE relkind = 'r' AND " + user + " ORDER BY 1",
		"SELECT relname, relkind, obj_description(oid, 'pg_class') FROM pg_class WHERE relname LIKE 'ambix%' ORDER BY 1",
		"SELECT revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_by, applied_from, binary_version, down_options, down_sql FROM ambix_revision ORDER BY 1",
		"SELECT event, action, revision, message, direction, applied_by, applied_from, binary_version, detail FROM ambix_event ORDER BY 1",
		"SELECT * FROM ambix_meta",
	} {
		for _, row := range pgtest.Query(t, url, sql) {
			b.WriteString(strings.Join(row, "|") + "\n")
		}
	}
	return b.String()
}

func TestScriptLeavesWhatRunLeaves(t *testing.T) {
	t.Parallel()
	online, offline := pgtest.Database(t), pgtest.Database(t)
	m := scriptProject(t).Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, online)
	for _, step := range []struct {
		name string
		run  func() error
		from []string
		verb migrator.Verb
		goal []string
	}{
		{"up", func() error { _, err := m.Up(ctx, cfg, "b", "c"); return err }, nil, migrator.Up, []string{"b", "c"}},
		{"on", func() error { _, err := m.Up(ctx, cfg); return err }, []string{"b", "c"}, migrator.Up, nil},
		{"stamp", func() error { _, err := m.Stamp(ctx, cfg, "m"); return err }, []string{"d"}, migrator.Stamp, []string{"m"}},
		{"stamp back", func() error { _, err := m.Stamp(ctx, cfg, "d"); return err }, []string{"m"}, migrator.Stamp, []string{"d"}},
		{"redo", func() error { _, err := m.Redo(ctx, cfg, 1); return err }, []string{"d"}, migrator.Redo, []string{"1"}},
		{"down", func() error { _, err := m.Down(ctx, cfg, "base"); return err }, []string{"d"}, migrator.Down, []string{"base"}},
	} {
		if err := step.run(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		script, err := projecttest.Script(m, step.from, step.verb, step.goal...)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if out, err := projecttest.Psql(t, offline, script); err != nil {
			t.Fatalf("%s: %v\n%s\n%s", step.name, err, out, script)
		}
		if have, want := contents(t, offline), contents(t, online); have != want {
			t.Fatalf("%s: the script left\n%s\nand the run\n%s", step.name, have, want)
		}
	}
}

func TestScriptRefusesOtherStart(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := scriptProject(t).Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url), "a"); err != nil {
		t.Fatal(err)
	}
	before := contents(t, url)
	for _, from := range [][]string{nil, {"b"}, {"m"}} {
		script, err := projecttest.Script(m, from, migrator.Up, "d")
		if err != nil {
			t.Fatal(err)
		}
		out, err := projecttest.Psql(t, url, script)
		if err == nil || !strings.Contains(out, "and this database is not there") {
			t.Errorf("from %v: %v\n%s", from, err, out)
		}
	}
	if after := contents(t, url); after != before {
		t.Errorf("a refused script changed the database:\n%s", after)
	}
}

// A script stops by itself, in psql without ON_ERROR_STOP and in a client that knows no
// psql commands and ignores errors: nothing after the failing revision is applied.
func TestScriptStopsAtFailureByItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, failing, after string }{
		{"transactional", "", ""},
		{"non-transactional after it", "", projecttest.NonTransactional},
		{"non-transactional", projecttest.NonTransactional, ""},
		{"non-transactional both", projecttest.NonTransactional, projecttest.NonTransactional},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keys := func(key string) []string {
				if key == "" {
					return nil
				}
				return []string{key}
			}
			p := projecttest.New(t).
				Add("a", "", "CREATE TABLE account (id int);", "DROP TABLE account;").
				Add("b", "a", "CREATE TABLE b (id int);\nSELECT nonsense;\nCREATE TABLE b2 (id int);", "DROP TABLE b;", keys(c.failing)...).
				Add("c", "b", "INSERT INTO account VALUES (1);\nCREATE TABLE c (id int);", "DROP TABLE c;", keys(c.after)...).
				Add("d", "c", "CREATE TABLE d (id int);", "DROP TABLE d;")
			script, err := projecttest.Script(p.Migrator(migrator.Config{}), nil, migrator.Up)
			if err != nil {
				t.Fatal(err)
			}
			for name, run := range map[string]func(url string){
				"psql":              func(url string) { _, _ = projecttest.Psql(t, url, script) },
				"a careless client": func(url string) { ignoringErrors(t, url, script) },
			} {
				url := pgtest.Database(t)
				run(url)
				if got := pgtest.Value(t, url, "SELECT pg_catalog.string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision WHERE state = 'applied'"); got != "a" {
					t.Errorf("%s: applied: %s", name, got)
				}
				if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname IN ('b2', 'c', 'd')"); got != "0" {
					t.Errorf("%s: %s tables of later statements", name, got)
				}
				if got := pgtest.Value(t, url, "SELECT count(*) FROM account"); got != "0" {
					t.Errorf("%s: %s rows of a later revision", name, got)
				}
			}
		})
	}
}

// ignoringErrors sends each statement by itself, whatever became of those before.
func ignoringErrors(t *testing.T, url, script string) {
	t.Helper()
	_, script, _ = strings.Cut(script, "\\set ON_ERROR_STOP on\n")
	conn, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	statements, problems := sqltext.Split(script)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, st := range statements {
		_, _ = conn.Exec(context.Background(), script[st.Start:st.End]).ReadAll()
	}
}
