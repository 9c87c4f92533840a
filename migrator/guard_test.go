package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// guardLimit is larger than the tables called small, and smaller than those called big.
const guardLimit = 1 << 20

// guardedTables are made before the guard is used: big and documents (in its TOAST table) are above the limit, each
// partition of parts is below it, and together they are above it.
const guardedTables = `
CREATE TABLE small (id int PRIMARY KEY, n int, note text);
INSERT INTO small SELECT i, i, 'x' FROM generate_series(1, 100) i;
CREATE TABLE big (id int PRIMARY KEY, n int, checked int, small_id int, filler text);
INSERT INTO big SELECT i, i, i, 1, repeat('x', 100) FROM generate_series(1, 10000) i;
CREATE INDEX big_checked_idx ON big (checked);
ALTER TABLE big ADD CONSTRAINT big_checked_not_null CHECK (checked IS NOT NULL);
CREATE TABLE documents (id int, body text);
ALTER TABLE documents ALTER body SET STORAGE EXTERNAL;
INSERT INTO documents SELECT i, repeat('x', 200000) FROM generate_series(1, 10) i;
CREATE TABLE parts (id int, n int, filler text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (5000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (5000) TO (10000);
INSERT INTO parts SELECT i, i, repeat('x', 100) FROM generate_series(0, 9999) i;
CREATE MATERIALIZED VIEW big_view AS SELECT i, repeat('x', 200) AS filler FROM generate_series(1, 10000) i;
CREATE TABLE "Odd.Table" AS SELECT * FROM big;
CREATE SCHEMA "St.Ore";
CREATE TABLE "St.Ore".orders AS SELECT * FROM big;
CREATE TABLE nested (id int, n int, filler text) PARTITION BY RANGE (id);
CREATE TABLE nested_1 PARTITION OF nested FOR VALUES FROM (0) TO (10000) PARTITION BY RANGE (n);
CREATE TABLE nested_1_1 PARTITION OF nested_1 FOR VALUES FROM (0) TO (10000);
INSERT INTO nested SELECT i, i, repeat('x', 100) FROM generate_series(0, 9999) i;
ANALYZE;
CREATE FUNCTION touch() RETURNS void LANGUAGE plpgsql AS $$BEGIN UPDATE big SET n = 0 WHERE n = 1; END$$;
`

var guardCases = []struct {
	name, body string
	accept     string // header line
	want       string // what the error says of the statement; "": it passes
}{
	{"type change", "ALTER TABLE big ALTER n TYPE bigint;", "", "rewrites big"},
	{"type change without a rewrite", "ALTER TABLE big ALTER filler TYPE varchar;", "", ""},
	{"volatile default", "ALTER TABLE big ADD token uuid DEFAULT gen_random_uuid();", "", "rewrites big"},
	{"constant default", "ALTER TABLE big ADD token int NOT NULL DEFAULT 0;", "", ""},
	{"SET NOT NULL", "ALTER TABLE big ALTER n SET NOT NULL;", "", "scans big"},
	{"SET NOT NULL that a check proves", "ALTER TABLE big ALTER checked SET NOT NULL;", "", ""},
	{"check", "ALTER TABLE big ADD CHECK (n > 0);", "", "scans big"},
	{"check NOT VALID", "ALTER TABLE big ADD CONSTRAINT c CHECK (n > 0) NOT VALID;", "", ""},
	{"VALIDATE", "ALTER TABLE big ADD CONSTRAINT c CHECK (n > 0) NOT VALID;\nALTER TABLE big VALIDATE CONSTRAINT c;", "", "2: scans big"},
	{"foreign key", "ALTER TABLE big ADD FOREIGN KEY (small_id) REFERENCES small;", "", "scans big"},
	{"foreign key NOT VALID", "ALTER TABLE big ADD FOREIGN KEY (small_id) REFERENCES small NOT VALID;", "", ""},
	{"index", "CREATE INDEX ON big (n);", "", "scans big"},
	{"unique constraint", "ALTER TABLE big ADD UNIQUE (n);", "", "scans big"},
	{"UPDATE without WHERE", "UPDATE big SET n = n + 1;", "", "rewrites big"},
	{"UPDATE of some rows", "UPDATE big SET n = n + 1 WHERE n % 2 = 0;", "", "scans big"},
	{"UPDATE that doubles a smaller table", "UPDATE parts_1 SET n = 0;", "", ""},
	{"UPDATE by an index", "UPDATE big SET n = 0 WHERE id = 7;", "", ""},
	{"DELETE", "DELETE FROM big WHERE n = 1;", "", "scans big"},
	{"a function", "SELECT touch();", "", "scans big"},
	{"DO", "DO $$BEGIN UPDATE big SET n = 0 WHERE n = 1; END$$;", "", "scans big"},
	{"CREATE TABLE AS", "CREATE TABLE copy AS SELECT * FROM big;", "", "scans big"},
	{"CLUSTER", "CLUSTER big USING big_pkey;", "", "rewrites big"},
	{"refresh", "REFRESH MATERIALIZED VIEW big_view;", "", "rewrites big_view"},
	{"TOAST", "ALTER TABLE documents ALTER id SET NOT NULL;", "", "scans documents"},
	{"partitions together", "ALTER TABLE parts ADD CHECK (n >= 0);", "", "scans parts"},
	{"type change of partitions", "ALTER TABLE parts ALTER n TYPE bigint;", "", "rewrites parts"},
	{"one partition", "ALTER TABLE parts_1 ADD CHECK (n >= 0);", "", ""},
	{"one partition after the other", "CREATE INDEX ON parts_1 (n);\nCREATE INDEX ON parts_2 (n);", "", "2: scans parts"},
	{"small table", "ALTER TABLE small ALTER n TYPE bigint;\nUPDATE small SET n = 0;", "", ""},
	{"drop", "DROP MATERIALIZED VIEW big_view;\nDROP TABLE big;", "", ""},
	{"truncate", "TRUNCATE big;", "", ""},
	{"a table of the revision", "CREATE TABLE made AS SELECT i FROM generate_series(1, 100000) i;\nALTER TABLE made ALTER i TYPE bigint;\nUPDATE made SET i = 0;", "", ""},
	{"temporary table", "CREATE TEMPORARY TABLE made AS SELECT i FROM generate_series(1, 100000) i;\nUPDATE made SET i = 0;", "", ""},
	{"rolled back to a savepoint", "SAVEPOINT s;\nUPDATE big SET n = 0;\nROLLBACK TO s;", "", "2: rewrites big"},
	{"renamed", "ALTER TABLE big RENAME TO large;\nUPDATE large SET n = 0;", "", "2: rewrites big"},
	{"other search_path", "SET search_path = '';\nUPDATE public.big SET n = 0;", "", "2: rewrites big"},
	{"RESET ALL", "RESET ALL;\nUPDATE big SET n = 0 WHERE n = 1;", "", "2: scans big"},
	{"DEALLOCATE ALL", "DEALLOCATE ALL;", "", "a.up.sql:5:1: upgrade a: the revision resets the session, so that the guard cannot tell what it reads"},
	{"RESET ALL in a function", "DO $$BEGIN RESET ALL; END$$;", "", "a.up.sql:5:1: upgrade a: the revision resets the session, so that the guard cannot tell what it reads"},
	{"first row", "SELECT 1 FROM big LIMIT 1;", "", "scans big"},
	{"sample", "CREATE TABLE sample AS SELECT * FROM big TABLESAMPLE BERNOULLI (100);", "", ""},
	{"caught by the body", "DO $$BEGIN ALTER TABLE big ALTER n TYPE bigint; EXCEPTION WHEN OTHERS THEN NULL; END$$;", "", "rewrites big"},
	{"in a subtransaction", "DO $$BEGIN ALTER TABLE big ALTER n TYPE bigint; EXCEPTION WHEN unique_violation THEN NULL; END$$;", "", "rewrites big"},
	{"accepted scan", "DELETE FROM big WHERE n = 1;", "scans big", ""},
	{"accepted with its schema", "DELETE FROM big WHERE n = 1;", "scans public.big", ""},
	{"accepted in capitals", "DELETE FROM big WHERE n = 1;", "scans BIG", ""},
	{"accepted with quotes", "DELETE FROM \"Odd.Table\" WHERE n = 1;", `scans public."Odd.Table"`, ""},
	{"another one with quotes accepted", "UPDATE \"Odd.Table\" SET n = 0;", "rewrites odd.table", `rewrites "Odd.Table"`},
	{"accepted with quotes that it does not need", "UPDATE big SET n = 0;", `rewrites "public"."big"`, ""},
	{"accepted without its schema", "UPDATE \"St.Ore\".orders SET n = 0;", "rewrites orders", ""},
	{"accepted in another schema", "UPDATE \"St.Ore\".orders SET n = 0;", "rewrites st.ore.orders, rewrites store.orders", `rewrites "St.Ore".orders`},
	{"accepted in the middle of partitions", "UPDATE nested SET filler = 'y';", "rewrites nested_1", ""},
	{"accepted rewrite", "ALTER TABLE big ALTER n TYPE bigint;\nUPDATE big SET n = 0;", "rewrites big", ""},
	{"accepted scan is no rewrite", "ALTER TABLE big ALTER n TYPE bigint;", "scans big", "rewrites big"},
	{"another table accepted", "UPDATE big SET n = 0;", "scans small, rewrites parts", "rewrites big"},
	{"accepted partitions", "ALTER TABLE parts ALTER n TYPE bigint;", "rewrites parts", ""},
	{"strange words accepted", "UPDATE small SET n = 0;", "scans it's a \"name, rewrites a.b.c.d", ""},
}

// checkGuardIsGone looks for everything that a guarded run could leave behind.
func checkGuardIsGone(t *testing.T, url string) {
	t.Helper()
	left := pgtest.Query(t, url, "SELECT (SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_proc WHERE proname = 'ambix_guard')")
	if diff := cmp.Diff([][]string{{"0", "0"}}, left); diff != "" {
		t.Errorf("left behind: %s", diff)
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}

func TestGuardStopsWhatReadsOrRewritesLargeTables(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"superuser", "owner"} {
		for _, test := range guardCases {
			t.Run(role+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				u := pgtest.Database(t)
				if role == "owner" {
					admin := u
					u = pgtest.Role(t, u)
					pgtest.Exec(t, admin, "GRANT CREATE ON SCHEMA public TO "+user(t, u)+"; ALTER DATABASE "+database(t, u)+" OWNER TO "+user(t, u))
				}
				pgtest.Exec(t, u, guardedTables)
				err := runGuarded(t, u, test.body, test.accept, guardLimit)
				if got := describeGuard(t, u, err, role == "superuser"); got != test.want {
					t.Errorf("%q, want %q: %v", got, test.want, err)
				}
				checkGuardIsGone(t, u)
			})
		}
	}
}

func user(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.User.Username()
}

func database(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(u.Path, "/")
}

func guarded(t *testing.T, body, accept string, limit int64) *migrator.Migrator {
	t.Helper()
	header := "-- revision: a\n-- down_revision:\n-- accept: " + accept + "\n"
	m, err := migrator.New(fstest.MapFS{"a.up.sql": {Data: []byte(header + "\n" + body)}, "a.down.sql": {Data: []byte("SELECT 1;")}}, migrator.Config{Guard: limit, Fingerprint: migrator.FingerprintOff})
	if err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	return m
}

func runGuarded(t *testing.T, u, body, accept string, limit int64) error {
	t.Helper()
	cfg, err := pgconn.ParseConfig(u)
	if err != nil {
		t.Fatal(err)
	}
	_, err = guarded(t, body, accept, limit).Up(context.Background(), cfg)
	return err
}

// describeGuard returns the number of the statement, unless it is the first, what it does and the table, after it has checked
// the other fields of the error, and that nothing was applied.
func describeGuard(t *testing.T, u string, err error, superuser bool) string {
	t.Helper()
	const header = 4 // lines before the body
	var e *migrator.GuardError
	if !errors.As(err, &e) {
		if err != nil {
			return err.Error()
		}
		return ""
	}
	if n := pgtest.Value(t, u, "SELECT count(*) FROM ambix_revision"); n != "0" {
		t.Errorf("%s revisions are recorded", n)
	}
	if e.Revision != "a" || e.Line <= header || e.Size <= guardLimit || e.Limit != guardLimit || e.Statement == "" || e.Table == "" || e.Kind() != migrator.KindGuard {
		t.Errorf("%+v", e)
	}
	_, word, _ := strings.Cut(e.Reason, "the statement ")
	word = strings.TrimPrefix(word, "would ")
	verb := "scans"
	if e.Rewrites {
		verb = "rewrites"
	}
	if !strings.HasPrefix(word, strings.TrimSuffix(verb, "s")) {
		t.Errorf("%s, and Rewrites is %t", e.Reason, e.Rewrites)
	}
	// CLUSTER and REFRESH do not call the event trigger.
	if before := e.Rewrites && superuser && strings.Contains(e.Statement, "ALTER"); e.Before != before {
		t.Errorf("Before is %t: %s", e.Before, e.Reason)
	}
	number := ""
	if e.Line > header+1 {
		number = fmt.Sprint(e.Line-header) + ": "
	}
	return number + verb + " " + e.Table
}
