package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// While another runner is at work, status and current name it and its revision.
func TestStatusShowsAnotherRunner(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	p := newStore(t, db)
	p.revision("d4", "c3", "ALTER TABLE victim ADD name text;", "SELECT 1;")
	ctx := context.Background()
	blocker, err := pgconn.Connect(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	defer blocker.Close(ctx)
	if _, err := blocker.Exec(ctx, "BEGIN; LOCK TABLE victim").ReadAll(); err != nil {
		t.Fatal(err)
	}
	done := make(chan result, 1)
	go func() {
		done <- execute(cli.Command(cli.Config{Environ: append(p.env, "MIGRATE_LOCK_TIMEOUT=0s")}), "up")
	}()
	projecttest.Await(t, db, "SELECT count(*) FROM pg_locks WHERE relation = 'victim'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted", "1")
	for _, test := range []struct{ args, stdout, stderr string }{
		{"status", "running  now", ""},
		{"status", `"ambix up d4 `, ""},
		{"status --json", `"runner": "process `, ""},
		{"current", "", `another runner is at work: process `},
		{"current --log-format=json", "", `"event":"runner-active"`},
		{"current --json", `up d4 `, ""},
	} {
		res := execute(cli.Command(cli.Config{Environ: p.env}), strings.Fields(test.args)...)
		if res.err != nil || !strings.Contains(res.stdout, test.stdout) || !strings.Contains(res.stderr, test.stderr) {
			t.Errorf("%s: %v\n%s%s", test.args, res.err, res.stdout, res.stderr)
		}
	}
	if _, err := blocker.Exec(ctx, "COMMIT").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if res := <-done; res.err != nil {
		t.Error(res.err)
	}
	for _, args := range []string{"status", "current"} {
		res := execute(cli.Command(cli.Config{Environ: p.env}), args)
		if res.err != nil || strings.Contains(res.stdout+res.stderr, "running") || strings.Contains(res.stderr, "at work") {
			t.Errorf("%s: %v\n%s%s", args, res.err, res.stdout, res.stderr)
		}
	}
}
