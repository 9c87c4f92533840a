package prove

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/rehearse"
)

// ruleCases are one-line revisions after the base, each with what must be found: rule, severity and object of each finding, or nothing.
var ruleCases = []struct{ name, up, want string }{
	{"foreign key", "CREATE TABLE t (a bigint REFERENCES account)", "note foreign-key-index t_a_fkey ON public.t 6:1"},
	{"foreign key with an index", "CREATE TABLE t (a bigint REFERENCES account, b int); CREATE INDEX ON t (a, b)", ""},
	{"foreign key with a partial index", "CREATE TABLE t (a bigint REFERENCES account, b int); CREATE INDEX ON t (a) WHERE a IS NOT NULL", ""},
	{"foreign key with another partial index", "CREATE TABLE t (a bigint REFERENCES account, b int);\nCREATE INDEX ON t (a) WHERE b > 0", "note foreign-key-index t_a_fkey ON public.t 6:1"},
	{"foreign key of two columns", "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE t (a int, b int, c int, FOREIGN KEY (a, b) REFERENCES p, UNIQUE (b, a, c))", ""},
	{"foreign key after another column", "CREATE TABLE t (a bigint REFERENCES account, b int, UNIQUE (b, a))", "note foreign-key-index t_a_fkey ON public.t 6:1"},
	{"foreign key of a partitioned table without one", "CREATE TABLE t (a bigint REFERENCES account) PARTITION BY LIST (a)", "note foreign-key-index t_a_fkey ON public.t 6:1"},
	{"foreign key of a partitioned table", "CREATE TABLE t (a bigint REFERENCES account) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE INDEX ON t (a)", ""},

	{"invalid index", "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);\nCREATE INDEX t_a ON ONLY t (a)", "warning invalid-index public.t_a 7:1"},
	{"attached index", "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE INDEX t_a ON ONLY t (a); CREATE INDEX t1_a ON t1 (a); ALTER INDEX t_a ATTACH PARTITION t1_a", ""},
	{"unusable index", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'account_kind'::regclass; ALTER INDEX account_kind RENAME TO k", "warning invalid-index public.k 6:85"},

	{"duplicate index", "CREATE INDEX k2 ON account (kind)", "warning duplicate-index public.k2 6:1"},
	{"index of a unique constraint", "CREATE TABLE t (a int UNIQUE);\nCREATE INDEX ta ON t (a)", "warning duplicate-index public.ta 7:1"},
	{"index with the first columns", "CREATE INDEX k2 ON account (kind, name)", "note duplicate-index public.k2 6:1"},
	{"index in another order", "CREATE INDEX k2 ON account (kind DESC); CREATE INDEX k3 ON account (name, kind)", ""},
	{"partial index", "CREATE INDEX k2 ON account (kind) WHERE name <> 'x'; CREATE INDEX k3 ON account USING hash (kind)", ""},
	{"unique index with the first columns", "CREATE TABLE t (a int UNIQUE, b int, UNIQUE (a, b))", ""},

	{"definer", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "danger search-path public.f(integer) 6:1"},
	{"definer that not everybody may call", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC", "warning search-path public.f() 6:1"},
	{"definer with temporary tables first", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT 1'", "note search-path public.f() 6:1"},
	{"definer with a path", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'SELECT 1'; CREATE FUNCTION g() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'", ""},
	{"invoker", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT one() FROM account'", ""},
	{"function of a check", "CREATE FUNCTION f(a int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN EXISTS (SELECT FROM account); END'; CREATE TABLE t (a int CHECK (f(a)))", "warning search-path public.f(integer) 6:1"},
	{"function of an index", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT one() + public.one()'; CREATE TABLE t (a int)", ""},
	{"qualified function of a check", "CREATE FUNCTION f(a int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT public.one() > lower(''1'')::int AND EXISTS (SELECT FROM public.account)'; CREATE TABLE t (a int CHECK (f(a)))", ""},

	{"long name", "CREATE TABLE t (a int);\nCREATE TABLE " + strings.Repeat("a", 64) + " (a int)", "warning cut-name  7:14"},
	{"long name in a block", "DO $$ BEGIN EXECUTE 'CREATE TABLE " + strings.Repeat("a", 64) + " (a int)'; END $$", "warning cut-name  6:1"},
	{"name of 63 bytes", "CREATE TABLE " + strings.Repeat("a", 63) + " (a int)", ""},
	{"nothing done", "CREATE TABLE IF NOT EXISTS account (a int)", "note notice  6:1"},
	{"harmless notices", "DROP TABLE IF EXISTS t;\nCREATE EXTENSION IF NOT EXISTS plpgsql; DO $$ BEGIN RAISE NOTICE 'hello'; END $$", ""},
	{"warning", "DO $$ BEGIN RAISE WARNING 'look'; END $$", "warning notice  6:1"},
	{"cascade", "CREATE VIEW v AS SELECT name FROM account;\nALTER TABLE account DROP name CASCADE", "warning notice  7:1"},
}

func TestWhatRevisionsMakeIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, test := range ruleCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, append(chain(base+" CREATE TABLE b (a bigint REFERENCES account, UNIQUE (a));", "DROP TABLE b;"+baseDown, test.up, "none"), pair{"r2", "-- down_revision: r1\n", "SELECT 1;", "SELECT 1;"}))
			got, err := s.Inverse(t.Context(), s.Files.Ordered(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Failed) > 0 {
				t.Fatal(got.Failed[0])
			}
			var found []string
			for _, f := range got.Findings() {
				if f.Rule == rehearse.Irreversible {
					continue
				}
				if f.Revision == "r1" {
					found = append(found, strings.Join([]string{f.Severity.String(), string(f.Rule), f.Object, strings.TrimPrefix(f.Pos.String(), "sql/r1.up.sql:")}, " "))
				}
				t.Logf("%s: %s\n%s\n%s", f.Pos, f.Text, f.Why, f.Safe)
			}
			if got := strings.Join(found, "; "); got != test.want {
				t.Errorf("%q", got)
			}
		})
	}
}
