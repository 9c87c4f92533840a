package migrator_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

const moveBase = `CREATE TYPE mood AS ENUM ('ok');
CREATE TABLE town (id int PRIMARY KEY);
CREATE TABLE account (id serial PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, mood mood DEFAULT 'ok', home int REFERENCES town, n int UNIQUE);
CREATE INDEX account_home ON account (home);
CREATE TABLE big (k int PRIMARY KEY) PARTITION BY LIST (k); CREATE TABLE big1 PARTITION OF big FOR VALUES IN (1); CREATE INDEX ON big (k);
CREATE FUNCTION moods(account) RETURNS SETOF mood LANGUAGE plpgsql AS 'BEGIN RETURN; END';
CREATE VIEW accounts AS SELECT account.id, account.mood FROM account;
CREATE SEQUENCE numbers;
`

// inSchema returns the SQL with some objects in another schema.
func inSchema(sql, schema string, names ...string) string {
	for _, name := range names {
		for _, before := range []string{"TYPE ", "TABLE ", "FUNCTION ", "VIEW ", "SEQUENCE ", "REFERENCES ", "ON ", "FROM ", "OF ", "SETOF ", "(", "mood "} {
			for _, after := range []string{" ", ";", "(", ")", ",", "\n"} {
				sql = strings.ReplaceAll(sql, before+name+after, before+schema+"."+name+after)
			}
		}
	}
	return "CREATE SCHEMA " + schema + ";\n" + strings.ReplaceAll(sql, "public."+names[0], schema+"."+names[0])
}

func TestDraftMovesObjectsToAnotherSchema(t *testing.T) {
	t.Parallel()
	all := []string{"mood", "town", "account", "big", "big1", "moods", "accounts", "numbers"}
	for name, c := range map[string]struct {
		to      string
		renames []string
		has     []string
	}{
		"table":                 {strings.Replace(inSchema(moveBase, "app", "account"), "accounts AS SELECT app.account", "accounts AS SELECT account", 1), []string{"public.account:app.account"}, []string{"CREATE SCHEMA app;", "ALTER TABLE public.account SET SCHEMA app;"}},
		"table with a new name": {strings.ReplaceAll(strings.ReplaceAll(inSchema(moveBase, "app", "account"), "app.account", "app.client"), "SELECT account.id, account.mood", "SELECT client.id, client.mood"), []string{"public.account:app.client"}, []string{"SET SCHEMA app;", "ALTER TABLE app.account RENAME TO client;"}},
		"partitioned table":     {inSchema(moveBase, "app", "big"), []string{"public.big:app.big"}, []string{"ALTER TABLE public.big SET SCHEMA app;"}},
		"everything":            {inSchema(moveBase, "app", all...), []string{"public.town:app.town", "public.account:app.account", "public.big:app.big", "public.big1:app.big1", "public.numbers:app.numbers"}, []string{"ALTER TYPE public.mood SET SCHEMA app;", "ALTER SEQUENCE public.numbers SET SCHEMA app;"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, cfg := projecttest.New(t).Add("a1", "", moveBase, "-"), projecttest.Config(t, pgtest.Database(t))
			m := schemaMigrator(p, cfg, "")
			d := draft(t, m, c.to, migrator.DraftOptions{Renames: c.renames, NoRename: true})
			text := draftText(d)
			for _, has := range c.has {
				if !strings.Contains(text, has) {
					t.Errorf("no %s", has)
				}
			}
			up, _, _ := strings.Cut(text, "-- down")
			for _, not := range []string{"DROP ", "CREATE TABLE", "CREATE SEQUENCE", "CREATE TYPE", "CREATE VIEW", "CREATE FUNCTION", "ADD CONSTRAINT", "CREATE INDEX"} {
				if strings.Contains(up, not) || strings.Contains(strings.ReplaceAll(text, "DROP SCHEMA", ""), not) {
					t.Errorf("has %s", not)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
			_, err := m.Draft(t.Context(), desired(c.to), migrator.DraftOptions{Message: "x"})
			if name == "table with a new name" {
				return // which looks like another table
			}
			e, ok := errors.AsType[*migrator.DraftError](err)
			if !ok || e.Problem != migrator.DraftRenames {
				t.Fatal(err)
			}
			var asked []string
			for _, r := range e.Renames {
				asked = append(asked, r.Rename)
			}
			slices.Sort(asked)
			want := slices.Sorted(slices.Values(c.renames))
			if !slices.Equal(asked, want) || !strings.Contains(err.Error(), "may have been moved to app.") {
				t.Errorf("asked about %s, want %s: %v", asked, want, err)
			}
		})
	}
}
