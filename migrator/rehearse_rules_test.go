package migrator_test

import (
	"slices"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
)

// otherRules are rules of squawk and eugene, with a case that they report and the rule that finds it here. docs/rehearse.md
// lists them with those that have no counterpart.
var otherRules = []struct {
	names   string // of squawk and of eugene
	rule    rehearse.Rule
	scripts []string
}{
	{"adding-field-with-default, E10", rehearse.Rewrites, []string{"ALTER TABLE account ADD COLUMN x float DEFAULT random();"}},
	{"adding-serial-primary-key-field, E11", rehearse.Rewrites, []string{"ALTER TABLE orders ADD COLUMN x serial;", "ALTER TABLE item ADD COLUMN x integer GENERATED ALWAYS AS (1) STORED;"}},
	{"adding-not-nullable-field, E2", rehearse.Scans, []string{"ALTER TABLE account ALTER name SET NOT NULL;"}},
	{"adding-required-field", rehearse.MayFail, []string{"ALTER TABLE account ADD COLUMN x integer NOT NULL;"}},
	{"adding-foreign-key-constraint", rehearse.Scans, []string{"ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (account_id) REFERENCES account;"}},
	{"constraint-missing-not-valid, E1", rehearse.Scans, []string{"ALTER TABLE orders ADD CHECK (total > 0);"}},
	{"ban-alter-domain-with-add-constraint", rehearse.Scans, []string{"CREATE DOMAIN positive AS integer; CREATE TABLE d (a positive);", "ALTER DOMAIN positive ADD CHECK (VALUE > 0);"}},
	{"disallowed-unique-constraint, E7", rehearse.Scans, []string{"ALTER TABLE account ADD UNIQUE (email);"}},
	{"require-concurrent-index-creation, E6", rehearse.Scans, []string{"CREATE INDEX ON account (email);"}},
	{"require-concurrent-reindex", rehearse.Scans, []string{"REINDEX TABLE account;"}},
	{"E8", rehearse.Scans, []string{"ALTER TABLE account ADD EXCLUDE USING btree (email WITH =);"}},
	{"changing-column-type, E5", rehearse.Rewrites, []string{"ALTER TABLE account ALTER id TYPE integer;"}},
	{"prefer-repack", rehearse.Rewrites, []string{"off:VACUUM FULL account;"}},
	{"require-concurrent-index-deletion", rehearse.Locks, []string{"DROP INDEX orders_total;"}},
	{"require-concurrent-partition-detach", rehearse.Locks, []string{"ALTER TABLE entry DETACH PARTITION entry_2021;"}},
	{"ban-disable-trigger", rehearse.Locks, []string{"ALTER TABLE account DISABLE TRIGGER ALL;"}},
	{"ban-drop-table", rehearse.Destroys, []string{"DROP TABLE item;"}},
	{"ban-drop-column", rehearse.Destroys, []string{"ALTER TABLE account DROP COLUMN email;"}},
	{"ban-truncate-cascade", rehearse.Destroys, []string{"TRUNCATE orders CASCADE;"}},
	{"ban-drop-view", rehearse.Renames, []string{"DROP MATERIALIZED VIEW totals;"}},
	{"renaming-table", rehearse.Renames, []string{"ALTER TABLE account RENAME TO customer;"}},
	{"renaming-column", rehearse.Renames, []string{"ALTER TABLE account RENAME name TO nick;"}},
	{"E4", rehearse.Locks, []string{"ALTER TABLE account ADD COLUMN x integer; CREATE INDEX ON orders (note);"}},
	{"E9", rehearse.Locks, []string{"ALTER TABLE account ADD COLUMN x integer;"}},
	{"W12", rehearse.Scans, []string{"ALTER TABLE account ADD CHECK (id > 0); ALTER TABLE account ADD CHECK (id < 9);"}},
	{"W14", rehearse.Scans, []string{"off:CREATE UNIQUE INDEX CONCURRENTLY u ON account (email);", "ALTER TABLE account DROP CONSTRAINT account_pkey; ALTER TABLE account ADD PRIMARY KEY USING INDEX u;"}},
	{"syntax-error", rehearse.Fails, []string{"ALTER TABLE account ADD COLUMN;"}},
}

func TestRulesOfOtherToolsAreCovered(t *testing.T) {
	t.Parallel()
	for _, c := range otherRules {
		t.Run(c.names, func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, -1, c.scripts...)
			for _, f := range r.Findings {
				if f.Rule == c.rule && !f.Down {
					return
				}
			}
			t.Errorf("no finding of %s in %s", c.rule, listFindings(r))
		})
	}
}

func TestRevisionWithoutLockTimeoutIsAWarning(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
		Add("b2", "a1", "ALTER TABLE account ADD COLUMN x integer;", "ALTER TABLE account DROP COLUMN x;", "lock_timeout: 0s")
	r := rehearseProject(t, p, migrator.RehearseOptions{UpOnly: true})
	if f := findingOf(r, rehearse.Locks); f.Severity != rehearse.Warning || f.Safe != "remove lock_timeout from the header" {
		t.Error(listFindings(r))
	}
}

func TestFindingsAreOnlyAboutWhatIsTakenAway(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"CREATE SCHEMA arch; ALTER TABLE account SET SCHEMA arch;":                                                             {"renames public.account"},
		"ALTER SCHEMA public RENAME TO pub; ALTER SCHEMA pub RENAME TO public;":                                                nil,
		"ALTER TABLE account RENAME name TO nick; ALTER TABLE account RENAME nick TO name;":                                    {"locks public.account"},
		"CREATE TABLE n (id serial); INSERT INTO n DEFAULT VALUES; CREATE INDEX ON n (id); UPDATE n SET id = 2; DROP TABLE n;": nil,
		"CREATE TEMP TABLE x AS SELECT * FROM account; CREATE INDEX ON x (id); DROP TABLE x;":                                  nil,
		"ALTER TABLE account ADD COLUMN n serial; ALTER TABLE account DROP COLUMN n;":                                          {"rewrites public.account", "destroys public.account.n"},
		"INSERT INTO account (id) SELECT id FROM orders;":                                                                      nil,
		"SELECT count(*) FROM orders;":                                                                                         nil,
		"UPDATE account SET name = 'x' WHERE id IN (SELECT account_id FROM orders WHERE id = 1);":                              nil,
		"DELETE FROM orders USING account WHERE account.id = orders.account_id;":                                               {"rewrites public.orders"},
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, -1, script)
			var got []string
			for _, f := range r.Findings {
				if !f.Down && f.Rule != rehearse.NotInverse {
					got = append(got, string(f.Rule)+" "+f.Object)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, not %q: %s", got, want, listFindings(r))
			}
		})
	}
}

func TestSizesAreReadAlsoWhileATableIsLocked(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").Migrator(migrator.Config{LockTimeout: 100 * time.Millisecond})
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "INSERT INTO account (id, email) SELECT i, 'x' FROM generate_series(1, 1000) i; INSERT INTO entry SELECT i, '2021-02-02' FROM generate_series(1, 500) i; ANALYZE account, entry_2021, orders")
	for _, locked := range []bool{false, true} {
		if locked {
			mustExec(t, connectTo(t, url), "BEGIN; LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
		}
		s, err := m.Sizes(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		account, entry, part, orders := s.Tables["public.account"], s.Tables["public.entry"], s.Tables["public.entry_2021"], s.Tables["public.orders"]
		if account.Rows != 1000 || account.Bytes < 8192 || entry != part || entry.Rows != 500 || !orders.Known || orders.Bytes != 0 || !slices.Equal(s.Applied, []string{"a1"}) || s.Database != cfg.Database {
			t.Errorf("locked %v: %+v", locked, s)
		}
	}
}
