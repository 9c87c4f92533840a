package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

// A procedure that commits cannot carry its mark, and the catalog does not tell whether
// it ran: when its end was not seen, a person decides.
func TestUndecidedStatement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		decision migrator.Decision
		rows     string
	}{{migrator.DecideApplied, "1"}, {migrator.DecideNotApplied, "2"}} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO x VALUES (1); COMMIT; END $$")
		set := newProject(t).add("a", "", "CREATE TABLE once (id int);\nCALL work();\nINSERT INTO once VALUES (1);", "DROP TABLE once;", off).set(migrator.Config{})
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToClient, Match: "CALL\x00", Before: true, Action: pgtest.Cut})
		_, err := set.Up(context.Background(), config(t, proxy.URL(url)))
		var undecided *apply.UndecidedError
		if !errors.As(err, &undecided) || undecided.Line != 8 {
			t.Fatalf("%v", err)
		}
		if _, err := set.Up(context.Background(), config(t, url)); !errors.As(err, &undecided) {
			t.Fatalf("the next run: %v", err)
		}
		done, err := set.Repair(context.Background(), config(t, url), "a", c.decision)
		if err != nil || !strings.HasPrefix(done, "statement 2 of a (CALL") {
			t.Fatalf("%q, %v", done, err)
		}
		if _, err := set.Up(context.Background(), config(t, url)); err != nil {
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

func TestAcceptAChangedFile(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), config(t, url)
	if _, err := shop(t).set(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	changed := newProject(t).
		add("a1", "", "CREATE TABLE account (id bigint PRIMARY KEY, name text);", "DROP TABLE account;", "branch_labels: store").
		set(migrator.Config{Changed: migrator.Fail})
	var policy *migrator.PolicyError
	if _, err := changed.Up(ctx, cfg); !errors.As(err, &policy) || policy.Policy != "changed" {
		t.Fatalf("%v", err)
	}
	if _, err := changed.Repair(ctx, cfg, "a1", migrator.AcceptFile); err != nil {
		t.Fatal(err)
	}
	if _, err := changed.Up(ctx, cfg); err != nil {
		t.Errorf("after repair: %v", err)
	}
	var nothing *migrator.RepairError
	if _, err := changed.Repair(ctx, cfg, "a1", migrator.AcceptFile); !errors.As(err, &nothing) {
		t.Errorf("again: %v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision || ' ' || detail FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "repair a1 a1 is recorded as it is in a1.up.sql now (up script, branch_labels)" {
		t.Errorf("event: %s", got)
	}
}
