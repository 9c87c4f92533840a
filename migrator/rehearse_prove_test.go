package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// rehearsing is a configuration whose scratch databases are on the shared server.
func rehearsing(t *testing.T) migrator.Config {
	t.Helper()
	return migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres"))}}
}

// provedRules are those that are not about what an up script does to a database in use.
var provedRules = []rehearse.Rule{
	rehearse.Irreversible, rehearse.NotInverse, rehearse.Order, rehearse.SearchPath, rehearse.ForeignKeyIndex, rehearse.InvalidIndex, rehearse.DuplicateIndex,
	rehearse.CutName, rehearse.Notice,
}

func TestExampleRevisionsAreRehearsed(t *testing.T) {
	t.Parallel()
	m, err := migrator.New(os.DirFS("../sql"), rehearsing(t))
	if err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bad := func(f rehearse.Finding) bool {
		return f.Severity == rehearse.Danger || slices.Contains(provedRules, f.Rule)
	}
	if slices.ContainsFunc(r.Findings, bad) || r.Reverted != len(m.Files().Revisions()) || r.Orders != 2 {
		t.Errorf("%d reverted, %d orders: %s", r.Reverted, r.Orders, listFindings(r))
	}
}

// What is found about down scripts, orders and objects is told next to what the up scripts do, and can be accepted.
func TestRehearsalGoesDownAndTriesOrders(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id bigint PRIMARY KEY);", "DROP TABLE account;").
		Add("b1", "a1", "CREATE TABLE note (id bigint PRIMARY KEY, account bigint REFERENCES account);", "SELECT 1;").
		Add("b2", "b1", "CREATE VIEW v AS SELECT 1 AS a;", "DROP VIEW v;").
		Add("c1", "a1", "ALTER TABLE note ADD COLUMN text text;", "ALTER TABLE note DROP COLUMN text;").
		Add("d1", "b2, c1", "CREATE TYPE t AS ENUM ('a');", "SELECT 1;", "accept: not-inverse").
		Add("d2", "d1", "COMMENT ON TABLE account IS 'x';", "COMMENT ON TABLE account IS NULL;", "accept: not-inverse")
	m := p.Migrator(rehearsing(t))
	o := migrator.RehearseOptions{Sizes: &rehearse.Sizes{Applied: []string{"a1"}, Tables: map[string]rehearse.Size{"public.account": {Known: true, Bytes: 1 << 30}}}}
	r, err := m.Rehearse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if f.Severity > rehearse.Note || f.Rule == rehearse.ForeignKeyIndex {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %t", f.Revision, f.Severity, f.Rule, f.Accepted)))
		}
	}
	slices.Sort(got)
	want := []string{"b1 danger not-inverse false", "b1 note foreign-key-index false", "c1 danger order false", "d1 danger not-inverse true", "d2 warning accept false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, listFindings(r))
	}
	if r.Reverted != 5 || r.Orders < 1 {
		t.Errorf("%d reverted, %d orders", r.Reverted, r.Orders)
	}
	o.UpOnly = true
	if r, err = m.Rehearse(t.Context(), o); err != nil || r.Reverted != 0 || r.Orders != 0 || slices.ContainsFunc(r.Findings, func(f rehearse.Finding) bool { return f.Rule == rehearse.NotInverse }) {
		t.Errorf("%v, %+v", err, r)
	}
}

// What belongs to the server must survive a rehearsal.
func TestRehearsalRefusesToDropRolesOfTheServer(t *testing.T) {
	t.Parallel()
	role := projecttest.Config(t, pgtest.Role(t, pgtest.Shared(t).URL("postgres"))).User
	m := projecttest.New(t).Add("a1", "", "SELECT 1;\nDROP ROLE IF EXISTS "+role+";", "SELECT 1;").Migrator(rehearsing(t))
	_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.Contains(e.Error(), "a1.up.sql:7:1: it drops role "+role+", which exists on the server") {
		t.Error(err)
	}
	if n := pgtest.Value(t, pgtest.Shared(t).URL("postgres"), "SELECT count(*) FROM pg_roles WHERE rolname = '"+role+"'"); n != "1" {
		t.Error("the role was dropped")
	}
}

// A role that cannot be created because the server has it need not be a mistake of the revision.
func TestRolesThatTheServerHasAreExplained(t *testing.T) {
	t.Parallel()
	role := projecttest.Config(t, pgtest.Role(t, pgtest.Shared(t).URL("postgres"))).User
	m := projecttest.New(t).Add("a1", "", "CREATE ROLE "+role+";", "DROP OWNED BY CURRENT_USER;").Migrator(rehearsing(t))
	_, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"head"}})
	if migrator.ExistingRole(err) != role || migrator.MissingRole(err) != "" {
		t.Errorf("schema: %q, %v", migrator.ExistingRole(err), err)
	}
	report, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != 1 || !strings.Contains(report.Findings[0].Safe, migrator.CreateRoleOnce(role)) {
		t.Errorf("%+v", report.Findings)
	}
}

// Other commands that use scratch databases do not drop such roles either.
func TestScratchDatabasesKeepRolesOfTheServer(t *testing.T) {
	t.Parallel()
	role := projecttest.Config(t, pgtest.Role(t, pgtest.Shared(t).URL("postgres"))).User
	drop := "CREATE TABLE t ();\nDROP ROLE IF EXISTS " + role + ";"
	m := projecttest.New(t).Add("a1", "", drop, "").Add("a2", "a1", "CREATE TABLE u ();", "").Migrator(rehearsing(t))
	empty := projecttest.New(t).Migrator(rehearsing(t))
	file := migrator.SchemaSource{Files: []revision.Source{{File: "schema.sql", Text: drop}}}
	for name, do := range map[string]func() error{
		"schema": func() error {
			_, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"head"}})
			return err
		},
		"diff": func() error {
			_, err := empty.Diff(t.Context(), file, migrator.SchemaSource{Targets: []string{"base"}}, migrator.DiffOptions{})
			return err
		},
		"draft": func() error { _, err := empty.Draft(t.Context(), file, migrator.DraftOptions{}); return err },
		"draft after it": func() error {
			_, err := m.Draft(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "schema.sql", Text: "CREATE TABLE u ();"}}}, migrator.DraftOptions{})
			return err
		},
		"squash": func() error { _, err := m.Squash(t.Context(), migrator.SquashOptions{Message: "all"}); return err },
		"data": func() error {
			_, err := empty.Rehearse(t.Context(), migrator.RehearseOptions{Data: file.Files})
			return err
		},
	} {
		err := do()
		if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.Contains(e.Error(), "drops role "+role) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := pgtest.Value(t, pgtest.Shared(t).URL("postgres"), "SELECT count(*) FROM pg_roles WHERE rolname = '"+role+"'"); n != "1" {
		t.Error("the role was dropped")
	}
}

// Revisions run as Config.Role, and so does what counts their rows; a table of another role is not counted.
func TestRehearsalWithARole(t *testing.T) {
	t.Parallel()
	cfg := rehearsing(t)
	admin := pgtest.Shared(t).URL("postgres")
	cfg.Role = projecttest.Config(t, pgtest.Role(t, admin)).User
	other := projecttest.Config(t, pgtest.Role(t, admin)).User
	pgtest.Exec(t, admin, "GRANT "+other+" TO "+cfg.Role)
	m := projecttest.New(t).
		Add("a1", "", "CREATE TABLE t (a int); INSERT INTO t VALUES (1);", "DROP TABLE t;").
		Add("a2", "a1", "DELETE FROM t;", "SELECT 1;").
		Add("a3", "a2", "CREATE SCHEMA s; GRANT CREATE, USAGE ON SCHEMA s TO "+other+"; CREATE TABLE s.u (a int); INSERT INTO s.u VALUES (1); ALTER TABLE s.u OWNER TO "+other+";", "DROP SCHEMA s CASCADE;").
		Migrator(cfg)
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if f.Rule == rehearse.NotInverse || f.Rule == rehearse.Fails {
			got = append(got, f.Revision+": "+f.Text)
		}
	}
	if want := []string{"a2: the down script leaves public.t with 0 rows instead of 1"}; !slices.Equal(got, want) {
		t.Error(got, listFindings(r))
	}
}

// The session that watches a statement without a transaction locks only what it may lock.
func TestRehearsalOfTablesWithoutPrivileges(t *testing.T) {
	t.Parallel()
	role := projecttest.Config(t, pgtest.Role(t, pgtest.Shared(t).URL("postgres"), "CREATEDB"))
	m := projecttest.New(t).
		Add("a1", "", "CREATE TABLE t (a int); CREATE SCHEMA s; CREATE TABLE s.u (a int); REVOKE ALL ON t, s.u FROM CURRENT_USER; REVOKE ALL ON SCHEMA s FROM CURRENT_USER;", "SELECT 1;").
		Add("a2", "a1", "VACUUM; REINDEX SCHEMA s; VACUUM t;", "SELECT 1;", projecttest.NonTransactional).
		Migrator(migrator.Config{Scratch: migrator.Scratch{Server: role}})
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{UpOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Steps) != 2 || len(r.Steps[1].Statements) != 3 {
		t.Error(listFindings(r))
	}
}

// One that another session has just created violates the index of the roles.
func TestRoleThatIsCreatedMeanwhileIsNamed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	role := "meanwhile (" + pgtest.DatabaseName(t) + ")"
	create := "CREATE ROLE " + sqltext.QuoteName(role)
	var sessions [2]*pgconn.PgConn
	for i := range sessions {
		conn, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		sessions[i] = conn
	}
	if _, err := sessions[0].Exec(t.Context(), "BEGIN; "+create).ReadAll(); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := sessions[1].Exec(t.Context(), create).ReadAll()
		failed <- err
	}()
	projecttest.Await(t, url, fmt.Sprintf("SELECT count(*) FROM pg_locks WHERE pid = %d AND NOT granted", sessions[1].PID()), "1")
	if _, err := sessions[0].Exec(t.Context(), "COMMIT").ReadAll(); err != nil {
		t.Fatal(err)
	}
	defer pgtest.Exec(t, url, "DROP ROLE "+sqltext.QuoteName(role))
	if err := <-failed; migrator.ExistingRole(err) != role {
		t.Errorf("%q, %v", migrator.ExistingRole(err), err)
	}
}
