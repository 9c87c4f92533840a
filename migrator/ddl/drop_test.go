package ddl_test

import (
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

func TestDropLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			checkDrop(t, file.Load(t))
		})
	}
}

// checkDrop drops everything in a database and checks that nothing is left.
func checkDrop(t *testing.T, databaseURL string) {
	t.Helper()
	conn := schematest.Connect(t, databaseURL)
	statements, err := ddl.Drop(schematest.Read(t, conn), everything)
	if err != nil {
		t.Fatal(err)
	}
	check := newLockCheck(t, conn)
	for _, statement := range statements {
		if err := check.execute(statement); err != nil {
			t.Errorf("%v\n%s", err, statement.SQL)
		}
	}
	for _, o := range schematest.Read(t, conn).Objects {
		t.Errorf("%s is left", o.Key)
	}
}

func TestDropFailsIfSomethingElseNeedsAnObject(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int)")
	conn := schematest.Connect(t, databaseURL)
	statements, err := ddl.Drop(schematest.Read(t, conn), everything)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, "CREATE VIEW v AS SELECT a FROM t")
	if len(statements) != 1 || conn.Exec(t.Context(), statements[0].SQL) == nil {
		t.Errorf("%v dropped the view of somebody else", statements)
	}
}

// The server drops the sequence of a column with it, unless something else uses the sequence.
func TestSequencesGoWithTheirColumns(t *testing.T) {
	t.Parallel()
	const setup = "CREATE TABLE t (id serial, n bigserial, v text); CREATE TABLE u (id int DEFAULT nextval('t_n_seq'))"
	for _, test := range []struct{ setup, sql, want string }{
		{setup, "DROP TABLE u; DROP TABLE t", "ALTER SEQUENCE public.t_n_seq OWNED BY NONE;\n\nDROP TABLE public.u;\n\nDROP TABLE public.t;\n\nDROP SEQUENCE public.t_n_seq;\n"},
		{setup + "; DROP TABLE u", "DROP TABLE t", "DROP TABLE public.t;\n"},
		{setup, "ALTER TABLE t DROP id", "ALTER TABLE public.t DROP COLUMN id;\n"},
		{"CREATE TABLE p (id serial, k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p DEFAULT", "ALTER TABLE p DROP id", "ALTER SEQUENCE public.p_id_seq OWNED BY NONE;\n\nALTER TABLE public.p DROP COLUMN id;\n\nDROP SEQUENCE public.p_id_seq;\n"},
		{"CREATE TABLE t (id serial, v text); CREATE VIEW s AS SELECT last_value FROM t_id_seq", "DROP VIEW s; ALTER TABLE t DROP id", "ALTER SEQUENCE public.t_id_seq OWNED BY NONE;\n\nDROP VIEW public.s;\n\nALTER TABLE public.t DROP COLUMN id;\n\nDROP SEQUENCE public.t_id_seq;\n"},
		{"CREATE TABLE t (id serial)", "ALTER TABLE t ALTER id DROP DEFAULT; ALTER SEQUENCE t_id_seq OWNED BY NONE; DROP TABLE t", "ALTER SEQUENCE public.t_id_seq OWNED BY NONE;\n\nDROP TABLE public.t;\n"},
	} {
		databaseURL := pgtest.Database(t)
		pgtest.Exec(t, databaseURL, test.setup)
		conn := schematest.Connect(t, databaseURL)
		before, after := schematest.Read(t, conn), schematest.ReadAfter(t, conn, test.sql)
		statements, err := ddl.Change(before, after, ddl.Options{})
		if got := ddl.Script(statements); err != nil || got != test.want {
			t.Errorf("%s\n%s\nis\n%s, %v, want\n%s", test.setup, test.sql, got, err, test.want)
		}
		apply(t, conn, before, after)
		apply(t, conn, schematest.Read(t, conn), before)
	}
}
