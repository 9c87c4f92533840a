package sqltext

import "testing"

func TestLeavesOf(t *testing.T) {
	t.Parallel()
	for want, statements := range map[Leaves][]string{
		LeavesNothing: {
			"CREATE TABLE item_00000 (id bigint PRIMARY KEY, name text NOT NULL)", "create table if not exists a.b (id int generated always as identity, at timestamptz DEFAULT now())",
			"CREATE TABLE a (x int, y int GENERATED ALWAYS AS (x + 1) STORED, CHECK (f(x)))", "CREATE INDEX i ON t (a, b DESC)", "CREATE UNIQUE INDEX i ON t USING btree (a) INCLUDE (b)",
			"ALTER TABLE t ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 0", "ALTER TABLE t ADD CONSTRAINT c CHECK (price >= 0)", "ALTER TABLE t ADD PRIMARY KEY (a), ADD UNIQUE (b)",
			"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s.u (id) ON DELETE SET NULL", "ALTER TABLE t ADD a int REFERENCES \"U\" (id)", "ALTER TABLE t DROP COLUMN a", "ALTER TABLE t ALTER a SET NOT NULL",
			"ALTER TABLE t ADD a timestamptz(3) DEFAULT CURRENT_TIMESTAMP", "DROP TABLE t", "DROP INDEX i", "DROP VIEW v CASCADE", "COMMENT ON TABLE t IS 'set_config()'",
			"ALTER TABLE t ADD CHECK ((a > 0) AND (b > 0) OR NOT (c IN (1, 2)))",
		},
		LeavesSettings: {
			"CREATE INDEX i ON t (lower(a))", "CREATE INDEX i ON t ((a + 1))", "CREATE INDEX i ON t (a) WHERE f(a)", "CREATE TABLE t AS SELECT set_config('a.b', '', false)", "CREATE TABLE t AS TABLE u",
			"CREATE TABLE t AS EXECUTE p", "CREATE TABLE p PARTITION OF t FOR VALUES FROM (f(1)) TO (2)", "CREATE TABLE pg_temp.t (a int)", "CREATE TABLE \"pg_temp\".t (a int)",
			"ALTER TABLE t ADD a int DEFAULT f()", "ALTER TABLE t ADD a int DEFAULT s.f(1)", "ALTER TABLE t ADD a int DEFAULT \"f\" (1)", "ALTER TABLE t ADD CHECK (f(a))", "ALTER TABLE t ALTER a TYPE int USING a::int",
			"ALTER TABLE t ADD a bigserial", "ALTER TABLE t ADD a int GENERATED ALWAYS AS IDENTITY", "ALTER TABLE t ATTACH PARTITION u DEFAULT", "ALTER TABLE t ADD a int REFERENCES u (id) DEFAULT f(1)",
			"INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t", "TRUNCATE t", "GRANT SELECT ON t TO r", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE VIEW v AS SELECT 1",
		},
		LeavesAnything: {
			"SELECT 1", "WITH a AS (SELECT 1) SELECT 1", "SET search_path TO a", "RESET ALL", "DO $$ BEGIN END $$", "CALL p()", "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE ALL", "DISCARD TEMP", "LISTEN x",
			"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "CREATE TEMP TABLE t (a int)", "CREATE TEMPORARY TABLE t (a int)", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", "CREATE EXTENSION x",
			"EXPLAIN ANALYZE SELECT 1", "LOCK t", "VALUES (1)", "TABLE t", "SET CONSTRAINTS ALL DEFERRED", "SAVEPOINT s", "COPY t TO STDOUT", "ALTER ROLE r SET a.b = 1", "ALTER EVENT TRIGGER e ENABLE",
			"CREATE MATERIALIZED VIEW v AS SELECT 1", "REFRESH MATERIALIZED VIEW v", "VACUUM", "\"create\" table t",
		},
	} {
		for _, sql := range statements {
			split, problems := Split(sql + ";")
			if len(split) != 1 || len(problems) > 0 {
				t.Fatalf("%s: %v", sql, problems)
			}
			if got := LeavesOf(sql+";", split[0]); got != want {
				t.Errorf("%s: %d, want %d", sql, got, want)
			}
		}
	}
}
