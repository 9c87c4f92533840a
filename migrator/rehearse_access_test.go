package migrator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
)

// accessSchema gives a role what a program needs. The role and another one are made for each test.
const accessSchema = `
CREATE TABLE account (id bigint PRIMARY KEY, name text, secret text);
CREATE TABLE guarded (id bigint);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON guarded USING (true);
CREATE VIEW names AS SELECT id, name FROM account;
CREATE SEQUENCE number;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id bigint);
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
CREATE FUNCTION thrice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 3 * n';
REVOKE EXECUTE ON FUNCTION thrice FROM PUBLIC;
GRANT EXECUTE ON FUNCTION thrice TO app;
GRANT USAGE ON SCHEMA public, shop TO app;
GRANT SELECT, INSERT ON account, guarded, shop.item, names TO app;
GRANT UPDATE (name) ON account TO app;
GRANT USAGE ON SEQUENCE number TO app;
GRANT SELECT ON account TO PUBLIC;
`

// accessUses are what the program with that role does.
var accessUses = []string{
	"SELECT 1 / count(*) FROM account", "SELECT 1 / count(*) FROM guarded", "SELECT 1 / count(*) FROM names", "SELECT 1 / count(*) FROM shop.item",
	"INSERT INTO account VALUES (2)", "INSERT INTO guarded VALUES (2)", "INSERT INTO shop.item VALUES (2)", "UPDATE account SET name = 'x'",
	"SELECT nextval('number')", "SELECT twice(1)", "SELECT thrice(1)",
}

// What a role can no longer do after a revision is found, and nothing else: a session with that role tries.
func TestAccessThatIsTakenAway(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"REVOKE INSERT ON account FROM app;":                                                                    {"warning access public.account"},
		"REVOKE SELECT ON account FROM app;":                                                                    nil, // PUBLIC has it
		"REVOKE SELECT ON account FROM app, PUBLIC;":                                                            {"warning access public.account", "warning access public.account"},
		"REVOKE UPDATE (name) ON account FROM app;":                                                             {"warning access public.account"},
		"REVOKE UPDATE (name) ON account FROM app; GRANT UPDATE ON account TO app;":                             nil,
		"REVOKE ALL ON account FROM app; GRANT SELECT, INSERT, UPDATE ON account TO app;":                       nil,
		"REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM app;":                                                     {"warning access shop.item"},
		"REVOKE USAGE ON SCHEMA shop FROM app;":                                                                 {"warning access shop"},
		"REVOKE USAGE ON SEQUENCE number FROM app;":                                                             {"warning access public.number"},
		"REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC;":                                                         {"warning access public.twice"},
		"REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC; GRANT EXECUTE ON FUNCTION twice TO app":                  {"warning access public.twice"}, // of others
		"REVOKE EXECUTE ON FUNCTION thrice FROM app;":                                                           {"warning access public.thrice"},
		"DO $$ BEGIN REVOKE INSERT ON account FROM app; END $$;":                                                {"warning access public.account"},
		"DROP VIEW names; CREATE VIEW names AS SELECT id, name FROM account;":                                   {"warning access public.names"},
		"DROP VIEW names; CREATE VIEW names AS SELECT id, name FROM account; GRANT ALL ON names TO PUBLIC":      nil,
		"CREATE OR REPLACE VIEW names AS SELECT id, name, secret FROM account;":                                 nil,
		"DROP FUNCTION thrice; CREATE FUNCTION thrice(n int) RETURNS bigint LANGUAGE sql AS 'SELECT n + n'":     nil,
		"ALTER TABLE account ENABLE ROW LEVEL SECURITY;":                                                        {"danger access public.account"},
		"ALTER TABLE account ENABLE ROW LEVEL SECURITY; ALTER TABLE account DISABLE ROW LEVEL SECURITY;":        nil,
		"CREATE POLICY p ON account USING (true); ALTER TABLE account ENABLE ROW LEVEL SECURITY;":               {"note access public.account"},
		"ALTER TABLE account ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON account AS RESTRICTIVE USING (true)": {"danger access public.account"},
		"DROP POLICY all_rows ON guarded;":                                                                      {"danger access public.guarded"},
		"DROP POLICY all_rows ON guarded; CREATE POLICY every_row ON guarded USING (true);":                     nil,
		"ALTER POLICY all_rows ON guarded RENAME TO every_row;":                                                 nil,
		"ALTER TABLE guarded DISABLE ROW LEVEL SECURITY;":                                                       nil,
		"ALTER TABLE account OWNER TO other;":                                                                   {"warning access public.account"},
		"ALTER TABLE account OWNER TO other; ALTER TABLE account OWNER TO CURRENT_USER;":                        nil,
		"CREATE TABLE fresh (id int); REVOKE ALL ON fresh FROM PUBLIC; ALTER TABLE fresh OWNER TO other;":       nil,
		"DROP TABLE shop.item;": nil, // another finding is about that
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			app, other := projecttest.Config(t, pgtest.Role(t, url)), projecttest.Config(t, pgtest.Role(t, url))
			roles := strings.NewReplacer(" app", " "+app.User, " other", " "+other.User)
			before, revision := roles.Replace(accessSchema), roles.Replace(script)
			projecttest.RegisterSQL(before)
			projecttest.RegisterSQL(revision)
			p := projecttest.New(t).Add("a1", "", before, "SELECT 1;").Add("b2", "a1", revision, "SELECT 1;")
			sizes := &rehearse.Sizes{Tables: map[string]rehearse.Size{}}
			for _, name := range []string{"public.account", "public.guarded", "shop.item"} {
				sizes.Tables[name] = rehearse.Size{Known: true, Bytes: 10 << 30, Rows: 1000}
			}
			r := rehearseProject(t, p, migrator.RehearseOptions{UpOnly: true, Sizes: sizes})
			var found []string
			for _, f := range r.Findings {
				if f.Rule == rehearse.Access {
					found = append(found, fmt.Sprint(f.Severity, " ", f.Rule, " ", f.Object))
				}
			}
			slices.Sort(found)
			slices.Sort(want)
			if !slices.Equal(found, want) {
				t.Errorf("%q, not %q: %s", found, want, listFindings(r))
			}
			pgtest.Exec(t, url, before+"INSERT INTO account VALUES (1); INSERT INTO guarded VALUES (1); INSERT INTO shop.item VALUES (1);")
			check := func() (refused []string) {
				conn := connectTo(t, url)
				mustExec(t, conn, "SET ROLE "+app.User)
				for _, sql := range accessUses {
					if _, err := conn.Exec(t.Context(), "BEGIN; "+sql+"; ROLLBACK").ReadAll(); err != nil {
						refused = append(refused, sql+": "+err.Error())
						mustExec(t, conn, "ROLLBACK")
					}
				}
				return refused
			}
			if refused := check(); len(refused) > 0 {
				t.Fatal(refused)
			}
			pgtest.Exec(t, url, revision)
			refused := check()
			severe := slices.ContainsFunc(r.Findings, func(f rehearse.Finding) bool {
				return f.Severity > rehearse.Note && (f.Rule == rehearse.Access || f.Rule == rehearse.Destroys)
			})
			harmless := strings.Contains(script, "TO app") || strings.Contains(script, "OWNER TO other") // for this role
			if severe != (len(refused) > 0) && !(severe && harmless) {
				t.Errorf("the role is refused %q: %s", refused, listFindings(r))
			}
		})
	}
}
