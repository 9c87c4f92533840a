package sqltext

import (
	"strings"
	"testing"
)

func TestNewExtensionIsTheNamedOne(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"CREATE EXTENSION IF NOT EXISTS \"my ext\" CASCADE": "my ext",
		"create extension /* text */ Hstore;":               "hstore",
		"CREATE TABLE t (a int)":                            "",
	} {
		statements, _ := Split(sql)
		if got := NewExtension(sql, statements[0]); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestCreatedRolesAreTheNamedOnes(t *testing.T) {
	t.Parallel()
	const sql = `CREATE ROLE App LOGIN; create user "My User"; CREATE USER MAPPING FOR x SERVER y; DROP ROLE old;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN EXECUTE 'CREATE GROUP readers'; EXECUTE 'CREATE ROLE writers'; CREATE /* c */ ROLE owner; END IF; END $$;
-- CREATE ROLE comment
SELECT E'CREATE ROLE escaped', U&'x', E'it''s', E''; SELECT $$CREATE ROLE unterminated;
CREATE ROLE`
	if got := strings.Join(CreatedRoles(sql), " "); got != "app My User readers writers owner escaped unterminated" {
		t.Error(got)
	}
}

func FuzzCreatedRoles(f *testing.F) {
	for _, sql := range []string{"CREATE ROLE a", "E'x", "$$CREATE USER b", "'", "$", "$a$ CREATE GROUP 'c' $a$"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, role := range CreatedRoles(sql) {
			if role == "" {
				t.Errorf("%q: a role without a name", sql)
			}
		}
	})
}

func TestDroppedRolesAreTheNamedOnes(t *testing.T) {
	t.Parallel()
	const sql = `DROP ROLE IF EXISTS a, "b c"; DROP USER d; DROP USER MAPPING FOR e SERVER f; DROP OWNED BY g;
DO $$ BEGIN EXECUTE 'DROP GROUP h'; END $$; DROP ROLE`
	if got := strings.Join(DroppedRoles(sql), "|"); got != "a|b c|d|h" {
		t.Error(got)
	}
}
