package migrator_test

import (
	"context"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A ledger that lacks a column or a table is reported, with what to do.
func TestIncompleteLedgerIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Chain(t, 2, -1, "").Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{"ALTER TABLE ambix_revision DROP COLUMN digest", "DROP TABLE ambix_revision"} {
		pgtest.Exec(t, url, change)
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		if err == nil || !strings.HasSuffix(err.Error(), "its tables are not as this program creates them; restore them from a backup") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
