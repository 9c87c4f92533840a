package pg

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConnectProblem says why a database cannot be used.
type ConnectProblem string

// The reasons, each with a way out of its own.
const (
	Unreachable   ConnectProblem = "unreachable"
	Refused       ConnectProblem = "refused"
	UnknownHost   ConnectProblem = "unknown host"
	StartingUp    ConnectProblem = "starting up"
	WrongPassword ConnectProblem = "wrong password"
	NoDatabase    ConnectProblem = "no such database"
	NoAccess      ConnectProblem = "no access"
	TooMany       ConnectProblem = "too many connections"
	NoTLS         ConnectProblem = "tls"
	TooOld        ConnectProblem = "too old"
	ReadOnly      ConnectProblem = "read only"
	NoCredentials ConnectProblem = "no credentials"
)

// ConnectError says which database could not be used, why, and what to do. Nothing
// was changed in it.
type ConnectError struct {
	Database, Host, User string
	Problem              ConnectProblem
	// Temporary: the same attempt may succeed later.
	Temporary bool
	Err       error
}

func (e *ConnectError) Error() string {
	return "database " + quote(e.Database) + " at " + e.Host + " as " + e.User + ": " + e.reason() + e.advice()
}

// Unwrap gives the driver's or the server's error.
func (e *ConnectError) Unwrap() error { return e.Err }

func (e *ConnectError) reason() string {
	if se := ServerError(e.Err); se != nil {
		return se.Message + " (" + se.Code + ")"
	}
	switch e.Problem {
	case Refused:
		return "connection refused"
	case UnknownHost:
		return "the host name does not resolve"
	case Unreachable:
		if errors.Is(e.Err, context.DeadlineExceeded) {
			return "no answer in time"
		}
	}
	return innermost(e.Err)
}

func (e *ConnectError) advice() string {
	switch e.Problem {
	case Refused, Unreachable:
		return "; is the server running there? --wait 60s waits for it"
	case UnknownHost:
		return "; check DB_HOST, or --wait 60s until the name exists"
	case StartingUp:
		return "; --wait 60s waits for it"
	case WrongPassword:
		return "; check DB_USER and DB_PASS, or set a new password: ALTER ROLE " + quote(e.User) + " PASSWORD '…'"
	case NoDatabase:
		return "; create it: CREATE DATABASE " + quote(e.Database) + " OWNER " + quote(e.User)
	case NoAccess:
		return "; let the role in: GRANT CONNECT ON DATABASE " + quote(e.Database) + " TO " + quote(e.User) + ", and see pg_hba.conf"
	case TooMany:
		return "; --wait 60s waits for a free connection"
	case NoTLS:
		return "; check DB_SSLMODE and DB_SSLROOTCERT"
	case ReadOnly:
		return "; migrations need the primary: check DB_HOST, or add target_session_attrs=read-write"
	}
	return ""
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// innermost is the error without the driver's wrapping, which repeats addresses.
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

func classify(cfg *pgconn.Config, err error) *ConnectError {
	e := unusable(cfg, Unreachable, err)
	e.Temporary = true
	if se := ServerError(err); se != nil {
		e.Problem, e.Temporary = classifyServer(se)
		return e
	}
	var dns *net.DNSError
	text := err.Error()
	switch {
	case errors.As(err, &dns):
		e.Problem = UnknownHost
	case strings.Contains(text, "tls:") || strings.Contains(text, "x509:") || strings.Contains(text, "refused TLS") || strings.Contains(text, "tls error"):
		e.Problem, e.Temporary = NoTLS, false
	case strings.Contains(text, "read only") || strings.Contains(text, "standby") || strings.Contains(text, "hot standby"):
		e.Problem, e.Temporary = ReadOnly, true
	case strings.Contains(text, "connection refused"), strings.Contains(text, "no such file or directory"):
		e.Problem = Refused
	case strings.Contains(text, "password") || strings.Contains(text, "SASL") || strings.Contains(text, "SCRAM"):
		e.Problem, e.Temporary = WrongPassword, false
	}
	return e
}

func classifyServer(se *pgconn.PgError) (ConnectProblem, bool) {
	switch se.Code {
	case "28P01", "28000":
		if strings.Contains(se.Message, "pg_hba.conf") {
			return NoAccess, false
		}
		return WrongPassword, false
	case "3D000":
		return NoDatabase, false
	case "42501":
		return NoAccess, false
	case "57P03":
		return StartingUp, true
	case "53300":
		return TooMany, true
	}
	if strings.HasPrefix(se.Code, "57P") || strings.HasPrefix(se.Code, "08") {
		return StartingUp, true
	}
	return NoAccess, false
}
