package migrator_test

import (
	"context"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// Who waits for a table learns who holds it.
func TestBlockersAreNamed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	holder := config(t, url)
	holder.RuntimeParams["application_name"] = "a forgotten console"
	release := hold(t, holder, "BEGIN; SELECT * FROM account")
	var blocked []migrator.Blocked
	set := newProject(t).add("a", "", "ALTER TABLE account ADD name text;", "").set(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
		if b, ok := e.(migrator.Blocked); ok {
			blocked = append(blocked, b)
			release()
		}
	}})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := set.Up(ctx, config(t, url)); err != nil {
		t.Fatal(err)
	}
	if len(blocked) != 1 || len(blocked[0].Blockers) != 1 {
		t.Fatalf("%+v", blocked)
	}
	b := blocked[0].Blockers[0]
	if b.Application != "a forgotten console" || b.State != "idle in transaction" || b.Query != "BEGIN; SELECT * FROM account" || b.Since <= 0 {
		t.Errorf("%+v", b)
	}
}
