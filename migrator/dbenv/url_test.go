package dbenv_test

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"example.com/ambix/migrator/dbenv"
)

// Every accepted URL means the same to the driver.
func TestURLsAgreeWithTheDriver(t *testing.T) {
	piece := rapid.StringOfN(rapid.SampledFrom([]rune("ab01-._~+*'\\ü%[]:,?&=/")), 0, 6, -1)
	encoded := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", "a", "b1", "h.example", "%40", "%2Ftmp", "%25", "%c3%bc", "a+b"}).Draw(t, "encoded") + piece.Draw(t, "piece")
	})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"postgres://", "postgresql://"}).Draw(t, "scheme")
		// Always with a user: without one the driver takes it from the environment.
		text += rapid.SampledFrom([]string{"u", "a%40b"}).Draw(t, "user")
		if rapid.Bool().Draw(t, "with password") {
			text += ":" + encoded.Draw(t, "password")
		}
		text += "@" + encoded.Draw(t, "host")
		if rapid.Bool().Draw(t, "with port") {
			text += ":" + rapid.SampledFrom([]string{"", "5432", "1", "65536", "x", "1,b:2"}).Draw(t, "port")
		}
		if rapid.Bool().Draw(t, "with database") {
			text += "/" + encoded.Draw(t, "database")
		}
		if rapid.Bool().Draw(t, "with query") {
			text += "?" + rapid.SampledFrom([]string{"sslmode=disable", "dbname=x&port=7", "host=/tmp", "user=x%20y", "password=%3D", "application_name=" + encoded.Draw(t, "value")}).Draw(t, "query")
		}
		ours, err := dbenv.Options{DatabaseURL: text, Environ: []string{}}.Config()
		if err != nil {
			return // dbenv may refuse more
		}
		theirs, err := pgconn.ParseConfig(text)
		if err != nil {
			t.Fatalf("%s: the driver refuses it: %v", text, err)
		}
		if diff := cmp.Diff(dbenv.Describe(theirs), dbenv.Describe(ours)); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
		if diff := cmp.Diff(targetOf(theirs), targetOf(ours)); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
		maps.DeleteFunc(theirs.RuntimeParams, func(_, value string) bool { return value == "" }) // empty is unset
		if diff := cmp.Diff(theirs.RuntimeParams, ours.RuntimeParams); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

func TestKeyValuesAgreeWithTheDriver(t *testing.T) {
	value := rapid.StringOfN(rapid.SampledFrom([]rune("ab1 '\\=:@/ü\t")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		text := "user=u"
		for range rapid.IntRange(0, 3).Draw(t, "pairs") {
			v := value.Draw(t, "value")
			if rapid.Bool().Draw(t, "quoted") {
				v = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
			}
			text += rapid.SampledFrom([]string{" ", "  ", "\t", ""}).Draw(t, "space") +
				rapid.SampledFrom([]string{"password", "dbname", "host", "application_name"}).Draw(t, "key") +
				rapid.SampledFrom([]string{"=", " = "}).Draw(t, "sign") + v
		}
		ours, err := dbenv.Options{DatabaseURL: text, Environ: []string{}}.Config()
		if err != nil {
			return
		}
		theirs, err := pgconn.ParseConfig(text)
		if err != nil {
			t.Fatalf("%s: the driver refuses it: %v", text, err)
		}
		if diff := cmp.Diff(targetOf(theirs), targetOf(ours)); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

func TestEncodedPasswordsAreDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringMatching(`[^\x00]{1,20}`).Draw(t, "password")
		u := url.URL{Scheme: "postgres", User: url.UserPassword("u", password), Host: "h", Path: "/d"}
		cfg, err := dbenv.Options{DatabaseURL: u.String(), Environ: []string{}}.Config()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(target{"h", 5432, "d", "u", password}, targetOf(cfg)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestUnambiguousAtInPassword(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]target{
		"postgres://u:p@ss@h/d":               {"h", 5432, "d", "u", "p@ss"},
		"postgres://u:@@h:1/d":                {"h", 1, "d", "u", "@"},
		"postgres://u:p#?ss@h/d":              {"h", 5432, "d", "u", "p#?ss"},
		"postgres://u:a:b@h/d":                {"h", 5432, "d", "u", "a:b"},
		"postgres://u:p@ss@h?sslmode=disable": {"h", 5432, "", "u", "p@ss"},
	} {
		cfg, err := dbenv.Options{DatabaseURL: text, Environ: []string{}}.Config()
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, targetOf(cfg)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// Looks for panics, passwords in messages, and configurations without a description.
func FuzzSource(f *testing.F) {
	for _, seed := range [][3]string{
		{"postgres://u:", "hunter22", "@h:5432/d?sslmode=require"},
		{"postgres://u:p/", "hunter22", "?x=y@h/d"},
		{"postgresql+psycopg2://u:", "hunter22", "@h/d"},
		{"host=h password='", "hunter22", "' dbname=d"},
		{"h:", "hunter22", "@[::1]:x,y"},
		{"tcp://", "hunter22", ":5432"},
		{"-----BEGIN ", "hunter22", "\n"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	names := []string{
		"DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_SSLMODE", "DB_SSLROOTCERT",
		"PGHOST", "PGPORT", "PGSSLMODE", "PGCONNECT_TIMEOUT", "PGOPTIONS", "PGSERVICE",
	}
	f.Fuzz(func(t *testing.T, before, password, after string) {
		text := before + password + after
		check(t, dbenv.Options{DatabaseURL: text, Environ: []string{}}, "")
		for _, name := range names {
			// Messages quote variables with a single value; among these names only
			// DATABASE_URL can contain a password.
			secret := ""
			if name == "DATABASE_URL" && strings.Contains(before, ":") && distinct(password) {
				secret = password
			}
			check(t, dbenv.Options{Environ: []string{name + "=" + text, "DB_NAME=d", "DB_PASS=" + "0d9f3c2ab1"}}, "0d9f3c2ab1")
			check(t, dbenv.Options{Environ: []string{name + "=" + text, "PGHOST=h", "PGUSER=u", "PGPASSWORD=" + "0d9f3c2ab1"}}, "0d9f3c2ab1")
			check(t, dbenv.Options{Environ: []string{name + "=" + text}}, secret)
		}
		whole := "postgres://u:" + password + "@h/d"
		if distinct(password) {
			check(t, dbenv.Options{DatabaseURL: whole, Environ: []string{}}, password)
			check(t, dbenv.Options{DatabaseURL: "password=" + password + " host=h x-y", Environ: []string{}}, password)
			check(t, dbenv.Options{Environ: []string{"DATABASE_URL=" + whole, "DB_PASS=other", "DB_NAME=e"}}, password)
		}
	})
}

// distinct reports whether a password cannot be in a message by chance.
func distinct(password string) bool {
	return len(password) >= 8 && strings.Trim(password, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:/._-= ") != ""
}

func check(t *testing.T, o dbenv.Options, secret string) {
	t.Helper()
	source, err := o.Source()
	if err != nil {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%+v: the message contains the password: %s", o, err)
		}
		return
	}
	cfg, err := source.Config(context.Background())
	if err != nil {
		t.Fatalf("%+v: refused the second time: %v", o, err)
	}
	if dbenv.Describe(cfg) == "" {
		t.Errorf("%+v: no description", o)
	}
}
