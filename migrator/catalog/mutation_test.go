package catalog_test

import (
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// mutations returns the statements of a section of testdata/mutations.txt that a server of a major version can run.
func mutations(t *testing.T, section string, major int) []string {
	t.Helper()
	src, err := os.ReadFile("testdata/mutations.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(src), "\n["+section+"]\n")
	if !found {
		t.Fatalf("there is no section %s", section)
	}
	rest, _, _ = strings.Cut(rest, "\n\n")
	var list []string
	for line := range strings.Lines(rest) {
		sql := strings.TrimSuffix(line, "\n")
		if since, statement, found := strings.Cut(strings.TrimPrefix(sql, "since "), ": "); found && strings.HasPrefix(sql, "since ") {
			if n, err := strconv.Atoi(since); err != nil || n > major {
				continue
			}
			sql = statement
		}
		list = append(list, sql)
	}
	return list
}

func TestEachMutationChangesTheFingerprint(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range append(mutations(t, "structure", lab.major), mutations(t, "comments", lab.major)...) {
		changed := lab.mutate(t, sql)
		if changed.Fingerprint() == lab.base.Fingerprint() || changed.FullFingerprint() == lab.base.FullFingerprint() {
			t.Errorf("nothing changed: %s", sql)
		}
	}
}

func TestOwnersAndPrivilegesChangeTheFullFingerprintOnly(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range mutations(t, "facets", lab.major) {
		changed := lab.mutate(t, sql)
		if changed.FullFingerprint() == lab.base.FullFingerprint() {
			t.Errorf("nothing changed: %s", sql)
		}
		if changed.Fingerprint() != lab.base.Fingerprint() {
			t.Errorf("the structure changed: %s\n%s", sql, describe(lab.base.Compare(changed)))
		}
	}
}

func TestUncomparedStateDoesNotChangeTheFingerprint(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range mutations(t, "nothing", lab.major) {
		changed := lab.mutate(t, sql)
		if d := lab.base.Compare(changed); len(d) > 0 || changed.FullFingerprint() != lab.base.FullFingerprint() {
			t.Errorf("%s\n%s", sql, describe(d))
		}
	}
}

// lab is a database with an object of every kind. Mutations are rolled back.
type lab struct {
	conn  *pg.Conn
	role  string
	major int
	base  *schema.Schema
}

func newLab(t *testing.T) *lab {
	t.Helper()
	databaseURL := pgtest.Database(t)
	role, err := url.Parse(pgtest.Role(t, databaseURL))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("testdata/kinds.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, string(src))
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	l := &lab{conn: conn, role: role.User.Username(), major: conn.ServerVersion() / 10000}
	l.base = l.mutate(t, "SELECT")
	return l
}

// mutate returns the schema after the statements.
func (l *lab) mutate(t *testing.T, sql string) *schema.Schema {
	t.Helper()
	version := l.conn.ServerVersion()
	message := catalog.Message(version)
	begin, rest, _ := strings.Cut(message, ";\n")
	message = strings.TrimSuffix(rest, "COMMIT") + "ROLLBACK"
	if err := l.conn.Exec(t.Context(), begin[:len("BEGIN")]+"; SET LOCAL client_min_messages = error; "+strings.ReplaceAll(sql, "ROLE", l.role)); err != nil {
		_ = l.conn.Exec(t.Context(), "ROLLBACK")
		t.Errorf("%s\n%v", sql, err)
		return l.base
	}
	var results [][]catalog.Row
	_, err := l.conn.Send(t.Context(), pg.Message{SQL: message}, pg.Handler{Row: func(statement int, fields [][]byte) {
		results = catalog.Append(results, statement+1, fields)
	}})
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		t.Fatalf("%s\n%v\n%s", sql, err, strings.Split(message, ";\n")[failed.Statement])
	}
	s, err := catalog.Read(version, results)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return s
}
