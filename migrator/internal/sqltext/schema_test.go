package sqltext

import "testing"

func TestWrittenSchema(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"CREATE TABLE a (b int)":                                           "",
		"CREATE TABLE IF NOT EXISTS s.a (b public.citext)":                 "s",
		"create unlogged table \"S\" . a (b int)":                          "S",
		"CREATE TABLE a (b int REFERENCES s.c)":                            "",
		"CREATE TEMP TABLE pg_temp.a (b int)":                              "",
		"ALTER TABLE IF EXISTS ONLY public.a ADD b int":                    "public",
		"DROP TABLE a, s.b":                                                "",
		"DROP VIEW IF EXISTS s.v":                                          "s",
		"CREATE OR REPLACE RECURSIVE VIEW s.v AS SELECT 1":                 "s",
		"CREATE MATERIALIZED VIEW s.v AS SELECT a.b FROM a":                "s",
		"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.a (b)": "s",
		"CREATE INDEX ON s.a (b)":                                          "s",
		"CREATE INDEX i ON a (b)":                                          "",
		"DROP INDEX CONCURRENTLY s.i":                                      "s",
		"CREATE OR REPLACE FUNCTION s.f() RETURNS int LANGUAGE sql AS ''":  "s",
		"CREATE FUNCTION f(s.t) RETURNS s.t LANGUAGE sql AS ''":            "",
		"CREATE TRIGGER x AFTER INSERT OR UPDATE OF b ON s.a EXECUTE f()":  "s",
		"COMMENT ON TABLE s.a IS 'x'":                                      "s",
		"COMMENT ON COLUMN a.b IS 'x'":                                     "",
		"INSERT INTO s.a SELECT b.c FROM b":                                "s",
		"INSERT INTO a SELECT s.f()":                                       "",
		"UPDATE ONLY s.a SET b = 1":                                        "s",
		"UPDATE a SET b = o.c FROM s.o":                                    "",
		"DELETE FROM s.a":                                                  "s",
		"TRUNCATE TABLE ONLY s.a":                                          "s",
		"COPY s.a (b) FROM STDIN":                                          "s",
		"CREATE SCHEMA IF NOT EXISTS s":                                    "s",
		"SELECT extract(year FROM o.created) FROM s.o":                     "",
		"GRANT SELECT ON s.a TO x":                                         "",
		"CREATE":                                                           "",
		"DROP":                                                             "",
	} {
		statements, _ := Split(sql)
		if got := WrittenSchema(sql, statements[0]); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
