package sqltext

import "testing"

func TestCatalogEffectOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want CatalogEffect
	}{
		{"CREATE INDEX CONCURRENTLY i ON t (a)", CatalogEffect{"CREATE INDEX", "i", "t"}},
		{`create unique index concurrently if not exists "I x" on only s . "T" using btree (a)`, CatalogEffect{"CREATE INDEX", `"I x"`, `s."T"`}},
		{"CREATE INDEX CONCURRENTLY ON t (a)", CatalogEffect{"CREATE INDEX", "", "t"}},
		{"DROP INDEX /* c */ CONCURRENTLY IF EXISTS s.i CASCADE", CatalogEffect{"DROP INDEX", "s.i", ""}},
		{"REINDEX INDEX CONCURRENTLY i", CatalogEffect{"REINDEX", "i", ""}},
		{"REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", CatalogEffect{"REINDEX", "", "s.t"}},
		{"REINDEX DATABASE x", CatalogEffect{"REINDEX", "", ""}},
		{"ALTER TABLE IF EXISTS p DETACH PARTITION s.c CONCURRENTLY", CatalogEffect{"DETACH PARTITION", "s.c", "p"}},
		{"CREATE DATABASE d", CatalogEffect{"CREATE DATABASE", "d", ""}},
		{"DROP DATABASE IF EXISTS d WITH (FORCE)", CatalogEffect{"DROP DATABASE", "d", ""}},
		{"CREATE TABLESPACE x LOCATION '/x'", CatalogEffect{"CREATE TABLESPACE", "x", ""}},
		{"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", CatalogEffect{"CREATE SUBSCRIPTION", "s", ""}},
		{"VACUUM FULL t", CatalogEffect{}},
		{"ALTER SYSTEM SET x = 1", CatalogEffect{}},
		{"ALTER TABLE t ADD x int", CatalogEffect{}},
	} {
		statements, errs := Split(c.sql)
		if len(statements) != 1 || len(errs) != 0 {
			t.Fatalf("%s: %v, %v", c.sql, statements, errs)
		}
		if got := CatalogEffectOf(c.sql, statements[0]); got != c.want {
			t.Errorf("%s\nhave %+v\nwant %+v", c.sql, got, c.want)
		}
	}
}
