package migrator_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// rehearsedSchema is where the rehearsals of the tests begin.
const rehearsedSchema = `
CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50), email text, created timestamp);
CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint, total integer, note text);
CREATE TABLE item (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
CREATE TABLE entry (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE entry_2021 PARTITION OF entry FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE MATERIALIZED VIEW totals AS SELECT account_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE INDEX orders_total ON orders (total);
CREATE TYPE state AS ENUM ('new', 'paid');
`

// rehearseOne rehearses revisions on top of rehearsedSchema, with tables of a size. A script that begins with "off:" is
// non-transactional. bytes < 0: sizes are not known.
func rehearseOne(t *testing.T, bytes int64, scripts ...string) *migrator.Rehearsal {
	t.Helper()
	p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;")
	above := "a1"
	for i, sql := range scripts {
		id := fmt.Sprintf("b%d", i+2)
		if rest, off := strings.CutPrefix(sql, "off:"); off {
			p.Add(id, above, rest, "SELECT 1;", projecttest.NonTransactional)
		} else {
			p.Add(id, above, sql, "SELECT 1;")
		}
		above = id
	}
	m := p.Migrator(migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres"))}})
	o := migrator.RehearseOptions{From: []string{"a1"}, UpOnly: true}
	if bytes >= 0 {
		o.Sizes = &rehearse.Sizes{Tables: map[string]rehearse.Size{}}
		for _, name := range []string{"account", "orders", "item", "entry", "entry_2021", "totals"} {
			o.Sizes.Tables["public."+name] = rehearse.Size{Known: true, Bytes: bytes, Rows: bytes / 200}
		}
	}
	r, err := m.Rehearse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dangerous are revisions of one line that have taken databases down.
var dangerous = []struct {
	name    string
	scripts []string
	rule    rehearse.Rule
	object  string
	// of tables of unknown size, empty, with 1 MB and with 10 GB
	severities [4]rehearse.Severity
	safe       []string // the revisions to write instead
}{
	{
		"index",
		[]string{"CREATE INDEX ON account (name);"},
		rehearse.Scans, "public.account", bySize,
		[]string{"off:CREATE INDEX CONCURRENTLY account_name ON account (name);"},
	},
	{
		"volatile default",
		[]string{"ALTER TABLE account ADD COLUMN key uuid DEFAULT gen_random_uuid();"},
		rehearse.Rewrites, "public.account", bySize,
		[]string{"ALTER TABLE account ADD COLUMN key uuid; ALTER TABLE account ALTER key SET DEFAULT gen_random_uuid();"},
	},
	{
		"not null",
		[]string{"ALTER TABLE account ALTER name SET NOT NULL;"},
		rehearse.Scans, "public.account", bySize,
		[]string{
			"ALTER TABLE account ADD CONSTRAINT name CHECK (name IS NOT NULL) NOT VALID;", "ALTER TABLE account VALIDATE CONSTRAINT name;",
			"ALTER TABLE account ALTER name SET NOT NULL; ALTER TABLE account DROP CONSTRAINT name;",
		},
	},
	{
		"not null column",
		[]string{"ALTER TABLE account ADD COLUMN x integer NOT NULL;"},
		rehearse.MayFail, "public.account.x",
		[4]rehearse.Severity{rehearse.Warning, 0, rehearse.Danger, rehearse.Danger},
		[]string{"ALTER TABLE account ADD COLUMN x integer NOT NULL DEFAULT 0;"},
	},
	{
		"foreign key",
		[]string{"ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES account;"},
		rehearse.Scans, "public.orders", bySize,
		[]string{"ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (account_id) REFERENCES account NOT VALID;", "ALTER TABLE orders VALIDATE CONSTRAINT a;"},
	},
	{
		"type",
		[]string{"ALTER TABLE account ALTER id TYPE integer;"},
		rehearse.Rewrites, "public.account", bySize,
		[]string{"ALTER TABLE account ALTER name TYPE text;"},
	},
	{
		"type of an indexed column",
		[]string{"off:CREATE INDEX CONCURRENTLY i ON account (name);", `ALTER TABLE account ALTER name TYPE varchar(50) COLLATE "C";`},
		rehearse.Scans, "public.account", bySize,
		[]string{
			"off:CREATE UNIQUE INDEX CONCURRENTLY u ON account (name);", "ALTER TABLE account ADD CONSTRAINT u UNIQUE USING INDEX u;",
			"off:CREATE INDEX CONCURRENTLY i ON account (name, id);", "ALTER TABLE account ALTER name TYPE text;",
		},
	},
	{
		"drop column",
		[]string{"ALTER TABLE account DROP COLUMN email;"},
		rehearse.Destroys, "public.account.email",
		[4]rehearse.Severity{rehearse.Danger, rehearse.Note, rehearse.Danger, rehearse.Danger},
		nil,
	},
	{
		"rename",
		[]string{"ALTER TABLE account RENAME TO customer;"},
		rehearse.Renames, "public.account",
		[4]rehearse.Severity{rehearse.Warning, rehearse.Note, rehearse.Danger, rehearse.Danger},
		[]string{"ALTER TABLE account RENAME TO customer; CREATE VIEW account AS SELECT * FROM customer;"},
	},
	{
		"rename column",
		[]string{"ALTER TABLE account RENAME name TO nick;"},
		rehearse.Renames, "public.account.name",
		[4]rehearse.Severity{rehearse.Warning, rehearse.Note, rehearse.Danger, rehearse.Danger},
		nil,
	},
	{
		"update",
		[]string{"UPDATE account SET name = 'x';"},
		rehearse.Rewrites, "public.account", bySize,
		[]string{"UPDATE account SET name = 'x' WHERE id = 5;"},
	},
	{
		"enum value",
		[]string{"ALTER TYPE state ADD VALUE 'sent'; ALTER TABLE orders ADD COLUMN state state DEFAULT 'sent';"},
		rehearse.EnumValue, "",
		[4]rehearse.Severity{rehearse.Danger, rehearse.Danger, rehearse.Danger, rehearse.Danger},
		[]string{"ALTER TYPE state ADD VALUE 'sent';", "ALTER TABLE orders ADD COLUMN state state DEFAULT 'sent';"},
	},
	{
		"lock order",
		[]string{
			"ALTER TABLE account ADD COLUMN x integer; ALTER TABLE orders ADD COLUMN x integer;",
			"ALTER TABLE orders ADD COLUMN y integer; ALTER TABLE account ADD COLUMN y integer;",
		},
		rehearse.LockOrder, "public.account",
		[4]rehearse.Severity{rehearse.Warning, rehearse.Note, rehearse.Warning, rehearse.Warning},
		[]string{
			"ALTER TABLE account ADD COLUMN x integer; ALTER TABLE orders ADD COLUMN x integer;",
			"ALTER TABLE account ADD COLUMN y integer; ALTER TABLE orders ADD COLUMN y integer;",
		},
	},
	{
		"lock held",
		[]string{"ALTER TABLE account ADD COLUMN x integer; CREATE INDEX ON orders (total);"},
		rehearse.Locks, "public.account", bySize,
		[]string{"ALTER TABLE account ADD COLUMN x integer;"},
	},
}

// bySize are the severities of work on all rows while others wait.
var bySize = [4]rehearse.Severity{rehearse.Warning, rehearse.Note, rehearse.Note, rehearse.Danger}

var testedSizes = [4]int64{-1, 0, 1 << 20, 10 << 30}

func TestDangerousRevisionsAreFoundWithTheirSeverity(t *testing.T) {
	t.Parallel()
	for _, c := range dangerous {
		for i, bytes := range testedSizes {
			t.Run(fmt.Sprintf("%s/%d", c.name, bytes), func(t *testing.T) {
				t.Parallel()
				var got rehearse.Severity
				r := rehearseOne(t, bytes, c.scripts...)
				for _, f := range r.Findings {
					if f.Rule == c.rule && f.Object == c.object {
						got = f.Severity
					}
				}
				if got != c.severities[i] {
					t.Errorf("%s is %q, not %q, in %s", c.rule, got, c.severities[i], listFindings(r))
				}
			})
		}
		if c.safe != nil {
			t.Run(c.name+"/safe", func(t *testing.T) {
				t.Parallel()
				r := rehearseOne(t, 10<<30, c.safe...)
				for _, f := range r.Findings {
					if f.Severity > rehearse.Note {
						t.Error(listFindings(r))
						break
					}
				}
			})
		}
	}
}

func listFindings(r *migrator.Rehearsal) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s %s %s %s: %s (%s)", f.Severity, f.Rule, f.Pos, f.Object, f.Text, f.Why)
	}
	return b.String()
}

func rehearseProject(t *testing.T, p *projecttest.Project, o migrator.RehearseOptions) *migrator.Rehearsal {
	t.Helper()
	m := p.Migrator(migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres"))}})
	o.From = []string{"a1"}
	r, err := m.Rehearse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findingOf(r *migrator.Rehearsal, rule rehearse.Rule) rehearse.Finding {
	for _, f := range r.Findings {
		if f.Rule == rule {
			return f
		}
	}
	return rehearse.Finding{}
}

// Rows that the same revision has filled before are its author's business.
func TestNotNullAfterFillingIsANote(t *testing.T) {
	t.Parallel()
	for _, fill := range []string{"UPDATE account SET name = '';", "UPDATE account SET name = '' WHERE name IS NULL;", "DELETE FROM account WHERE name IS NULL;"} {
		p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
			Add("b2", "a1", fill+"\nALTER TABLE account ALTER name SET NOT NULL;", "ALTER TABLE account ALTER name DROP NOT NULL;")
		r := rehearseProject(t, p, migrator.RehearseOptions{From: []string{"a1"}})
		if f := findingOf(r, rehearse.MayFail); f.Severity != rehearse.Note || !strings.Contains(f.Text, " after "+fill[:6]) || !strings.HasSuffix(f.Text, " in line 6") || f.Safe != "" {
			t.Errorf("%s %q %q%s", fill, f.Text, f.Safe, listFindings(r))
		}
	}
}

// What the server says about a statement is not hidden by what is asked before it.
func TestStatementsThatDoNotParseAreExplainedByTheServer(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"UPDATE account SET name = ;", "DELETE FROM account WHERE;", "INSERT INTO account VALUES (1;\n);", "WITH x AS (SELECT 1) UPDATE account SET name = FROM x;",
		"off:UPDATE account SET name = ;", "off:CREATE INDEX CONCURRENTLY ON account (name;);", "off:VACUUM account account;",
	} {
		r := rehearseOne(t, -1, sql)
		if f := findingOf(r, rehearse.Fails); !strings.Contains(f.Text, "syntax error at or near") || f.Pos.Line < 6 {
			t.Errorf("%s: %s", sql, listFindings(r))
		}
	}
}

func TestRowsMakeFailuresReal(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
		Add("b2", "a1", "ALTER TABLE account ALTER name SET NOT NULL;", "ALTER TABLE account ALTER name DROP NOT NULL; DELETE FROM nope;")
	data := func(sql string) migrator.RehearseOptions {
		projecttest.RegisterSQL(sql)
		return migrator.RehearseOptions{Data: []revision.Source{{File: "data.sql", Text: sql}}}
	}
	r := rehearseProject(t, p, data("INSERT INTO account (id) VALUES (1);"))
	if f := findingOf(r, rehearse.Fails); !strings.Contains(f.Text, "23502") || f.Severity != rehearse.Danger || f.Down {
		t.Error(listFindings(r))
	}
	r = rehearseProject(t, p, data("COPY account (id, name) FROM stdin;\n1\tann\n\\.\n"))
	if f := findingOf(r, rehearse.NotInverse); !f.Down || !strings.Contains(f.Text, "nope") {
		t.Error(listFindings(r))
	}
	if f := findingOf(r, rehearse.MayFail); f.Severity != rehearse.Note { // it did not
		t.Error(listFindings(r))
	}
	p = projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
		Add("b2", "a1", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM account) THEN RAISE 'no accounts'; END IF; END $$;", "SELECT 1;")
	r = rehearseProject(t, p, migrator.RehearseOptions{})
	if f := findingOf(r, rehearse.MissingData); f.Severity != rehearse.Danger || !strings.Contains(f.Text, "no accounts") {
		t.Error(listFindings(r))
	}
	r = rehearseProject(t, p, data("INSERT INTO account VALUES (1);"))
	if len(r.Findings) > 0 || r.Reverted != 1 {
		t.Error(listFindings(r))
	}
}

// Rows that an up script removes cannot come back. Those that only the down script removes are lost.
func TestDownScriptsAreComparedWithRows(t *testing.T) {
	t.Parallel()
	const rows = "INSERT INTO account (id) VALUES (1), (2), (3);"
	projecttest.RegisterSQL(rows)
	for _, test := range []struct {
		up, down, text string
		severity       rehearse.Severity
	}{
		{"ALTER TABLE account ADD COLUMN x integer;", "ALTER TABLE account DROP COLUMN x;", "", 0},
		{"ALTER TABLE account DROP COLUMN email;", "ALTER TABLE account ADD COLUMN email varchar;", "does not restore column public.account.email", rehearse.Danger},
		{"DELETE FROM account WHERE id > 1;", "SELECT 1;", "does not bring back 2 of 3 rows of public.account, which the up script removes", rehearse.Note},
		{"INSERT INTO account (id) VALUES (4);", "DELETE FROM account;", "leaves public.account with 0 rows instead of 3", rehearse.Danger},
		{"DELETE FROM account WHERE id = 1;", "DELETE FROM account;", "leaves public.account with 0 rows instead of 3", rehearse.Danger},
	} {
		p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").Add("b2", "a1", test.up, test.down)
		r := rehearseProject(t, p, migrator.RehearseOptions{Data: []revision.Source{{File: "data.sql", Text: rows}}})
		if f := findingOf(r, rehearse.NotInverse); f.Severity != test.severity || !strings.Contains(f.Text, test.text) || r.Reverted != 1 {
			t.Errorf("%s %s: %d%s", test.up, test.down, r.Reverted, listFindings(r))
		}
	}
}

func TestDownScriptsAreObserved(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
		Add("b2", "a1", "DROP INDEX CONCURRENTLY orders_total;", "CREATE INDEX orders_total ON orders (total);", projecttest.NonTransactional).
		Add("c3", "b2", "ALTER TABLE orders ADD COLUMN x integer;", "ALTER TABLE orders DROP COLUMN x;")
	r := rehearseProject(t, p, migrator.RehearseOptions{})
	f := findingOf(r, rehearse.Scans)
	if !f.Down || f.Revision != "b2" || f.Severity != rehearse.Warning || f.File != "b2.down.sql" {
		t.Error(listFindings(r))
	}
	if f := findingOf(r, rehearse.Destroys); f.Text != "" { // it only removes what the up script made
		t.Error(listFindings(r))
	}
	if r = rehearseProject(t, p, migrator.RehearseOptions{UpOnly: true}); len(r.Steps) != 2 || findingOf(r, rehearse.Scans).Text != "" {
		t.Error(listFindings(r))
	}
}
