package importtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/pgtest"
)

// alembicProject is a project that the command alembic creates; the bodies of its revisions
// are added afterwards.
type alembicProject struct {
	testing.TB
	dir      string
	commands [][]string
	bodies   []alembicBody
}

// alembicBody is the Python code of a revision, without indentation; "" means pass.
type alembicBody struct{ id, up, down string }

func newAlembicProject(t testing.TB) *alembicProject {
	t.Helper()
	return &alembicProject{TB: t, dir: t.TempDir(), commands: [][]string{{"init", "migrations"}}}
}

func (p *alembicProject) add(id, message, up, down string, flags ...string) {
	p.commands = append(p.commands, append([]string{"revision", "--rev-id", id, "-m", message}, flags...))
	p.bodies = append(p.bodies, alembicBody{id, up, down})
}

// make runs the commands in one process, because each start of Python is slow.
func (p *alembicProject) make() {
	p.Helper()
	program, err := exec.LookPath("alembic")
	if err != nil {
		pgtest.Missing(p, "Alembic is not installed: run scripts/install alembic python3-psycopg2 (scripts/test does)")
	}
	arguments, err := json.Marshal(p.commands)
	if err != nil {
		p.Fatal(err)
	}
	run(p, p.dir, filepath.Join(filepath.Dir(program), "python3"), "-c", `import json, sys
from alembic.config import main
for arguments in json.loads(sys.argv[1]):
    main(arguments)`, string(arguments))
	for _, b := range p.bodies {
		p.fill(b.id, "upgrade", b.up)
		p.fill(b.id, "downgrade", b.down)
	}
}

func (p *alembicProject) fill(id, function, lines string) {
	p.Helper()
	names, err := filepath.Glob(filepath.Join(p.dir, "migrations/versions", id+"*.py"))
	if err != nil || len(names) != 1 {
		p.Fatal(id, names, err)
	}
	name, err := filepath.Rel(p.dir, names[0])
	if err != nil {
		p.Fatal(err)
	}
	if lines != "" {
		p.edit(name, `def `+function+`\(\) -> None:\n    pass`, "def "+function+"() -> None:\n    "+strings.ReplaceAll(lines, "\n", "\n    "))
	}
}

func (p *alembicProject) edit(file, pattern, text string) {
	p.Helper()
	old, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil {
		p.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAllLiteralString(string(old), text)
	if changed == string(old) {
		p.Fatalf("%s does not match in %s", pattern, file)
	}
	write(p, p.dir, file, changed)
}

// database sets the URL in the configuration.
func (p *alembicProject) database(url string) {
	p.Helper()
	url = strings.Replace(url, "postgres://", "postgresql://", 1)
	p.edit("alembic.ini", `(?m)^sqlalchemy.url = .*$`, "sqlalchemy.url = "+strings.ReplaceAll(url, "%", "%%"))
}

func TestAlembic(t *testing.T) {
	t.Parallel()
	p := newAlembicProject(t)
	p.add("a1", "create account", `op.create_table("account",
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("name", sa.String(50), nullable=False, server_default="a;b"),
    sa.Column("kind", sa.Enum("person", "company", name="kind"), nullable=False),
    sa.Column("rate", sa.Numeric(5, 2), server_default=sa.text("100 % 7")),
    comment="100 % of 'them', :name, é — 日本")
op.execute("""CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
	-- a tab; and "quotes", 100 %
	NEW.name := format('%s;%%', NEW.name);
	RETURN NEW;
END;
$body$;
""")
op.execute("CREATE TRIGGER remember BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION remember() -- done")`,
		`op.drop_table("account")
op.execute("DROP FUNCTION remember()")
op.execute("DROP TYPE kind")`, "--branch-label", "store")
	p.add("a2", "add accounts", `account = sa.table("account", sa.column("name", sa.String), sa.column("kind", sa.String))
op.bulk_insert(sa.table("account", sa.column("name", sa.String), sa.column("kind", sa.Enum(name="kind"))),
    [{"name": "it's; me\t", "kind": "person"}, {"name": "50 %", "kind": "company"}])
op.execute(account.update().where(account.c.name == op.inline_literal("50 %;%")).values(name="60 %"))
op.execute(sa.text("UPDATE account SET name = name || :more WHERE id = :id").bindparams(more="\\x", id=1))`,
		`op.execute("DELETE FROM account")`)
	p.add("b1", "create order", `op.create_table("order", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()))`,
		`op.drop_table("order")`, "--head", "base", "--branch-label", "shop", "--depends-on", "store")
	p.add("b2", "index order", `with op.get_context().autocommit_block():
    op.create_index("order_at", "order", ["at"], postgresql_concurrently=True)`,
		`with op.get_context().autocommit_block():
    op.drop_index("order_at", table_name="order", postgresql_concurrently=True)`, "--head", "shop@head")
	p.commands = append(p.commands, []string{"merge", "--rev-id", "m1", "-m", "merge store and shop", "a2", "b2"})
	p.add("c1", "add owner\n\nMore about it.\n  - a list", `op.add_column("order", sa.Column("owner", sa.Integer, sa.ForeignKey("account.id", name="owner")))
with op.get_context().autocommit_block():
    op.execute("ALTER TYPE kind ADD VALUE 'shop'")
op.execute("UPDATE account SET kind = 'shop' WHERE kind = 'company'")`,
		`op.drop_column("order", "owner")`)
	p.add("c2", "nothing", "", "")
	p.make()

	theirs := database(t)
	p.database(theirs)
	// As in projects that let the driver double % and do not set literal_binds.
	p.edit("migrations/env.py", `(?s)        literal_binds=True,\n        dialect_opts=.*?,\n`, "")
	run(t, p.dir, "alembic", "upgrade", "heads")
	im := importFrom(t, "alembic", p.dir)
	contains(t, im.output, "Wrote 7 revisions", "Some statements run outside of the transaction")
	if strings.Contains(im.output, "must be fixed") {
		t.Error(im.output)
	}
	graph := im.set.Files().Graph()
	if b1 := im.set.Files().Revision("b1"); !slices.Equal(b1.DependsOn, []string{"a1"}) || !slices.Equal(b1.BranchLabels, []string{"shop"}) {
		t.Errorf("b1: %+v", b1)
	}
	if heads := graph.Heads(); !slices.Equal(heads, []string{"c2"}) {
		t.Error("heads:", heads)
	}
	c1 := im.set.Files().Revision("c1")
	if want := "add owner\nMore about it.\n  - a list\nfrom alembic: migrations/versions/c1_add_owner_more_about_it_a_list.py"; c1.Message != want || c1.Created.IsZero() {
		t.Errorf("c1: %q, %v", c1.Message, c1.Created)
	}
	for id, alone := range map[string]bool{"a1": false, "b2": true, "m1": false, "c1": true} {
		if r := im.set.Files().Revision(id); r.Up.Transactional == alone {
			t.Errorf("%s: transaction %t", id, r.Up.Transactional)
		}
	}
	im.checkRepeatable(t)
	im.checkEqual(t, theirs, `c1: the down script leaves value "shop" of enum type public.kind`)
}

func TestAlembicReportsWhatItCannotConvert(t *testing.T) {
	t.Parallel()
	p := newAlembicProject(t)
	p.add("a1", "revision: looks like a key", `op.execute("CREATE TABLE t (a int)")
op.get_bind().execute(sa.text("INSERT INTO t VALUES (:a)"), [{"a": 1}, {"a": 2}])
op.get_bind().execute(sa.text("SELECT a FROM t"))`, `raise NotImplementedError("no way back")`, "--branch-label", "web shop")
	p.add("x:2", "ask the database", `op.execute("UPDATE t SET a = 3")
for row in op.get_bind().execute(sa.text("SELECT a FROM t")).fetchall():
    op.execute("DELETE FROM t")`, `op.execute("UPDATE t SET a = 1")`)
	p.add("a3", "commit by hand", `op.execute("COMMIT")
op.execute("CREATE INDEX CONCURRENTLY t_a ON t (a)")`, `op.execute("commit; ")
op.execute("DROP INDEX CONCURRENTLY t_a")`)
	p.add("a4", "say x", `from alembic import context
op.execute("CREATE SCHEMA " + context.get_x_argument(as_dictionary=True)["owner"])`, `op.execute("SELECT 1")`)
	// After a statement the string is not a docstring, so the message is the file name.
	p.add("a5", "say what", `op.execute("SELECT 1")`, "")
	p.make()
	p.edit("migrations/versions/a5_say_what.py", `^`, "import os\n")
	p.database("postgres://nobody@127.0.0.1:1/nothing")
	p.edit("migrations/env.py", `(?s)        literal_binds=True,`, `        version_table="Versions", version_table_schema="app",`)
	im := importFrom(t, "alembic", p.dir, "-D", "owner=shop")
	contains(
		t, im.output, `"web shop" is now web_shop`, `"x:2" is now `,
		"a1_revision_looks_like_a_key.down.sql: migrations/versions/a1_revision_looks_like_a_key.py:26: NotImplementedError: no way back (in Alembic's offline mode, without a database)",
		"_ask_the_database.up.sql: migrations/versions/x:2_ask_the_database.py:21: AttributeError: 'NoneType' object has no attribute 'fetchall' (in Alembic's offline mode, without a database)",
	)
	if im.adopt.Table != `app."Versions"` {
		t.Error("table:", im.adopt.Table)
	}
	id := im.adopt.Versions["x:2"]
	for id, want := range map[string][2]string{
		"a1": {"\nCREATE TABLE t (a int);\n\nINSERT INTO t VALUES (1);\n\nINSERT INTO t VALUES (2);\n\nSELECT a FROM t;\n", "none"},
		id:   {"\n-- migrations/versions/x:2_ask_the_database.py:21: AttributeError: 'NoneType' object has no attribute 'fetchall' (in Alembic's offline mode, without a database)\n--\n-- The known part:\n--\n-- UPDATE t SET a = 3;\n--\n-- SELECT a FROM t;\n", "\nUPDATE t SET a = 1;\n"},
		"a3": {"\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n", "\nDROP INDEX CONCURRENTLY t_a;\n"},
		"a4": {"\nCREATE SCHEMA shop;\n", "\nSELECT 1;\n"},
	} {
		r := im.set.Files().Revision(id)
		have := [2]string{r.Up.SQL(), "none"}
		if r.Down != nil {
			have[1] = r.Down.SQL()
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s:\n%s", id, diff)
		}
	}
	if a1 := im.set.Files().Revision("a1"); a1.Message != "from alembic: migrations/versions/a1_revision_looks_like_a_key.py\nrevision: looks like a key" {
		t.Errorf("%q", a1.Message)
	}
	if a5 := im.set.Files().Revision("a5"); a5.Message != "say what\nfrom alembic: migrations/versions/a5_say_what.py" {
		t.Errorf("%q", a5.Message)
	}
	if a3 := im.set.Files().Revision("a3"); a3.Up.Transactional || a3.Down.Transactional {
		t.Error("a3 is transactional")
	}

	for _, c := range []struct{ pattern, text, want string }{
		{`run_migrations_offline\(\)\nelse`, "pass\nelse", "env.py does not run migrations in offline mode (--sql)"},
		{`pass\nelse`, "run_migrations_offline(); run_migrations_offline()\nelse", "env.py migrates several databases"},
		{`run_migrations_offline\(\); `, "raise ValueError('postgresql://me:secret@host'); ", "ValueError: postgresql://me:…@host"},
		{`raise ValueError\(.*?\); `, `config.set_main_option("sqlalchemy.url", "sqlite://"); `, "the project is for sqlite, not PostgreSQL"},
	} {
		p.edit("migrations/env.py", c.pattern, c.text)
		if out := runFails(t, p.dir, "ambix", "import", "alembic", ".", "none"); !strings.Contains(out, c.want) {
			t.Errorf("want %q, have\n%s", c.want, out)
		}
	}
	if exists(filepath.Join(p.dir, "none")) {
		t.Error("a failed import wrote files")
	}
}
