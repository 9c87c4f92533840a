package tests

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"example.com/ambix/examples/store"
	"example.com/ambix/migrator/migratortest"
)

// connect returns a connection to a new database with all revisions.
func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), migratortest.URL(migratortest.New(t, store.Files)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestAccountsBeginWithoutPoints(t *testing.T) {
	t.Parallel()
	var points int
	err := connect(t).QueryRow(t.Context(), "INSERT INTO account (email) VALUES ('me@example.com') RETURNING points").Scan(&points)
	if err != nil || points != 0 {
		t.Errorf("%d points, %v", points, err)
	}
}

// Every revision is applied, reverted and applied again, as a subtest that is named by its id.
func TestRevisions(t *testing.T) { migratortest.Rehearse(t, store.Files) }
