package prove

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/rehearse"
)

// base is what the revision of a test finds.
const (
	base = `CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', kind integer CHECK (kind > 0));
CREATE INDEX account_kind ON account (kind);
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
INSERT INTO account VALUES (1, 'one', 1), (2, 'two', 2);
COMMENT ON TABLE account IS 'accounts';
CREATE VIEW born AS SELECT 'now'::timestamp AS at, 'now'::timestamptz > '2021-01-01 00:00:00.5' AS now;
CREATE VIEW two AS SELECT coalesce(1, 0) AS one, 'FROM, ' AS two;`
	baseDown = `DROP VIEW born, two; DROP TABLE account; DROP TYPE mood; DROP FUNCTION one();`
)

func TestDownScriptsAreComparedWithWhatWasBefore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, up, down, want string }{
		{"inverse", "CREATE TABLE t (a serial PRIMARY KEY, b text UNIQUE); CREATE VIEW v AS SELECT b FROM t", "DROP VIEW IF EXISTS v; DROP TABLE IF EXISTS t", ""},
		{"column", "ALTER TABLE account ADD COLUMN nick text", "ALTER TABLE account DROP COLUMN IF EXISTS nick", ""},
		{"rename", "ALTER TABLE account RENAME COLUMN name TO nick", "ALTER TABLE account RENAME COLUMN nick TO name", ""},
		{"type", "ALTER TABLE account ALTER COLUMN kind TYPE bigint", "ALTER TABLE account ALTER COLUMN kind TYPE integer", ""},
		{"function", "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'", "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'", ""},
		{"rows", "INSERT INTO account VALUES (3, 'three', 3)", "DELETE FROM account WHERE id = 3", ""},
		{"block", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM account WHERE id = 7) THEN CREATE TABLE t (a int); END IF; END $$", "DROP TABLE t", ""},
		{"extension", "CREATE EXTENSION IF NOT EXISTS plpgsql; CREATE TABLE t (a int)", "DROP TABLE t", ""},

		{"moment", "DROP VIEW born", "CREATE VIEW born AS SELECT 'now'::timestamp AS at, 'now'::timestamptz > '2021-01-01 00:00:00.5' AS now", ""},

		{"moment lost", "DROP VIEW born", "CREATE VIEW born AS SELECT '2021-01-01 00:00:00.1'::timestamp AS at, 'now'::timestamptz > '2021-01-01 00:00:00.6' AS now", "changed VIEW public.born query"},
		{"view moved", "DROP VIEW two", "CREATE VIEW two AS SELECT 'FROM, ' AS two, coalesce(1, 0) AS one", "changed VIEW public.two query"},
		{"view swapped", "DROP VIEW two", "CREATE VIEW two AS SELECT 'FROM, ' AS two, coalesce(0, 1) AS one", "changed VIEW public.two query"},
		{"enum value and more", "ALTER TYPE mood ADD VALUE 'glad'; ALTER TABLE account ADD COLUMN mood mood; ALTER TABLE account ALTER name DROP NOT NULL", "ALTER TABLE account DROP mood", `changed TYPE public.mood labels; changed COLUMN public.account.name not null; up fails again at sql/r1.up.sql:6:1: enum label "glad" already exists`},
		{"table left", "CREATE TABLE t (a int); CREATE TABLE u (a int)", "DROP TABLE t", "added TABLE public.u; up fails again at sql/r1.up.sql:6:25: relation \"u\" already exists"},
		{"nothing done", "ALTER TABLE account ADD COLUMN IF NOT EXISTS nick text", "", "added COLUMN public.account.nick"},
		{"table lost", "CREATE TABLE account2 (a int)", "DROP TABLE account2; DROP TABLE account", "removed TABLE public.account"},
		{"column lost", "ALTER TABLE account ADD nick text", "ALTER TABLE account DROP nick, DROP name", "removed COLUMN public.account.name"},
		{"default lost", "ALTER TABLE account ALTER name SET DEFAULT 'y'", "ALTER TABLE account ALTER name DROP DEFAULT", "removed DEFAULT public.account.name"},
		{"not null", "ALTER TABLE account ALTER name DROP NOT NULL", "", "changed COLUMN public.account.name not null"},
		{"constraint lost", "ALTER TABLE account DROP CONSTRAINT account_kind_check", "SELECT 1", "removed CONSTRAINT account_kind_check ON public.account; up fails again at sql/r1.up.sql:6:1: constraint \"account_kind_check\" of relation \"account\" does not exist"},
		{"index lost", "ALTER TABLE account ALTER kind TYPE bigint", "ALTER TABLE account DROP kind; ALTER TABLE account ADD kind integer CHECK (kind > 0)", "removed INDEX public.account_kind"},
		{"replaced function", "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'", "", "changed FUNCTION public.one() definition"},
		{"white space", "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'", "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS ' SELECT  1 -- one'", "changed FUNCTION public.one() definition"},
		{"comment", "COMMENT ON TABLE account IS 'people'", "COMMENT ON TABLE account IS NULL", "changed TABLE public.account comment"},
		{"privilege", "GRANT SELECT ON account TO PUBLIC", "", "changed TABLE public.account privileges"},
		{"policy", "ALTER TABLE account ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON account USING (true)", "DROP POLICY p ON account", "changed TABLE public.account row security"},
		{"enum value", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'glad'", "", "changed TYPE public.mood labels"},
		{"extension left", "CREATE EXTENSION IF NOT EXISTS pg_trgm", "", "added EXTENSION pg_trgm"},
		{"moved", "ALTER TABLE account DROP COLUMN name", "ALTER TABLE account ADD COLUMN name text NOT NULL DEFAULT 'x'", "moved public.account.name"},
		{"rows left", "INSERT INTO account VALUES (3, 'three', 3)", "", "rows public.account 2->3; up fails again at sql/r1.up.sql:6:1: duplicate key value violates unique constraint \"account_pkey\""},
		{"rows lost", "INSERT INTO account VALUES (3, 'three', 3)", "DELETE FROM account", "rows public.account 2->0"},
		{"fails", "ALTER TABLE account ADD nick text", "ALTER TABLE account\n    DROP nik", "down fails at sql/r1.down.sql:3:1: column \"nik\" of relation \"account\" does not exist"},
		{"none", "DROP INDEX account_kind", "none", "irreversible"},
		{"differs", "DO $$ BEGIN IF EXISTS (SELECT FROM account WHERE kind = 7) THEN CREATE TABLE t (a int); END IF; END $$", "UPDATE account SET kind = 7 WHERE id = 1", "again added TABLE public.t"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, append(chain(base, baseDown, test.up, test.down), pair{"r2", "-- down_revision: r1\n", "CREATE TABLE after (a int);", "DROP TABLE after;"}))
			got, err := s.Inverse(t.Context(), s.Files.Ordered(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Reverted) != 3 || got.Final == nil || !got.Reverted[0].OK() || !got.Reverted[2].OK() || got.Reverted[1].OK() != (test.want == "") {
				t.Errorf("%d reverted, final %v", len(got.Reverted), got.Final)
			}
			if diff := cmp.Diff(test.want, summary(got.Reverted[1])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var finding string
			for _, f := range got.Reverted[1].Findings() {
				finding = strings.TrimRight(fmt.Sprintf("%s %s %s\n%s\n%s\n%s", f.Severity, f.Rule, f.Pos, f.Text, f.Why, f.Safe), "\n")
				finding = regexp.MustCompile(`'20[-0-9 :.+]*'`).ReplaceAllString(finding, "'MOMENT'")
				finding = regexp.MustCompile(`'MOMENT'::\w* …`).ReplaceAllString(finding, "'MOMENT' …") // a moment with fewer digits leaves room for more
			}
			if want, ok := wantFindings[test.name]; ok != (finding != "") || want != finding {
				t.Errorf("%q: `%s`,", test.name, finding)
			}
		})
	}
}

// Every revision of a graph with branches, merges and dependencies is reverted, and the first mistake does not hide others.
func TestEveryRevisionOfAGraphIsReverted(t *testing.T) {
	t.Parallel()
	s := setup(t, []pair{
		{"a", "-- down_revision:\n", "CREATE TABLE a (a int);", "DROP TABLE a;"},
		{"b1", "-- down_revision: a\n", "CREATE TABLE b1 (a int); CREATE TABLE left_b1 (a int);", "DROP TABLE b1;"},
		{"b2", "-- down_revision: b1\n-- transaction: off\n", "CREATE INDEX CONCURRENTLY b1_a ON b1 (a);", "DROP INDEX CONCURRENTLY b1_a;"},
		{"b3", "-- down_revision: b2\n-- transaction: off\n", "CREATE INDEX CONCURRENTLY b1_a2 ON b1 (a);\nCREATE TABLE b3 (a int);", "DROP TABLE b3;\nDROP INDEX CONCURRENTLY b1_a3;"},
		{"c1", "-- down_revision: a\n-- depends_on: b2\n", "ALTER TABLE b1 ADD c int; CREATE TABLE c1 (a int); COMMENT ON TABLE c1 IS 'x';", "ALTER TABLE b1 DROP c; DROP TABLE c1;"},
		{"m", "-- down_revision: b3, c1\n", "", "none"},
		{"d", "-- down_revision: m\n", "DROP TABLE c1;", "CREATE TABLE c1 (a int);"},
		{"e1", "-- down_revision: m\n", "CREATE TABLE nonsense (a nonsense);", "DROP TABLE nonsense;"},
		{"e2", "-- down_revision: e1\n", "CREATE TABLE e2 (a int);", "DROP TABLE e2;"},
	})
	var told []string
	got, err := s.Inverse(t.Context(), s.Files.Ordered(), func(r Reverted) { told = append(told, strings.TrimSpace(r.Revision.ID+" "+summary(r))) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a",
		"b1 added TABLE public.left_b1; up fails again at sql/b1.up.sql:6:26: relation \"left_b1\" already exists",
		"b2",
		"b3 down fails at sql/b3.down.sql:5:1: index \"b1_a3\" does not exist",
		"c1", "m",
		"d changed TABLE public.c1 comment",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.Failed) != 1 || got.Failed[0].Revision != "e1" || strings.Join(got.Skipped, " ") != "e2" {
		t.Errorf("failed %v, skipped %v", got.Failed, got.Skipped)
	}
	if missing := strings.Join(got.Reverted[6].Missing, "; "); missing != "COMMENT ON TABLE public.c1 IS 'x'" {
		t.Errorf("missing: %s", missing)
	}
}

// A role belongs to the server, where databases of others may need it.
func TestRolesOfTheServerAreNotDropped(t *testing.T) {
	t.Parallel()
	admin := pgtest.Shared(t).URL("postgres")
	kept, made := "kept_"+schematest.RoleName(t, admin), "made_"+schematest.RoleName(t, admin)
	pgtest.Exec(t, admin, "CREATE ROLE "+kept)
	t.Cleanup(func() { pgtest.Exec(t, admin, "DROP ROLE "+kept) })
	s := setup(t, chain(
		"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '"+kept+"') THEN CREATE ROLE "+kept+"; END IF; END $$;", "DROP ROLE IF EXISTS "+kept+";",
		"CREATE ROLE "+made+";", "DROP ROLE "+made+";",
	))
	if err := s.FindRoles(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := s.Inverse(t.Context(), s.Files.Ordered(), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := got.Findings()
	if len(found) != 1 || found[0].Severity != rehearse.Warning || !strings.Contains(found[0].Text, "was not tried: it drops role "+kept) || !got.Reverted[1].OK() {
		t.Errorf("%+v, %s", found, summary(got.Reverted[1]))
	}
	if n := pgtest.Value(t, admin, "SELECT count(*) FROM pg_roles WHERE rolname = '"+kept+"'"); n != "1" {
		t.Error("the role was dropped")
	}
}

// However many down scripts are broken, no up script runs more often than that of each database it is proved in.
func TestBrokenDownScriptsCostNoRebuild(t *testing.T) {
	t.Parallel()
	const n = 6
	var scripts []string
	for i := range n {
		scripts = append(scripts, fmt.Sprintf("CREATE TABLE t%d (a int);", i), "SELECT 1;")
	}
	for _, noCopies := range []bool{false, true} {
		s := setup(t, chain(scripts...))
		s.NoCopies = noCopies
		ran := map[string]int{}
		s.Settings.Observer = &apply.Observer{
			Before: func(_ context.Context, _ *pg.Conn, at apply.Observed) error {
				if at.Step.Direction == plan.Up {
					ran[at.Step.Revision]++
				}
				return nil
			},
			After:  func(context.Context, *pg.Conn, apply.Observed) error { return nil },
			Failed: func(apply.Observed) {},
		}
		got, err := s.Inverse(t.Context(), s.Files.Ordered(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Reverted {
			if len(got.Reverted[i].Left) != 1 {
				t.Errorf("%s", summary(got.Reverted[i]))
			}
		}
		// It is applied, applied again, and once more in the database that is copied, or once for each broken script after it.
		want := 3
		if noCopies {
			want = 2 + n
		}
		if len(got.Reverted) != n || ran["r0"] != want {
			t.Errorf("NoCopies %t: %d reverted, the first up script ran %d times, not %d", noCopies, len(got.Reverted), ran["r0"], want)
		}
	}
}

// A database with a setting is not copied, as the copy would not have it.
func TestSettingsOfTheDatabaseAreInEveryProof(t *testing.T) {
	t.Parallel()
	s := setup(t, chain(
		"CREATE SCHEMA app; DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET search_path = app'; END $$;", "DROP SCHEMA app; DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' RESET search_path'; END $$;",
		"CREATE TABLE app.a (a int);", "SELECT 1;",
		"CREATE TABLE app.b (a int);", "SELECT 1;",
		"INSERT INTO a VALUES (1);", "DELETE FROM a;",
	))
	s.Before = graph.NewSet("r0")
	err := s.Keep(t.Context(), func(ctx context.Context, s *Setup) error {
		got, err := s.Inverse(ctx, s.Files.Ordered()[1:], nil)
		if err == nil && (len(got.Failed) > 0 || len(got.Reverted) != 3 || !got.Reverted[2].OK()) {
			t.Errorf("%v %+v", got.Failed, got.Reverted)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
