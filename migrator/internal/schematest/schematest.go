// Package schematest reads schemas from servers, for tests, and finds the files that describe them.
package schematest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// Connect connects to a database until the end of the test.
func Connect(t testing.TB, databaseURL string) *pg.Conn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(context.Background(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// Answer is what a server answers to the message of package catalog.
type Answer struct {
	Version int
	Results [][]catalog.Row
}

// Read decodes the answer.
func (a Answer) Read() (*schema.Schema, error) { return catalog.Read(a.Version, a.Results) }

// Ask sends the message.
func Ask(ctx context.Context, conn *pg.Conn) (Answer, error) {
	return send(ctx, conn, catalog.Message(conn.ServerVersion()), 0)
}

// send sends the message without its first statements.
func send(ctx context.Context, conn *pg.Conn, message string, left int) (Answer, error) {
	a := Answer{Version: conn.ServerVersion()}
	_, err := conn.Send(ctx, pg.Message{SQL: message}, pg.Handler{Row: func(statement int, fields [][]byte) {
		a.Results = catalog.Append(a.Results, statement+left, fields)
	}})
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		err = &statementError{failed, strings.Split(message, ";\n")[failed.Statement]}
	}
	return a, err
}

// statementError adds the statement to its error.
type statementError struct {
	*pg.StatementError
	sql string
}

func (e *statementError) Error() string { return e.StatementError.Error() + "\n" + e.sql }
func (e *statementError) Unwrap() error { return e.StatementError }

// MustAsk is Ask with a connection that is closed again.
func MustAsk(t testing.TB, databaseURL string) Answer {
	t.Helper()
	conn := Connect(t, databaseURL)
	defer conn.Close()
	a, err := Ask(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Read reads the schema of a connection's database.
func Read(t testing.TB, conn *pg.Conn) *schema.Schema {
	t.Helper()
	a, err := Ask(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return must(t, a)
}

// ReadDatabase reads the schema of a database.
func ReadDatabase(t testing.TB, databaseURL string) *schema.Schema {
	t.Helper()
	return must(t, MustAsk(t, databaseURL))
}

func must(t testing.TB, a Answer) *schema.Schema {
	t.Helper()
	s, err := a.Read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ReadAfter returns the schema after statements, which are rolled back. If one of them fails, it reports that and returns
// nil.
func ReadAfter(t testing.TB, conn *pg.Conn, sql string) *schema.Schema {
	t.Helper()
	if err := conn.Exec(t.Context(), "BEGIN; SET LOCAL client_min_messages = error; "+sql); err != nil {
		_ = conn.Exec(t.Context(), "ROLLBACK")
		t.Errorf("%v\n%.300s", err, sql)
		return nil
	}
	_, message, _ := strings.Cut(catalog.Message(conn.ServerVersion()), ";\n") // without BEGIN
	a, err := send(t.Context(), conn, strings.TrimSuffix(message, "COMMIT")+"ROLLBACK", 1)
	if err != nil {
		t.Fatalf("%v\n%.300s", err, sql)
	}
	return must(t, a)
}

// Empty returns the schema of an empty database.
func Empty(t testing.TB, version int) *schema.Schema {
	t.Helper()
	s, err := schema.New(version, nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Describe lists differences, for messages of tests.
func Describe(differences []schema.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		b.WriteString(d.Change.String() + " " + d.Key.String() + "\n")
		for _, f := range d.Facts {
			b.WriteString("    " + f.Name + "\n      from " + f.From + "\n      to   " + f.To + "\n")
		}
	}
	return b.String()
}

// RoleName makes an ordinary role and returns its name.
func RoleName(t testing.TB, databaseURL string) string {
	t.Helper()
	role, err := url.Parse(pgtest.Role(t, databaseURL))
	if err != nil {
		t.Fatal(err)
	}
	return role.User.Username()
}
