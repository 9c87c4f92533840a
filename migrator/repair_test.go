package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A procedure that commits cannot be marked in its transaction, and the system catalog does not
// show whether it ran: if its end was not seen, a person decides.
func TestRepairDecidesOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		decision migrator.Decision
		rows     string
	}{{migrator.DecideApplied, "1"}, {migrator.DecideNotApplied, "2"}} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO x VALUES (1); COMMIT; END $$")
		m := projecttest.New(t).Add("a", "", "CREATE TABLE once (id int);\nCALL work();\nINSERT INTO once VALUES (1);", "DROP TABLE once;", projecttest.NonTransactional).Migrator(migrator.Config{})
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToClient, Match: "CALL\x00", Before: true, Action: pgtest.Cut})
		_, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
		var undecided *migrator.RefusedError
		if !errors.As(err, &undecided) || undecided.Line != 8 {
			t.Fatalf("%v", err)
		}
		if _, err := m.Up(context.Background(), projecttest.Config(t, url)); !errors.As(err, &undecided) {
			t.Fatalf("the next run: %v", err)
		}
		done, err := m.Repair(context.Background(), projecttest.Config(t, url), "a", c.decision)
		if err != nil || !strings.HasPrefix(done, "recorded statement 2 of a (CALL") {
			t.Fatalf("%q, %v", done, err)
		}
		if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
			t.Fatal(err)
		}
		if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != c.rows {
			t.Errorf("%s: %s rows", c.decision, got)
		}
		if got := pgtest.Value(t, url, "SELECT count(*) FROM once"); got != "1" {
			t.Errorf("%s: %s rows in once", c.decision, got)
		}
	}
}

func TestRepairAcceptsModifiedFile(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := projecttest.Shop(t).Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	modified := projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id bigint PRIMARY KEY, name text);", "DROP TABLE account;", "branch_labels: store").
		Migrator(migrator.Config{Modified: migrator.Fail})
	var policy *migrator.PolicyError
	if _, err := modified.Up(ctx, cfg); !errors.As(err, &policy) || policy.Policy != "changed" {
		t.Fatalf("%v", err)
	}
	if _, err := modified.Repair(ctx, cfg, "a1", migrator.AcceptFile); err != nil {
		t.Fatal(err)
	}
	if _, err := modified.Up(ctx, cfg); err != nil {
		t.Errorf("after repair: %v", err)
	}
	var nothing *migrator.RefusedError
	if _, err := modified.Repair(ctx, cfg, "a1", migrator.AcceptFile); !errors.As(err, &nothing) || nothing.Reason != migrator.RefusedRepair {
		t.Errorf("again: %v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision || ' ' || detail FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "repair a1 recorded a1 as it is in a1.up.sql now (up script, branch_labels)" {
		t.Errorf("event: %s", got)
	}
}
