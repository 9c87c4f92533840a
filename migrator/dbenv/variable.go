package dbenv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caarlos0/env/v11"
)

const (
	urlVariable      = "DATABASE_URL"
	urlFlag          = "--database-url"
	passVariable     = "DB_PASS"
	passFileVariable = "DB_PASS_FILE"
)

// variables are DATABASE_URL and the DB_* family. Neither "expand" (it eats the $ of a
// password) nor "file" (it keeps the line end, and reads only once) is used.
type variables struct {
	URL         string   `env:"DATABASE_URL"`
	Name        string   `env:"DB_NAME"`
	User        string   `env:"DB_USER"`
	Host        hostList `env:"DB_HOST"`
	Port        portList `env:"DB_PORT"`
	Pass        string   `env:"DB_PASS"`
	PassFile    string   `env:"DB_PASS_FILE"`
	SSLMode     string   `env:"DB_SSLMODE"`
	SSLRootCert string   `env:"DB_SSLROOTCERT"`
}

// parseVariables reads environ, and reports every variable that cannot be read.
func parseVariables(environ map[string]string) (variables, []Problem) {
	var v variables
	err := env.ParseWithOptions(&v, env.Options{Environment: environ})
	var problems []Problem
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, err := range all.Errors {
			problems = append(problems, variableProblem(err))
		}
	}
	switch {
	case v.Pass != "" && v.PassFile != "":
		problems = append(problems, Problem{passFileVariable, "DB_PASS is set too; unset one of the two"})
	case strings.ContainsRune(v.PassFile, '\n'):
		problems = append(problems, Problem{passFileVariable, "is not the name of a file; a password itself goes into DB_PASS"})
	}
	problems = append(problems, v.mutual()...)
	return v, problems
}

// variableProblem unpacks the error of one field: env names the field, ours names the
// variable.
func variableProblem(err error) Problem {
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Problems[0]
	}
	return Problem{Text: err.Error()}
}

// mutual checks DB_HOST and DB_PORT against each other.
func (v *variables) mutual() []Problem {
	if v.Host.port == "" || v.Port.port == "" || v.Port.link != "" || v.Host.port == v.Port.port {
		return nil
	}
	return []Problem{{"DB_PORT", fmt.Sprintf("is %s, but DB_HOST names port %s; unset one of the two or make them agree", v.Port.port, v.Host.port)}}
}

// names says whether DB_* name a database: DB_PASS, the TLS variables and a DB_PORT that
// Kubernetes set do not.
func (v *variables) names() bool {
	return v.Name != "" || v.User != "" || v.Host.host != "" || v.Port.port != "" && v.Port.link == ""
}

// first is the first naming variable that is set, for messages.
func (v *variables) first() string {
	switch {
	case v.Host.host != "":
		return "DB_HOST"
	case v.User != "":
		return "DB_USER"
	default:
		return "DB_PORT"
	}
}

// naming are the settings by which DB_* name a database.
func (v *variables) naming() settings {
	host, port := v.Host.host, v.Host.port
	if host == "" {
		host = v.Port.link
	}
	if port == "" {
		port = v.Port.port
	}
	set := settings{}
	set.put("host", host, "DB_HOST")
	set.put("port", port, "DB_PORT")
	set.put("database", v.Name, "DB_NAME")
	set.put("user", v.User, "DB_USER")
	return set
}

// isLink says whether a key comes from the DB_PORT that Kubernetes set.
func (v *variables) isLink(key string) bool {
	return v.Port.link != "" && (key == "port" && v.Host.port == "" || key == "host" && v.Host.host == "")
}

// tls are the settings of DB_SSLMODE and DB_SSLROOTCERT.
func (v *variables) tls() settings {
	set := settings{}
	set.put("sslmode", strings.TrimSpace(v.SSLMode), "DB_SSLMODE")
	cert := v.SSLRootCert
	if !strings.Contains(cert, pemBegin) {
		cert = strings.TrimSpace(cert)
	}
	set.put("sslrootcert", cert, "DB_SSLROOTCERT")
	return set
}

// environment is environ as a map. What is empty is left out; so are line ends at the
// end of a value, which a secret made with echo has.
func environment(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if value = strings.TrimRight(value, "\r\n"); ok && value != "" {
			m[name] = value
		}
	}
	return m
}

// lookalikes points at names that other tools use for ours, one line each. They are not
// read; when ours are missing, they tell why.
func lookalikes(environ map[string]string) string {
	var found strings.Builder
	for _, pair := range [][2]string{
		{"DB_URL", urlVariable},
		{"DATABASE_URI", urlVariable},
		{"POSTGRES_URL", urlVariable},
		{"DB_DATABASE", "DB_NAME"},
		{"DB_DBNAME", "DB_NAME"},
		{"POSTGRES_DB", "DB_NAME"},
		{"DB_USERNAME", "DB_USER"},
		{"POSTGRES_USER", "DB_USER"},
		{"DB_PASSWORD", passVariable},
		{"POSTGRES_PASSWORD", passVariable},
		{"DB_PASSWORD_FILE", passFileVariable},
		{"DB_HOSTNAME", "DB_HOST"},
		{"POSTGRES_HOST", "DB_HOST"},
		{"DB_SSL_MODE", "DB_SSLMODE"},
	} {
		if environ[pair[0]] != "" && environ[pair[1]] == "" {
			fmt.Fprintf(&found, "\n(%s is set, but the name read here is %s)", pair[0], pair[1])
		}
	}
	return found.String()
}
