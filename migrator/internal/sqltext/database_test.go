package sqltext

import "testing"

func TestChangedDatabaseIsTheNamedOne(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"DROP DATABASE Store":                             "store",
		"drop /* all */ database if exists \"Sto\"\"re\"": `Sto"re`,
		`DROP DATABASE U&"st\006fre" WITH (FORCE)`:        "store",
		"ALTER DATABASE store SET timezone = 'UTC'":       "store",
		"CREATE DATABASE store":                           "",
		"COMMENT ON DATABASE store IS ''":                 "",
		"DROP TABLE database":                             "",
		"DROP DATABASE":                                   "",
	} {
		statements, _ := Split(sql)
		if got := ChangedDatabase(sql, statements[0]); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
