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

// Who builds an index beside long transactions learns how far it is, and not every second.
func TestIndexBuildsAreFollowed(t *testing.T) {
	t.Parallel()
	for _, header := range []string{off, "transaction: on"} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE account (id int)")
		up := "CREATE INDEX CONCURRENTLY account_id ON account (id);"
		phase := "waiting for writers before build"
		release := func() {}
		if header == off {
			release = hold(t, config(t, url), "BEGIN; INSERT INTO account VALUES (1)")
		} else {
			// A build that waits for nothing but its own expression.
			pgtest.Exec(t, url, "CREATE TABLE gate (id int); INSERT INTO account VALUES (1); CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN $1; END $$")
			release = hold(t, config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(1)")
			up, phase = "SET LOCAL lock_timeout = 0;\nCREATE INDEX account_id ON account (slow(id));", "building index: scanning table"
		}
		var told []migrator.IndexProgress
		set := newProject(t).add("a", "", up, "", header).set(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
			if p, ok := e.(migrator.IndexProgress); ok {
				told = append(told, p)
				release()
			}
		}})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := set.Up(ctx, config(t, url)); err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 || told[0].Step.Revision != "a" || told[0].Phase != phase || told[0].Running <= 0 {
			t.Errorf("%s: %+v", header, told)
		}
		if header == off && len(told) > 0 && told[0].Total != 1 {
			t.Errorf("it waits for %d of %d", told[0].Done, told[0].Total)
		}
	}
}
