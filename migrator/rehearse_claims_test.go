package migrator_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/rehearse"
)

// claims are scripts, and all that is found in them on tables of 10 GB.
var claims = []struct {
	scripts []string
	want    []string
}{
	// Nobody writes to a materialized view, so that a lock that blocks writes blocks nobody.
	{[]string{"CREATE UNIQUE INDEX ON totals (account_id);"}, []string{"note may-fail public.totals.totals_account_id_idx"}},
	{[]string{"off:CREATE UNIQUE INDEX CONCURRENTLY u ON totals (account_id);", "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;"}, []string{"note may-fail public.totals.u"}},
	{[]string{"REFRESH MATERIALIZED VIEW totals;"}, []string{"danger rewrites public.totals"}},
	{[]string{"REFRESH MATERIALIZED VIEW totals WITH NO DATA;"}, []string{"danger destroys public.totals"}},
	// An index that is built anew was unique before.
	{[]string{"off:CREATE UNIQUE INDEX CONCURRENTLY u ON account (email);", "off:REINDEX TABLE CONCURRENTLY account;"}, []string{"note may-fail public.account.u"}},
	// A lock is not forgotten because something that cannot fail is about the table.
	{[]string{"ALTER TABLE orders ADD COLUMN x bigint REFERENCES account;"}, []string{"note locks public.account", "note locks public.orders"}},
	{
		[]string{"ALTER TABLE account ADD CONSTRAINT n CHECK (name IS NOT NULL) NOT VALID;", "ALTER TABLE account VALIDATE CONSTRAINT n;", "ALTER TABLE account ALTER name SET NOT NULL;"},
		[]string{"note locks public.account", "note may-fail public.account.n", "note locks public.account"},
	},
	// Partitions that are all read are the table, once.
	{[]string{"ALTER TABLE entry ADD FOREIGN KEY (id) REFERENCES account;"}, []string{"danger scans public.entry", "warning may-fail public.entry.entry_id_fkey"}},
	// A foreign key that all partitions have is not checked again.
	{
		[]string{
			"ALTER TABLE entry_2021 ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES account NOT VALID;", "ALTER TABLE entry_2021 VALIDATE CONSTRAINT f;",
			"ALTER TABLE entry ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES account;",
		},
		[]string{"note locks public.account", "note locks public.entry_2021", "note locks public.account", "note locks public.entry"},
	},
	// An index that finds all rows does not help, nor does one that finds those to update instead of insert.
	{[]string{"UPDATE account SET name = 'x' WHERE id > 0;"}, []string{"warning rewrites public.account"}},
	{[]string{"DELETE FROM account WHERE id <= 1000000;"}, []string{"warning rewrites public.account"}},
	{[]string{"UPDATE account SET name = 'x' WHERE id > 0 AND id <= 1000;"}, nil},
	{[]string{"UPDATE account SET name = 'x' WHERE id = 7;"}, nil},
	{[]string{"INSERT INTO account (id) SELECT id FROM orders ON CONFLICT (id) DO UPDATE SET name = 'x';"}, []string{"warning rewrites public.account"}},
	{[]string{"INSERT INTO account (id) SELECT id FROM orders ON CONFLICT (id) DO NOTHING;"}, nil},
	{[]string{"INSERT INTO account (id) VALUES (1), (2) ON CONFLICT (id) DO UPDATE SET name = 'x';"}, nil},
	{[]string{"SELECT FROM orders FOR UPDATE;"}, []string{"warning rewrites public.orders"}},
	{[]string{"SELECT FROM orders WHERE id = 1 FOR UPDATE;"}, nil},
	{[]string{"SELECT FROM orders;"}, nil},
	// What an earlier statement has locked stays locked while rows are changed.
	{[]string{"ALTER TABLE account ADD COLUMN x text; UPDATE account SET x = 'x';"}, []string{"danger rewrites public.account"}},
	{[]string{"ALTER TABLE account ADD COLUMN x text; UPDATE account SET x = 'x' WHERE name = 'y';"}, []string{"danger rewrites public.account"}},
	{[]string{"LOCK TABLE account; DELETE FROM account;"}, []string{"danger destroys public.account"}},
	// A new column with a default has a value in each row.
	{[]string{"ALTER TABLE account ADD COLUMN x int DEFAULT 1; ALTER TABLE account ALTER x SET NOT NULL;"}, []string{"danger scans public.account"}},
	{[]string{"ALTER TABLE account ADD COLUMN x int; ALTER TABLE account ALTER x SET NOT NULL;"}, []string{"danger scans public.account", "warning may-fail public.account.x"}},
	// A function can empty a table too.
	{[]string{"DO $$ BEGIN TRUNCATE item; END $$;"}, []string{"danger destroys public.item"}},
	{[]string{"DO $$ BEGIN ALTER TABLE item ALTER id TYPE integer; END $$;"}, []string{"danger rewrites public.item"}},
	{[]string{"DO $$ BEGIN ALTER TABLE orders ALTER note TYPE text USING upper(note); END $$;"}, []string{"danger rewrites public.orders"}},
}

func TestNothingElseIsClaimed(t *testing.T) {
	t.Parallel()
	for _, c := range claims {
		t.Run(strings.Join(c.scripts, " "), func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, 10<<30, c.scripts...)
			var got []string
			for _, f := range r.Findings {
				got = append(got, f.Severity.String()+" "+string(f.Rule)+" "+f.Object)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, not %q: %s", got, c.want, listFindings(r))
			}
		})
	}
}

// VACUUM, REINDEX and CLUSTER without the name of a table lock one after the other: none is locked while another is worked on.
func TestTablesThatAreLockedOneByOneAreNotNamedTogether(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"off:VACUUM FULL account, orders;", "off:REINDEX SCHEMA public;", "off:VACUUM FULL;", "off:VACUUM (FULL);"} {
		r := rehearseOne(t, 10<<30, script)
		n := 0
		for _, f := range r.Findings {
			if strings.Contains(f.Text, "public.account") && strings.Contains(f.Text, "public.orders") || strings.Contains(f.Text, " and public.") {
				t.Error(f.Text)
			}
			if f.Severity == rehearse.Danger && strings.Contains(f.Text, "reads and writes") {
				n++
			}
		}
		if n < 2 || !strings.Contains(script, ",") && n < 3 {
			t.Error(listFindings(r))
		}
	}
}

func TestSequencesAreBlockedForNextval(t *testing.T) {
	t.Parallel()
	r := rehearseOne(t, -1, "off:CREATE SEQUENCE num;", "ALTER SEQUENCE num INCREMENT BY 50;")
	if f := findingOf(r, rehearse.Locks); !strings.Contains(f.Text, "blocks nextval() of public.num until") {
		t.Error(listFindings(r))
	}
}
