// Package pgtest gives tests real PostgreSQL: one server per test binary, one database
// per test, and, where a test wants to break something, servers of its own, standbys,
// a pooler and a network that fails on request.
//
// The server that all tests of a binary share is looked for in this order:
//
//  1. TEST_DATABASE_URL: a server where that user may create databases.
//  2. Docker, through dockertest, when an engine answers and has or gets an image.
//  3. PostgreSQL installed on this machine, started privately.
//
// TEST_PG_VERSION asks for a major version, TEST_PG_SOURCE ("docker" or "local") for one
// of the last two sources. Without any server every test that asks for one fails.
// Whatever was started ends with the test process, also when that is killed.
package pgtest

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// sharedServer is found once per test binary and never changes after that.
var sharedServer = sync.OnceValues(findServer)

// Shared returns the server that all tests of this binary use. The test fails when
// there is none.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Database creates an empty database on the shared server and returns its URL, as a
// role that may do everything. It is dropped when the test ends; a failed test keeps it
// and logs the URL.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Exec runs statements as one message of the simple protocol, on a connection of its own.
func Exec(t testing.TB, databaseURL, sql string) {
	t.Helper()
	if _, err := run(databaseURL, sql); err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
}

// Query is like Exec and returns the rows of the last statement that has any as text,
// NULL as "NULL".
func Query(t testing.TB, databaseURL, sql string) [][]string {
	t.Helper()
	rows, err := run(databaseURL, sql)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return rows
}

// Value is like Query for a statement with a single value.
func Value(t testing.TB, databaseURL, sql string) string {
	t.Helper()
	rows := Query(t, databaseURL, sql)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s\nwant one value, have %q", sql, rows)
	}
	return rows[0][0]
}

// Role creates a role that may log in and is no superuser, with further attributes as in
// CREATE ROLE ("CREATEDB"), and returns databaseURL for it. The role goes when the test
// ends, together with what it owns in that database.
func Role(t testing.TB, databaseURL string, attributes ...string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name, password := "role_"+randomHex(4), randomHex(8)
	Exec(t, databaseURL, "CREATE ROLE "+name+" LOGIN PASSWORD '"+verifier(password)+"' NOSUPERUSER "+strings.Join(attributes, " "))
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if _, err := run(databaseURL, "DROP OWNED BY "+name+" CASCADE; DROP ROLE "+name); err != nil {
			t.Logf("role %s stays behind: %v", name, err)
		}
	})
	u.User = url.UserPassword(name, password)
	return u.String()
}

func run(databaseURL, sql string) ([][]string, error) {
	// Not the test's context: that one is cancelled before the clean-up runs.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
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

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// verifier is a password as the server stores it, but with a single iteration in place of
// 4096: those would take most of a connection's time, 80 ms of it under the race detector.
func verifier(password string) string {
	const salt = "sixteen bytes of" // the passwords are random
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), 1, sha256.Size)
	if err != nil {
		return password
	}
	sum := func(text string) []byte {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, text)
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sum("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$1:" + encode([]byte(salt)) + "$" + encode(stored[:]) + ":" + encode(sum("Server Key"))
}
