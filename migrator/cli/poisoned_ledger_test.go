package cli_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// databaseCommands are arguments with which commands read the state of a database. b2 is
// applied after a1, and is the head.
var databaseCommands = map[string][][]string{
	"schema": {{"--from", "applied"}}, "diff": {{}},
	"plan": {{"up"}, {"down", "-1"}, {"stamp", "head"}}, "repair": {{"a1", "--accept"}, {"a1", "--applied"}}, "adopt": {{"--baseline", "a1"}},
	"up": {{}, {"--dry-run"}, {"--sql", "--from=current"}, {"--single-transaction"}}, "down": {{}, {"base"}, {"--dry-run"}, {"--sql", "--from=current"}},
	"to": {{"base"}, {"head"}}, "stamp": {{"head"}, {"base"}, {"base", "--purge"}}, "redo": {{}}, "ensure-version": {{}}, "status": {{}}, "check": {{}}, "current": {{}},
	"show": {{"current"}}, "history": {{"-r", "base:current"}}, "edit": {{"current"}}, "rehearse": {{}},
}

// withoutState need no state of a database, or read the event log only, or show the files without a state that cannot be read.
var withoutState = []string{"log", "init", "version", "completion", "help", "revision", "merge", "rebase", "squash", "heads", "bases", "branches", "graph", "report"}

// eachDatabaseCommand calls do with the commands of the tree that read a database.
func eachDatabaseCommand(t *testing.T, do func(args []string)) {
	t.Helper()
	for _, path := range leaves(cli.Command(cli.Config{})) {
		variants, listed := databaseCommands[path[0]]
		if !listed && !slices.Contains(withoutState, path[0]) {
			t.Errorf("%s: add it to databaseCommands", path[0])
		}
		for _, args := range variants {
			do(append(slices.Clone(path), args...))
		}
	}
}

// contents returns a value that changes with the ledger and with the table victim.
func contents(t *testing.T, databaseURL string) string {
	t.Helper()
	return pgtest.Value(t, databaseURL, "SELECT (SELECT count(*) FROM pg_class WHERE relname = 'victim') || query_to_xml('SELECT * FROM ambix_revision ORDER BY 1', true, false, '')::text || query_to_xml('SELECT * FROM ambix_event ORDER BY 1', true, false, '')::text || query_to_xml('SELECT * FROM ambix_meta', true, false, '')::text")
}

// A ledger with a row that no program wrote is refused by every command that reads it: the
// message names table, column and value, and nothing is run.
func TestPoisonedRowIsRefusedByEveryCommand(t *testing.T) {
	t.Parallel()
	const injection = "x*/; DROP TABLE victim; /*"
	for column, poison := range map[string]string{
		"revision":        "INSERT INTO ambix_revision SELECT '" + injection + "', message, '{b2}', depends_on, '{}', state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, '', 'DROP TABLE victim' FROM ambix_revision WHERE revision = 'b2'",
		"down_revision":   "UPDATE ambix_revision SET down_revision = ARRAY['" + injection + "'] WHERE revision = 'b2'",
		"depends_on":      "UPDATE ambix_revision SET depends_on = '{NULL}' WHERE revision = 'b2'",
		"branch_labels":   "UPDATE ambix_revision SET branch_labels = '{{a,b},{c,d}}' WHERE revision = 'b2'",
		"state":           "UPDATE ambix_revision SET state = '" + injection + "' WHERE revision = 'b2'",
		"format":          "UPDATE ambix_meta SET format = 0",
		"generation":      "UPDATE ambix_meta SET generation = -1",
		"statements_done": "UPDATE ambix_revision SET statements_done = -1, state = 'applying' WHERE revision = 'b2'",
	} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Database(t)
			p := newPoisonRun(t, "DATABASE_URL="+db)
			p.revision("a1", "", "CREATE TABLE victim (id int);", "DROP TABLE victim;")
			p.revision("b2", "a1", "SELECT 1;", "DROP TABLE victim;")
			p.doIn(p.env, []string{"up"})
			pgtest.Exec(t, db, poison)
			before := contents(t, db)
			eachDatabaseCommand(t, func(args []string) {
				res := execute(cli.Command(cli.Config{Environ: p.env}), args...)
				if cli.ExitCode(res.err) != 6 || !strings.Contains(res.err.Error(), "column "+column) || !strings.Contains(res.err.Error(), `table "public"."ambix_`) {
					t.Errorf("%s: exit code %d, %v", args, cli.ExitCode(res.err), res.err)
				}
				if strings.Contains(res.stdout, "DROP TABLE") {
					t.Errorf("%s: %s", args, res.stdout)
				}
			})
			if after := contents(t, db); after != before {
				t.Errorf("the database changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}
