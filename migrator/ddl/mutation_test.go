package ddl_test

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

var sections = []string{"structure", "facets", "comments", "nothing"}

// Each fact that the catalogs' table of mutations can change is written.
func TestCreateReproducesEachMutation(t *testing.T) {
	t.Parallel()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	role := schematest.RoleName(t, databaseURL)
	from, to := schematest.Connect(t, databaseURL), schematest.Connect(t, pgtest.Database(t))
	for _, sql := range schematest.Mutations(t, from.ServerVersion()/10000, sections...) {
		s := schematest.ReadAfter(t, from, strings.ReplaceAll(sql, "ROLE", role))
		statements, err := ddl.Create(s, everything)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
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
	role := schematest.RoleName(t, databaseURL)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	options := everything
	options.Destructive = true
	for _, sql := range schematest.Mutations(t, conn.ServerVersion()/10000, sections...) {
		sql = strings.ReplaceAll(sql, "ROLE", role)
		after := schematest.ReadAfter(t, conn, sql)
		there, err := ddl.Change(before, after, options)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if made := schematest.ReadAfter(t, conn, ddl.Script(there)); made == nil || len(after.Compare(made)) > 0 {
			t.Errorf("%s\nthere:\n%s%s", sql, ddl.Script(there), describe(after, made))
		}
		back, err := ddl.Change(after, before, options)
		if err != nil {
			t.Errorf("undo %s: %v", sql, err)
			continue
		}
		if made := schematest.ReadAfter(t, conn, sql+";\n"+ddl.Script(back)); made == nil || len(before.Compare(made)) > 0 {
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
