package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// suggestedWait is the --wait that is suggested when a server does not answer.
const suggestedWait = time.Minute

// connect returns how to make a database reachable.
func (a adviser) connect(e *migrator.ConnectError) advice {
	if e.Hint != "" {
		return advice{e.Hint, nil}
	}
	db, user := sqltext.QuoteName(e.Database), sqltext.QuoteName(e.User)
	switch e.Problem {
	case migrator.ConnectNoSocket:
		return advice{"check " + a.variables("host", "port") + ", or start the server", a.wait("wait for it")}
	case migrator.ConnectRefused, migrator.ConnectUnreachable:
		return advice{"is the server running there?", a.wait("wait for it")}
	case migrator.ConnectUnknownHost:
		return advice{"check " + a.variables("host"), a.wait("wait for the name")}
	case migrator.ConnectUnavailable:
		return advice{"", a.wait("wait for it")}
	case migrator.ConnectLimit:
		return advice{"", a.wait("wait for a free connection")}
	case migrator.ConnectLost:
		return advice{"", a.afterLoss()}
	case migrator.ConnectServerError:
		return advice{"", []suggestion{to("try again", a.retry())}}
	case migrator.ConnectWrongPassword:
		return advice{a.authentication(e, user), nil}
	case migrator.ConnectNoRole:
		if strings.Contains(e.Reason, "is not permitted to log in") {
			return advice{"check " + a.variables("user") + ", or let the role log in: ALTER ROLE " + user + " LOGIN", nil}
		}
		return advice{"check " + a.variables("user") + ", or create the role: CREATE ROLE " + user + " LOGIN", nil}
	case migrator.ConnectNoDatabase:
		return advice{"check " + a.variables("database") + ", or create it: CREATE DATABASE " + db + " OWNER " + user, nil}
	case migrator.ConnectNoAccess:
		return advice{a.access(e, db, user), nil}
	case migrator.ConnectRejected:
		if sqlState(e) == objectNotInPrerequisiteState {
			return advice{"check " + a.variables("database") + ", or allow connections again, in another database: ALTER DATABASE " + db + " ALLOW_CONNECTIONS true", nil}
		}
	case migrator.ConnectNotPostgreSQL:
		return advice{"PostgreSQL 13 or newer is required; check " + a.variables("host", "port"), nil}
	case migrator.ConnectBadSetting:
		return advice{"remove the setting from the URL or from PGOPTIONS", nil}
	case migrator.ConnectTLS:
		return advice{a.tls(e), nil}
	case migrator.ConnectReadOnly:
		if strings.Contains(e.Error(), "default_transaction_read_only") {
			return advice{"it is set for the server, the database or the role; to change it for the role: ALTER ROLE " + user + " IN DATABASE " + db + " SET default_transaction_read_only = off", nil}
		}
		return advice{"migrations must run on the primary: check " + a.variables("host") + ", or add target_session_attrs=read-write", nil}
	}
	return advice{}
}

// wait returns the command that waits for the server, or the same command again if it has
// waited as long as that.
func (a adviser) wait(purpose string) []suggestion {
	if a.settings.Wait >= suggestedWait {
		return []suggestion{to("try again", a.retry())}
	}
	if a.settings.Wait > 0 {
		purpose = strings.Replace(purpose, "wait for", "wait longer for", 1)
	}
	return []suggestion{to(purpose, a.retry(flagValue{"wait", revision.FormatDuration(suggestedWait)}))}
}

// afterLoss returns the command that tries again after a lost connection. It waits: the
// server may be restarting.
func (a adviser) afterLoss() []suggestion {
	if a.settings.Wait >= suggestedWait {
		return []suggestion{to("try again", a.retry())}
	}
	return []suggestion{to("try again", a.retry(flagValue{"wait", revision.FormatDuration(suggestedWait)}))}
}

// variables returns the names of the variables that settings come from, or of those that
// could set them: DB_USER and DB_PASS, or DATABASE_URL.
func (a adviser) variables(keys ...string) string {
	var names []string
	for _, key := range keys {
		if name := a.variable(key); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return text.List(names, "and")
}

// variable returns the name of the variable that contains a setting, or that of the same
// family that may contain it.
func (a adviser) variable(key string) string {
	if a.urlFlag != "" {
		return a.urlFlag
	}
	source, err := a.database().Source()
	if a.focus != nil && a.focus.source != nil {
		source, err = a.focus.source, nil
	}
	if err != nil {
		return ourVariables[key]
	}
	if name := source.Variable(key); name != "" {
		return name
	}
	for _, named := range []string{"database", "host", "user"} {
		switch name := source.Variable(named); {
		case strings.HasPrefix(name, "DB_"):
			return ourVariables[key]
		case strings.HasPrefix(name, "PG"):
			return libpqVariables[key]
		case name != "":
			return name
		}
	}
	return ourVariables[key]
}

var (
	ourVariables = map[string]string{
		"host": "DB_HOST", "port": "DB_PORT", "database": "DB_NAME", "user": "DB_USER", "password": "DB_PASS",
		"sslmode": "DB_SSLMODE", "sslrootcert": "DB_SSLROOTCERT",
	}
	libpqVariables = map[string]string{
		"host": "PGHOST", "port": "PGPORT", "database": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD",
		"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
	}
)

// SQLSTATEs of a server that refuses a connection.
const (
	insufficientPrivilege        = "42501"
	objectNotInPrerequisiteState = "55000"
	invalidPassword              = "28P01"
)

// sqlState returns the SQLSTATE of the server, or "".
func sqlState(err error) string {
	if se, ok := errors.AsType[*pgconn.PgError](err); ok {
		return se.Code
	}
	return ""
}

// access returns what to do about a role that may not connect to a database: it lacks the privilege, or an entry in pg_hba.conf.
func (a adviser) access(e *migrator.ConnectError, db, user string) string {
	switch {
	case sqlState(e) == insufficientPrivilege:
		return "allow the role to connect: GRANT CONNECT ON DATABASE " + db + " TO " + user
	case (strings.Contains(e.Reason, "no encryption") || strings.Contains(e.Reason, "SSL off")) && !strings.Contains(e.Reason, "rejects"): // SSL off: before 14
		return "the server may require encryption: use sslmode=require (" + a.variables("sslmode") + "), or add an entry to its pg_hba.conf and reload it"
	}
	return "add or change the entry in the server's pg_hba.conf and reload it"
}

// authentication returns what to do about a role that was not authenticated.
func (a adviser) authentication(e *migrator.ConnectError, user string) string {
	method, _, _ := strings.Cut(e.Reason, " authentication failed")
	switch code := sqlState(e); {
	case code == "" || code == invalidPassword || method == e.Reason:
	case method == "Peer" || method == "Ident":
		return "the operating system user has to have the name of the role (pg_hba.conf): run as that user, or let the server use a method with a password"
	default:
		return "check user and password (" + a.variables("user", "password") + "): the server lets " + method + " check them (pg_hba.conf)"
	}
	return a.password(e.NoPassword, user)
}

// password returns what to do about a password that is wrong or missing.
func (a adviser) password(missing bool, user string) string {
	if !missing {
		return "check " + a.variables("user", "password") + `, or set a new password in psql: \password ` + user
	}
	if a.variable("password") == libpqVariables["password"] {
		return "no password is set: set PGPASSWORD"
	}
	return "no password is set: set DB_PASS, or DB_PASS_FILE to a file that contains it"
}

func (a adviser) tls(e *migrator.ConnectError) string {
	if strings.Contains(e.Error(), "unknown authority") || strings.Contains(e.Error(), "system roots") {
		name := a.variable("sslrootcert")
		if name != libpqVariables["sslrootcert"] {
			name = ourVariables["sslrootcert"]
		}
		return "set " + name + " to the root certificate of the authority that signed the server's certificate; an image built from scratch trusts the authorities in /etc/ssl/certs/ca-certificates.crt if that file was copied into it"
	}
	return "check " + a.variables("sslmode", "sslrootcert")
}
