package apply_test

import (
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

const eventsInOrder = "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"

// countStarts returns an observer that counts how often each revision is started.
func countStarts() (starts map[string]int, onEvent func(migrator.Event)) {
	starts = map[string]int{}
	return starts, func(e migrator.Event) {
		if s, ok := e.(migrator.StepStarted); ok {
			starts[s.Step.Revision]++
		}
	}
}

const mixedRuns = "a b b2 c"

// mixed has transactional and non-transactional revisions, which record in a table what ran.
func mixed(t testing.TB) *projecttest.Project {
	return projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "DROP TABLE x, runs;").
		Add("b", "a", "INSERT INTO runs VALUES ('b');\nCREATE INDEX CONCURRENTLY x_id ON x (id);\nINSERT INTO runs VALUES ('b2');", "DROP INDEX x_id;", projecttest.NonTransactional).
		Add("c", "b", "ALTER TABLE x ADD name text;\nINSERT INTO runs VALUES ('c');", "ALTER TABLE x DROP name;")
}

// checkMixed checks that a database is as after one run of mixed without faults.
func checkMixed(t testing.TB, url string) {
	t.Helper()
	for _, c := range []struct{ sql, want string }{
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs", mixedRuns},
		{"SELECT string_agg(revision || ' ' || state, ', ' ORDER BY revision) FROM ambix_revision", "a applied, b applied, c applied"},
		{"SELECT string_agg(revision, ' ' ORDER BY event) FROM ambix_event WHERE action = 'up'", "a b c"},
		{"SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'x'::regclass", "t"},
		{"SELECT count(*) FROM pg_index WHERE indrelid = 'x'::regclass", "1"},
	} {
		if got := pgtest.Value(t, url, c.sql); got != c.want {
			t.Errorf("%s\nhave %s\nwant %s", c.sql, got, c.want)
		}
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}
