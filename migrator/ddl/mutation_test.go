package ddl_test

import (
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// Each fact that the catalogs' table of mutations can change is written.
func TestCreateReproducesEachMutation(t *testing.T) {
	t.Parallel()
	databaseURL, empty := pgtest.Database(t), pgtest.Database(t)
	role, err := url.Parse(pgtest.Role(t, databaseURL))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("../catalog/testdata/kinds.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, string(src))
	from, to := connect(t, databaseURL), connect(t, empty)
	for _, sql := range mutations(t, from.ServerVersion()/10000) {
		s := after(t, from, strings.ReplaceAll(sql, "ROLE", role.User.Username()))
		statements, err := ddl.Create(s, everything)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if d := s.Compare(after(t, to, ddl.Script(statements))); len(d) > 0 {
			t.Errorf("%s\n%s", sql, describe(d))
		}
	}
}

// mutations returns the statements that a server of a major version can run.
func mutations(t *testing.T, major int) []string {
	t.Helper()
	src, err := os.ReadFile("../catalog/testdata/mutations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(src)) {
		sql := strings.TrimSuffix(line, "\n")
		if rest, found := strings.CutPrefix(sql, "since "); found {
			since, statement, _ := strings.Cut(rest, ": ")
			if n, err := strconv.Atoi(since); err != nil || n > major {
				continue
			}
			sql = statement
		}
		if sql != "" && sql[0] != '#' && sql[0] != '[' {
			list = append(list, sql)
		}
	}
	return list
}

// after returns the schema after the statements, which are rolled back.
func after(t *testing.T, conn *pg.Conn, sql string) *schema.Schema {
	t.Helper()
	if err := conn.Exec(t.Context(), "BEGIN; SET LOCAL client_min_messages = error; "+sql); err != nil {
		_ = conn.Exec(t.Context(), "ROLLBACK")
		t.Errorf("%v\n%.200s", err, sql)
		return &schema.Schema{Version: conn.ServerVersion()}
	}
	version := conn.ServerVersion()
	_, message, _ := strings.Cut(catalog.Message(version), ";\n") // without BEGIN
	message = strings.TrimSuffix(message, "COMMIT") + "ROLLBACK"
	var results [][]catalog.Row
	_, err := conn.Send(t.Context(), pg.Message{SQL: message}, pg.Handler{Row: func(statement int, fields [][]byte) {
		results = catalog.Append(results, statement+1, fields)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Read(version, results)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
