package ddl_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// mutations returns the statements of the catalogs' table of mutations: several in one string, because it takes long to
// read a schema, or one in each with AMBIX_TEST_STATES=all. Neighbors in the table change the same objects, so they are
// never in one string. A mutation that does not work after others is alone.
func mutations(t *testing.T, conn *pg.Conn, role string) []string {
	t.Helper()
	single := singleMutations(t, conn, role)
	if schematest.All() {
		return single
	}
	const together = 8
	groups := make([]string, (len(single)+together-1)/together)
	var alone []string
	for i, sql := range single {
		group := &groups[i%len(groups)]
		if *group != "" && try(t, conn, *group+sql) != nil {
			alone = append(alone, sql)
			continue
		}
		*group += sql
	}
	return append(groups, alone...)
}

func singleMutations(t *testing.T, conn *pg.Conn, role string) []string {
	t.Helper()
	single := schematest.Mutations(t, conn.ServerVersion()/10000, "structure", "facets", "comments", "nothing")
	for i := range single {
		single[i] = strings.ReplaceAll(single[i], "ROLE", role) + ";\n"
	}
	return single
}

// Each fact that the catalogs' table of mutations can change is written.
func TestCreateReproducesEachMutation(t *testing.T) {
	t.Parallel()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	from, to := schematest.Connect(t, databaseURL), schematest.Connect(t, pgtest.Database(t))
	for _, sql := range mutations(t, from, schematest.RoleName(t, databaseURL)) {
		s := schematest.ReadAfter(t, from, sql)
		statements, err := ddl.Create(s, everything)
		if err != nil {
			t.Errorf("%s%v", sql, err)
			continue
		}
		if made := schematest.ReadAfter(t, to, ddl.Script(statements)); made == nil || len(s.Compare(made)) > 0 {
			t.Errorf("%s\n%s", sql, describe(s, made))
		}
	}
}

// Each mutation is made and undone by a change.
func TestChangeMakesEachMutationThereAndBack(t *testing.T) {
	t.Parallel()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for _, sql := range mutations(t, conn, schematest.RoleName(t, databaseURL)) {
		after := schematest.ReadAfter(t, conn, sql)
		there, err := ddl.Change(before, after, changeEverything)
		if err != nil {
			t.Errorf("%s%v", sql, err)
			continue
		}
		if made := schematest.ReadAfter(t, conn, ddl.Script(there)); made == nil || len(after.Compare(made)) > 0 {
			t.Errorf("%s\nthere:\n%s%s", sql, ddl.Script(there), describe(after, made))
		}
		back, err := ddl.Change(after, before, changeEverything)
		if err != nil {
			t.Errorf("undo %s%v", sql, err)
			continue
		}
		if made := schematest.ReadAfter(t, conn, sql+ddl.Script(back)); made == nil || len(before.Compare(made)) > 0 {
			t.Errorf("%s\nback:\n%s%s", sql, ddl.Script(back), describe(before, made))
		}
	}
}

// Some random mutations are undone and others made by one change.
func TestChangeBetweenRandomMutations(t *testing.T) {
	t.Parallel()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	conn := schematest.Connect(t, databaseURL)
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(singleMutations(t, conn, schematest.RoleName(t, databaseURL))), 1, 10, rapid.ID)
	rapid.Check(t, func(r *rapid.T) {
		var scripts [2]string
		for i := range scripts {
			for _, sql := range some.Draw(r, "mutations") {
				if try(t, conn, scripts[i]+sql) == nil {
					scripts[i] += sql
				}
			}
		}
		from, to := mustReadAfter(t, r, conn, scripts[0]), mustReadAfter(t, r, conn, scripts[1])
		there := mustChange(r, from, to)
		if made := mustReadAfter(t, r, conn, scripts[0]+there); len(to.Compare(made)) > 0 {
			r.Fatalf("%s\nTO\n%s\nTHERE\n%s\n%s", scripts[0], scripts[1], there, describe(to, made))
		}
	})
}

// describe lists the differences to a schema that could be made.
func describe(want, made *schema.Schema) string {
	if made == nil {
		return ""
	}
	return schematest.Describe(want.Compare(made))
}
