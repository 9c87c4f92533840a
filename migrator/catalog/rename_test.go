package catalog_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// Rename has to predict what is read after the server renamed an object.
func TestRenameAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		kind      schema.Kind
		key, name string
		sql       string
		left      []string // what compares as changed
	}{
		{schema.Table, "m.t", "t2", "ALTER TABLE m.t RENAME TO t2", nil},
		{schema.Table, "m.t", "odd name", `ALTER TABLE m.t RENAME TO "odd name"`, nil},
		{schema.Table, "m.r", "r2", "ALTER TABLE m.r RENAME TO r2", nil},
		{schema.Table, "m.part", "p2", "ALTER TABLE m.part RENAME TO p2", nil},
		{schema.Table, "m.parent", "p2", "ALTER TABLE m.parent RENAME TO p2", nil},
		{schema.Column, "m.t.a", "a2", "ALTER TABLE m.t RENAME a TO a2", []string{"VIEW m.v"}},
		{schema.Column, "m.t.id", "id2", "ALTER TABLE m.t RENAME id TO id2", []string{"VIEW m.v", "MATERIALIZED VIEW m.mv"}},
		{schema.Column, "m.t.i", "i2", "ALTER TABLE m.t RENAME i TO i2", nil},
		{schema.Column, "m.r.id", "id2", "ALTER TABLE m.r RENAME id TO id2", nil},
		{schema.Column, "m.pair.l", "l2", "ALTER TYPE m.pair RENAME ATTRIBUTE l TO l2 CASCADE", []string{"COLUMN m.typed.l", "COLUMN m.typed.l2"}},
		{schema.Namespace, "m", "m9", "ALTER SCHEMA m RENAME TO m9", []string{}},
		{schema.Type, "m.mood", "mood2", "ALTER TYPE m.mood RENAME TO mood2", nil},
		{schema.Type, "m.pair", "pair2", "ALTER TYPE m.pair RENAME TO pair2", nil},
		{schema.Type, "m.span", "span2", "ALTER TYPE m.span RENAME TO span2", nil},
		{schema.Type, "m.base", "base2", "ALTER TYPE m.base RENAME TO base2", nil},
		{schema.Domain, "m.posint", "posint2", "ALTER DOMAIN m.posint RENAME TO posint2", nil},
		{schema.Function, "m.trg()", "trg2", "ALTER FUNCTION m.trg() RENAME TO trg2", nil},
		{schema.Sequence, "m.s", "s2", "ALTER SEQUENCE m.s RENAME TO s2", nil},
		{schema.View, "m.v", "v2", "ALTER VIEW m.v RENAME TO v2", nil},
		{schema.Constraint, "a_positive ON m.t", "c2", "ALTER TABLE m.t RENAME CONSTRAINT a_positive TO c2", nil},
		{schema.Index, "m.t_b", "i2", "ALTER INDEX m.t_b RENAME TO i2", nil},
		{schema.Trigger, "trg ON m.t", "trg2", "ALTER TRIGGER trg ON m.t RENAME TO trg2", nil},
		{schema.Policy, "pol ON m.t", "pol2", "ALTER POLICY pol ON m.t RENAME TO pol2", nil},
		{schema.Server, "srv", "srv2", "ALTER SERVER srv RENAME TO srv2", nil},
		{schema.Constraint, "t_pkey ON m.t", "t_key", "ALTER TABLE m.t RENAME CONSTRAINT t_pkey TO t_key", nil},
		{schema.Procedure, "m.p(integer)", "p2", "ALTER PROCEDURE m.p(int) RENAME TO p2", nil},
		{schema.MaterializedView, "m.mv", "mv2", "ALTER MATERIALIZED VIEW m.mv RENAME TO mv2", nil},
		{schema.Statistics, "m.st", "st2", "ALTER STATISTICS m.st RENAME TO st2", nil},
		{schema.Rule, "rl ON m.v", "rl2", "ALTER RULE rl ON m.v RENAME TO rl2", nil},
		{schema.Collation, "m.coll", "coll2", "ALTER COLLATION m.coll RENAME TO coll2", nil},
		{schema.ForeignTable, "m.ft", "ft2", "ALTER FOREIGN TABLE m.ft RENAME TO ft2", nil},
	} {
		renamed, err := lab.base.Rename(schema.Key{Kind: test.kind, Name: test.key}, test.name)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		differences := renamed.Compare(lab.mutate(t, test.sql))
		var left []string
		for _, d := range differences {
			left = append(left, d.Key.String())
		}
		slices.Sort(left)
		slices.Sort(test.left)
		if !slices.Equal(left, test.left) {
			t.Errorf("%s:\n%s\n%s", test.sql, cmp.Diff(test.left, left), schematest.Describe(differences))
		}
	}
	if d := lab.base.Compare(lab.mutate(t, "SELECT")); len(d) > 0 {
		t.Errorf("Rename changed the schema that it was given:\n%s", schematest.Describe(d))
	}
}

func TestImpossibleRenamesAreErrors(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		key        schema.Key
		name, want string
	}{
		{schema.Key{Kind: schema.Table, Name: "m.none"}, "x", "rename TABLE m.none to x: no such object"},
		{schema.Key{Kind: schema.Table, Name: "m.t"}, "r", "rename TABLE m.t to r: that name is already in use"},
		{schema.Key{Kind: schema.Table, Name: "m.t"}, "", `rename TABLE m.t to "": the new name is empty`},
		{schema.Key{Kind: schema.Cast, Name: "(boolean AS m.base)"}, "x", "rename CAST (boolean AS m.base) to x: objects of this kind cannot be renamed"},
	} {
		if _, err := lab.base.Rename(test.key, test.name); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", test.key, err)
		}
	}
}

// Details and the names of facts can contain the names of other objects. They have to be those that the server has then.
func TestRenameRewritesDetailsAndNamesOfFacts(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	const setup = `CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, note text);
CREATE TABLE app.r (id int REFERENCES app.t); ALTER TABLE app.t DISABLE TRIGGER ALL; ALTER TABLE app.r DISABLE TRIGGER ALL;
CREATE TYPE app.pair AS (l int, r text); CREATE FUNCTION app.f(x app.pair, y app.t) RETURNS app.pair LANGUAGE sql AS 'SELECT x';
CREATE PUBLICATION tables FOR TABLE app.t; ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC; `
	before := lab.mutate(t, setup)
	for _, test := range []struct {
		key       schema.Key
		name, sql string
	}{
		{schema.Key{Kind: schema.Table, Name: "app.t"}, "t2", "ALTER TABLE app.t RENAME TO t2"},
		{schema.Key{Kind: schema.Table, Name: "app.r"}, "Odd r", `ALTER TABLE app.r RENAME TO "Odd r"`},
		{schema.Key{Kind: schema.Namespace, Name: "app"}, "app2", "ALTER SCHEMA app RENAME TO app2"},
		{schema.Key{Kind: schema.Type, Name: "app.pair"}, "two", "ALTER TYPE app.pair RENAME TO two"},
		{schema.Key{Kind: schema.Constraint, Name: "t_pkey ON app.t"}, "key", "ALTER TABLE app.t RENAME CONSTRAINT t_pkey TO key"},
		{schema.Key{Kind: schema.Column, Name: "app.t.i"}, "j", "ALTER TABLE app.t RENAME i TO j"},
	} {
		renamed, err := before.Rename(test.key, test.name)
		if err != nil {
			t.Fatal(err)
		}
		after := lab.mutate(t, setup+test.sql)
		if d := renamed.Compare(after); len(d) > 0 {
			t.Errorf("%s:\n%s", test.sql, schematest.Describe(d))
		}
		if diff := cmp.Diff(outline(after), outline(renamed)); diff != "" {
			t.Errorf("%s:\n%s", test.sql, diff)
		}
	}
}

func TestRenameCandidates(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		sql  string
		want []schema.Renaming
	}{
		{"SELECT", nil},
		{"ALTER TABLE m.t RENAME u TO v", []schema.Renaming{{Key: schema.Key{Kind: schema.Column, Name: "m.t.u"}, Name: "v"}}},
		{"ALTER TABLE m.r DROP n, ADD x text", nil},
		{"ALTER TABLE m.alone RENAME TO alone2; ALTER TABLE m.alone2 ADD z int", []schema.Renaming{{Key: schema.Key{Kind: schema.Table, Name: "m.alone"}, Name: "alone2"}}},
		{"DROP TABLE m.alone; CREATE TABLE m.alone2 (a text, b text)", nil},
		{"ALTER FUNCTION m.g(int) RENAME TO h", []schema.Renaming{{Key: schema.Key{Kind: schema.Function, Name: "m.g(integer)"}, Name: "h"}}},
		{"ALTER INDEX m.t_b RENAME TO t_b2", []schema.Renaming{{Key: schema.Key{Kind: schema.Index, Name: "m.t_b"}, Name: "t_b2"}}},
		{"DROP INDEX m.t_b; CREATE INDEX t_b2 ON m.t (b DESC)", nil},
		{"ALTER TABLE m.t RENAME CONSTRAINT a_positive TO above_zero", []schema.Renaming{{Key: schema.Key{Kind: schema.Constraint, Name: "a_positive ON m.t"}, Name: "above_zero"}}},
		{"ALTER TYPE m.mood RENAME TO feeling", []schema.Renaming{{Key: schema.Key{Kind: schema.Type, Name: "m.mood"}, Name: "feeling"}}},
		{"ALTER TABLE m.alone RENAME x TO p; ALTER TABLE m.alone ADD q int", []schema.Renaming{
			{Key: schema.Key{Kind: schema.Column, Name: "m.alone.x"}, Name: "p"}, {Key: schema.Key{Kind: schema.Column, Name: "m.alone.x"}, Name: "q"},
		}},
	} {
		if diff := cmp.Diff(test.want, lab.base.RenameCandidates(lab.mutate(t, test.sql))); diff != "" {
			t.Errorf("%s:\n%s", test.sql, diff)
		}
	}
}
