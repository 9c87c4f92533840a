package sqltext

import "testing"

func TestEffectOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want Effect
	}{
		{"CREATE INDEX CONCURRENTLY i ON t (a)", Effect{"CREATE INDEX", "i", "t"}},
		{`create unique index concurrently if not exists "I x" on only s . "T" using btree (a)`, Effect{"CREATE INDEX", `"I x"`, `s."T"`}},
		{"CREATE INDEX CONCURRENTLY ON t (a)", Effect{"CREATE INDEX", "", "t"}},
		{"DROP INDEX /* c */ CONCURRENTLY IF EXISTS s.i CASCADE", Effect{"DROP INDEX", "s.i", ""}},
		{"REINDEX INDEX CONCURRENTLY i", Effect{"REINDEX", "i", ""}},
		{"REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", Effect{"REINDEX", "", "s.t"}},
		{"REINDEX DATABASE x", Effect{"REINDEX", "", ""}},
		{"ALTER TABLE IF EXISTS p DETACH PARTITION s.c CONCURRENTLY", Effect{"DETACH PARTITION", "s.c", "p"}},
		{"CREATE DATABASE d", Effect{"CREATE DATABASE", "d", ""}},
		{"DROP DATABASE IF EXISTS d WITH (FORCE)", Effect{"DROP DATABASE", "d", ""}},
		{"CREATE TABLESPACE x LOCATION '/x'", Effect{"CREATE TABLESPACE", "x", ""}},
		{"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", Effect{"CREATE SUBSCRIPTION", "s", ""}},
		{"VACUUM FULL t", Effect{}},
		{"ALTER SYSTEM SET x = 1", Effect{}},
		{"ALTER TABLE t ADD x int", Effect{}},
	} {
		statements, errs := Split(c.sql)
		if len(statements) != 1 || len(errs) != 0 {
			t.Fatalf("%s: %v, %v", c.sql, statements, errs)
		}
		if got := EffectOf(c.sql, statements[0]); got != c.want {
			t.Errorf("%s\nhave %+v\nwant %+v", c.sql, got, c.want)
		}
	}
}
