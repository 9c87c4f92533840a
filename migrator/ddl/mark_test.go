package ddl_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

const markSetup = `CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS varchar(5);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE t (
	id int PRIMARY KEY, n int NOT NULL DEFAULT 7, v varchar(10), txt text, b bigint, num numeric(8,2), d date, m mood, j jsonb, r real, c char(4), o int,
	s short, nn int, fk int, g int GENERATED ALWAYS AS (id * 2) STORED
);
CREATE TABLE part (k int NOT NULL) PARTITION BY LIST (k);
CREATE TABLE leaf (k int NOT NULL);
CREATE SEQUENCE seq;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
INSERT INTO other VALUES (1), (2);
INSERT INTO t SELECT i, i, 'v' || i, i::text, i, i, '2020-01-01', 'ok', '1', i, 'c', 1, 's', i, 1 FROM generate_series(1, 50) i;
INSERT INTO leaf VALUES (1)`

// Whether a statement rewrites or scans the table is what its marks say. The rows of the table satisfy everything.
func TestMarksSayWhatStatementsDoToTables(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for _, sql := range []string{
		"ALTER TABLE t ALTER n TYPE bigint",
		"ALTER TABLE t ALTER n TYPE smallint",
		"ALTER TABLE t ALTER n TYPE text",
		"ALTER TABLE t ALTER v TYPE varchar(20)",
		"ALTER TABLE t ALTER v TYPE text",
		"ALTER TABLE t ALTER v TYPE varchar(5)",
		"ALTER TABLE t ALTER txt TYPE varchar",
		"ALTER TABLE t ALTER txt TYPE varchar(100)",
		"ALTER TABLE t ALTER num TYPE numeric(10,2)",
		"ALTER TABLE t ALTER num TYPE numeric",
		"ALTER TABLE t ALTER num TYPE numeric(9,3)",
		"ALTER TABLE t ALTER num TYPE int",
		"ALTER TABLE t ALTER d TYPE timestamp",
		"ALTER TABLE t ALTER d TYPE timestamptz",
		"ALTER TABLE t ALTER m TYPE text USING m::text",
		"ALTER TABLE t ALTER j TYPE json",
		"ALTER TABLE t ALTER r TYPE float8",
		"ALTER TABLE t ALTER c TYPE varchar(4)",
		"ALTER TABLE t ALTER c TYPE char(8)",
		"ALTER TABLE t ALTER s TYPE text",
		"ALTER TABLE t ALTER txt TYPE bytea USING txt::bytea",
		"ALTER TABLE t ALTER nn SET NOT NULL",
		"ALTER TABLE t ADD CHECK (nn > 0)",
		"ALTER TABLE t ADD CHECK (nn > 0) NOT VALID",
		"ALTER TABLE t ADD UNIQUE (id, n)",
		"CREATE INDEX ON t (n)",
		"CREATE UNIQUE INDEX ON t (n)",
		"ALTER TABLE t ADD x int",
		"ALTER TABLE t ADD x int DEFAULT 5",
		"ALTER TABLE t ADD x text DEFAULT 'a' || 'b'",
		"ALTER TABLE t ADD x timestamptz NOT NULL DEFAULT now()",
		"ALTER TABLE t ADD x double precision DEFAULT random()",
		"ALTER TABLE t ADD x int GENERATED ALWAYS AS (id + 1) STORED",
		"ALTER TABLE t ADD x int GENERATED ALWAYS AS IDENTITY",
		"ALTER TABLE t ADD x serial",
		"ALTER TABLE t DROP n",
		"ALTER TABLE t ALTER n SET DEFAULT 8",
		"ALTER TABLE t ALTER n DROP NOT NULL",
		"ALTER TABLE t SET UNLOGGED",
		"ALTER TABLE t SET (fillfactor = 50)",
		"ALTER TABLE t ENABLE ROW LEVEL SECURITY",
		"ALTER TABLE t ALTER txt SET STORAGE EXTERNAL",
		"ALTER TABLE t ALTER g DROP EXPRESSION",
		"COMMENT ON TABLE t IS 'text'",
	} {
		after := schematest.ReadAfter(t, conn, sql)
		if after == nil {
			continue
		}
		statements, err := ddl.Change(before, after, ddl.Options{})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		execute(t, conn, "BEGIN")
		for _, s := range statements {
			file, scans := tableState(t, conn)
			execute(t, conn, s.SQL)
			newFile, newScans := tableState(t, conn)
			if rewrites := file != newFile; rewrites != hasMark(s, ddl.Rewrites) {
				t.Errorf("%s\n%s\nrewrites: %t, marks %v", sql, s.SQL, rewrites, s.Marks)
			} else if scanned := scans != newScans; !rewrites && scanned != hasMark(s, ddl.Scans) {
				t.Errorf("%s\n%s\nscans: %t, marks %v", sql, s.SQL, scanned, s.Marks)
			}
		}
		execute(t, conn, "ROLLBACK")
	}
}

func hasMark(s ddl.Statement, e ddl.Effect) bool {
	return slices.ContainsFunc(s.Marks, func(m ddl.Mark) bool { return m.Effect == e })
}

func execute(t *testing.T, conn *pg.Conn, sql string) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql); err != nil {
		t.Errorf("%v\n%s", err, sql)
	}
}

// tableState returns the file of the table t and how often it was scanned in this transaction.
func tableState(t *testing.T, conn *pg.Conn) (file, scans string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT pg_relation_filenode('public.t'), (SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'public.t'::regclass)")
	if err != nil {
		t.Fatal(err)
	}
	return rows[0][0].Text, rows[0][1].Text
}

// Statements that are marked fail on rows that do not satisfy them, and work without rows.
func TestMarkedStatementsFailOnRows(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for _, test := range []struct{ sql, rows string }{
		{"ALTER TABLE t ALTER nn SET NOT NULL", "UPDATE t SET nn = NULL WHERE id = 1"},
		{"ALTER TABLE t ADD x int NOT NULL", ""},
		{"ALTER TABLE t ADD CONSTRAINT c CHECK (nn > 10)", ""},
		{"ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (fk) REFERENCES other", "UPDATE t SET fk = 99 WHERE id = 1"},
		{"ALTER TABLE t ADD CONSTRAINT u UNIQUE (o)", ""},
		{"CREATE UNIQUE INDEX u ON t (o)", ""},
		{"ALTER TABLE t ALTER v TYPE int USING NULL", ""},
		{"ALTER TABLE t ALTER b TYPE int", "UPDATE t SET b = 5000000000 WHERE id = 1"},
		{"ALTER TABLE t ALTER num TYPE numeric(4,2)", "UPDATE t SET num = 12345 WHERE id = 1"},
		{"ALTER TABLE t ALTER v TYPE varchar(3)", "UPDATE t SET v = 'too long' WHERE id = 1"},
		{"ALTER TABLE part ATTACH PARTITION leaf FOR VALUES IN (2)", "TRUNCATE leaf; INSERT INTO leaf VALUES (1)"},
		{"ALTER DOMAIN short ADD CONSTRAINT c CHECK (VALUE <> 's')", ""},
		{"ALTER DOMAIN short SET NOT NULL", "UPDATE t SET s = NULL WHERE id = 1"},
		{"ALTER TABLE t ALTER m TYPE int USING 1", ""},
	} {
		after := schematest.ReadAfter(t, conn, "TRUNCATE t, leaf; "+test.sql)
		if after == nil {
			continue
		}
		statements, err := ddl.Change(before, after, ddl.Options{})
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		i := slices.IndexFunc(statements, func(s ddl.Statement) bool { return hasMark(s, ddl.MayFail) })
		if i < 0 {
			t.Errorf("%s: no mark\n%s", test.sql, ddl.Script(statements))
			continue
		}
		execute(t, conn, "BEGIN;"+test.rows)
		for _, s := range statements[:i] {
			execute(t, conn, s.SQL)
		}
		if conn.Exec(t.Context(), statements[i].SQL) == nil {
			t.Errorf("did not fail: %s", statements[i].SQL)
		}
		execute(t, conn, "ROLLBACK")
	}
}

func TestDestructiveStatementsAreMarked(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for sql, want := range map[string]string{
		"ALTER TABLE t DROP txt":             "COLUMN public.t.txt",
		"DROP TABLE other":                   "TABLE public.other",
		"DROP SEQUENCE seq":                  "SEQUENCE public.seq",
		"DROP MATERIALIZED VIEW mv":          "MATERIALIZED VIEW public.mv",
		"ALTER TABLE t DROP g":               "",
		"ALTER TABLE t ALTER n DROP DEFAULT": "",
	} {
		statements, err := ddl.Change(before, schematest.ReadAfter(t, conn, sql), ddl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var destroyed []string
		for _, s := range statements {
			for _, m := range s.Marks {
				if m.Effect == ddl.Destroys {
					destroyed = append(destroyed, m.Object.String())
				}
			}
		}
		if got := strings.Join(destroyed, ", "); got != want {
			t.Errorf("%s: destroys %q", sql, got)
		}
	}
}

func TestNewValuesOfEnumsNeedTheirOwnTransaction(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	other := pgtest.Database(t)
	pgtest.Exec(t, other, markSetup)
	pgtest.Exec(t, other, "ALTER TYPE mood ADD VALUE 'happy'")
	pgtest.Exec(t, other, "ALTER TABLE t ALTER m SET DEFAULT 'happy'")
	statements, err := ddl.Change(before, schematest.ReadDatabase(t, other), ddl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) != 2 || !hasMark(statements[0], ddl.NeedsOwnTransaction) || hasMark(statements[1], ddl.NeedsOwnTransaction) {
		t.Fatalf("%+v", statements)
	}
	if conn.Exec(t.Context(), "BEGIN;"+ddl.Script(statements)+"COMMIT") == nil {
		t.Error("the value can be used in the transaction that makes it")
	}
	_ = conn.Exec(t.Context(), "ROLLBACK")
	for _, s := range statements {
		execute(t, conn, s.SQL)
	}
}

func TestTypesWithoutCastAskForUsing(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for sql, want := range map[string]string{
		"ALTER TABLE t ALTER n TYPE mood USING NULL":     "ALTER TABLE public.t ALTER COLUMN n TYPE public.mood USING n::pg_catalog.text::public.mood",
		"ALTER TABLE t ALTER d TYPE interval USING NULL": "ALTER TABLE public.t ALTER COLUMN d TYPE interval USING d::pg_catalog.text::interval",
		"ALTER TABLE t ALTER txt TYPE int USING 1":       "",
		"ALTER TABLE t ALTER m TYPE text":                "",
		"ALTER TABLE t ALTER n TYPE bigint":              "",
	} {
		statements, err := ddl.Change(before, schematest.ReadAfter(t, conn, "ALTER TABLE t ALTER n DROP NOT NULL, ALTER n DROP DEFAULT;"+sql), ddl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(statements, func(s ddl.Statement) bool { return hasMark(s, ddl.AsksUsing) })
		if want == "" && i >= 0 || want != "" && (i < 0 || statements[i].SQL != want) {
			t.Errorf("%s:\n%s", sql, ddl.Script(statements))
		}
	}
}

// A table that cannot be altered is refused, because its rows would be lost.
func TestTablesThatCannotBeAlteredAreRefused(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, markSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for sql, want := range map[string]string{
		"DROP TABLE leaf; CREATE TABLE leaf (k int NOT NULL) PARTITION BY LIST (k)":                                                                   "table public.leaf would be dropped and made again, without its rows (partition key cannot be altered): write this change by hand",
		"DROP TABLE leaf; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE leaf (k int NOT NULL) SERVER s": "table public.leaf would be dropped and made again as a foreign table, without its rows: write this change by hand",
	} {
		after := schematest.ReadAfter(t, conn, sql)
		_, err := ddl.Change(before, after, ddl.Options{})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", sql, err)
		}
		statements, err := ddl.Change(before, after, ddl.Options{Destructive: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(statements, func(s ddl.Statement) bool { return s.SQL == "DROP TABLE public.leaf" && hasMark(s, ddl.Destroys) }) {
			t.Errorf("%s", ddl.Script(statements))
		}
	}
}

func TestNewerServersAreRefused(t *testing.T) {
	t.Parallel()
	old, newer := schematest.Empty(t, 180000), schematest.Empty(t, 190000)
	for _, pair := range [][2]*schema.Schema{{old, newer}, {newer, old}} {
		if _, err := ddl.Change(pair[0], pair[1], ddl.Options{}); err == nil || !strings.Contains(err.Error(), "PostgreSQL 19 is newer") {
			t.Error(err)
		}
	}
}
