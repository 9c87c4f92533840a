package migrator_test

import (
	"errors"
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
func TestScriptsDoNotChangeTheServer(t *testing.T) {
	t.Parallel()
	admin := pgtest.Role(t, pgtest.Shared(t).URL("postgres"), "CREATEDB")
	role := projecttest.Config(t, admin).User
	for _, test := range []struct{ up, down, want string }{
		{"ALTER SYSTEM SET work_mem = '8MB';", "SELECT 1;", "ALTER SYSTEM would change the server"},
		{"CREATE DATABASE other;", "SELECT 1;", "CREATE DATABASE would change the server"},
		{"CREATE TABLESPACE x LOCATION '/nowhere';", "SELECT 1;", "CREATE TABLESPACE would change the server"},
		{"DROP TABLESPACE x;", "SELECT 1;", "DROP TABLESPACE would change the server"},
		{"ALTER TABLESPACE x RENAME TO y;", "SELECT 1;", "ALTER TABLESPACE would change the server"},
		{"CREATE TABLE t (a text); COPY t FROM PROGRAM 'true';", "SELECT 1;", "COPY PROGRAM would change the server"},
		{"COPY (SELECT 1) TO PROGRAM 'true';", "SELECT 1;", "COPY PROGRAM would change the server"},
		{"ALTER ROLE " + role + " SET work_mem = '8MB';", "SELECT 1;", "it changes role " + role},
		{"DO $$ BEGIN EXECUTE 'ALTER USER " + role + " PASSWORD ''x'''; END $$;", "SELECT 1;", "it changes role " + role},
		{"ALTER ROLE ALL SET work_mem = '8MB';", "SELECT 1;", "it changes role"},
		{"ALTER ROLE CURRENT_USER SET work_mem = '8MB';", "SELECT 1;", `it changes role "current_user"`},
	} {
		p := projecttest.New(t).Add("a1", "", test.up, test.down, projecttest.NonTransactional)
		made := 0
		m := p.Migrator(migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres")), OnDatabase: func(string, bool) { made++ }}})
		_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
		if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.Contains(e.Error(), test.want) || made > 0 {
			t.Errorf("%s %s: %v, %d databases", test.up, test.down, err, made)
		}
	}
	p := projecttest.New(t).Add("a1", "", "CREATE ROLE made_"+role+"; ALTER ROLE made_"+role+" SET work_mem = '8MB';", "DROP ROLE made_"+role+";").
		Add("b2", "a1", "SELECT 1;", "ALTER ROLE "+role+" SET work_mem = '8MB';")
	r, err := p.Migrator(rehearsing(t)).Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if f := findingOf(r, rehearse.NotInverse); !strings.Contains(f.Text, "was not tried: it changes or drops role "+role) || f.Revision != "b2" {
		t.Error(listFindings(r))
	}
}
