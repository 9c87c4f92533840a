package pg

import (
	"context"
	"errors"
	"fmt"
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
	NoRole        ConnectProblem = "no such role"
	NoDatabase    ConnectProblem = "no such database"
	NoAccess      ConnectProblem = "no access"
	BadSetting    ConnectProblem = "bad setting"
	TooMany       ConnectProblem = "too many connections"
	NoTLS         ConnectProblem = "tls"
	TooOld        ConnectProblem = "too old"
	ReadOnly      ConnectProblem = "read only"
	NoCredentials ConnectProblem = "no credentials"
	Refusal       ConnectProblem = "refused by the server"
)

// ConnectError says which database could not be used, why, and what to do. Nothing
// was changed in it.
type ConnectError struct {
	Database, Host, User string
	Problem              ConnectProblem
	// Temporary: the same attempt may succeed later.
	Temporary bool
	Hint      string // what to do, where the caller knows better than Problem tells
	Err       error

	withoutPassword bool
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
		if text := innermost(e.Err); strings.HasSuffix(text, "EOF") {
			return "the connection was closed before the server said anything"
		}
	}
	return innermost(e.Err)
}

func (e *ConnectError) advice() string {
	if e.Hint != "" {
		return "; " + e.Hint
	}
	db, user := quote(e.Database), quote(e.User)
	switch e.Problem {
	case Refused, Unreachable:
		return "; is the server running there? --wait 60s waits for it"
	case UnknownHost:
		return "; check DB_HOST, or --wait 60s until the name exists"
	case StartingUp:
		return "; --wait 60s waits for it"
	case WrongPassword:
		if e.withoutPassword {
			return "; no password is set: DB_PASS, or DB_PASS_FILE with the file that holds it"
		}
		return "; check DB_USER and DB_PASS, or set a new password: ALTER ROLE " + user + " PASSWORD '…'"
	case NoRole:
		return "; check DB_USER, or create the role: CREATE ROLE " + user + " LOGIN PASSWORD '…'"
	case NoDatabase:
		return "; create it: CREATE DATABASE " + db + " OWNER " + user
	case NoAccess:
		return "; let the role in: GRANT CONNECT ON DATABASE " + db + " TO " + user + ", and see pg_hba.conf"
	case BadSetting:
		return "; remove that setting from the URL or from PGOPTIONS"
	case TooMany:
		return "; --wait 60s waits for a free connection"
	case NoTLS:
		if text := e.reason(); strings.Contains(text, "unknown authority") || strings.Contains(text, "system roots") {
			return "; DB_SSLROOTCERT names the file of the authority that signed the server's certificate; an image from scratch knows those in /etc/ssl/certs/ca-certificates.crt, if they were copied there"
		}
		return "; check DB_SSLMODE and DB_SSLROOTCERT"
	case ReadOnly:
		if strings.Contains(e.reason(), "default_transaction_read_only") {
			return "; it is set for the server, the database or the role: ALTER ROLE " + user + " IN DATABASE " + db + " SET default_transaction_read_only = off"
		}
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

// attempts are what went wrong with each address and each way of encryption that was
// tried, without the addresses: a host may be called anything, "standby" too.
func attempts(err error) []string {
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) {
		err = ce.Unwrap()
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	texts := make([]string, len(all))
	for i, e := range all {
		if inner := errors.Unwrap(e); inner != nil {
			e = inner
		}
		texts[i] = e.Error()
	}
	return texts
}

func classify(cfg *pgconn.Config, err error) *ConnectError {
	e := unusable(cfg, Unreachable, err)
	e.Temporary, e.withoutPassword = true, cfg.Password == ""
	if se := ServerError(err); se != nil {
		e.Problem, e.Temporary = classifyServer(se)
		return e
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		e.Problem = UnknownHost
		return e
	}
	text := strings.Join(attempts(err), "\n")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("connection refused", "no such file or directory"):
		e.Problem = Refused
	case errors.Is(err, pgconn.ErrReadOnlyConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		e.Problem = ReadOnly // temporary: another server may be promoted
	case has("x509:", "server refused TLS connection"), has("tls error") && !has("EOF", "reset by peer", "timeout", "deadline"):
		e.Problem, e.Temporary = NoTLS, false
	case has("SASL", "SCRAM", "channel binding", "require_auth"):
		e.Problem, e.Temporary = WrongPassword, false
	}
	return e
}

// classifyServer tells what the server itself said, and whether that may change.
func classifyServer(se *pgconn.PgError) (problem ConnectProblem, temporary bool) {
	switch se.Code {
	case "28P01":
		return WrongPassword, false
	case "28000":
		switch {
		case strings.Contains(se.Message, "pg_hba.conf"):
			return NoAccess, false
		case strings.Contains(se.Message, "Peer") || strings.Contains(se.Message, "Ident"):
			return WrongPassword, false
		}
		return NoRole, false
	case "3D000":
		return NoDatabase, false
	case "42501":
		return NoAccess, false
	case "42704", "22023":
		return BadSetting, false // a startup parameter that the server does not know
	case "57P03":
		return StartingUp, true
	case "53300":
		return TooMany, true
	case "08P01":
		return classifyPooler(se.Message)
	}
	if strings.HasPrefix(se.Code, "57P") || strings.HasPrefix(se.Code, "08") {
		return StartingUp, true
	}
	return Refusal, false
}

// classifyPooler tells what PgBouncer says: it has one code for everything.
func classifyPooler(message string) (ConnectProblem, bool) {
	has := func(word string) bool { return strings.Contains(message, word) }
	switch {
	case has("unsupported startup parameter"):
		return BadSetting, false
	case has("no such database"), has("database") && has("does not exist"):
		return NoDatabase, false
	case has("no such user"), has("role") && has("does not exist"):
		return NoRole, false
	case has("password authentication failed"), has("SASL authentication failed"), has("auth failed"):
		return WrongPassword, false
	}
	return StartingUp, true // the server behind it cannot be reached, or a queue is full
}

// tooOld is the reason for a server whose version is not supported.
func tooOld(version string) error {
	return fmt.Errorf("the server is PostgreSQL %s, and %d is the oldest that is supported", version, OldestServer)
}
