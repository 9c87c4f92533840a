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
	for _, test := range []struct{ change, want string }{
		{"ALTER TABLE ambix_revision DROP COLUMN digest", "its tables are not as this program creates them; restore them from a backup"},
		{"DROP TABLE ambix_revision", `the table "public"."ambix_revision" does not exist; restore it from a backup`},
		{"DROP TABLE ambix_meta", `the tables "public"."ambix_meta" and "public"."ambix_revision" do not exist; restore them from a backup; if ambix_event is not part of a ledger, rename it, or use a ledger with another name`},
	} {
		pgtest.Exec(t, url, test.change)
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: %v", test.change, err)
		}
	}
}
