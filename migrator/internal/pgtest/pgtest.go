package pgtest

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"example.com/ambix/migrator/internal/pgserver"
	"github.com/jackc/pgx/v5/pgconn"
)

// sharedServer is found once per test binary.
var sharedServer = sync.OnceValues(findServer)

// Shared returns the server that all tests of this binary share. The test fails if there is
// none.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Database creates an empty database on the shared server and returns its URL, as a
// superuser. It is dropped when the test ends; a failed test keeps it and logs the URL.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Exec runs statements as one message of the simple query protocol, in a session that is as if it were new. A session of
// the database may stay open until the test ends.
func Exec(t testing.TB, databaseURL, sql string) {
	t.Helper()
	if _, err := run(databaseURL, sql); err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
}

// Query is like Exec and returns the rows of the last statement that returns rows, as text.
// NULL is "NULL".
func Query(t testing.TB, databaseURL, sql string) [][]string {
	t.Helper()
	rows, err := run(databaseURL, sql)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return rows
}

// Value is like Query for a result with a single value.
func Value(t testing.TB, databaseURL, sql string) string {
	t.Helper()
	rows := Query(t, databaseURL, sql)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s\nwant one value, got %q", sql, rows)
	}
	return rows[0][0]
}

// Role creates a role with LOGIN and NOSUPERUSER and further attributes of CREATE ROLE, such
// as "CREATEDB", and returns databaseURL for it. When the test ends, the role is dropped
// with everything it owns in that database.
func Role(t testing.TB, databaseURL string, attributes ...string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name, password := "role_"+pgserver.RandomHex(4), pgserver.RandomHex(8)
	Exec(t, databaseURL, "CREATE ROLE "+name+" LOGIN PASSWORD '"+pgserver.Verifier(password)+"' NOSUPERUSER "+strings.Join(attributes, " "))
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if _, err := run(databaseURL, "DROP OWNED BY "+name+" CASCADE; DROP ROLE "+name); err != nil {
			t.Logf("role %s was not dropped: %v", name, err)
		}
	})
	u.User = url.UserPassword(name, password)
	return u.String()
}

// Verifier is what ALTER ROLE … PASSWORD takes for a password that is quick to check.
func Verifier(password string) string { return pgserver.Verifier(password) }

// run runs statements in a session that is as if it were new.
func run(databaseURL, sql string) ([][]string, error) {
	// Not the test's context, which is canceled before cleanups run.
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if !needsNewSession.MatchString(sql) {
		return kept.run(ctx, databaseURL, sql)
	}
	kept.endAll(ctx, databaseURL)
	conn, err := pgconn.Connect(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	return lastRows(conn.Exec(ctx, sql).ReadAll())
}

// lastRows returns the rows of the last statement that returns rows.
func lastRows(results []*pgconn.Result, err error) ([][]string, error) {
	if err != nil {
		return nil, err
	}
	for i := len(results) - 1; i >= 0; i-- {
		if len(results[i].FieldDescriptions) > 0 {
			return text(results[i].Rows), nil
		}
	}
	return nil, nil
}

func text(rows [][][]byte) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = make([]string, len(row))
		for j, value := range row {
			out[i][j] = "NULL"
			if value != nil {
				out[i][j] = string(value)
			}
		}
	}
	return out
}
