package ddl_test

import (
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

func TestDropLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			checkDrop(t, file.Load(t))
		})
	}
}

// checkDrop drops everything in a database and checks that nothing is left.
func checkDrop(t *testing.T, databaseURL string) {
	t.Helper()
	conn := schematest.Connect(t, databaseURL)
	statements, err := ddl.Drop(schematest.Read(t, conn), everything)
	if err != nil {
		t.Fatal(err)
	}
	check := newLockCheck(t, conn)
	for _, statement := range statements {
		if err := check.execute(statement); err != nil {
			t.Errorf("%v\n%s", err, statement.SQL)
		}
	}
	for _, o := range schematest.Read(t, conn).Objects {
		t.Errorf("%s is left", o.Key)
	}
}

func TestDropFailsIfSomethingElseNeedsAnObject(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int)")
	conn := schematest.Connect(t, databaseURL)
	statements, err := ddl.Drop(schematest.Read(t, conn), everything)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, "CREATE VIEW v AS SELECT a FROM t")
	if len(statements) != 1 || conn.Exec(t.Context(), statements[0].SQL) == nil {
		t.Errorf("%v dropped the view of somebody else", statements)
	}
}
