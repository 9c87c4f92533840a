package revision_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

const (
	addOff         = ` cannot run inside a transaction block: add the line "-- transaction: off" to the header`
	ownTransaction = ` is not allowed: each revision runs in its own transaction; remove the statement`
	sentSeparately = ` is not allowed: with "-- transaction: off" each statement is sent separately; remove the statement, or that line of the header to run everything in one transaction`
	noEffect       = ` has no effect: with "-- transaction: off" each statement is sent separately; remove the statement, or that line of the header to run everything in one transaction`
	discardAll     = `DISCARD ALL is not allowed: it would release the lock that keeps other runners out; remove the statement, the session is reset after each revision`
)

// largeObjects is how pg_dump writes large objects.
const largeObjects = "BEGIN;\n\nSELECT pg_catalog.lo_open('16393', 131072);\nSELECT pg_catalog.lowrite(0, '\\x68');\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\n"

// The script begins in line 6.
func TestScriptProblemsAreReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []string
	}{
		{"ordinary", "CREATE TABLE a (b text DEFAULT 'COMMIT;');\n-- COMMIT;\n/* ROLLBACK; */ SELECT 1 AS \"END;\";\n", nil},
		{"function", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; RETURN 1; END $$;\nDO $x$BEGIN ROLLBACK; END$x$;\n", nil},
		{"BEGIN ATOMIC", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n", nil},
		{"copy", "COPY a FROM stdin;\nCOMMIT;\nit's\n\\.\nSELECT 1;\n", nil},
		{"savepoint", "SAVEPOINT a; ROLLBACK TO a; ROLLBACK TO SAVEPOINT a; RELEASE a; SET LOCAL lock_timeout = '1s'; LOCK TABLE a;\n", nil},
		{"keywords as names", "SELECT a.commit, b.begin FROM commit; ALTER TABLE begin ADD vacuum int; COMMENT ON COLUMN a.abort IS '';\n", nil},
		{"pg_dump", "\\restrict Kx3\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\\unrestrict Kx3\n", nil},
		{"prepared statement", "PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p; DISCARD TEMP; DISCARD PLANS;\n", nil},
		{"session characteristics", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;\n", nil},
		{"crlf", "SELECT 1;\r\nSELECT 2;\r\n", nil},
		{"empty statements", ";;\n;", nil},

		{"transaction control", "BEGIN;\nSTART TRANSACTION;\n  COMMIT;\nend;\nROLLBACK;\nABORT;\nPREPARE TRANSACTION 'x';\nCOMMIT PREPARED 'x';\n", []string{
			"up:6:1: BEGIN" + ownTransaction, "up:7:1: START TRANSACTION" + ownTransaction, "up:8:3: COMMIT" + ownTransaction, "up:9:1: END" + ownTransaction,
			"up:10:1: ROLLBACK" + ownTransaction, "up:11:1: ABORT" + ownTransaction, "up:12:1: PREPARE TRANSACTION" + ownTransaction, "up:13:1: COMMIT PREPARED" + addOff,
		}},
		{"large objects", largeObjects + "SELECT 1;\n" + largeObjects, nil},
		{"almost large objects", "BEGIN;\nCOMMIT;\nBEGIN;\nBEGIN;\nSELECT lo_open('1', 131072);\nSELECT 1;\nCOMMIT;\nSELECT lo_close(0);\nCOMMIT;\nBEGIN;\nSELECT lo_close(0);\nEND;\nBEGIN;\nSELECT lo_close(0);\n", []string{
			"up:6:1: BEGIN" + ownTransaction, "up:7:1: COMMIT" + ownTransaction, "up:8:1: BEGIN" + ownTransaction, "up:9:1: BEGIN" + ownTransaction,
			"up:12:1: COMMIT" + ownTransaction, "up:14:1: COMMIT" + ownTransaction, "up:15:1: BEGIN" + ownTransaction, "up:17:1: END" + ownTransaction, "up:18:1: BEGIN" + ownTransaction,
		}},
		{"invisible characters", "SELECT\u00a01;\n\ufeffSELECT 2;\nSELECT '\u200b';\n", []string{
			"up:6:7: invisible character U+00A0 (no-break space) outside a string or comment: remove it, or type a space in its place",
			"up:7:1: invisible character U+FEFF (byte order mark) outside a string or comment: remove it, or type a space in its place",
		}},
		{"after a comment on the same line", "/* ä */ COMMIT", []string{"up:6:9: COMMIT" + ownTransaction}},
		{"set transaction", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSET LOCAL TRANSACTION READ ONLY;\n", []string{
			"up:6:1: SET TRANSACTION is not allowed: the revision's transaction has already begun; remove the statement",
			"up:7:1: SET LOCAL TRANSACTION is not allowed: the revision's transaction has already begun; remove the statement",
		}},
		{"discard all", "DISCARD ALL;", []string{"up:6:1: " + discardAll}},
		{"concurrently", "CREATE UNIQUE INDEX\n  CONCURRENTLY i ON a (b);\nDROP INDEX concurrently i;\nREINDEX (CONCURRENTLY) INDEX i;\n", []string{
			"up:7:3: CREATE UNIQUE INDEX CONCURRENTLY" + addOff, "up:8:12: DROP INDEX CONCURRENTLY" + addOff, "up:9:10: REINDEX INDEX CONCURRENTLY" + addOff,
		}},
		{"not in a transaction", "VACUUM a;\nCLUSTER;\nALTER SYSTEM SET a = 1;\nCREATE DATABASE d;\n", []string{
			"up:6:1: VACUUM" + addOff, "up:7:1: CLUSTER" + addOff, "up:8:1: ALTER SYSTEM" + addOff, "up:9:1: CREATE DATABASE" + addOff,
		}},
		{"a table named concurrently", "CREATE INDEX ON concurrently (a);\nREFRESH MATERIALIZED VIEW CONCURRENTLY v;\n", nil},
		{"psql command", "\\i other.sql\nSELECT 1 \\gexec\n", []string{
			`up:6:1: psql meta-command \i: only \restrict and \unrestrict are allowed`,
			`up:7:10: psql meta-command \gexec: only psql knows it; end the statement with a semicolon, and use EXECUTE in a DO block for what it would run`,
		}},
		{"unterminated string", "SELECT 'a;\nSELECT 2;", []string{"up:6:8: unterminated string: ' is missing"}},
		{"unterminated name", "SELECT \"a;", []string{`up:6:8: unterminated quoted name: " is missing`}},
		{"unterminated dollar quote", "SELECT $x$a$$;", []string{"up:6:8: unterminated dollar-quoted string: $x$ is missing"}},
		{"unterminated comment", "SELECT 1; /* a /* b */", []string{"up:6:11: unterminated comment: */ is missing"}},
		{"NUL", "SELECT 'a\x00';", []string{"up:6:10: NUL byte: SQL cannot contain one"}},
		{"invalid UTF-8", "SELECT 'ä\xff';", []string{"up:6:10: invalid UTF-8: save the file as UTF-8"}},
		{"invalid UTF-8 in a comment", "-- \xfc\nSELECT 1;", []string{"up:6:4: invalid UTF-8: save the file as UTF-8"}},
		{"several, sorted", "COMMIT;\nSELECT 'ä'; VACUUM; \\q\n'", []string{
			"up:6:1: COMMIT" + ownTransaction, "up:7:13: VACUUM" + addOff,
			`up:7:21: psql meta-command \q: only \restrict and \unrestrict are allowed`,
			"up:8:1: unterminated string: ' is missing",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := parse(good+"\n"+test.body, noDown)
			checkProblems(t, problems, test.want)
		})
	}
}

// The script begins in line 7.
func TestNonTransactionalScriptProblemsAreReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []string
	}{
		{"non-transactional commands", "CREATE INDEX CONCURRENTLY i ON a (b);\nVACUUM a;\nREINDEX DATABASE d;\nALTER TYPE e ADD VALUE 'x';\nSET lock_timeout = '1s';\nCOPY a FROM stdin;\n1\n\\.\n", nil},
		{"a table named lock", "ALTER TABLE lock ADD savepoint int; SELECT 1 AS release;", nil},
		{"transaction control", "BEGIN;\nCOMMIT;\n", []string{"up:7:1: BEGIN" + sentSeparately, "up:8:1: COMMIT" + sentSeparately}},
		{"large objects", largeObjects, []string{"up:7:1: BEGIN" + sentSeparately, "up:13:1: COMMIT" + sentSeparately}},
		{"prepared transactions", "COMMIT PREPARED 'a';\nROLLBACK PREPARED 'b';\n", nil},
		{"PREPARE TRANSACTION", "PREPARE TRANSACTION 'a';\n", []string{"up:7:1: PREPARE TRANSACTION" + sentSeparately}},
		{"needs a transaction", "SAVEPOINT a;\nROLLBACK TO SAVEPOINT a;\nROLLBACK WORK TO a;\nRELEASE SAVEPOINT a;\nLOCK TABLE a;\nSET LOCAL x.y = 1;\nSET CONSTRAINTS ALL IMMEDIATE;\n", []string{
			"up:7:1: SAVEPOINT" + noEffect, "up:8:1: ROLLBACK TO" + noEffect, "up:9:1: ROLLBACK TO" + noEffect, "up:10:1: RELEASE" + noEffect,
			"up:11:1: LOCK" + noEffect, "up:12:1: SET LOCAL" + noEffect, "up:13:1: SET CONSTRAINTS" + noEffect,
		}},
		{"set transaction", "SET TRANSACTION READ ONLY;", []string{`up:7:1: SET TRANSACTION has no effect: with "-- transaction: off" each statement is sent separately; remove the statement`}},
		{"discard all", "DISCARD ALL;", []string{"up:7:1: " + discardAll}},
		{"unterminated string", "SELECT '", []string{"up:7:8: unterminated string: ' is missing"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := parse(good+"-- transaction: off\n\n"+test.body, noDown)
			checkProblems(t, problems, test.want)
		})
	}
}

// The first problems of a file are reported, and the others are counted.
func TestManyProblemsAreCounted(t *testing.T) {
	t.Parallel()
	text := "\ufeff" + good + "\n" + strings.Repeat("/* ä */ COMMIT; SELECT 'ß'; BEGIN;\n", 20_000)
	_, problems := parse(text, noDown)
	if len(problems) != 51 {
		t.Fatalf("%d problems", len(problems))
	}
	if got, want := problems[50].Error(), "a.up.sql:31:9: and 39950 more problems in this file"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, i := range []int{0, 1, 2, 3, 50} {
		line, word := 6+i/2, "COMMIT"
		if i%2 == 1 {
			word = "BEGIN"
		}
		offset := strings.Index(sqltext.Line(text, line), word)
		column := len([]rune(sqltext.Line(text, line)[:offset])) + 1
		if got, want := problems[i].Pos.String(), fmt.Sprintf("a.up.sql:%d:%d", line, column); got != want {
			t.Errorf("problem %d is at %s, want %s", i, got, want)
		}
	}
}

func TestScriptIsSeparatedFromHeader(t *testing.T) {
	t.Parallel()
	r, problems := parse("\ufeff"+good+"\r\n/* x */ SELECT 'ä';\r\nSELECT 2; -- end\r\n", "-- revision: a1")
	checkProblems(t, problems, nil)
	if got, want := r.Up.SQL(), "\r\n/* x */ SELECT 'ä';\r\nSELECT 2; -- end\r\n"; got != want {
		t.Errorf("SQL %q, want %q", got, want)
	}
	var statements []string
	for _, s := range r.Up.Statements() {
		statements = append(statements, r.Up.Text[s.Start:s.End])
	}
	if got := strings.Join(statements, "|"); got != "SELECT 'ä'|SELECT 2" {
		t.Errorf("statements %s", got)
	}
	if r.Up.Empty() || !r.Down.Empty() || !r.Reversible() {
		t.Error("Empty or Reversible is wrong")
	}
	if got, want := r.Up.Checksum(), revision.NewScript("SELECT 'ä'; SELECT 2;").Checksum(); got != want {
		t.Errorf("checksum %s, of the same without comments %s", got, want)
	}
	if r.Up.Checksum() == r.Down.Checksum() {
		t.Error("different scripts have the same checksum")
	}
}

func TestScriptWithoutStatementsIsEmpty(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"": true, "\n": true, "\n-- SELECT 1;\n": true, "\n/* SELECT 1; */ ;\n;": true, "\n\\restrict a\n\\unrestrict a\n": true,
		"\nSELECT 1": false, "\n'": false, "\n)": false,
	} {
		r, _ := parse(good+body, noDown)
		if got := r.Up.Empty(); got != want || got != (len(r.Up.Statements()) == 0) {
			t.Errorf("Empty of %q is %t, with %d statements", body, got, len(r.Up.Statements()))
		}
		if got := r.Reversible(); got != want {
			t.Errorf("%q without a down file: Reversible is %t", body, got)
		}
	}
	if r := (&revision.Revision{}); !r.Reversible() || r.DownFile() != "" {
		t.Error("a revision without scripts must be reversible and not have a down file")
	}
	r, _ := parse("\ufeffSELECT 1;", "\ufeff")
	if got := r.DownFile(); got != "a.down.sql" {
		t.Errorf("the down file is %s", got)
	}
	if r.Up.SQL() != "SELECT 1;" || r.Down.SQL() != "" {
		t.Errorf("the byte order mark is part of the SQL: %q, %q", r.Up.SQL(), r.Down.SQL())
	}
}

func TestStoredScriptKeepsOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header, options string
	}{
		{"default", "", ""},
		{"explicit default", "-- transaction: on\n", ""},
		{"off", "-- transaction: off\n", "transaction: off"},
		{"all", "-- statement_timeout: 90s\n-- lock_timeout: 0ms\n-- transaction: off\n", "transaction: off\nlock_timeout: 0s\nstatement_timeout: 1m30s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, problems := parse(good, "-- revision: a1\n"+test.header+"\n-- first\nSELECT 'a';\n")
			checkProblems(t, problems, nil)
			if got := r.Down.Options(); got != test.options {
				t.Fatalf("options %q, want %q", got, test.options)
			}
			s, err := revision.StoredScript("a1", r.Down.SQL(), r.Down.Options())
			if err != nil {
				t.Fatal(err)
			}
			if s.File != "ledger:a1.down.sql" || s.SQL() != r.Down.SQL() || s.Options() != test.options || s.Transactional != r.Down.Transactional {
				t.Errorf("stored %+v, want %+v", s, r.Down)
			}
			if s.Checksum() != r.Down.Checksum() || len(s.Statements()) != 1 {
				t.Errorf("the stored script differs")
			}
		})
	}
}

func TestStoredScriptRefusesUnknownOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql, options, want string
	}{
		{"newer option", "", "transaction: off\nisolation: serializable", `ledger:a1.down_options:2:1: unknown option "isolation: serializable": it was recorded by a newer version; use that version`},
		{"key that is not an option", "", "revision: a1", `ledger:a1.down_options:1:1: unknown option "revision: a1": it was recorded by a newer version; use that version`},
		{"repeated option", "", "transaction: off\ntransaction: on", `ledger:a1.down_options:2:1: option "transaction" appears twice`},
		{"bad value", "", "lock_timeout: 5", `ledger:a1.down_options:1:15: lock_timeout: duration "5": missing unit: write 5ms, 5s, 5min or 5h`},
		{"invalid SQL", "\nSELECT 1;\n COMMIT;", "", "ledger:a1.down.sql:3:2: COMMIT" + ownTransaction},
		{"header in the SQL", "-- transaction: off\nVACUUM;", "", "ledger:a1.down.sql:2:1: VACUUM" + addOff},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := revision.StoredScript("a1", test.sql, test.options); err == nil || err.Error() != test.want {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}
