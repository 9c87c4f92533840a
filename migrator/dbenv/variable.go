package dbenv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caarlos0/env/v11"
)

const (
	urlVariable      = "DATABASE_URL"
	passVariable     = "DB_PASS"
	passFileVariable = "DB_PASS_FILE"
)

// variables are DATABASE_URL and DB_*. The options "expand" and "file" of package env are
// not used: one would change passwords that contain $, the other reads only once and keeps
// the line break.
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

// parseVariables parses environ and returns the problems of all variables.
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
		problems = append(problems, Problem{passFileVariable, "DB_PASS is also set; unset one of them"})
	case strings.ContainsRune(v.PassFile, '\n'):
		problems = append(problems, Problem{passFileVariable, "is not a file name; put the password itself into DB_PASS"})
	}
	problems = append(problems, v.checkHostPort()...)
	return v, problems
}

// variableProblem returns the Problem in the error of a field, whose own text names the
// field instead of the variable.
func variableProblem(err error) Problem {
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Problems[0]
	}
	return Problem{Text: err.Error()}
}

// checkHostPort reports a port in DB_HOST that differs from DB_PORT.
func (v *variables) checkHostPort() []Problem {
	if v.Host.port == "" || v.Port.port == "" || v.Port.linkHost != "" || v.Host.port == v.Port.port {
		return nil
	}
	return []Problem{{"DB_PORT", fmt.Sprintf("is %s, but DB_HOST has the port %s; unset one of them or make them agree", v.Port.port, v.Host.port)}}
}

// nameDatabase reports whether DB_* name a database. DB_PASS, the TLS variables and a
// DB_PORT set by Kubernetes do not.
func (v *variables) nameDatabase() bool {
	return v.Name != "" || v.User != "" || v.Host.host != "" || v.Port.port != "" && v.Port.linkHost == ""
}

// firstSet returns a variable that is set and names a database, for messages about a
// missing DB_NAME.
func (v *variables) firstSet() string {
	switch {
	case v.Host.host != "":
		return "DB_HOST"
	case v.User != "":
		return "DB_USER"
	default:
		return "DB_PORT"
	}
}

// naming returns the settings of DB_* that name the database.
func (v *variables) naming() settings {
	host, port := v.Host.host, v.Host.port
	if host == "" {
		host = v.Port.linkHost
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

// fromServiceLink reports whether a key's value is from a DB_PORT set by Kubernetes.
func (v *variables) fromServiceLink(key string) bool {
	return v.Port.linkHost != "" && (key == "port" && v.Host.port == "" || key == "host" && v.Host.host == "")
}

// tls returns the settings of DB_SSLMODE and DB_SSLROOTCERT.
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

// environment returns environ as a map, without empty variables and without line breaks at
// the end of values.
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
