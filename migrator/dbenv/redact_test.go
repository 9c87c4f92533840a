package dbenv

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What WithoutSecrets returns names the same database and contains no password.
func TestWithoutSecretsKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want, variables string }{
		{"postgres://u@h/db", "postgres://u@h/db", ""},
		{"postgres://u:geheim@h:5433/db?sslmode=disable", "postgres://u@h:5433/db?sslmode=disable", "PGPASSWORD"},
		{"postgresql://u:ge@heim@h,[::1]:2/db", "postgresql://u@h,[::1]:2/db", "PGPASSWORD"},
		{"postgres://:geheim@h/db", "postgres://h/db", "PGPASSWORD"},
		{"postgres:///db?host=/run/pg&user=u&password=geheim&sslmode=disable", "postgres:///db?host=/run/pg&user=u&sslmode=disable", "PGPASSWORD"},
		{"postgres://u@h/db?p%61ssword=geheim", "postgres://u@h/db", "PGPASSWORD"},
		{"postgres://u@h/db?sslpassword=geheim&password=geheim", "postgres://u@h/db", "PGPASSWORD PGSSLPASSWORD"},
		{"host=h user=u dbname='a b' password='ge heim'", "dbname='a b' host=h user=u", "PGPASSWORD"},
		{"host=h user=u", "host=h user=u", ""},
		{"host=h password='x://y'", "host=h", "PGPASSWORD"},
	} {
		got, variables, ok := WithoutSecrets(test.text)
		if !ok || got != test.want || strings.Join(variables, " ") != test.variables {
			t.Errorf("%s: %s %q %t", test.text, got, variables, ok)
		}
		before, err := parseConnection(test.text)
		if err != nil {
			t.Fatal(err)
		}
		after, err := parseConnection(got)
		if err != nil {
			t.Fatal(err)
		}
		delete(before, "password")
		delete(before, "sslpassword")
		if diff := cmp.Diff(nonEmpty(before), nonEmpty(after)); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
	for _, malformed := range []string{"postgres://u:ge/heim@h/db", "u:geheim@h", "'postgres://u:geheim@h/db'", "jdbc:postgresql://u:geheim@h/db"} {
		if got, _, ok := WithoutSecrets(malformed); ok || got != "" {
			t.Errorf("%s: %s", malformed, got)
		}
	}
}

func TestVariablesOfOtherToolsAreReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environ string
		want    []string
	}{
		{"DATABASE_URL=postgres://u@h/db DB_PASSWORD=geheim DB_USERNAME=u2 DB_DATABASE=db2 DB_HOSTNAME=h2", []string{
			"DB_DATABASE is not read; did you mean DB_NAME?", "DB_USERNAME is not read; did you mean DB_USER?",
			"DB_PASSWORD is not read; did you mean DB_PASS?", "DB_HOSTNAME is not read; did you mean DB_HOST?",
		}},
		{"DATABASE_URL=postgres://u:geheim@h/db DB_PASSWORD=geheim DB_USERNAME=u POSTGRES_DB=db PG_HOST=h POSTGRES_PORT=5432", nil},
		{"DATABASE_URL=postgres://u:geheim@h/db POSTGRES_PASSWORD=other PG_PORT=5433", []string{
			"POSTGRES_PASSWORD is not read; did you mean DB_PASS?", "PG_PORT is not read; did you mean PGPORT?",
		}},
		{"DB_HOST=h DB_NAME=db DB_USER=u DB_PASS=geheim DB_PASSWORD=other", nil},
		{"PGHOST=h PGUSER=u PG_PASSWORD=geheim", []string{"PG_PASSWORD is not read; did you mean PGPASSWORD?"}},
	} {
		s, err := Options{Environ: strings.Fields(test.environ)}.Source()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, s.Ignored()); diff != "" || slices.ContainsFunc(s.Ignored(), func(w string) bool { return strings.Contains(w, "geheim") }) {
			t.Errorf("%s: %s", test.environ, diff)
		}
	}
}

func TestVariableNamesTheOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ environ, url, key, want string }{
		{"DATABASE_URL=postgres://u:x@h/db", "", "password", "DATABASE_URL"},
		{"DATABASE_URL=postgres://u@h/db DB_PASS=x", "", "password", "DB_PASS"},
		{"DB_HOST=h DB_NAME=db DB_USER=u PGPASSWORD=x", "", "password", "PGPASSWORD"},
		{"DB_HOST=h DB_NAME=db", "", "user", ""},
		{"", "postgres://u:x@h/db", "user", "--database-url"},
	} {
		s, err := Options{DatabaseURL: test.url, DatabaseURLName: "--database-url", Environ: append(strings.Fields(test.environ), "X=")}.Source()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Variable(test.key); got != test.want {
			t.Errorf("%s: %q", test.environ, got)
		}
	}
}
