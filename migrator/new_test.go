package migrator_test

import (
	"errors"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/projecttest"
)

// All problems of the files are reported together, whichever package finds them.
func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).
		Add("a", "b", "SELECT 1;", "").
		Add("b", "a", "COMMIT;", "").
		Add("c", "nix", "CREATE INDEX CONCURRENTLY i ON t (x);", "").
		Add("d", "", "SELECT 1;", "", "depends_on: f", "branch_labels: a").
		Add("e", "", "SELECT 1;", "", "branch_labels: twice").
		Add("f", "e", "SELECT 1;", "", "branch_labels: twice", "depends_on: d")
	_, err := migrator.New(p.Files, migrator.Config{Prefix: "sql"})
	var problems *migrator.FilesError
	if !errors.As(err, &problems) {
		t.Fatalf("%v", err)
	}
	want := `sql/a.up.sql:4:19: the down revisions form a cycle: a -> b -> a
sql/b.up.sql:6:1: COMMIT is not allowed: each revision runs in its own transaction; remove the statement
sql/c.up.sql:4:19: revision nix does not exist
sql/c.up.sql:6:14: CREATE INDEX CONCURRENTLY cannot run inside a transaction block: add the line "-- transaction: off" to the header
sql/d.up.sql:6:19: branch_labels: label "a" is the id of sql/a.up.sql
sql/f.up.sql:5:19: branch_labels: label "twice" is already used by sql/e.up.sql
sql/f.up.sql:6:16: the dependency on d closes a cycle: d -> f -> d`
	if got := problems.Error(); got != want {
		t.Errorf("have\n%s\nwant\n%s", got, want)
	}
}
