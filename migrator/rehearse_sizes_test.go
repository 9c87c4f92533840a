package migrator_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
)

// Sizes that were saved elsewhere or earlier name everything that does not fit, and a warning for want of a size says so.
func TestSizesThatDoNotFitAreExplained(t *testing.T) {
	t.Parallel()
	m := projecttest.New(t).Add("a1", "", rehearsedSchema, "DROP SCHEMA public CASCADE;").
		Add("b2", "a1", "ALTER TABLE account ADD COLUMN x float DEFAULT random(); ALTER TABLE orders ADD COLUMN x integer NOT NULL; DROP TABLE item; CREATE TABLE fresh (id integer); DROP TABLE fresh;", "SELECT 1;").
		Add("c3", "b2", "ALTER TABLE entry RENAME TO entries; CREATE INDEX ON totals (total);", "SELECT 1;").
		Migrator(migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres"))}})
	sizes := func(applied []string, tables ...string) *rehearse.Sizes {
		s := &rehearse.Sizes{Database: "shop", At: time.Date(2022, 2, 14, 0, 0, 0, 0, time.UTC), Applied: applied, Tables: map[string]rehearse.Size{}}
		for _, name := range tables {
			s.Tables["public."+name] = rehearse.Size{Known: true, Bytes: 10 << 30}
		}
		return s
	}
	for _, test := range []struct {
		sizes *rehearse.Sizes
		want  string
	}{
		{sizes([]string{"x9"}), "revision x9 was applied in that database on 2022-02-14, and is not among the files"},
		{sizes([]string{"a1", "x7", "x8", "x9"}), "3 revisions were applied in that database on 2022-02-14, and are not among the files: x7, x8 and x9"},
		{sizes([]string{"a1"}, "other"), "that database has none of the 5 tables that the applied revisions make: public.account, public.entry_2021, public.item"},
	} {
		_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{Sizes: test.sizes, UpOnly: true})
		if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || e.Setting != "sizes" || !strings.HasPrefix(e.Reason, test.want) {
			t.Errorf("%v, not %s", err, test.want)
		}
	}
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{Sizes: sizes([]string{"a1"}, "orders", "totals"), UpOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"public.account", "public.entry", "public.item"}; !slices.Equal(r.Unsized, want) {
		t.Errorf("%q, not %q", r.Unsized, want)
	}
	checked := 0
	for _, f := range r.Findings {
		because := strings.HasPrefix(f.Why, "it is a warning because the size of "+f.Table+" is not known: it would be a ")
		if decides := f.Severity == rehearse.Warning && !f.Size.Known && (f.Rule == rehearse.Rewrites || f.Rule == rehearse.Renames); because != decides {
			t.Errorf("%s %s: %s", f.Severity, f.Text, f.Why)
		} else if decides {
			checked++
		}
	}
	if checked < 2 {
		t.Error(listFindings(r))
	}
	if r = rehearseOne(t, -1, "ALTER TABLE account ADD COLUMN x integer NOT NULL;"); r.Unsized != nil || !strings.Contains(findingOf(r, rehearse.MayFail).Why, "it would be a danger if the table has rows") {
		t.Errorf("without sizes: %q, %s", r.Unsized, listFindings(r))
	}
}

// What is advised for a large table is not found itself.
func TestIndexThatAForeignKeyLacksIsBuiltAsTheSizeAllows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		table    string
		size     int64
		severity rehearse.Severity
		want     string
	}{
		{"orders", 1 << 10, rehearse.Note, "CREATE INDEX ON public.orders (account_id)"},
		{"orders", 10 << 30, rehearse.Warning, "CREATE INDEX CONCURRENTLY ON public.orders (account_id), in a separate revision with transaction: off"},
		{"parts", 10 << 30, rehearse.Warning, "create an index of public.parts that begins with account_id"}, // CONCURRENTLY is not for partitioned tables
	} {
		m := projecttest.New(t).Add("a1", "", rehearsedSchema+"CREATE TABLE parts (account_id bigint) PARTITION BY LIST (account_id);", "DROP SCHEMA public CASCADE;").
			Add("b2", "a1", "ALTER TABLE "+test.table+" ADD FOREIGN KEY (account_id) REFERENCES account (id);", "ALTER TABLE "+test.table+" DROP CONSTRAINT "+test.table+"_account_id_fkey;").
			Migrator(migrator.Config{Scratch: migrator.Scratch{Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres"))}})
		sizes := &rehearse.Sizes{Tables: map[string]rehearse.Size{"public.account": {Known: true}, "public." + test.table: {Known: true, Bytes: test.size}}}
		r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{From: []string{"a1"}, Sizes: sizes})
		if err != nil {
			t.Fatal(err)
		}
		if f := findingOf(r, rehearse.ForeignKeyIndex); f.Safe != test.want || f.Severity != test.severity {
			t.Errorf("%s of %d bytes: %s %q", test.table, test.size, f.Severity, f.Safe)
		}
	}
}
