package migrator_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// rich is a project with everything that makes a difference between a script and a run.
func rich(t testing.TB) *project {
	return newProject(t).
		add("a", "", "CREATE TABLE account (id int PRIMARY KEY, name text);\nCOPY account FROM stdin;\n1\tcopied\n\\.\nSET search_path TO '';", "DROP TABLE account;", "branch_labels: store").
		add("b", "a", "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN ';'; END $f$;", "DROP FUNCTION f();").
		add("c", "a", "CREATE INDEX CONCURRENTLY account_name ON account (name);\nINSERT INTO account VALUES (2, 'off');\nCOPY account FROM stdin;\n3\tx\n\\.\n", "DROP INDEX account_name;", off).
		add("m", "b, c", "", "-").
		add("d", "m", "CREATE TEMP TABLE left_over (id int);\nCREATE VIEW v AS SELECT name FROM account;", "DROP VIEW v;")
}

func psql(t testing.TB, url, script string) (string, error) {
	t.Helper()
	cmd := exec.Command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", url)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// contents dumps a database from its catalog, which works for servers newer than the
// pg_dump at hand. What differs from run to run by its nature is left out.
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

func TestScriptDoesWhatTheRunDoes(t *testing.T) {
	t.Parallel()
	online, offline := pgtest.Database(t), pgtest.Database(t)
	set := rich(t).set(migrator.Config{})
	ctx, cfg := context.Background(), config(t, online)
	for _, step := range []struct {
		name string
		run  func() error
		from []string
		verb migrator.Verb
		goal []string
	}{
		{"up", func() error { _, err := set.Up(ctx, cfg, "b", "c"); return err }, nil, migrator.Up, []string{"b", "c"}},
		{"on", func() error { _, err := set.Up(ctx, cfg); return err }, []string{"b", "c"}, migrator.Up, nil},
		{"stamp", func() error { _, err := set.Stamp(ctx, cfg, "m"); return err }, []string{"d"}, migrator.Stamp, []string{"m"}},
		{"stamp back", func() error { _, err := set.Stamp(ctx, cfg, "d"); return err }, []string{"m"}, migrator.Stamp, []string{"d"}},
		{"redo", func() error { _, err := set.Redo(ctx, cfg, 1); return err }, []string{"d"}, migrator.Redo, []string{"1"}},
		{"down", func() error { _, err := set.Down(ctx, cfg, "base"); return err }, []string{"d"}, migrator.Down, []string{"base"}},
	} {
		if err := step.run(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		script, err := set.Script(step.from, step.verb, step.goal...)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if out, err := psql(t, offline, script); err != nil {
			t.Fatalf("%s: %v\n%s\n%s", step.name, err, out, script)
		}
		if have, want := contents(t, offline), contents(t, online); have != want {
			t.Fatalf("%s: the script left\n%s\nand the run\n%s", step.name, have, want)
		}
	}
}

func TestScriptRefusesAnotherPlace(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := rich(t).set(migrator.Config{})
	if _, err := set.Up(context.Background(), config(t, url), "a"); err != nil {
		t.Fatal(err)
	}
	before := contents(t, url)
	for _, from := range [][]string{nil, {"b"}, {"m"}} {
		script, err := set.Script(from, migrator.Up, "d")
		if err != nil {
			t.Fatal(err)
		}
		out, err := psql(t, url, script)
		if err == nil || !strings.Contains(out, "and this database is elsewhere") {
			t.Errorf("from %v: %v\n%s", from, err, out)
		}
	}
	if after := contents(t, url); after != before {
		t.Errorf("a refused script changed the database:\n%s", after)
	}
}

func TestSingleTransaction(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := shop(t)
	set := p.set(migrator.Config{SingleTransaction: true})
	bad := shop(t).add("d4", "c3", "SELECT nix;", "").set(migrator.Config{SingleTransaction: true})
	ctx, cfg := context.Background(), config(t, url)
	if r, err := bad.Up(ctx, cfg); err == nil || len(r.Steps) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'account'"); got != "0" {
		t.Error("a part of the run was kept")
	}
	r, err := set.Up(ctx, cfg)
	if err != nil || steps(r) != "up a1, up b2, up c3" {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(DISTINCT xmin::text) || ' ' || count(*) FROM ambix_revision"); got != "1 3" {
		t.Errorf("transactions, rows: %s", got)
	}
}
