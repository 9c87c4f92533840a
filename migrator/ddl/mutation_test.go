package ddl_test

import (
	"strings"
	"testing"

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
	single := schematest.Mutations(t, conn.ServerVersion()/10000, "structure", "facets", "comments", "nothing")
	for i := range single {
		single[i] = strings.ReplaceAll(single[i], "ROLE", role) + ";\n"
	}
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

// describe lists the differences to a schema that could be made.
func describe(want, made *schema.Schema) string {
	if made == nil {
		return ""
	}
	return schematest.Describe(want.Compare(made))
}
