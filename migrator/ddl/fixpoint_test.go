package ddl_test

import (
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

// What the server prints in another way once it was loaded from what it printed first: constants without a name in inner
// queries, and lists of values for varchar columns.
const reprinted = `
CREATE TABLE t (id int, country int, kind varchar(10), n numeric, at timestamptz, list text[]);
CREATE VIEW v1 AS WITH q AS (SELECT id, country FROM t UNION SELECT 1, NULL) SELECT * FROM q;
CREATE VIEW v2 AS SELECT * FROM (SELECT id, kind, at, list, n FROM t UNION ALL SELECT id, NULL, NULL, NULL, NULL FROM t UNION ALL SELECT 1, 'x', 'now', '{}', 2) s;
CREATE VIEW v3 AS SELECT id, country FROM t UNION SELECT 1, NULL;
CREATE VIEW v4 AS SELECT id, country FROM t WHERE id IN (SELECT NULL UNION SELECT 1);
CREATE VIEW v5 AS SELECT id, country FROM (SELECT id, country FROM t UNION SELECT 1, NULL UNION (SELECT NULL, country FROM t ORDER BY 2)) z(id, country);
CREATE VIEW v6 AS SELECT kind IN ('a', 'b') AS x, kind = ANY (ARRAY['a', 'b']) AS y, kind NOT IN ('a', 'c') AS z FROM t;
CREATE MATERIALIZED VIEW m AS SELECT * FROM (SELECT kind FROM t UNION SELECT NULL) s;
ALTER TABLE t ADD CHECK (kind IN ('a', 'b')), ADD CHECK (kind::text = ANY (ARRAY['x'::varchar, 'y'::varchar]::text[])), ADD CHECK (n BETWEEN 1 AND 2);
CREATE INDEX ON t ((lower(kind))) WHERE kind IN ('a', 'b') AND n > 0.5;
CREATE RULE r AS ON INSERT TO t DO ALSO SELECT * FROM (SELECT id FROM t UNION SELECT NULL) s;
CREATE POLICY p ON t USING (kind IN ('a', 'b') AND id IN (SELECT NULL UNION SELECT 1));
CREATE TABLE part (k varchar(5)) PARTITION BY LIST (k);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a', 'b');
CREATE DOMAIN d AS varchar(4) CHECK (VALUE IN ('a', 'b'));
CREATE TABLE g (a varchar(3), b bool GENERATED ALWAYS AS (a IN ('x', 'y')) STORED, c int DEFAULT '-5'::integer);`

// Of version 14 and newer.
const reprintedLater = `
CREATE FUNCTION f(x int) RETURNS SETOF int BEGIN ATOMIC SELECT id FROM t WHERE kind IN ('a', 'b') UNION SELECT NULL; END;
CREATE STATISTICS st ON (lower(kind)), (kind IN ('a', 'b')) FROM t;`

func TestTextsThatAreReprintedAreEqual(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	sql := reprinted
	if pgtest.Shared(t).Major >= 14 {
		sql += reprintedLater
	}
	pgtest.Exec(t, url, sql)
	s := schematest.ReadDatabase(t, url)
	made, _ := create(t, s, everything)
	if d := s.Compare(made); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
	if s.Fingerprint() != made.Fingerprint() {
		t.Error("the fingerprints differ")
	}
	if statements, err := ddl.Change(s, made, changeEverything); err != nil || len(statements) > 0 {
		t.Errorf("%v\n%s", err, ddl.Script(statements))
	}
}
