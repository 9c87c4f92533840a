package sqltext

import "testing"

func TestCatalogEffectOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want CatalogEffect
	}{
		{"CREATE INDEX CONCURRENTLY i ON t (a)", CatalogEffect{"CREATE INDEX", "i", "i", "t"}},
		{`create unique index concurrently if not exists "I x" on only s . "T" using btree (a)`, CatalogEffect{"CREATE INDEX", `"I x"`, "I x", `s."T"`}},
		{"CREATE INDEX CONCURRENTLY ON t (a)", CatalogEffect{"CREATE INDEX", "", "", "t"}},
		{"DROP INDEX /* c */ CONCURRENTLY IF EXISTS s.i CASCADE", CatalogEffect{"DROP INDEX", "s.i", "i", ""}},
		{"REINDEX INDEX CONCURRENTLY i", CatalogEffect{"REINDEX", "i", "i", ""}},
		{"REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", CatalogEffect{"REINDEX", "", "", "s.t"}},
		{"REINDEX DATABASE x", CatalogEffect{"REINDEX", "", "", ""}},
		{"ALTER TABLE IF EXISTS p DETACH PARTITION s.c CONCURRENTLY", CatalogEffect{"DETACH PARTITION", "s.c", "c", "p"}},
		{"CREATE DATABASE d", CatalogEffect{"CREATE DATABASE", "d", "d", ""}},
		{"DROP DATABASE IF EXISTS d WITH (FORCE)", CatalogEffect{"DROP DATABASE", "d", "d", ""}},
		{"CREATE TABLESPACE x LOCATION '/x'", CatalogEffect{"CREATE TABLESPACE", "x", "x", ""}},
		{"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", CatalogEffect{"CREATE SUBSCRIPTION", "s", "s", ""}},
		{`DROP INDEX CONCURRENTLY S . I`, CatalogEffect{"DROP INDEX", "s.i", "i", ""}},
		{`DROP INDEX CONCURRENTLY U&"a\0062c"`, CatalogEffect{"DROP INDEX", `"abc"`, "abc", ""}},
		{`CREATE INDEX CONCURRENTLY u&"!00e4""!!!+01F600" /* c */ UESCAPE '!' ON s.U&"\0074\\" (a)`, CatalogEffect{"CREATE INDEX", `"ä""!😀"`, `ä"!😀`, `s."t\"`}},
		{`REINDEX INDEX CONCURRENTLY U&"\d83d\de00".U&"d!0061ta" UESCAPE '!'`, CatalogEffect{"REINDEX", `"😀"."data"`, "data", ""}},
		{`DROP INDEX CONCURRENTLY U&"\00"`, CatalogEffect{"DROP INDEX", `""`, "", ""}}, // refused by the server
		{"COMMIT PREPARED 'Tx ''1'", CatalogEffect{"COMMIT PREPARED", "", "Tx '1", ""}},
		{"rollback prepared $$x$$", CatalogEffect{"ROLLBACK PREPARED", "", "x", ""}},
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
