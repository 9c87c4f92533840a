package dbenv

import (
	"cmp"
	"fmt"
	"strings"
)

// similarVariable is a variable of other tools, with the one that is read here instead.
type similarVariable struct {
	name, ours string
	key        string // of the setting; "" for a whole URL and for a file
}

func similar() []similarVariable {
	return []similarVariable{
		{"DB_URL", urlVariable, ""},
		{"DATABASE_URI", urlVariable, ""},
		{"POSTGRES_URL", urlVariable, ""},
		{"POSTGRES_URI", urlVariable, ""},
		{"PG_URL", urlVariable, ""},
		{"DB_DATABASE", "DB_NAME", "database"},
		{"DB_DBNAME", "DB_NAME", "database"},
		{"POSTGRES_DB", "DB_NAME", "database"},
		{"POSTGRES_DATABASE", "DB_NAME", "database"},
		{"DB_USERNAME", "DB_USER", "user"},
		{"POSTGRES_USER", "DB_USER", "user"},
		{"POSTGRES_USERNAME", "DB_USER", "user"},
		{"DB_PASSWORD", passVariable, "password"},
		{"DB_PASSWD", passVariable, "password"},
		{"DB_PWD", passVariable, "password"},
		{"POSTGRES_PASSWORD", passVariable, "password"},
		{"DB_PASSWORD_FILE", passFileVariable, ""},
		{"POSTGRES_PASSWORD_FILE", passFileVariable, ""},
		{"DB_HOSTNAME", "DB_HOST", "host"},
		{"POSTGRES_HOST", "DB_HOST", "host"},
		{"POSTGRES_HOSTNAME", "DB_HOST", "host"},
		{"POSTGRES_PORT", "DB_PORT", "port"},
		{"DB_SSL_MODE", "DB_SSLMODE", "sslmode"},
		{"POSTGRES_SSLMODE", "DB_SSLMODE", "sslmode"},
		{"PG_HOST", "PGHOST", "host"},
		{"PG_PORT", "PGPORT", "port"},
		{"PG_USER", "PGUSER", "user"},
		{"PG_USERNAME", "PGUSER", "user"},
		{"PGUSERNAME", "PGUSER", "user"},
		{"PG_PASSWORD", "PGPASSWORD", "password"},
		{"PG_PASS", "PGPASSWORD", "password"},
		{"PGPASS", "PGPASSWORD", "password"},
		{"PG_DATABASE", "PGDATABASE", "database"},
		{"PG_DB", "PGDATABASE", "database"},
		{"PG_DBNAME", "PGDATABASE", "database"},
		{"PG_SSLMODE", "PGSSLMODE", "sslmode"},
	}
}

// similarVariables returns a line for each variable that is set under another tool's name
// while ours is not. Such variables are not used.
func similarVariables(environ map[string]string) string {
	var found strings.Builder
	for _, v := range similar() {
		if environ[v.name] != "" && environ[v.ours] == "" {
			fmt.Fprintf(&found, "\n(%s is set; did you mean %s?)", v.name, v.ours)
		}
	}
	return found.String()
}

// ignoredVariables returns a warning for each variable that is set under another tool's
// name while ours is not, unless it has the value that is used anyway.
func (r *resolver) ignoredVariables(set settings) []string {
	var warnings []string
	for _, v := range similar() {
		value := r.environ[v.name]
		used := set.value(v.key, libpqDefault(set, v.key))
		switch {
		case value == "" || r.environ[v.ours] != "":
		case v.key != "" && sameName(v.key, used, strings.TrimSpace(value)):
		case v.ours == passFileVariable && cmp.Or(used, set.value("password", ""), r.passFile) != "":
		case v.ours == passVariable && r.passFile != "":
		default:
			warnings = append(warnings, v.name+" is not read; did you mean "+v.ours+"?")
		}
	}
	return warnings
}
