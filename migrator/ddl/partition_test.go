package ddl_test

import (
	"regexp"
	"strings"
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
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
		{name: "made again without its foreign key", setup: setup + "ALTER TYPE state ADD VALUE 'never'", sql: `
DROP VIEW w; DROP TABLE p; DROP TYPE state; CREATE TYPE state AS ENUM ('new', 'done');
CREATE TABLE p (id int NOT NULL, k state NOT NULL DEFAULT 'new', o int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
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

const tree = `CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1);
CREATE TABLE big (k int NOT NULL, v int NOT NULL, o int, PRIMARY KEY (k, v)) PARTITION BY RANGE (k);
CREATE TABLE big1 PARTITION OF big FOR VALUES FROM (1) TO (100) PARTITION BY LIST (v);
CREATE TABLE big11 PARTITION OF big1 FOR VALUES IN (1); CREATE TABLE big1_rest PARTITION OF big1 DEFAULT; CREATE TABLE big_rest PARTITION OF big DEFAULT;
CREATE INDEX big_v ON big (v); CREATE INDEX ON big (o); ALTER TABLE big ADD UNIQUE (v, k), ADD CONSTRAINT positive CHECK (v > 0), ADD FOREIGN KEY (o) REFERENCES other;
CREATE TABLE ref (k int, v int, FOREIGN KEY (k, v) REFERENCES big);
INSERT INTO big VALUES (1, 1, 1), (2, 3, 1), (200, 1, NULL); INSERT INTO ref VALUES (1, 1);
`

// The server names indexes and keys of partitions after the table and the columns. After a rename they still have the old names,
// at all levels, and a schema that is written with the new name has new ones.
func TestRenamesReachIndexesOfPartitions(t *testing.T) {
	t.Parallel()
	column := func(name string) schema.Key { return schema.Key{Kind: schema.Column, Name: name} }
	table := func(name string) schema.Key { return schema.Key{Kind: schema.Table, Name: name} }
	written := func(old, now string) string {
		return regexp.MustCompile(`\b`+old+`\b`).ReplaceAllString(tree, now)
	}
	for name, test := range map[string]struct {
		key, back   schema.Key
		name, to    string
		from, check string
	}{
		"column renamed":           {column("public.big.v"), column("public.big.w"), "w", tree + "ALTER TABLE big RENAME v TO w", "", ""},
		"column with another name": {column("public.big.v"), column("public.big.w"), "w", written("v", "w"), "", ""},
		"key column":               {column("public.big.k"), column("public.big.w"), "w", written("k", "w"), "", ""},
		"partitioned partition":    {table("public.big1"), table("public.part"), "part", written("big1", "part"), "", ""},
		"leaf":                     {table("public.big11"), table("public.leaf"), "leaf", written("big11", "leaf"), "", ""},
		"root":                     {table("public.big"), table("public.root"), "root", written("big", "root"), "", ""},
		"attribute": {
			column("public.pair.l"), column("public.pair.w"), "w", "CREATE TYPE pair AS (w int, r text); CREATE TABLE t OF pair; CREATE INDEX i ON t (w); CREATE TABLE c () INHERITS (t); CREATE INDEX ci ON c (w)",
			"CREATE TYPE pair AS (l int, r text); CREATE TABLE t OF pair; CREATE INDEX i ON t (l); CREATE TABLE c () INHERITS (t); CREATE INDEX ci ON c (l); INSERT INTO c VALUES (1)", "SELECT count(*) FROM c",
		},
		"children": {
			column("public.p.x"), column("public.p.w"), "w", "CREATE TABLE p (w int CHECK (w > 0)); CREATE TABLE c (y int) INHERITS (p); CREATE TABLE d () INHERITS (c); CREATE INDEX i ON d (w); ALTER TABLE p RENAME CONSTRAINT p_w_check TO p_x_check",
			"CREATE TABLE p (x int CHECK (x > 0)); CREATE TABLE c (y int) INHERITS (p); CREATE TABLE d () INHERITS (c); CREATE INDEX i ON d (x); INSERT INTO d VALUES (1)", "SELECT count(*) FROM d",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.from == "" {
				test.from, test.check = tree, "SELECT string_agg(r::text, ' ') FROM big1_rest r"
			}
			databaseURL, other := pgtest.Database(t), pgtest.Database(t)
			pgtest.Exec(t, databaseURL, test.from)
			pgtest.Exec(t, other, test.to)
			conn := schematest.Connect(t, databaseURL)
			before, after := schematest.Read(t, conn), schematest.ReadDatabase(t, other)
			rows := pgtest.Value(t, databaseURL, test.check)
			applyWith(t, conn, before, after, ddl.Options{Renames: []schema.Renaming{{Key: test.key, Name: test.name}}})
			_, old, _ := strings.Cut(test.key.Name, ".")
			if test.key.Kind == schema.Column {
				old = old[strings.LastIndex(old, ".")+1:]
			}
			if got := pgtest.Value(t, databaseURL, test.check); got != rows {
				t.Errorf("%s rows, want %s", got, rows)
			}
			applyWith(t, conn, schematest.Read(t, conn), before, ddl.Options{Renames: []schema.Renaming{{Key: test.back, Name: old}}})
			if got := pgtest.Value(t, databaseURL, test.check); got != rows {
				t.Errorf("back: %s rows, want %s", got, rows)
			}
		})
	}
}

// A partitioned partition that is made again gets the keys and indexes of its parent, and its partitions come back with theirs.
func TestPartitionedPartitionsAreMadeAgain(t *testing.T) {
	t.Parallel()
	const rows = "SELECT string_agg(concat_ws('|', tableoid::regclass, k, v, o), ' ' ORDER BY k, v) FROM big"
	again := func(key string) string {
		return strings.Replace(tree, "PARTITION BY LIST (v)", key, 1)
	}
	for name, to := range map[string]string{
		"other key":        strings.Replace(again("PARTITION BY RANGE (v)"), "FOR VALUES IN (1)", "FOR VALUES FROM (1) TO (2)", 1),
		"other key column": again("PARTITION BY LIST (k)"),
		"plain and index":  again("PARTITION BY LIST (k)") + "CREATE INDEX new ON big (v, o); DROP INDEX big_v; CREATE TABLE big2 PARTITION OF big FOR VALUES FROM (100) TO (110) PARTITION BY LIST (v); CREATE TABLE big21 PARTITION OF big2 DEFAULT;",
		"other keys":       again("PARTITION BY LIST (k)") + "ALTER TABLE ref DROP CONSTRAINT ref_k_v_fkey; ALTER TABLE big DROP CONSTRAINT big_pkey; ALTER TABLE big ADD PRIMARY KEY (k, v) WITH (fillfactor = 80); ALTER TABLE big ADD UNIQUE (v, o, k);",
		"detached":         tree + "ALTER TABLE big DETACH PARTITION big_rest",
		"detached below":   tree + "ALTER TABLE big1 DETACH PARTITION big1_rest",
		"other bound":      strings.Replace(tree, "FROM (1) TO (100)", "FROM (0) TO (150)", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL, other := pgtest.Database(t), pgtest.Database(t)
			pgtest.Exec(t, databaseURL, tree)
			pgtest.Exec(t, other, to)
			conn := schematest.Connect(t, databaseURL)
			before, after := schematest.Read(t, conn), schematest.ReadDatabase(t, other)
			want := pgtest.Value(t, databaseURL, rows)
			apply(t, conn, before, after)
			if got := pgtest.Value(t, databaseURL, rows); got != want && !strings.HasPrefix(name, "detached") {
				t.Errorf("there: %s, want %s", got, want)
			}
			apply(t, conn, schematest.Read(t, conn), before)
			if got := pgtest.Value(t, databaseURL, rows); got != want {
				t.Errorf("back: %s, want %s", got, want)
			}
		})
	}
}
