package pg

import (
	"context"
	"errors"
	"strings"
)

// ConnectProblem is the reason why a database cannot be used.
type ConnectProblem string

// The problems that ConnectError distinguishes.
const (
	Unreachable     ConnectProblem = "unreachable"
	Refused         ConnectProblem = "refused"
	UnknownHost     ConnectProblem = "unknown host"
	StartingUp      ConnectProblem = "starting up"
	WrongPassword   ConnectProblem = "wrong password"
	NoRole          ConnectProblem = "no such role"
	NoDatabase      ConnectProblem = "no such database"
	NoAccess        ConnectProblem = "no access"
	BadSetting      ConnectProblem = "bad setting"
	ConnectionLimit ConnectProblem = "too many connections"
	TLSFailed       ConnectProblem = "tls"
	ServerTooOld    ConnectProblem = "too old"
	ReadOnly        ConnectProblem = "read only"
	NoCredentials   ConnectProblem = "no credentials"
	Rejected        ConnectProblem = "refused by the server" // for any other reason
)

// ConnectError is a database that cannot be reached or used. Nothing was changed in it.
type ConnectError struct {
	Database string
	Host     string // host and port, or the directory of a Unix socket
	User     string
	Problem  ConnectProblem
	// Temporary reports whether the same attempt may succeed later.
	Temporary bool
	// Hint is the remedy if the caller knows a better one than Problem implies.
	Hint string
	// Err is the driver's or the server's error.
	Err error

	noPassword bool // the configuration has none
}

func (e *ConnectError) Error() string {
	text := "database " + quote(e.Database) + " at " + e.Host + " as " + e.User + ": " + e.Reason()
	if remedy := e.Remedy(); remedy != "" {
		text += "; " + remedy
	}
	return text
}

// Unwrap returns Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// Reason returns what went wrong, without the address.
func (e *ConnectError) Reason() string {
	if se := ServerError(e.Err); se != nil {
		return se.Message + " (" + se.Code + ")"
	}
	switch e.Problem {
	case Refused:
		return "connection refused"
	case UnknownHost:
		return "host name does not resolve"
	case Unreachable:
		if errors.Is(e.Err, context.DeadlineExceeded) {
			return "no answer in time"
		}
		if text := innermost(e.Err); strings.HasSuffix(text, "EOF") {
			return "the connection was closed before the server answered"
		}
	}
	return innermost(e.Err)
}

// Remedy returns what to do about it, or "".
func (e *ConnectError) Remedy() string {
	if e.Hint != "" {
		return e.Hint
	}
	db, user := quote(e.Database), quote(e.User)
	switch e.Problem {
	case Refused, Unreachable:
		return "is the server running there? --wait 60s waits for it"
	case UnknownHost:
		return "check DB_HOST, or wait for the name to exist with --wait 60s"
	case StartingUp:
		return "--wait 60s waits for it"
	case WrongPassword:
		if e.noPassword {
			return "no password is set: set DB_PASS, or DB_PASS_FILE to a file that contains it"
		}
		return "check DB_USER and DB_PASS, or set a new password: ALTER ROLE " + user + " PASSWORD '…'"
	case NoRole:
		return "check DB_USER, or create the role: CREATE ROLE " + user + " LOGIN PASSWORD '…'"
	case NoDatabase:
		return "create it: CREATE DATABASE " + db + " OWNER " + user
	case NoAccess:
		return "allow the role to connect: GRANT CONNECT ON DATABASE " + db + " TO " + user + ", and an entry in pg_hba.conf"
	case BadSetting:
		return "remove the setting from the URL or from PGOPTIONS"
	case ConnectionLimit:
		return "--wait 60s waits for a free connection"
	case TLSFailed:
		if text := e.Reason(); strings.Contains(text, "unknown authority") || strings.Contains(text, "system roots") {
			return "set DB_SSLROOTCERT to the root certificate of the authority that signed the server's certificate; an image built from scratch trusts the authorities in /etc/ssl/certs/ca-certificates.crt if that file was copied into it"
		}
		return "check DB_SSLMODE and DB_SSLROOTCERT"
	case ReadOnly:
		if strings.Contains(e.Reason(), "default_transaction_read_only") {
			return "it is set for the server, the database or the role; to change it for the role: ALTER ROLE " + user + " IN DATABASE " + db + " SET default_transaction_read_only = off"
		}
		return "migrations must run on the primary: check DB_HOST, or add target_session_attrs=read-write"
	}
	return ""
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// innermost returns the text of the first root cause: the driver's wrapping repeats addresses.
func innermost(err error) string {
	for {
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			err = joined.Unwrap()[0]
			continue
		}
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
