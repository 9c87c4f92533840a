package migrator_test

import (
	"slices"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
)

// namedSchema is added to rehearsedSchema for names of what is not a table.
const namedSchema = `
CREATE SCHEMA app;
CREATE TABLE app.visit (id bigint, state state);
CREATE VIEW names AS SELECT id, name FROM account;
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE DOMAIN positive AS integer;
CREATE TYPE unused AS ENUM ('a', 'b');
CREATE EXTENSION pg_trgm;
`

// rehearseNamed returns the findings of a script on top of namedSchema, as severity, rule and object.
func rehearseNamed(t *testing.T, bytes int64, script string) (found []string, r *migrator.Rehearsal) {
	t.Helper()
	p := projecttest.New(t).Add("a1", "", rehearsedSchema+namedSchema, "DROP SCHEMA public CASCADE;").Add("b2", "a1", script, "SELECT 1;")
	sizes := &rehearse.Sizes{Tables: map[string]rehearse.Size{}}
	for _, name := range []string{"public.account", "public.orders", "public.item", "public.entry", "public.entry_2021", "public.totals", "app.visit"} {
		sizes.Tables[name] = rehearse.Size{Known: true, Bytes: bytes, Rows: bytes / 200}
	}
	r = rehearseProject(t, p, migrator.RehearseOptions{UpOnly: true, Sizes: sizes})
	for _, f := range r.Findings {
		found = append(found, f.Severity.String()+" "+string(f.Rule)+" "+f.Object)
	}
	return found, r
}

// A program that runs while a name is taken away fails, whatever it is the name of.
func TestNamesThatAreTakenAway(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"ALTER TYPE state RENAME VALUE 'new' TO 'fresh';":                                         {"danger renames public.state"},
		"ALTER TYPE state ADD VALUE 'sent';":                                                      nil,
		"ALTER TYPE state RENAME VALUE 'new' TO 'x'; ALTER TYPE state RENAME VALUE 'x' TO 'new';": nil,
		"ALTER TYPE unused RENAME VALUE 'a' TO 'x';":                                              {"note renames public.unused"},
		"ALTER TYPE state RENAME TO status;":                                                      {"warning renames public.state"},
		"DROP TYPE unused;":                                                                       {"warning renames public.unused"},
		"DROP DOMAIN positive;":                                                                   {"warning renames public.positive"},
		"DROP TYPE unused; CREATE TYPE unused AS ENUM ('a');":                                     nil,
		"DROP FUNCTION twice(integer);":                                                           {"warning renames public.twice"},
		"ALTER FUNCTION twice(integer) RENAME TO doubled;":                                        {"warning renames public.twice"},
		"DROP FUNCTION twice; CREATE FUNCTION twice(n integer) RETURNS bigint LANGUAGE sql AS 'SELECT n + 1';": nil,
		"DROP FUNCTION twice; CREATE FUNCTION twice(n text) RETURNS text LANGUAGE sql AS 'SELECT n';":          {"warning renames public.twice"},
		"CREATE OR REPLACE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n + n';":          nil,
		"DO $$ BEGIN EXECUTE 'DROP FUNCTION twice'; END $$;":                                                   {"warning renames public.twice"},

		// No program calls it.
		"DROP FUNCTION stamp;": nil,

		"DROP PROCEDURE tidy;": {"warning renames public.tidy"},
		"CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION x;": nil,

		"DROP EXTENSION pg_trgm;":                 {"warning renames pg_trgm"},
		"ALTER SCHEMA app RENAME TO shop;":        {"danger renames app"},
		"DROP SCHEMA app CASCADE;":                {"danger destroys app.visit"},
		"CREATE SCHEMA empty; DROP SCHEMA empty;": nil,

		"DROP VIEW names; CREATE VIEW names AS SELECT id, name, email FROM account;": {"note locks public.names"},
		"DROP VIEW names; CREATE VIEW names AS SELECT id FROM account;":              {"warning renames public.names.name"},
		"DROP VIEW names;": {"warning renames public.names"},
		"DROP MATERIALIZED VIEW totals; CREATE MATERIALIZED VIEW totals AS SELECT 1 AS total": {"warning renames public.totals.account_id"},
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			if got, r := rehearseNamed(t, 10<<30, script); !slices.Equal(got, want) {
				t.Errorf("%q, not %q: %s", got, want, listFindings(r))
			}
		})
	}
}

func TestNamesOfEmptyTablesAreNotes(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"ALTER TYPE state RENAME VALUE 'new' TO 'fresh';": "note renames public.state",
		"ALTER SCHEMA app RENAME TO shop;":                "note renames app",
	} {
		if got, r := rehearseNamed(t, 0, script); !slices.Equal(got, []string{want}) {
			t.Errorf("%q, not %q: %s", got, want, listFindings(r))
		}
	}
}
