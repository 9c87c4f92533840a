package apply

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/revision"
)

func loadText(t *testing.T, databaseURL, sql string) error {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	script, problems := revision.PlainScript(revision.Source{File: "schema.sql", Text: sql})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Load(t.Context(), conn, script)
}

func TestLoadRunsWhatPsqlRuns(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	err := loadText(t, databaseURL, `\restrict abc
SET client_encoding = 'SQL_ASCII';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TYPE public.mood AS ENUM ('sad');
ALTER TYPE public.mood ADD VALUE 'happy';
BEGIN;
CREATE TABLE public.t (a int, m public.mood DEFAULT 'happy');
COMMIT;
COPY public.t (a) FROM stdin;
1
2
\.
CREATE INDEX CONCURRENTLY ON public.t (a);
\unrestrict abc
`)
	if err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Value(t, databaseURL, "SELECT count(*) FROM t WHERE m = 'happy'"); n != "2" {
		t.Errorf("%s rows", n)
	}
}

// pg_dump 17 and newer write it for every server.
func TestLoadLeavesOutWhatOlderServersDoNotHave(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	if err := loadText(t, databaseURL, "SET lock_timeout = 0;\n-- since 17\nSET transaction_timeout = 0;\nCREATE TABLE t (a int);\n"); err != nil {
		t.Error(err)
	}
	if got := pgtest.Value(t, databaseURL, "SELECT to_regclass('t') IS NOT NULL"); got != "t" {
		t.Error("the rest was not run")
	}
	err := loadText(t, databaseURL, "SET lock_timeout = 0;\nSET unknown_timeout = 0;\n")
	if err == nil || !strings.Contains(err.Error(), `schema.sql:2:1: unrecognized configuration parameter "unknown_timeout" (42704)`) {
		t.Error(err)
	}
}

func TestLoadPointsAtTheMistake(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ sql, want, excerpt string }{
		{
			"CREATE TABLE é (a int);\nCREATE TABLE u (b nonsense);", `schema.sql:2:19: type "nonsense" does not exist (42704)`,
			"    2 | CREATE TABLE u (b nonsense);\n      |                   ^\n",
		},
		{
			"CREATE TABLE w (a int);\nCOPY w FROM stdin;\n1\nx\n\\.\n", `schema.sql:4:1: invalid input syntax for type integer: "x" (22P02)`,
			"    4 | x\n",
		},
		{"BEGIN;\nCREATE TABLE x (a int);\n", "schema.sql:2:1: a transaction is still open after the last statement: COMMIT is missing", ""},
		{"SET client_encoding = 'LATIN1';\nSELECT 'é';", "schema.sql:1:1: client_encoding LATIN1: the file must be UTF-8; convert it, and remove the statement", ""},
	} {
		err := loadText(t, pgtest.Database(t), test.sql)
		e, ok := errors.AsType[*RevisionError](err)
		if !ok {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if e.Error() != test.want || !strings.HasPrefix(e.Excerpt(), test.excerpt) {
			t.Errorf("%s\ngot  %s\n%s\nwant %s\n%s", test.sql, e, e.Excerpt(), test.want, test.excerpt)
		}
	}
}
