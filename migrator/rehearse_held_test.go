package migrator_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

const addColumn = "ALTER TABLE account ADD COLUMN x integer;\n"

// A statement that works on a table while an earlier one has locked it is not said to have locked it: the finding names the
// statement that did, and its line.
func TestWorkNamesTheStatementThatHoldsTheLock(t *testing.T) {
	t.Parallel()
	const under = ", while the lock that ALTER TABLE took in line 6 blocks reads and writes of public.account"
	for script, want := range map[string]string{
		addColumn + "INSERT INTO orders (id) SELECT id FROM account;":                                                  "INSERT INTO reads all of public.account" + under,
		addColumn + "CREATE TABLE copy AS SELECT * FROM account;":                                                      "CREATE TABLE reads all of public.account" + under,
		addColumn + "UPDATE account SET x = 1;":                                                                        "UPDATE changes all rows of public.account" + under,
		addColumn + "UPDATE account SET x = 1 WHERE name = 'x';":                                                       "UPDATE reads all of public.account, because no index finds the rows that it changes" + under,
		addColumn + "DELETE FROM account;":                                                                             "DELETE FROM removes all rows of public.account" + under,
		addColumn + "CREATE INDEX ON account (name);":                                                                  "CREATE INDEX reads all of public.account to build an index" + under,
		"ALTER TABLE account ADD CHECK (id > 0) NOT VALID;\nALTER TABLE account VALIDATE CONSTRAINT account_id_check;": "ALTER TABLE reads all of public.account" + under,
		// These would block as much without the first.
		addColumn + "ALTER TABLE account ALTER name SET NOT NULL;":                                     "ALTER TABLE blocks reads and writes of public.account while it reads all of public.account",
		addColumn + "ALTER TABLE account ALTER id TYPE integer;":                                       "ALTER TABLE blocks reads and writes of public.account while it rewrites public.account, because column id gets a type with another representation",
		"CREATE INDEX ON account (name);\nUPDATE account SET name = 'x';":                              "UPDATE changes all rows of public.account; others that change them wait until the transaction ends",
		"LOCK TABLE account IN SHARE MODE;\nINSERT INTO orders (id) SELECT id FROM account;":           "INSERT INTO reads all of public.account, while the lock that LOCK took in line 6 blocks writes to public.account",
		"WITH x AS (SELECT 1) UPDATE account SET name = 'x';":                                          "the WITH statement changes all rows of public.account; others that change them wait until the transaction ends",
		"UPDATE account SET name = 'x';\nINSERT INTO orders (id) SELECT id FROM account WHERE id = 1;": "UPDATE changes all rows of public.account; others that change them wait until the transaction ends",
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, -1, script)
			i := slices.IndexFunc(r.Findings, func(f rehearse.Finding) bool { return f.Text == want })
			if i < 0 {
				t.Fatalf("not %q: %s", want, listFindings(r))
			}
			f := r.Findings[i]
			if strings.Contains(want, under) && (f.Blocks != schema.BlocksAll || f.Severity != rehearse.Warning && f.Rule != rehearse.Destroys || f.Safe == "") {
				t.Errorf("%s, blocks %s: %s", f.Severity, f.Blocks, f.Safe)
			}
		})
	}
}

// A sequence goes with its table also if an earlier statement has locked the table.
func TestSequencesOfLockedTablesAreNotFindings(t *testing.T) {
	t.Parallel()
	const counter = "CREATE TABLE counter (id serial, n integer); CREATE SEQUENCE tickets;"
	about := regexp.MustCompile(`public\.(counter_id_seq|tickets)`)
	for script, want := range map[string]bool{
		"ALTER TABLE counter DROP COLUMN id;":                                                    false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter DROP COLUMN id;":          false,
		"LOCK TABLE counter; DROP TABLE counter;":                                                false,
		"LOCK TABLE counter; TRUNCATE counter RESTART IDENTITY;":                                 false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER SEQUENCE tickets INCREMENT 2;":          true,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER SEQUENCE counter_id_seq AS bigint;":     true,
		"ALTER TABLE counter ADD COLUMN x integer; SELECT setval('counter_id_seq', 5) IS NULL;":  false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter ALTER id TYPE bigint;":    false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter ALTER id DROP DEFAULT;":   false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter RENAME n TO m;":           false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter OWNER TO CURRENT_USER;":   false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER TABLE counter SET (fillfactor = 90);":   false,
		"ALTER TABLE counter ADD COLUMN x integer; DROP TABLE counter;":                          false,
		"ALTER TABLE counter ADD COLUMN x integer; ALTER SEQUENCE counter_id_seq OWNED BY NONE;": true,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, -1, counter, script)
			if got := slices.ContainsFunc(r.Findings, func(f rehearse.Finding) bool { return about.MatchString(f.Text) && f.Rule == rehearse.Locks }); got != want {
				t.Errorf("a finding: %v, not %v: %s", got, want, listFindings(r))
			}
		})
	}
}
