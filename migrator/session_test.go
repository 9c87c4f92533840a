package migrator_test

import (
	"context"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// A ledger that was changed by hand is told as such, with what to do.
func TestLedgerWithoutAColumn(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := chainOf(t, 2, -1, "").set(migrator.Config{})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{"ALTER TABLE ambix_revision DROP COLUMN digest", "DROP TABLE ambix_revision"} {
		pgtest.Exec(t, url, change)
		_, err := set.Up(context.Background(), config(t, url))
		if err == nil || !strings.HasSuffix(err.Error(), "its tables are not those that this program makes: restore them from a backup") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
