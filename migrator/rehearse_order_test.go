package migrator_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
)

// Each order of locks on two tables with a foreign key that is found deadlocks in truth with a single statement of a program,
// and none where it is not found. item refers to orders.
func TestLocksOfForeignKeysDeadlockAsClaimed(t *testing.T) {
	t.Parallel()
	const insert, remove = "INSERT INTO item VALUES (7, 1)", "DELETE FROM orders WHERE id = 2"
	for _, test := range []struct {
		first, second, program string
		severity               rehearse.Severity // 0: not found
	}{
		{"ALTER TABLE orders ADD x integer;", "ALTER TABLE item ADD x integer;", insert, rehearse.Warning},
		{"ALTER TABLE item ADD x integer;", "ALTER TABLE orders ADD x integer;", remove, rehearse.Note},
		{"LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;", "ALTER TABLE item ADD x integer;", insert, 0},
		{"ALTER TABLE item DISABLE TRIGGER USER;", "ALTER TABLE orders ADD x integer;", remove, 0},
		{"ALTER TABLE account ADD x integer;", "ALTER TABLE item ADD x integer;", insert, 0},
	} {
		t.Run(test.first+" "+test.second, func(t *testing.T) {
			t.Parallel()
			r := rehearseOne(t, -1, test.first+" "+test.second)
			if f := findingOf(r, rehearse.LockOrder); f.Severity != test.severity || test.severity > 0 && !strings.Contains(f.Text, " locks both the other way round, for their foreign key") {
				t.Error(listFindings(r))
			}
			if f := findingOf(rehearseOne(t, 1<<20, test.first+" "+test.second), rehearse.LockOrder); f.Severity > rehearse.Note {
				t.Errorf("small tables: %+v", f)
			}
			url := pgtest.Database(t)
			pgtest.Exec(t, url, rehearsedSchema+"INSERT INTO orders VALUES (1), (2)")
			revision, program := connectTo(t, url), connectTo(t, url)
			mustExec(t, revision, "BEGIN; "+test.first)
			done := make(chan error, 1)
			go func() { done <- program.Exec(t.Context(), test.program).Close() }()
			waits := test.severity > 0 // the program holds its first lock, and waits for the second
			if waits {
				projecttest.Await(t, url, "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1")
			}
			err := revision.Exec(t.Context(), test.second+" COMMIT").Close()
			if other := <-done; err == nil {
				err = other
			}
			e, _ := err.(*pgconn.PgError)
			if deadlock := e != nil && e.Code == "40P01"; deadlock != waits {
				t.Errorf("%v", err)
			}
		})
	}
}
