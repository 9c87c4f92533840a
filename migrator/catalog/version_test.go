package catalog_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

var update = flag.Bool("update", false, "rewrite the files in testdata that have another content on this server")

func goldenFile(version int) string { return "testdata/texts-" + schema.TextClass(version) + ".txt" }

// All versions of a text class print the same file. Run with -update on one version of each class.
func TestVersionsOfATextClassReadTheSame(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, schematest.Own("texts.sql").Read(t))
	s := schematest.ReadDatabase(t, databaseURL)
	got := format(s)
	if *update {
		if err := os.WriteFile(goldenFile(s.Version), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile(s.Version))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// Between text classes the same file differs in expressions and queries only, and that is not called a change.
func TestTextClassesAreComparedByObject(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to int
		want     []string
	}{
		{130000, 150000, []string{
			"FUNCTION public.f(text)", "DEFAULT public.t.a", "CONSTRAINT dom_check ON DOMAIN public.dom",
			"CONSTRAINT t_a_check ON public.t", "CONSTRAINT t_at_check ON public.t",
		}},
		{150000, 180000, []string{"VIEW public.casts_view", "VIEW public.single", "MATERIALIZED VIEW public.totals"}},
		{140000, 150000, nil},
		{160000, 180000, nil},
	} {
		from, to := parse(t, test.from), parse(t, test.to)
		var got []string
		for _, d := range from.Compare(to) {
			if d.Change != schema.NotComparable {
				t.Errorf("%d to %d: %s", test.from, test.to, schematest.Describe([]schema.Difference{d}))
			}
			got = append(got, d.Key.String())
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%d to %d:\n%s", test.from, test.to, diff)
		}
	}
}

// format writes the facts of a schema, without owners.
func format(s *schema.Schema) string {
	var b strings.Builder
	for _, o := range s.Objects {
		fmt.Fprintf(&b, "%s\n", o.Key)
		for _, f := range o.Facts {
			if schema.FacetOf(f.Name) != schema.Owner {
				fmt.Fprintf(&b, "\t%s = %s\n", f.Name, strconv.Quote(f.Value))
			}
		}
	}
	return b.String()
}

// parse reads what format wrote on a server of a version.
func parse(t *testing.T, version int) *schema.Schema {
	t.Helper()
	src, err := os.ReadFile(goldenFile(version))
	if err != nil {
		t.Fatal(err)
	}
	var objects []*schema.Object
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSuffix(line, "\n")
		if name, value, found := strings.Cut(line, " = "); found && strings.HasPrefix(line, "\t") {
			text, err := strconv.Unquote(value)
			if err != nil {
				t.Fatal(err)
			}
			objects[len(objects)-1].AddFact(name[1:], text)
			continue
		}
		objects = append(objects, &schema.Object{Key: parseKey(line)})
	}
	s, err := schema.New(version, objects, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parseKey finds the kind with the longest word that the key begins with.
func parseKey(text string) schema.Key {
	var key schema.Key
	longest := 0
	for k := schema.Namespace; k <= schema.DefaultPrivileges; k++ {
		if name, found := strings.CutPrefix(text, k.String()+" "); found && len(k.String()) > longest {
			key, longest = schema.Key{Kind: k, Name: name}, len(k.String())
		}
	}
	return key
}
