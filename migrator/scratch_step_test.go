package migrator_test

import (
	"fmt"
	"slices"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
)

// Whoever waits for scratch databases is told what is being done in them, and when that has ended.
func TestScratchStepsAreReported(t *testing.T) {
	t.Parallel()
	var steps []string
	m := projecttest.New(t).
		Add("a1", "", "CREATE TABLE a (id int);", "DROP TABLE a;").
		Add("b2", "a1", "CREATE TABLE b (id int);", "DROP TABLE b;").
		Migrator(migrator.Config{Scratch: migrator.Scratch{
			Server: projecttest.Config(t, pgtest.Shared(t).URL("postgres")),
			OnStep: func(s migrator.ScratchStep) {
				switch {
				case s == (migrator.ScratchStep{}):
					steps = append(steps, "end")
				case s.Revision != "":
					steps = append(steps, string(s.Direction)+" "+s.Revision)
				default:
					steps = append(steps, s.File+s.Table)
				}
			},
		}})
	file := migrator.SchemaSource{Files: []revision.Source{{File: "one.sql", Text: "CREATE TABLE public.a (id pg_catalog.int4); CREATE TABLE public.b (id pg_catalog.int4); CREATE TABLE public.c (id pg_catalog.int4);"}}}
	data := at(t, m, "b2")
	pgtest.Exec(t, data, "INSERT INTO a VALUES (1)")
	for _, test := range []struct {
		name string
		do   func() error
		want []string // in this order, among others
	}{
		{"schema", func() error {
			_, err := m.Schema(t.Context(), migrator.SchemaSource{Targets: []string{"b2"}})
			return err
		}, []string{"up a1", "up b2", "end"}},
		{"file", func() error { _, err := m.Schema(t.Context(), file); return err }, []string{"one.sql", "end"}},
		{"rehearse", func() error {
			_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
			return err
		}, []string{"up a1", "up b2", "down b2", "down a1", "up a1", "down a1", "up a1", "end"}},
		{"rows", func() error {
			_, err := m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, data)})
			return err
		}, []string{"up a1", "up b2", "public.a", "end"}},
		{"draft", func() error {
			_, err := m.Draft(t.Context(), file, migrator.DraftOptions{Message: "add c", ID: "c3"})
			return err
		}, []string{"one.sql", "up a1", "up b2", "up c3", "down c3", "up c3", "end"}},
		{"squash", func() error {
			s, err := m.Squash(t.Context(), migrator.SquashOptions{Message: "all", ID: "s1"})
			if err == nil {
				projecttest.RegisterSQL(s.Revision.Up.Text)
			}
			return err
		}, []string{"up a1", "up b2", "up s1", "end"}},
	} {
		steps = nil
		if err := test.do(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		rest := steps
		for _, want := range test.want {
			i := slices.Index(rest, want)
			if i < 0 {
				t.Errorf("%s: no %q in %v", test.name, want, fmt.Sprint(steps))
				break
			}
			rest = rest[i+1:]
		}
		if len(rest) > 0 {
			t.Errorf("%s: reported after the end: %v", test.name, rest)
		}
	}
}

// at returns a database where a project is at a target.
func at(t *testing.T, m *migrator.Migrator, target string) string {
	t.Helper()
	url := pgtest.Database(t)
	if _, err := m.Up(t.Context(), projecttest.Config(t, url), target); err != nil {
		t.Fatal(err)
	}
	return url
}
