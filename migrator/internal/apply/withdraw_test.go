package apply_test

import (
	"context"
	"errors"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A non-transactional revision whose first statement the server refused is not applied, and
// not unfinished: it may be changed in any way, and blocks nothing.
func TestRefusedFirstStatementLeavesNothingUnfinished(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, first := range []string{"SELECT nix;", "VACUUM nix;", "CREATE INDEX CONCURRENTLY nix_id ON nix (id);", "SET ROLE nix;", "DROP DATABASE nix;"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			cfg := projecttest.Config(t, url)
			older := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "DROP TABLE x;")
			if _, err := older.Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
				t.Fatal(err)
			}
			p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "DROP TABLE x;").Add("b", "a", first+"\nSELECT 1;", "", projecttest.NonTransactional)
			_, err := p.Migrator(migrator.Config{}).Up(ctx, cfg)
			var e *migrator.RevisionError
			if !errors.As(err, &e) || e.StatementsDone != 0 || e.Undecided {
				t.Fatalf("%v: %+v", err, e)
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ') FROM ambix_revision"); got != "a" {
				t.Errorf("rows: %s", got)
			}
			if got := pgtest.Value(t, url, eventsInOrder); got != "up a, failed b" {
				t.Errorf("events: %s", got)
			}
			if r, err := older.Migrator(migrator.Config{}).Down(ctx, cfg); err != nil || projecttest.Steps(r) != "down a" {
				t.Errorf("an older program's down: %v", err)
			}
			if r, err := p.Add("b", "a", "SELECT 1;", "").Migrator(migrator.Config{}).Up(ctx, cfg); err != nil || projecttest.Steps(r) != "up a, up b" {
				t.Errorf("made transactional: %v", err)
			}
		})
	}
}

func TestRefusedFirstDownStatementLeavesTheRevisionApplied(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.New(t).Add("a", "", "SELECT 1;\nSELECT 2;", "-- transaction: off\n\nDROP TABLE nix;")
	p.Files["a.down.sql"].Data = []byte("-- revision: a\n-- transaction: off\n\nDROP TABLE nix;")
	if _, err := p.Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	const row = "SELECT r::text FROM ambix_revision r"
	before := pgtest.Value(t, url, row)
	var e *migrator.RevisionError
	if _, err := p.Migrator(migrator.Config{}).Down(ctx, cfg); !errors.As(err, &e) || !e.NonTransactional {
		t.Fatalf("%v: %+v", err, e)
	}
	if after := pgtest.Value(t, url, row); after != before {
		t.Errorf("the row was\n%s and is\n%s", before, after)
	}
	if r, err := p.Add("b", "a", "SELECT 1;", "").Migrator(migrator.Config{}).Up(ctx, cfg); err != nil || projecttest.Steps(r) != "up b" {
		t.Errorf("a pending revision: %v", err)
	}
}
