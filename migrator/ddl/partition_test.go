package ddl_test

import (
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

// changeCase is a change that is made there and back, without asking for destructive statements.
type changeCase struct {
	name, setup, sql string
	since            int
	check            string // a query whose result must not change
}

func checkThereAndBack(t *testing.T, cases []changeCase) {
	t.Helper()
	major := pgtest.Shared(t).Major
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if major < test.since {
				t.Skipf("for PostgreSQL %d and newer", test.since)
			}
			databaseURL := pgtest.Database(t)
			pgtest.Exec(t, databaseURL, test.setup)
			conn := schematest.Connect(t, databaseURL)
			before := schematest.Read(t, conn)
			other := pgtest.Database(t)
			pgtest.Exec(t, other, test.setup)
			pgtest.Exec(t, other, test.sql)
			after := schematest.ReadDatabase(t, other)
			options := ddl.Options{Owners: true, Privileges: true}
			want := ""
			if test.check != "" {
				want = pgtest.Value(t, databaseURL, test.check)
			}
			applyWith(t, conn, before, after, options)
			if test.check != "" {
				if got := pgtest.Value(t, databaseURL, test.check); got != want {
					t.Errorf("there: %s is %s, want %s", test.check, got, want)
				}
			}
			applyWith(t, conn, schematest.Read(t, conn), before, options)
			if test.check != "" {
				if got := pgtest.Value(t, databaseURL, test.check); got != want {
					t.Errorf("back: %s is %s, want %s", test.check, got, want)
				}
			}
		})
	}
}

// Rows of partitions survive whatever happens to the partitioned table.
func TestPartitionsKeepTheirRows(t *testing.T) {
	t.Parallel()
	const setup = `CREATE TYPE state AS ENUM ('new', 'done');
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1);
CREATE TABLE p (id int NOT NULL, k state NOT NULL DEFAULT 'new', o int REFERENCES other, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('new');
CREATE TABLE p2 PARTITION OF p FOR VALUES IN ('done');
CREATE INDEX p_v ON p (v);
CREATE VIEW w AS SELECT id, k FROM p;
INSERT INTO p VALUES (1, 'new', 1, 'a'), (2, 'done', 1, 'b');`
	const rows = "SELECT string_agg(id || v, ' ' ORDER BY id) FROM (SELECT id, v FROM p1 UNION ALL SELECT id, v FROM p2) x"
	checkThereAndBack(t, []changeCase{
		{name: "value removed from the enum of the key", setup: setup + "ALTER TYPE state ADD VALUE 'never'", sql: `
DROP VIEW w; DROP TABLE p; DROP TYPE state; CREATE TYPE state AS ENUM ('new', 'done');
CREATE TABLE p (id int NOT NULL, k state NOT NULL DEFAULT 'new', o int REFERENCES other, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('new');
CREATE TABLE p2 PARTITION OF p FOR VALUES IN ('done');
CREATE INDEX p_v ON p (v);
CREATE VIEW w AS SELECT id, k FROM p`, check: rows},
		{name: "detached with its foreign key", setup: setup, sql: "ALTER TABLE p DETACH PARTITION p2", check: rows},
		{name: "detached without its foreign key", setup: setup, sql: "ALTER TABLE p DETACH PARTITION p2; ALTER TABLE p2 DROP CONSTRAINT p_o_fkey", check: rows},
		{name: "detached and without the NOT NULL of its parent", setup: setup, sql: "ALTER TABLE p DETACH PARTITION p2; ALTER TABLE p2 DROP CONSTRAINT p2_pkey, ALTER id DROP NOT NULL", check: rows},
		{name: "column added and bound changed", setup: setup, sql: "ALTER TABLE p ADD x int DEFAULT 1; ALTER TABLE p DETACH PARTITION p2; ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN ('done', NULL)", check: rows},
		{name: "column dropped and detached", setup: setup, sql: "ALTER TABLE p DETACH PARTITION p2; ALTER TABLE p DROP o; ALTER TABLE p2 DROP o", check: rows},
		{name: "partition added where the table has indexes", setup: setup + "ALTER TYPE state ADD VALUE 'never'", sql: "CREATE TABLE p3 PARTITION OF p FOR VALUES IN ('never')", check: rows},
		{name: "index and key added", setup: setup, sql: "CREATE UNIQUE INDEX u ON p (id, k, v); ALTER TABLE p ADD CHECK (id > 0)", check: rows},
		{name: "column type changed", setup: setup, sql: "DROP VIEW w; ALTER TABLE p ALTER v TYPE varchar(20), ALTER id TYPE bigint; CREATE VIEW w AS SELECT id, k FROM p", check: rows},
	})
}
