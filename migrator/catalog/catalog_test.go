package catalog_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// answer is what a server answers to the message.
type answer struct {
	Version int
	Results [][]catalog.Row
}

func (a answer) read() (*schema.Schema, error) { return catalog.Read(a.Version, a.Results) }

func connect(t testing.TB, databaseURL string) *pg.Conn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(context.Background(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func ask(ctx context.Context, conn *pg.Conn) (answer, error) {
	a := answer{Version: conn.ServerVersion()}
	_, err := conn.Send(ctx, pg.Message{SQL: catalog.Message(a.Version)}, pg.Handler{Row: func(statement int, fields [][]byte) {
		a.Results = catalog.Append(a.Results, statement, fields)
	}})
	return a, err
}

func mustAsk(t testing.TB, databaseURL string) answer {
	t.Helper()
	conn := connect(t, databaseURL)
	defer conn.Close()
	a, err := ask(t.Context(), conn)
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		t.Fatalf("%v\n%s", err, strings.Split(catalog.Message(a.Version), ";\n")[failed.Statement])
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustRead(t testing.TB, databaseURL string) *schema.Schema {
	t.Helper()
	s, err := mustAsk(t, databaseURL).read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func describe(differences []schema.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		b.WriteString(d.Change.String() + " " + d.Key.String() + "\n")
		for _, f := range d.Facts {
			b.WriteString("    " + f.Name + "\n      from " + f.From + "\n      to   " + f.To + "\n")
		}
	}
	return b.String()
}

// corpusFile is a schema to load; since is the oldest major version that can.
type corpusFile struct {
	path  string
	since int
}

// corpus returns our own schemas, and those of public projects where they are available.
func corpus(t *testing.T) []corpusFile {
	t.Helper()
	createRoles(t)
	files := []corpusFile{{"testdata/kinds.sql", 13}, {"testdata/texts.sql", 13}, {"testdata/names.sql", 13}, {"testdata/cycles.sql", 14}, {"testdata/new18.sql", 18}}
	others, err := filepath.Glob("../../../shared/corpus/schemas/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range others {
		if name := filepath.Base(path); name != "cycles.sql" && name != "new18.sql" && name != "peatio.sql" { // the last is for MySQL
			files = append(files, corpusFile{path, 13})
		}
	}
	return files
}

var rolesCreated sync.Once

// createRoles creates the roles that files of the corpus name. Loading two of them at the same time would do so twice.
func createRoles(t *testing.T) {
	t.Helper()
	rolesCreated.Do(func() {
		for _, role := range []string{`corpus_role`, `"corpus odd=role"`, `"corpus ON role ""x"" SELECT"`} {
			pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DO $$BEGIN CREATE ROLE "+role+"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$")
		}
	})
}

func load(t testing.TB, databaseURL, path string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, string(src))
}

func TestTheSameFileGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, file := range corpus(t) {
		t.Run(filepath.Base(file.path), func(t *testing.T) {
			t.Parallel()
			if server.Major < file.since {
				t.Skipf("for PostgreSQL %d and newer", file.since)
			}
			first, second := server.Database(t), server.Database(t)
			pgtest.Exec(t, second, "CREATE TABLE gone (id serial PRIMARY KEY, t text); DROP TABLE gone") // other oids
			load(t, first, file.path)
			load(t, second, file.path)
			a, b := mustAsk(t, first), mustRead(t, second)
			s, err := a.read()
			if err != nil {
				t.Fatal(err)
			}
			if d := s.Compare(s); len(d) > 0 {
				t.Errorf("compared with itself:\n%s", describe(d))
			}
			if d := s.Compare(b); len(d) > 0 || s.FullFingerprint() != b.FullFingerprint() || s.Fingerprint() != b.Fingerprint() {
				t.Errorf("compared with a second database:\n%s", describe(d))
			}
			checkShuffled(t, a, s)
			checkEdges(t, s)
		})
	}
}

// checkShuffled checks that the order of rows does not matter, neither for facts nor for the order of anything.
func checkShuffled(t *testing.T, a answer, want *schema.Schema) {
	t.Helper()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 0))
		for _, rows := range a.Results {
			random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		got, err := a.read()
		if err != nil {
			t.Fatal(err)
		}
		if got.FullFingerprint() != want.FullFingerprint() || outline(got) != outline(want) {
			t.Fatal("the result depends on the order of the rows")
		}
	}
}

// outline has what is not hashed: details, parents, parts, dependencies and refusals.
func outline(s *schema.Schema) string {
	var b strings.Builder
	for _, o := range s.Objects {
		b.WriteString(o.Key.String())
		for _, d := range o.Details {
			b.WriteString("\n  " + d.Name + "=" + d.Value)
		}
		for _, p := range o.Parts {
			b.WriteString("\n  part " + p.Key.String())
		}
		for _, n := range o.Needs {
			b.WriteString("\n  needs " + string(n.Kind) + " " + n.On.Key.String())
		}
	}
	for _, r := range s.Refused {
		b.WriteString("\n" + r.String())
	}
	return b.String()
}

// checkEdges checks that parents, parts and dependencies are objects of the schema and agree with each other.
func checkEdges(t *testing.T, s *schema.Schema) {
	t.Helper()
	for _, o := range s.Objects {
		if o.Parent != nil && (s.Object(o.Parent.Key) != o.Parent || !slices.Contains(o.Parent.Parts, o)) {
			t.Errorf("%s is not a part of its parent", o.Key)
		}
		for _, n := range o.Needs {
			if s.Object(n.On.Key) != n.On {
				t.Errorf("%s needs %s, which is not in the schema", o.Key, n.On.Key)
			}
		}
		for _, f := range o.Facts {
			if f.Name == "" || f.Value == "" {
				t.Errorf("%s has an empty fact %+v", o.Key, f)
			}
		}
		if !slices.IsSortedFunc(o.Facts, func(a, b schema.Fact) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("the facts of %s are not sorted", o.Key)
		}
	}
}

func TestRoleWithConnectReadsTheSameSchema(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, file := range corpus(t)[:3] {
		if server.Major < file.since {
			continue
		}
		databaseURL := server.Database(t)
		load(t, databaseURL, file.path)
		pgtest.Exec(t, databaseURL, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
		ordinary := mustRead(t, pgtest.Role(t, databaseURL))
		if d := mustRead(t, databaseURL).Compare(ordinary); len(d) > 0 {
			t.Errorf("%s\n%s", file.path, describe(d))
		}
	}
}

func TestSettingsOfTheSessionDoNotMatter(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	load(t, databaseURL, "testdata/texts.sql")
	want := mustRead(t, databaseURL)
	conn := connect(t, databaseURL)
	err := conn.Exec(t.Context(), `SET search_path = public; SET quote_all_identifiers = on; SET datestyle = 'German'; SET intervalstyle = iso_8601;
SET bytea_output = escape; SET timezone = 'Asia/Tokyo'; SET extra_float_digits = -5;
CREATE TEMPORARY VIEW pg_class AS SELECT 1 AS oid; CREATE TYPE pg_temp.text AS (a int)`)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ask(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.read()
	if err != nil {
		t.Fatal(err)
	}
	if d := want.Compare(got); len(d) > 0 {
		t.Error(describe(d))
	}
	var after string
	if _, err := conn.Send(t.Context(), pg.Message{SQL: "SHOW search_path"}, pg.Handler{Row: func(_ int, fields [][]byte) { after = string(fields[0]) }}); err != nil || after != "public" {
		t.Errorf("search_path is %q afterwards: %v", after, err)
	}
}

// Names and texts are UTF-8 whatever the encoding of the database.
func TestOtherEncodingsAreReadAsUTF8(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Shared(t).Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	if err := connect(t, databaseURL).Exec(t.Context(), `CREATE TABLE "größe" (a text DEFAULT 'é')`); err != nil {
		t.Fatal(err)
	}
	s := mustRead(t, databaseURL)
	if o := s.Object(schema.Key{Kind: schema.Default, Name: `public."größe".a`}); o == nil || o.Fact("expression") != "'é'::text" {
		t.Errorf("got %s", outline(s))
	}
}
