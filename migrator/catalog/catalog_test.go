package catalog_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

func TestTheSameFileGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			first, second := file.Load(t), server.Database(t)
			pgtest.Exec(t, second, "CREATE TABLE gone (id serial PRIMARY KEY, t text); DROP TABLE gone") // other oids
			pgtest.Exec(t, second, file.Read(t))
			a, b := schematest.MustAsk(t, first), schematest.ReadDatabase(t, second)
			s, err := a.Read()
			if err != nil {
				t.Fatal(err)
			}
			if d := s.Compare(s); len(d) > 0 {
				t.Errorf("compared with itself:\n%s", schematest.Describe(d))
			}
			if d := s.Compare(b); len(d) > 0 || s.FullFingerprint() != b.FullFingerprint() || s.Fingerprint() != b.Fingerprint() {
				t.Errorf("compared with a second database:\n%s", schematest.Describe(d))
			}
			checkShuffled(t, a, s)
			checkEdges(t, s)
		})
	}
}

// checkShuffled checks that the order of rows does not matter, neither for facts nor for the order of anything.
func checkShuffled(t *testing.T, a schematest.Answer, want *schema.Schema) {
	t.Helper()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 0))
		for _, rows := range a.Results {
			random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		got, err := a.Read()
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
	for _, name := range []string{"kinds.sql", "texts.sql", "names.sql"} {
		databaseURL := schematest.Own(name).Load(t)
		pgtest.Exec(t, databaseURL, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
		ordinary := schematest.ReadDatabase(t, pgtest.Role(t, databaseURL))
		if d := schematest.ReadDatabase(t, databaseURL).Compare(ordinary); len(d) > 0 {
			t.Errorf("%s\n%s", name, schematest.Describe(d))
		}
	}
}

func TestSettingsOfTheSessionDoNotMatter(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, schematest.Own("texts.sql").Read(t))
	want := schematest.ReadDatabase(t, databaseURL)
	conn := schematest.Connect(t, databaseURL)
	err := conn.Exec(t.Context(), `SET search_path = public; SET quote_all_identifiers = on; SET datestyle = 'German'; SET intervalstyle = iso_8601;
SET bytea_output = escape; SET timezone = 'Asia/Tokyo'; SET extra_float_digits = -5;
CREATE TEMPORARY VIEW pg_class AS SELECT 1 AS oid; CREATE TYPE pg_temp.text AS (a int)`)
	if err != nil {
		t.Fatal(err)
	}
	a, err := schematest.Ask(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Read()
	if err != nil {
		t.Fatal(err)
	}
	if d := want.Compare(got); len(d) > 0 {
		t.Error(schematest.Describe(d))
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
	if err := schematest.Connect(t, databaseURL).Exec(t.Context(), `CREATE TABLE "größe" (a text DEFAULT 'é')`); err != nil {
		t.Fatal(err)
	}
	s := schematest.ReadDatabase(t, databaseURL)
	if o := s.Object(schema.Key{Kind: schema.Default, Name: `public."größe".a`}); o == nil || o.Fact("expression") != "'é'::text" {
		t.Errorf("got %s", outline(s))
	}
}
