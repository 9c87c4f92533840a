package pgtest

import "testing"

// Statements find nothing of those before them, although their session is the same.
func TestSessionsAreAsIfNew(t *testing.T) {
	t.Parallel()
	u := Start(t, Options{}).Database(t) // other tests end the idle sessions of the shared server now and then
	pid := Value(t, u, "SELECT pg_backend_pid()")
	Exec(t, u, "SET statement_timeout = '1h'; CREATE TEMP TABLE temporary (); PREPARE p AS SELECT 1; LISTEN x; SELECT pg_advisory_lock(1); SET ROLE pg_monitor")
	for question, want := range map[string]string{
		"SHOW statement_timeout":                       "0",
		"SELECT to_regclass('temporary')":              "NULL",
		"SELECT count(*) FROM pg_prepared_statements":  "0",
		"SELECT count(*) FROM pg_listening_channels()": "0",
		"SELECT current_user = session_user":           "t",
		"SELECT pg_backend_pid()":                      pid,
		"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())": "0",
	} {
		if got := Value(t, u, question); got != want {
			t.Errorf("%s: %s, want %s", question, got, want)
		}
	}
}

// A session does not go on after an open transaction, after the server has ended it, or where it would not notice a setting.
func TestSessionsAreNotUsedAgain(t *testing.T) {
	t.Parallel()
	u := Database(t)
	Exec(t, u, "BEGIN; CREATE TABLE opened ()")
	if got := Value(t, u, "SELECT to_regclass('opened')"); got != "NULL" {
		t.Error("a transaction went on")
	}
	pid := Value(t, u, "SELECT pg_backend_pid()")
	Exec(t, Shared(t).URL("postgres"), "SELECT pg_terminate_backend("+pid+")")
	Eventually(t, "another session answers", func() bool { return Value(t, u, "SELECT pg_backend_pid()") != pid })
	name := Value(t, u, "SELECT current_database()")
	Exec(t, u, "ALTER DATABASE "+name+" SET statement_timeout = '1h'")
	if got := Value(t, u, "SHOW statement_timeout"); got != "1h" {
		t.Error("the setting is not seen:", got)
	}
	Exec(t, Shared(t).URL("postgres"), "CREATE DATABASE "+name+"_copy TEMPLATE "+name) // nobody may be connected to it
	Exec(t, Shared(t).URL("postgres"), "DROP DATABASE "+name+"_copy")
}
