package migrator_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
)

// desired is the schema that SQL makes.
func desired(sql string) migrator.SchemaSource {
	return migrator.SchemaSource{Files: []revision.Source{{File: "schema.sql", Text: sql}}}
}

func draft(t *testing.T, m *migrator.Migrator, sql string, o migrator.DraftOptions) *migrator.Draft {
	t.Helper()
	if o.Message == "" {
		o.Message = "change"
	}
	d, err := m.Draft(t.Context(), desired(sql), o)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	if d.Unsplit != nil {
		t.Errorf("%s\nnot split: %v", sql, d.Unsplit)
	}
	return d
}

// withDraft returns the project with the revisions of a draft.
func withDraft(p *projecttest.Project, d *migrator.Draft) *projecttest.Project {
	for _, r := range d.Revisions {
		up, down := r.Format()
		p.Files[r.ID+".up.sql"] = &fstest.MapFile{Data: []byte(up)}
		p.Files[r.ID+".down.sql"] = &fstest.MapFile{Data: []byte(down)}
	}
	return p
}

func draftText(d *migrator.Draft) string {
	var b strings.Builder
	for _, r := range d.Revisions {
		b.WriteString("== " + r.Message + "\n" + strings.TrimSpace(r.Up.Options()+r.Up.SQL()) + "\n-- down\n" + strings.TrimSpace(r.Down.Options()+r.Down.SQL()) + "\n")
	}
	return b.String()
}

const draftBase = `CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE account (id bigint PRIMARY KEY, name text, nickname text, mood mood, a int, b int);
CREATE INDEX account_a ON account (a);
CREATE TABLE town (id int, name text);
`

func draftProject(t *testing.T) *projecttest.Project {
	return projecttest.New(t).Add("a1", "", draftBase, "DROP TABLE account, town; DROP TYPE mood;")
}

func TestDraftLeadsToTheDesiredSchemaAndBack(t *testing.T) {
	t.Parallel()
	p, cfg := draftProject(t), projecttest.Config(t, pgtest.Database(t))
	m := schemaMigrator(p, cfg, "")
	d := draft(t, m, draftBase, migrator.DraftOptions{})
	if len(d.Revisions) != 0 || !d.Diff.Equal() {
		t.Errorf("nothing to do: %s", draftText(d))
	}
	for _, edit := range []string{
		"ALTER TABLE account ADD points int NOT NULL DEFAULT 0",
		"ALTER TABLE account DROP nickname",
		"CREATE INDEX account_name ON account (name)",
		"CREATE UNIQUE INDEX account_name ON account (name) INCLUDE (a) WHERE b > 1; COMMENT ON INDEX account_name IS 'x'",
		"DROP INDEX account_a",
		"DROP INDEX account_a; CREATE INDEX account_a ON account (b)",
		"ALTER TABLE account ALTER name SET NOT NULL, ALTER a SET NOT NULL",
		"ALTER TABLE account ALTER name SET NOT NULL, ADD CHECK (a > 0), ADD UNIQUE (name)",
		"ALTER TABLE town ADD PRIMARY KEY (id); ALTER TABLE account ADD town int REFERENCES town, ADD FOREIGN KEY (a) REFERENCES town",
		"ALTER TABLE town ADD PRIMARY KEY (id); CREATE VIEW towns AS SELECT id, name FROM town GROUP BY id",
		"ALTER TABLE town ADD UNIQUE (id, name) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED; ALTER TABLE town ADD CONSTRAINT u UNIQUE (id) INCLUDE (name)",
		"ALTER TYPE mood ADD VALUE 'happy'; ALTER TABLE account ALTER mood SET DEFAULT 'happy'; CREATE INDEX happy ON account (id) WHERE mood = 'happy'",
		"ALTER TYPE mood ADD VALUE 'happy'; ALTER TABLE account ADD x text",
		"ALTER TABLE account ALTER name SET NOT NULL; ALTER TABLE account ALTER id ADD GENERATED ALWAYS AS IDENTITY, ALTER a SET NOT NULL, ALTER b SET NOT NULL; COMMENT ON COLUMN account.a IS 'a'",
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1'; CREATE TABLE new (id int REFERENCES account)",
		"CREATE SCHEMA \"Odd schema\"; CREATE TABLE \"Odd schema\".\"a \"\"quoted\"\" ; table\" (\"Col\" int PRIMARY KEY); CREATE INDEX \"Odd ON index\" ON account (\"a\")",
	} {
		d := draft(t, m, draftBase+edit, migrator.DraftOptions{})
		t.Log(edit + "\n" + draftText(d))
	}
}

func TestDraftAsksAboutRenames(t *testing.T) {
	t.Parallel()
	p, cfg := draftProject(t), projecttest.Config(t, pgtest.Database(t))
	p.Add("b2", "a1", "CREATE TABLE book (id serial PRIMARY KEY, title text, CHECK (title <> '')); CREATE INDEX book_title ON book (title); CREATE VIEW titles AS SELECT title FROM book;", "DROP TABLE book CASCADE;")
	m := schemaMigrator(p, cfg, "")
	const renamed = draftBase + `CREATE TABLE volume (id int PRIMARY KEY, title text, CONSTRAINT volume_title_check CHECK (title <> ''));
CREATE SEQUENCE volume_id_seq AS int OWNED BY volume.id; ALTER TABLE volume ALTER id SET DEFAULT nextval('volume_id_seq');
CREATE INDEX volume_title ON volume (title); CREATE VIEW titles AS SELECT title FROM volume;`
	_, err := m.Draft(t.Context(), desired(renamed), migrator.DraftOptions{Message: "x"})
	e, ok := errors.AsType[*migrator.DraftError](err)
	if !ok || e.Problem != migrator.DraftRenames || len(e.Renames) != 1 || e.Renames[0].Rename != "public.book:volume" {
		t.Fatal(err)
	}
	var asked []string
	answer := func(i int) func([]migrator.PossibleRename) (int, error) {
		return func(possible []migrator.PossibleRename) (int, error) {
			for _, r := range possible {
				asked = append(asked, r.Rename)
			}
			return i, nil
		}
	}
	for name, o := range map[string]migrator.DraftOptions{"answered": {AskRename: answer(0)}, "named": {Renames: []string{"public.book:volume"}}} {
		d := draft(t, m, renamed, o)
		if text := draftText(d); len(d.Revisions) != 1 || strings.Contains(text, "DROP") || strings.Contains(text, "CREATE") || strings.Count(text, "RENAME") < 10 {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, o := range map[string]migrator.DraftOptions{"denied": {AskRename: answer(-1)}, "none": {NoRename: true}} {
		d := draft(t, m, renamed, o)
		if text := draftText(d); !strings.Contains(text, "-- destroys: table public.book\nDROP TABLE public.book") || len(d.Destroys()) == 0 {
			t.Errorf("%s: %s", name, text)
		}
	}
	if strings.Join(asked, " ") != "public.book:volume public.book:volume" {
		t.Error(asked)
	}
	stop := errors.New("stop")
	_, err = m.Draft(t.Context(), desired(renamed), migrator.DraftOptions{AskRename: func([]migrator.PossibleRename) (int, error) { return -1, stop }})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	for rename, want := range map[string]string{
		"public.book:volumes": "the desired schema has no TABLE public.volumes", "public.nothing:volume": "the schema of the revisions has no object public.nothing", "public.book:town": "already in use",
	} {
		_, err := m.Draft(t.Context(), desired(renamed), migrator.DraftOptions{Renames: []string{rename}})
		if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || e.Setting != "rename" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", rename, err)
		}
	}
}

func TestCheckReportsWhatADraftDestroys(t *testing.T) {
	t.Parallel()
	p, cfg := draftProject(t), projecttest.Config(t, pgtest.Database(t))
	m := schemaMigrator(p, cfg, "")
	const without = `CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE account (id bigint PRIMARY KEY, name text, mood mood, a int, b int);
CREATE INDEX account_a ON account (a);`
	d := draft(t, m, without, migrator.DraftOptions{})
	withDraft(p, d)
	found := p.Migrator(migrator.Config{}).Files().Check()
	var got []string
	for _, f := range found {
		got = append(got, string(f.Kind)+": "+f.Accept)
	}
	if strings.Join(got, ", ") != "destroys: destroys public.account.nickname, destroys: destroys public.town" {
		t.Error(got)
	}
	if keys := d.Destroys(); len(keys) != 2 {
		t.Error(keys)
	}
	r := d.Revisions[0]
	up, _ := r.Format()
	for accept, left := range map[string]int{
		"destroys public.account.nickname": 1, "destroys account.nickname, destroys town": 0, "destroys Account.nickname, destroys public.town": 0, "destroys other.town": 2, "rewrites public.town": 2,
	} {
		p.Files[r.ID+".up.sql"] = &fstest.MapFile{Data: []byte(strings.Replace(up, "-- created:", "-- accept: "+accept+"\n-- created:", 1))}
		if found := p.Migrator(migrator.Config{}).Files().Check(); len(found) != left {
			t.Errorf("%s: %+v", accept, found)
		}
	}
	// Its lines are comments of their own, and only in an up script.
	p.Add("c3", r.ID, "SELECT '\n-- destroys: table x\n', 'x'; -- destroys: nothing\n/*\n-- destroys: table y\n*/\n-- asks for USING: column public.t.a\nSELECT 1;", "-- destroys: table z\nSELECT 1;")
	found = slices.DeleteFunc(p.Migrator(migrator.Config{}).Files().Check(), func(f migrator.Finding) bool { return f.Revision != "c3" })
	if len(found) != 1 || found[0].Kind != migrator.FindingUsing || found[0].Name != "public.t.a" || found[0].Line != 12 {
		t.Errorf("%+v", found)
	}
}

func TestDraftOfABranchMustWorkWithoutTheOthers(t *testing.T) {
	t.Parallel()
	cfg := projecttest.Config(t, pgtest.Database(t))
	p := projecttest.New(t).Add("a1", "", "CREATE TABLE a (id int);", "DROP TABLE a;").Add("b1", "", "CREATE TABLE b (id int);", "DROP TABLE b;")
	m := schemaMigrator(p, cfg, "")
	const base = "CREATE TABLE a (id int); CREATE TABLE b (id int); "
	_, err := m.Draft(t.Context(), desired(base), migrator.DraftOptions{})
	if e, ok := errors.AsType[*migrator.TargetError](err); !ok || len(e.Choices) == 0 && len(e.Revisions) == 0 {
		t.Errorf("several heads: %v", err)
	}
	d := draft(t, m, base+"ALTER TABLE a ADD x int", migrator.DraftOptions{DownRevision: []string{"a1"}})
	if len(d.Revisions) != 1 || d.Revisions[0].DownRevision[0] != "a1" {
		t.Error(draftText(d))
	}
	_, err = m.Draft(t.Context(), desired(base+"ALTER TABLE b ADD x int"), migrator.DraftOptions{DownRevision: []string{"a1"}})
	e, ok := errors.AsType[*migrator.DraftError](err)
	if !ok || e.Problem != migrator.DraftNeedsBranch || !strings.Contains(err.Error(), `relation "public.b" does not exist`) {
		t.Error(err)
	}
	for _, o := range []migrator.DraftOptions{{DownRevision: []string{"a1"}, DependsOn: []string{"b1"}}, {DownRevision: []string{"a1", "b1"}}} {
		d := draft(t, m, base+"ALTER TABLE b ADD x int", o)
		if len(d.Revisions) != 1 || !slices.Equal(d.Revisions[0].DownRevision, o.DownRevision) || !slices.Equal(d.Revisions[0].DependsOn, o.DependsOn) {
			t.Error(draftText(d))
		}
	}
	d = draft(t, m, base+"CREATE TABLE c (id int)", migrator.DraftOptions{DownRevision: []string{}, BranchLabels: []string{"c"}, ID: "c1"})
	if r := d.Revisions[0]; r.ID != "c1" || len(r.DownRevision) != 0 || r.BranchLabels[0] != "c" {
		t.Errorf("%+v", r)
	}
	if _, err := m.Draft(t.Context(), desired(base), migrator.DraftOptions{DownRevision: []string{"zz"}}); err == nil {
		t.Error("an unknown parent")
	}
}

func TestDraftWritesAllFilesOrNone(t *testing.T) {
	t.Parallel()
	p, cfg := draftProject(t), projecttest.Config(t, pgtest.Database(t))
	d := draft(t, schemaMigrator(p, cfg, ""), draftBase+"CREATE INDEX x ON account (b); ALTER TABLE account ADD c int", migrator.DraftOptions{ID: "last", Created: time.Date(2022, 2, 14, 9, 30, 0, 0, time.UTC)})
	dir := t.TempDir()
	taken := dir + "/2022-02-14_last_change_build_indexes.down.sql"
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(dir); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if err := os.Remove(taken); err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(dir)
	if err != nil || len(files) != 4 || files[3] != taken {
		t.Errorf("%v, %v", files, err)
	}
	if loaded, err := migrator.Load(os.DirFS(dir), ""); err != nil || len(loaded.Revisions()) != 2 {
		t.Logf("%v, %v", loaded, err) // their down revision is not in the folder
	}
	if _, err := d.Write(dir); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if files, err := new(migrator.Draft).Write(dir); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// Each pair of schemas is one that needs more than a statement for each object.
func TestDraftsOfOddChanges(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE t (id int PRIMARY KEY, v varchar(10), w text, n int); "
	const wide = "CREATE TABLE t (id int PRIMARY KEY, v text, w text, n int); "
	const parted = "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (v); CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN ('a'); "
	for name, c := range map[string]struct {
		from, to string
		parts    int
		has      string
	}{
		"IN list":               {table, table + "ALTER TABLE t ADD CONSTRAINT c CHECK (v IN ('a', 'b'))", 2, "NOT VALID"},
		"IN list gone":          {table + "ALTER TABLE t ADD CONSTRAINT c CHECK (v IN ('a', 'b'))", table, 1, "DROP CONSTRAINT c"},
		"union":                 {table, table + "CREATE VIEW u AS SELECT id, v AS country FROM t UNION SELECT id, NULL FROM t UNION SELECT 1, 'x'", 1, "CREATE VIEW"},
		"view on a column":      {table + "CREATE VIEW u AS SELECT id, v FROM t; CREATE VIEW uu AS SELECT v FROM u; COMMENT ON VIEW uu IS 'x'", wide + "CREATE VIEW u AS SELECT id, v FROM t; CREATE VIEW uu AS SELECT v FROM u; COMMENT ON VIEW uu IS 'x'", 1, "TYPE text"},
		"generated":             {table + "ALTER TABLE t ADD g int GENERATED ALWAYS AS (n * 2) STORED", table + "ALTER TABLE t ADD g int GENERATED ALWAYS AS (n * 3) STORED", 1, "n * 3"},
		"domain":                {"CREATE DOMAIN d AS text CHECK (VALUE <> 'x'); CREATE TABLE t (a d)", "CREATE DOMAIN d AS int NOT NULL; CREATE TABLE t (a d)", 1, "d__old"},
		"enum value removed":    {"CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE TABLE t (a e DEFAULT 'b'); CREATE INDEX i ON t (a)", "CREATE TYPE e AS ENUM ('a', 'c'); CREATE TABLE t (a e DEFAULT 'a'); CREATE INDEX i ON t (a)", 1, "e__old"},
		"enum value used":       {"CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e)", "CREATE TYPE e AS ENUM ('a', 'n'); CREATE TABLE t (a e, CHECK (a <> 'n')); CREATE VIEW v AS SELECT 'n'::e AS x; CREATE FUNCTION f() RETURNS e LANGUAGE sql AS $$ SELECT 'n'::e $$", 3, "ADD VALUE"},
		"policy and trigger":    {table + "CREATE POLICY p ON t USING (v = 'x'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER a BEFORE UPDATE OF v ON t FOR EACH ROW WHEN (OLD.v <> NEW.v) EXECUTE FUNCTION f()", wide + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (v = 'x'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER a BEFORE UPDATE OF v, w ON t FOR EACH ROW WHEN (OLD.v <> NEW.v) EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER a", 1, "CREATE POLICY"},
		"comment":               {table, table + "COMMENT ON TABLE t IS E'line 1\nline 2 -- no comment; ''quoted'' \\\\ back'; COMMENT ON COLUMN t.v IS '-- destroys: column x'", 1, "COMMENT"},
		"quoted names":          {`CREATE TABLE "We""ird.T, x" ("a:b" int, "Up" int); CREATE INDEX "i,i" ON "We""ird.T, x" ("Up")`, `CREATE TABLE "We""ird.T, x" ("a:b" int NOT NULL, "Up" int, UNIQUE ("Up", "a:b")); CREATE INDEX "i,i" ON "We""ird.T, x" ("a:b")`, 3, `"i,i__new"`},
		"partitions":            {"CREATE TABLE p (k int, v text) PARTITION BY LIST (k); " + parted, "CREATE TABLE p (k int NOT NULL, v text NOT NULL, PRIMARY KEY (k, v)) PARTITION BY LIST (k); " + parted + "CREATE INDEX pv ON p (v); CREATE TABLE r (k int, v text, FOREIGN KEY (k, v) REFERENCES p)", 4, "CREATE INDEX CONCURRENTLY p2a_v_idx"},
		"a new partition":       {"CREATE TABLE p (k int, v text) PARTITION BY LIST (k); " + parted, "CREATE TABLE p (k int NOT NULL, v text) PARTITION BY LIST (k); " + parted + "CREATE INDEX pv ON p (v); CREATE TABLE p3 PARTITION OF p DEFAULT", 1, "-- scans: table public.p1"},
		"identity":              {table, "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v varchar(10), w text, n int GENERATED BY DEFAULT AS IDENTITY)", 2, "n IS NOT NULL"},
		"replica identity":      {table, table + "ALTER TABLE t ALTER n SET NOT NULL; CREATE UNIQUE INDEX r ON t (n); ALTER TABLE t REPLICA IDENTITY USING INDEX r; CREATE INDEX c ON t (v); ALTER TABLE t CLUSTER ON c", 3, "REPLICA IDENTITY USING INDEX r"},
		"key for a reference":   {table + "CREATE TABLE o (n int)", table + "CREATE UNIQUE INDEX r ON t (n); CREATE TABLE o (n int REFERENCES t (n))", 3, "NOT VALID"},
		"another key":           {table + "CREATE TABLE o (n int REFERENCES t)", "CREATE TABLE t (id int UNIQUE NOT NULL, v varchar(10), w text, n int PRIMARY KEY); CREATE TABLE o (n int REFERENCES t (id))", 2, "SET NOT NULL"},
		"a wider key":           {table, "CREATE TABLE t (id int, v varchar(10), w text, n int, CONSTRAINT t_pkey PRIMARY KEY (id, n))", 4, "t_pkey__new"},
		"a narrower key":        {"CREATE TABLE t (id int, v varchar(10), w text, n int, CONSTRAINT t_pkey PRIMARY KEY (id, n))", table, 1, "-- scans: table public.t"}, // n cannot be nullable before
		"key of a parent":       {"CREATE TABLE t (id int, n int NOT NULL); CREATE UNIQUE INDEX i ON t (n)", "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n text); CREATE TABLE c () INHERITS (t)", 1, "SET NOT NULL"},
		"unique in its place":   {"CREATE TABLE t (id int, n int); CREATE INDEX i ON t (id); CREATE UNIQUE INDEX u ON t (n)", "CREATE TABLE t (id int, n text); CREATE UNIQUE INDEX i ON t (id)", 1, "CREATE UNIQUE INDEX i ON"},
		"index of a new column": {"CREATE TABLE t (a int, g int); CREATE INDEX i5 ON t (g)", "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 2) STORED); CREATE INDEX i4 ON t (g)", 2, "CREATE INDEX CONCURRENTLY i4"},
		"key and reference":     {"CREATE TABLE t (id int NOT NULL, n int); CREATE UNIQUE INDEX u ON t (id)", "CREATE TABLE t (id int NOT NULL, n int, CONSTRAINT p PRIMARY KEY (id), CONSTRAINT f FOREIGN KEY (n) REFERENCES t)", 2, "DROP INDEX public.u"},
		"reference and index":   {"CREATE TABLE t (id int NOT NULL, n int); CREATE UNIQUE INDEX u ON t (id); ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (id)", "CREATE TABLE t (id int NOT NULL, n int, CONSTRAINT p PRIMARY KEY (id), CONSTRAINT f FOREIGN KEY (n) REFERENCES t); CREATE INDEX u ON t (id)", 3, "DROP INDEX public.u"},
		"another unique":        {table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v); COMMENT ON CONSTRAINT u ON t IS 'v'", table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v, w) DEFERRABLE; COMMENT ON CONSTRAINT u ON t IS 'v and w'", 2, "ADD CONSTRAINT u UNIQUE USING INDEX u__new DEFERRABLE"},
		"materialized view":     {table + "CREATE MATERIALIZED VIEW m AS SELECT id, v FROM t; CREATE UNIQUE INDEX mi ON m (id)", table + "CREATE MATERIALIZED VIEW m AS SELECT id, v, w FROM t; CREATE UNIQUE INDEX mi ON m (id, v)", 1, "-- destroys: materialized view public.m"},
		"everything":            {table + "CREATE VIEW x AS SELECT * FROM t; CREATE TYPE e AS ENUM ('a')", "SELECT", 1, "-- destroys: table public.t"},
		"a type of the index":   {table + "CREATE INDEX i ON t (w text_pattern_ops)", "CREATE TABLE t (id int PRIMARY KEY, v varchar(10), w int, n int); CREATE INDEX i ON t (w)", 2, "TYPE integer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := projecttest.Config(t, pgtest.Database(t))
			m := schemaMigrator(projecttest.New(t).Add("a1", "", c.from, "-"), cfg, "")
			d := draft(t, m, c.to, migrator.DraftOptions{NoRename: true})
			if name == "partitions" && pgtest.Shared(t).Major >= 18 {
				c.parts = 2 // NOT NULL comes with the key
			}
			if text := draftText(d); len(d.Revisions) != c.parts || !strings.Contains(text, c.has) {
				t.Errorf("%d revisions\n%s", len(d.Revisions), text)
			}
			single, err := m.Draft(t.Context(), desired(c.to), migrator.DraftOptions{NoRename: true, Single: true, Message: "x"})
			if err != nil || len(single.Revisions) != 1 {
				t.Errorf("as one revision: %v", err)
			}
		})
	}
}
