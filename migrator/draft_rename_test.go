package migrator_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// An object that may have several new names is one question, however many names there are: the likeliest name first.
func TestDraftAsksOnceForEachObject(t *testing.T) {
	t.Parallel()
	const base = "CREATE TABLE visit (id int PRIMARY KEY, began text, ended text, remark text, n int);\n"
	const changed = "CREATE TABLE visit (id int PRIMARY KEY, ended_at text, began_at text, extra text, n int);\n"
	p, cfg := projecttest.New(t).Add("a1", "", base, "DROP TABLE visit;"), projecttest.Config(t, pgtest.Database(t))
	m := schemaMigrator(p, cfg, "")
	_, err := m.Draft(t.Context(), desired(changed), migrator.DraftOptions{Message: "x"})
	e, ok := errors.AsType[*migrator.DraftError](err)
	const message = `column public.visit.began may have been renamed to began_at, extra or ended_at, or dropped
column public.visit.ended may have been renamed to ended_at, began_at or extra, or dropped
column public.visit.remark may have been renamed to extra, began_at or ended_at, or dropped`
	if !ok || len(e.Renames) != 9 || err.Error() != message {
		t.Fatal(err)
	}
	var asked []string
	d := draft(t, m, changed, migrator.DraftOptions{AskRename: func(possible []migrator.PossibleRename) (int, error) {
		var names []string
		for _, r := range possible {
			names = append(names, r.Name)
		}
		asked = append(asked, possible[0].Key.Name+": "+strings.Join(names, " "))
		if possible[0].Key.Name == "public.visit.remark" {
			return -1, nil
		}
		return 0, nil
	}})
	want := []string{"public.visit.began: began_at extra ended_at", "public.visit.ended: ended_at extra", "public.visit.remark: extra"}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
	text := draftText(d)
	for _, has := range []string{"RENAME COLUMN began TO began_at;", "RENAME COLUMN ended TO ended_at;", "DROP COLUMN remark;", "ADD COLUMN extra text;"} {
		if !strings.Contains(text, has) {
			t.Errorf("no %s in\n%s", has, text)
		}
	}
}

// A name that becomes free by a rename may be that of something new, in the same draft.
func TestDraftUsesNamesThatRenamesFree(t *testing.T) {
	t.Parallel()
	const base = `CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('ok');
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE TABLE visit (id serial PRIMARY KEY, at text, n int UNIQUE, CONSTRAINT c CHECK (n > 0));
CREATE TABLE town (id int GENERATED ALWAYS AS IDENTITY, mood mood, visit int REFERENCES visit);
CREATE INDEX town_visit ON town (visit);
INSERT INTO visit VALUES (1, 'noon', 2);
`
	for name, c := range map[string]struct {
		sql     string
		renames []string
	}{
		"a table that keeps the name of its key": {"ALTER TABLE visit RENAME TO old_visit; CREATE TABLE visit (id int PRIMARY KEY)", []string{"public.visit:old_visit"}},
		"a table with all that belongs to it": {`ALTER TABLE visit RENAME TO old; ALTER SEQUENCE visit_id_seq RENAME TO old_id_seq; ALTER INDEX visit_pkey RENAME TO old_pkey; ALTER INDEX visit_n_key RENAME TO old_n_key;
CREATE TABLE visit (id serial PRIMARY KEY, at text, x int, y int, z int, CONSTRAINT c CHECK (x > 0))`, []string{"public.visit:old"}},
		"a table that moves":   {"ALTER TABLE visit SET SCHEMA app; CREATE TABLE visit (id serial PRIMARY KEY, x int, y int, n int UNIQUE)", []string{"public.visit:app.visit"}},
		"a table, and a view":  {"ALTER TABLE visit RENAME TO visits; CREATE VIEW visit AS SELECT id FROM visits", []string{"public.visit:visits"}},
		"a column":             {"ALTER TABLE visit RENAME at TO remark; ALTER TABLE visit ADD at timestamptz", []string{"public.visit.at:remark"}},
		"a type":               {"ALTER TYPE mood RENAME TO temper; CREATE TYPE mood AS ENUM ('x')", []string{"public.mood:temper"}},
		"a function":           {"ALTER FUNCTION f(int) RENAME TO g; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1'", []string{"public.f(integer):g"}},
		"a check and an index": {"ALTER TABLE visit RENAME CONSTRAINT c TO d; ALTER TABLE visit ADD CONSTRAINT c CHECK (n < 9); ALTER INDEX town_visit RENAME TO i; CREATE INDEX town_visit ON visit (at)", []string{"c ON public.visit:d", "public.town_visit:i"}},
		"an enum with a value": {"ALTER TYPE mood ADD VALUE 'sad'; ALTER TABLE town ALTER mood SET DEFAULT 'sad'; ALTER TABLE visit RENAME TO old; CREATE TABLE visit (id int)", []string{"public.visit:old"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, cfg := projecttest.New(t).Add("a1", "", base, "-"), projecttest.Config(t, pgtest.Database(t))
			d := draft(t, schemaMigrator(p, cfg, ""), base+c.sql, migrator.DraftOptions{Renames: c.renames, NoRename: true})
			if text := draftText(d); !strings.Contains(text, "RENAME") && !strings.Contains(text, "SET SCHEMA") || len(d.Destroys()) > 0 {
				t.Error(text)
			} else {
				t.Log(text)
			}
		})
	}
}
