package migrator_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// A scratch database must not take changes from a publisher, or drop the slot of the real subscriber there.
func TestScriptsDoNotReachPublishers(t *testing.T) {
	t.Parallel()
	cfg := projecttest.Config(t, pgtest.Database(t))
	const create = "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p"
	const unconnected = create + " WITH (connect = false)"
	for _, test := range []struct{ up, down, want string }{
		{create, "-", "CREATE SUBSCRIPTION would connect to the publisher from a scratch database: nothing was run; create it WITH (connect = false), and enable it by hand"},
		{unconnected + "; ALTER SUBSCRIPTION s ENABLE", "-", "ALTER SUBSCRIPTION would connect to the publisher from a scratch database: nothing was run; do this by hand, not in a script"},
		{unconnected, "DROP SUBSCRIPTION s", "DROP SUBSCRIPTION would connect to the publisher from a scratch database: nothing was run; put ALTER SUBSCRIPTION s SET (slot_name = NONE) before it, and drop the slot by hand"},
		{unconnected, "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s", ""},
		{create + " WITH (connect = false, slot_name = NONE)", "DROP SUBSCRIPTION s", ""},
	} {
		p := projecttest.New(t).Add("a1", "", test.up+";", test.down, projecttest.NonTransactional).Add("b2", "a1", "SELECT 1;", "SELECT 1;")
		made := 0
		m := p.Migrator(migrator.Config{Scratch: migrator.Scratch{Server: cfg, OnDatabase: func(string, bool) { made++ }}})
		_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
		e, refused := errors.AsType[*migrator.FilesError](err)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.down, err)
		case test.want != "" && (!refused || len(e.Problems) != 1 || e.Problems[0].Text != test.want || made > 0):
			t.Errorf("%s: %v, %d databases", test.up, err, made)
		}
		if test.down != "-" {
			continue
		}
		for name, call := range map[string]func() error{
			"schema": func() error {
				_, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"b2"}})
				return err
			},
			"file": func() error {
				_, err := m.Schema(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: test.up + ";"}}})
				return err
			},
			"draft": func() error {
				_, err := m.Draft(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: "SELECT 1;"}}}, migrator.DraftOptions{})
				return err
			},
			"squash": func() error {
				_, err := m.Squash(t.Context(), migrator.SquashOptions{Message: "all"})
				return err
			},
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), test.want) || made > 0 {
				t.Errorf("%s: %v, %d databases", name, err, made)
			}
		}
	}
}

// A subscription that a script makes in a way that cannot be seen goes with its database, and does not hide the error.
func TestHiddenSubscriptionsDoNotHideTheError(t *testing.T) {
	t.Parallel()
	cfg := projecttest.Config(t, pgtest.Database(t))
	m := projecttest.Shop(t).Migrator(migrator.Config{Scratch: migrator.Scratch{Server: cfg}})
	_, err := m.Schema(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: `DO $$ BEGIN EXECUTE 'CREATE SUBSCRIPTION s CONNECTION ''host=127.0.0.1 port=1'' PUBLICATION p WITH (connect = false)'; END $$;
SELECT nonsense;`}}})
	if e, ok := errors.AsType[*migrator.SchemaFileError](err); !ok || !strings.Contains(e.Error(), "one.sql:2:8") {
		t.Error(err)
	}
}

// What belongs to the server of the scratch databases is not that of a script.
func TestScriptsDoNotReachOutsideOfTheirDatabase(t *testing.T) {
	t.Parallel()
	admin := projecttest.Config(t, pgtest.Shared(t).URL("postgres"))
	for script, want := range map[string]string{
		"ALTER SYSTEM SET work_mem = '8MB';":                                                "ALTER SYSTEM would change the server",
		"CREATE DATABASE other;":                                                            "CREATE DATABASE would change the server",
		"CREATE TABLESPACE x LOCATION '/nowhere';":                                          "CREATE TABLESPACE would change the server",
		"DROP TABLESPACE x;":                                                                "DROP TABLESPACE would change the server",
		"ALTER TABLESPACE x RENAME TO y;":                                                   "ALTER TABLESPACE would change the server",
		"SELECT pg_reload_conf();":                                                          "pg_reload_conf would change the server",
		"CREATE TABLE t (a text); COPY t FROM PROGRAM 'true';":                              "COPY PROGRAM would run a program on the server",
		"DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'true'; END $$;":                            "COPY PROGRAM would run a program on the server",
		"COPY (SELECT 1) TO '/nowhere/x';":                                                  "COPY TO a file would write on the disk of the server",
		"SELECT lo_export(1, '/nowhere/x');":                                                "lo_export would write on the disk of the server",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'no such';": "pg_terminate_backend would end what others do",
		"SELECT pg_create_physical_replication_slot('x');":                                  "pg_create_physical_replication_slot would use a replication slot",
		"DROP DATABASE IF EXISTS nobodys;":                                                  "DROP DATABASE names database nobodys, which is not the scratch database in which it would run: nothing was run; do this by hand",
		"ALTER DATABASE postgres SET work_mem = '8MB';":                                     "ALTER DATABASE names database postgres, which is not the scratch database in which it would run: nothing was run; write it for the database in which it runs",
		"DO $$ BEGIN EXECUTE 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'; END $$;":    "REVOKE ON DATABASE names database postgres",
		"ALTER ROLE CURRENT_USER IN DATABASE postgres SET work_mem = '8MB';":                "ALTER ROLE IN DATABASE names database postgres",
		"SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS x(a int);":                  "dblink would connect to another database from a scratch database: nothing was run",
	} {
		made := 0
		config := migrator.Config{Scratch: migrator.Scratch{Server: admin, OnDatabase: func(string, bool) { made++ }}}
		m := projecttest.New(t).Add("a1", "", script, "SELECT 1;", projecttest.NonTransactional).Migrator(config)
		_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
		if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.Contains(e.Error(), want) || made > 0 {
			t.Errorf("%s: %v, %d databases", script, err, made)
		}
		if err := m.CheckScratch("head"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: checked alone: %v", script, err)
		}
	}
	m := projecttest.New(t).Add("a1", "", "SELECT 1;", "SELECT pg_reload_conf();").Migrator(rehearsing(t))
	if _, err := m.Rehearse(t.Context(), migrator.RehearseOptions{}); err == nil || !strings.Contains(err.Error(), "a1.down.sql:3:8: pg_reload_conf would change the server") {
		t.Error(err)
	}
	if err := m.CheckScratch("head"); err != nil {
		t.Errorf("down scripts do not run: %v", err)
	}
}

// A role belongs to all databases of the server.
func TestScriptsDoNotChangeRolesOfTheServer(t *testing.T) {
	t.Parallel()
	admin := pgtest.Shared(t).URL("postgres")
	role := projecttest.Config(t, pgtest.Role(t, admin)).User
	other := projecttest.Config(t, pgtest.Role(t, admin)).User
	member := projecttest.Config(t, pgtest.Role(t, admin)).User
	pgtest.Exec(t, admin, "GRANT "+role+" TO "+member)
	for script, want := range map[string]string{
		"DROP ROLE IF EXISTS " + role + ";":                                      "it drops role " + role,
		"ALTER ROLE " + role + " SET work_mem = '8MB';":                          "it changes role " + role,
		"DO $$ BEGIN EXECUTE 'ALTER USER " + role + " PASSWORD ''x'''; END $$;":  "it changes role " + role,
		"ALTER ROLE ALL SET work_mem = '8MB';":                                   "it changes role",
		"ALTER ROLE CURRENT_USER SET work_mem = '8MB';":                          `it changes role "current_user"`,
		"COMMENT ON ROLE " + role + " IS 'x';":                                   "it changes role " + role,
		"REASSIGN OWNED BY " + role + " TO " + other + ";":                       "it drops or reassigns what is owned by role " + role,
		"DROP OWNED BY CURRENT_USER;":                                            `it drops or reassigns what is owned by role "current_user"`,
		"GRANT " + role + " TO " + other + ";":                                   "it makes " + other + " a member of role " + role + ", and both exist on the server",
		"GRANT " + role + " TO " + member + " WITH ADMIN OPTION;":                "it makes " + member + " a member of role " + role,
		"DO $$ BEGIN EXECUTE 'REVOKE " + role + " FROM " + member + "'; END $$;": "it takes membership in role " + role + " away from " + member,
	} {
		m := projecttest.New(t).Add("a1", "", script, "SELECT 1;").Migrator(rehearsing(t))
		_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
		if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.Contains(e.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
		m = projecttest.New(t).Add("a1", "", "SELECT 1;", "SELECT 1;").Add("b2", "a1", "SELECT 1;", script).Migrator(rehearsing(t))
		r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if f := findingOf(r, rehearse.NotInverse); !strings.Contains(f.Text, "the down script was not tried: "+want) || f.Revision != "b2" {
			t.Errorf("%s: %s", script, listFindings(r))
		}
	}
	if got := pgtest.Value(t, admin, "SELECT count(*) FROM pg_auth_members WHERE roleid = '"+role+"'::regrole"); got != "1" {
		t.Errorf("%s members", got)
	}
}

// What goes with the scratch database, and what changes nothing, is run.
func TestScriptsMayUseRolesAndSettingsOfTheirDatabase(t *testing.T) {
	t.Parallel()
	admin := pgtest.Shared(t).URL("postgres")
	role := projecttest.Config(t, pgtest.Role(t, admin)).User
	member := projecttest.Config(t, pgtest.Role(t, admin)).User
	pgtest.Exec(t, admin, "GRANT "+role+" TO "+member)
	made := "made_" + role
	m := projecttest.New(t).
		Add("a1", "", "CREATE ROLE "+made+"; ALTER ROLE "+made+" SET work_mem = '8MB'; GRANT "+role+" TO "+made+"; GRANT "+made+" TO CURRENT_USER; COMMENT ON ROLE "+made+" IS 'x';",
			"DROP OWNED BY "+made+"; DROP ROLE "+made+";").
		Add("b2", "a1", "GRANT "+role+" TO "+member+";", "SELECT 1;").
		Add("c3", "b2", `DO $$ BEGIN
	EXECUTE format('ALTER ROLE `+role+` IN DATABASE %I SET search_path TO public', current_database());
	EXECUTE format('ALTER DATABASE %I SET timezone TO ''UTC''', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO `+role+`', current_database());
END $$;`, "SELECT 1;").
		Migrator(rehearsing(t))
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(r.Findings, func(f rehearse.Finding) bool { return f.Severity > rehearse.Note }) {
		t.Error(listFindings(r))
	}
	if got := pgtest.Value(t, admin, "SELECT count(*) FROM pg_roles WHERE rolname = '"+made+"'"); got != "0" {
		t.Error("the role was left behind")
	}
}
