package catalog_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			t.Errorf("%s:\n%s\n%s", test.sql, cmp.Diff(test.left, left), describe(differences))
		}
	}
	if d := lab.base.Compare(lab.mutate(t, "SELECT")); len(d) > 0 {
		t.Errorf("Rename changed the schema that it was given:\n%s", describe(d))
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
