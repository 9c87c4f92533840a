package migrator_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// schemaMigrator returns a migrator of a project that makes scratch databases next to a database.
func schemaMigrator(p *projecttest.Project, cfg *pgconn.Config, ledger string) *migrator.Migrator {
	like := cfg.Copy()
	like.DialFunc = (&net.Dialer{}).DialContext // files with any names are run there
	return p.Migrator(migrator.Config{Scratch: migrator.Scratch{Like: like}, Ledger: ledger})
}

func dump(t *testing.T, m *migrator.Migrator, from migrator.SchemaSource) string {
	t.Helper()
	s, err := m.Schema(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	sql, err := migrator.DumpSchema(s, migrator.DumpOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return sql
}

func TestRevisionsDatabaseAndDumpHaveTheSameSchema(t *testing.T) {
	t.Parallel()
	for _, ledger := range []string{"", "books.ambix"} {
		url := pgtest.Database(t)
		cfg := projecttest.Config(t, url)
		p := projecttest.Shop(t).Add("d4", "c3", "CREATE INDEX CONCURRENTLY account_name ON account (name);", "DROP INDEX account_name;", projecttest.NonTransactional)
		m := schemaMigrator(p, cfg, ledger)
		if _, err := m.Up(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		revisions := dump(t, m, migrator.SchemaSource{Targets: []string{"head"}})
		if !strings.Contains(revisions, "CREATE TABLE public.account (\n") || !strings.Contains(revisions, "account_name") || strings.Contains(revisions, "ambix") || strings.Contains(revisions, "books") {
			t.Error(revisions)
		}
		if got := dump(t, m, migrator.SchemaSource{Database: cfg}); got != revisions {
			t.Errorf("the database:\n%s\nthe revisions:\n%s", got, revisions)
		}
		if got := dump(t, m, migrator.SchemaSource{Files: []revision.Source{{File: "schema.sql", Text: revisions}}}); got != revisions {
			t.Errorf("the dump of the dump:\n%s\nthe dump:\n%s", got, revisions)
		}
		if got := dump(t, m, migrator.SchemaSource{Targets: []string{"a1"}}); strings.Contains(got, "email") || !strings.Contains(got, "account") {
			t.Error(got)
		}
		if got := dump(t, m, migrator.SchemaSource{Targets: []string{"base"}}); got != "SET check_function_bodies = off;\n" {
			t.Error(got)
		}
	}
}

func TestDriftIsTheDifferenceToTheAppliedRevisions(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := schemaMigrator(projecttest.Shop(t), cfg, "")
	if _, err := m.Up(t.Context(), cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	diff := func(o migrator.DiffOptions) *migrator.SchemaDiff {
		t.Helper()
		d, err := m.Diff(t.Context(), migrator.SchemaSource{Database: cfg}, migrator.SchemaSource{Applied: cfg}, o)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := diff(migrator.DiffOptions{}); !d.Equal() || len(d.Differences) != 0 {
		t.Errorf("%+v", d.Differences)
	}
	pgtest.Exec(t, url, "CREATE TABLE tmp_export (a int); ALTER TABLE account RENAME email TO mail; COMMENT ON TABLE account IS 'text'; GRANT SELECT ON account TO PUBLIC")
	d := diff(migrator.DiffOptions{})
	if got := keys(d); got != "changed TABLE public.account, removed TABLE public.tmp_export, added COLUMN public.account.email, removed COLUMN public.account.mail" {
		t.Error(got)
	}
	if len(d.PossibleRenames) != 1 || d.PossibleRenames[0].Rename != "public.account.mail:email" {
		t.Errorf("%+v", d.PossibleRenames)
	}
	d = diff(migrator.DiffOptions{Ignore: []string{"public.tmp_*"}, Renames: []string{"public.account.mail:email"}, Privileges: true})
	if got := keys(d); got != "changed TABLE public.account" || len(d.Differences[0].Facts) != 2 {
		t.Errorf("%+v", d.Differences)
	}
}

func keys(d *migrator.SchemaDiff) string {
	var list []string
	for _, o := range d.Differences {
		list = append(list, o.Change.String()+" "+o.Key.String())
	}
	return strings.Join(list, ", ")
}

func TestTablesAndFunctionsThatLookRenamedAreAskedAbout(t *testing.T) {
	t.Parallel()
	cfg := projecttest.Config(t, pgtest.Database(t))
	m := schemaMigrator(projecttest.Shop(t), cfg, "")
	file := func(sql string) migrator.SchemaSource {
		return migrator.SchemaSource{Files: []revision.Source{{File: "x.sql", Text: sql}}}
	}
	const common = "CREATE TABLE other (a int); "
	from := file(common + "CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('a')")
	to := file(common + "CREATE TABLE client (id int, name text NOT NULL, CONSTRAINT customer_pkey PRIMARY KEY (id)); CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE humor AS ENUM ('b')")
	d, err := m.Diff(t.Context(), from, to, migrator.DiffOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range d.PossibleRenames {
		got = append(got, r.Rename)
	}
	if strings.Join(got, " ") != "public.f(integer):g public.customer:client" {
		t.Error(got)
	}
	for _, wrong := range []string{"nonsense", "public.nothing:x", "public.customer:other", ":x"} {
		_, err := m.Diff(t.Context(), from, to, migrator.DiffOptions{Renames: []string{wrong}})
		if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || e.Setting != "rename" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestSchemaErrorsNameTheObject(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := schemaMigrator(projecttest.Shop(t), cfg, "")
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "CREATE INDEX damaged ON account (name); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'damaged'::regclass")
	from, to := migrator.SchemaSource{Database: cfg}, migrator.SchemaSource{Applied: cfg}
	_, err := m.Diff(t.Context(), from, to, migrator.DiffOptions{})
	if e, ok := errors.AsType[*migrator.SchemaError](err); !ok || e.Problem != migrator.SchemaDamaged || !strings.HasPrefix(e.Error(), "index public.damaged is invalid") {
		t.Error(err)
	}
	if d, err := m.Diff(t.Context(), from, to, migrator.DiffOptions{Ignore: []string{"public.damaged"}}); err != nil || !d.Equal() {
		t.Error(err)
	}
	s, err := m.Schema(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = migrator.DumpSchema(s, migrator.DumpOptions{}); !isSchemaProblem(err, migrator.SchemaRefused) {
		t.Error(err)
	}
	pgtest.Exec(t, url, "DROP INDEX damaged; CREATE VIEW report AS SELECT revision FROM ambix_revision; CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)")
	defer pgtest.Exec(t, url, "ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub")
	if s, err = m.Schema(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	_, err = migrator.DumpSchema(s, migrator.DumpOptions{})
	if !isSchemaProblem(err, migrator.SchemaRefused) || !strings.Contains(err.Error(), "subscription sub is not written") || !strings.Contains(err.Error(), "view public.report uses the tables of the ledger") {
		t.Error(err)
	}
	newer, err := schema.New(190000, nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.DumpSchema(newer, migrator.DumpOptions{}); !isSchemaProblem(err, migrator.SchemaNewerServer) {
		t.Error(err)
	}
}

func isSchemaProblem(err error, p migrator.SchemaProblem) bool {
	e, ok := errors.AsType[*migrator.SchemaError](err)
	return ok && e.Problem == p
}

func TestUnknownAndUnfinishedRevisionsHaveNoSchema(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.Shop(t)
	if _, err := schemaMigrator(p, cfg, "").Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	fewer := projecttest.New(t).Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;")
	_, err := schemaMigrator(fewer, cfg, "").Schema(t.Context(), migrator.SchemaSource{Applied: cfg})
	if !isSchemaProblem(err, migrator.SchemaAhead) || !strings.Contains(err.Error(), "b2 and c3") {
		t.Error(err)
	}
	p.Add("d4", "c3", "SELECT 1; SELECT 1/0;", "-", projecttest.NonTransactional)
	m := schemaMigrator(p, cfg, "")
	if _, err := m.Up(t.Context(), cfg); err == nil {
		t.Fatal("no error")
	}
	if _, err = m.Schema(t.Context(), migrator.SchemaSource{Applied: cfg}); !isSchemaProblem(err, migrator.SchemaUnfinished) {
		t.Error(err)
	}
}

func TestMistakesInFilesAndRevisionsHaveTheirPosition(t *testing.T) {
	t.Parallel()
	cfg := projecttest.Config(t, pgtest.Database(t))
	p := projecttest.Shop(t).Add("d4", "c3", "CREATE EXTENSION IF NOT EXISTS nonsense;", "-")
	m := schemaMigrator(p, cfg, "")
	_, err := m.Schema(t.Context(), migrator.SchemaSource{Files: []revision.Source{
		{File: "one.sql", Text: "CREATE TABLE t (a int);\n"}, {File: "two.sql", Text: "CREATE VIEW v AS\nSELECT b FROM t;\n"},
	}})
	e, ok := errors.AsType[*migrator.SchemaFileError](err)
	if !ok || e.Error() != `two.sql:2:8: column "b" does not exist (42703)` || !strings.Contains(e.Excerpt(), "    2 | SELECT b FROM t;\n      |        ^") || e.Kind() != migrator.KindFiles {
		t.Error(err)
	}
	_, err = m.Schema(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: "SELECT 1;\n\\c store\n"}}})
	if e, ok := errors.AsType[*migrator.FilesError](err); !ok || !strings.HasPrefix(e.Error(), `one.sql:2:1: psql meta-command \c`) {
		t.Error(err)
	}
	_, err = m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"head"}})
	if _, ok := errors.AsType[*migrator.RevisionError](err); !ok || migrator.MissingExtension(err) != "nonsense" {
		t.Error(err, migrator.MissingExtension(err))
	}
	if _, err = m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"nothing"}}); err == nil || !strings.HasPrefix(err.Error(), `schema "nothing"`) && !strings.HasPrefix(err.Error(), "schema nothing") {
		t.Error(err)
	}
}

func TestScratchErrorsAreTyped(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{Scratch: migrator.Scratch{Like: &pgconn.Config{Host: "db.example.com", Port: 5432}}})
	_, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"head"}})
	if e, ok := errors.AsType[*migrator.ScratchError](err); !ok || e.Problem != migrator.ScratchNotNamed || e.Kind() != migrator.KindScratch {
		t.Error(err)
	}
	role := projecttest.Config(t, pgtest.Role(t, url))
	_, err = schemaMigrator(projecttest.Shop(t), role, "").Schema(t.Context(), migrator.SchemaSource{Targets: []string{"head"}})
	if e, ok := errors.AsType[*migrator.ScratchError](err); !ok || e.Problem != migrator.ScratchNoCreateDB || e.Role != role.User {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = schemaMigrator(projecttest.Shop(t), projecttest.Config(t, url), "").Schema(ctx, migrator.SchemaSource{Targets: []string{"head"}})
	if _, ok := errors.AsType[*migrator.InterruptedError](err); !ok {
		t.Error(err)
	}
}

func TestSchemaFilesOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := migrator.LoadSchemaFiles(dir); err == nil || !strings.Contains(err.Error(), "has no .sql file") {
		t.Error(err)
	}
	write("b.sql", "2")
	write("a/z.sql", "1")
	write(".git/x.sql", "no")
	write("README.md", "no")
	files, err := migrator.LoadSchemaFiles(dir)
	if err != nil || len(files) != 2 || files[0].Text != "1" || files[1].Text != "2" {
		t.Error(files, err)
	}
	write("c.up.sql", "3")
	if _, err := migrator.LoadSchemaFiles(dir); err == nil || !strings.Contains(err.Error(), "a revision, not a file of a schema") {
		t.Error(err)
	}
	if _, err := migrator.LoadSchemaFiles(filepath.Join(dir, "nothing.sql")); err == nil {
		t.Error("no error")
	}
}

func TestDiffWritesTheChange(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := schemaMigrator(projecttest.Shop(t), cfg, "")
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, `ALTER TABLE account RENAME email TO mail; ALTER TABLE account ADD "odd
DROP TABLE account; --" int; CREATE INDEX ON account (name); DROP FUNCTION one()`)
	from, to := migrator.SchemaSource{Database: cfg}, migrator.SchemaSource{Applied: cfg}
	d, err := m.Diff(t.Context(), from, to, migrator.DiffOptions{Renames: []string{"public.account.mail:email"}})
	if err != nil {
		t.Fatal(err)
	}
	sql, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	const mark = `-- destroys: column public.account."odd\nDROP TABLE account; --"` + "\n"
	if !strings.Contains(sql, mark) || !strings.Contains(sql, "RENAME COLUMN mail TO email") {
		t.Error(sql)
	}
	pgtest.Exec(t, url, sql)
	if d, err = m.Diff(t.Context(), from, to, migrator.DiffOptions{}); err != nil || !d.Equal() {
		t.Errorf("%+v %v", d.Differences, err)
	}
	if sql, err := d.SQL(); err != nil || sql != "" {
		t.Errorf("%q %v", sql, err)
	}
	newer, err := schema.New(190000, nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d, err = migrator.DiffSchemas(newer, newer, migrator.DiffOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SQL(); !isSchemaProblem(err, migrator.SchemaNewerServer) {
		t.Error(err)
	}
}

func TestDatabaseThatIsLeftIsNamed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	for sql, kind := range map[string]migrator.Kind{"SELECT 1;": migrator.KindDatabase, "SELECT nonsense;": migrator.KindFiles} {
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Match: "DROP DATABASE", Before: true, Action: pgtest.Reset, Times: -1})
		cfg := projecttest.Config(t, proxy.URL(url))
		cfg.DialFunc = (&net.Dialer{}).DialContext
		m := projecttest.Shop(t).Migrator(migrator.Config{Scratch: migrator.Scratch{Server: cfg}})
		_, err := m.Schema(t.Context(), migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: sql}}})
		e, ok := errors.AsType[*migrator.ScratchError](err)
		if !ok || e.Problem != migrator.ScratchNotDropped || e.Kind() != kind {
			t.Fatalf("%s: %v", sql, err)
		}
		if _, file := errors.AsType[*migrator.SchemaFileError](err); file != (kind == migrator.KindFiles) {
			t.Error(err)
		}
		pgtest.Exec(t, url, "DROP DATABASE "+e.Database)
	}
}

func TestScriptsMayNotDropTheConfiguredDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	name := schema.QuoteIdent(cfg.Database)
	p := projecttest.New(t).Add("a1", "", "CREATE TABLE t (a int);\nDROP DATABASE "+name+";", "-", projecttest.NonTransactional).Add("b2", "", "SELECT 1;", "-")
	m := schemaMigrator(p, cfg, "")
	for _, from := range []migrator.SchemaSource{
		{Files: []revision.Source{{File: "one.sql", Text: "SELECT 1;\nDROP DATABASE IF EXISTS " + name + " WITH (FORCE);"}}},
		{Files: []revision.Source{{File: "one.sql", Text: "SELECT 1;\nALTER DATABASE " + name + " CONNECTION LIMIT 0;"}}},
		{Targets: []string{"a1"}},
	} {
		_, err := m.Schema(t.Context(), from)
		if e, ok := errors.AsType[*migrator.FilesError](err); !ok || len(e.Problems) != 1 || len(from.Files) > 0 && (e.Problems[0].File != "one.sql" || e.Problems[0].Line != 2) {
			t.Errorf("%+v: %v", from, err)
		}
	}
	if _, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"b2"}}); err != nil {
		t.Error(err)
	}
}
