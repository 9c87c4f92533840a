package pg

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// classify makes a ConnectError of the driver's error for a failed attempt. Errors that
// it does not know count as Unreachable and temporary.
func classify(cfg *pgconn.Config, err error) *ConnectError {
	e := connectError(cfg, Unreachable, err)
	e.Temporary, e.NoPassword = true, cfg.Password == ""
	if se := ServerError(err); se != nil {
		e.Problem, e.Temporary = classifyServer(se)
		return e
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		e.Problem = UnknownHost
		return e
	}
	text := strings.Join(causes(err), "\n")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Problem = NoSocket
	case has("connection refused"):
		e.Problem = Refused
	case errors.Is(err, pgconn.ErrReadOnlyConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		e.Problem = ReadOnly // temporary: another server may be promoted
	case has("x509:", "server refused TLS connection"), has("tls error") && !has("EOF", "reset by peer", "timeout", "deadline"):
		e.Problem, e.Temporary = TLSFailed, false
	case has("SASL", "SCRAM", "channel binding", "require_auth"):
		e.Problem, e.Temporary = WrongPassword, false
	}
	return e
}

// classifyServer classifies an error that the server sent during startup.
func classifyServer(se *pgconn.PgError) (problem ConnectProblem, temporary bool) {
	switch se.Code {
	case InvalidPassword:
		return WrongPassword, false
	case InvalidAuthorizationSpecification:
		switch {
		case strings.Contains(se.Message, "pg_hba.conf"):
			return NoAccess, false
		case se.Routine == "auth_failed":
			return WrongPassword, false // by another method than a password of the server
		}
		return NoRole, false
	case InvalidCatalogName:
		return NoDatabase, false
	case InsufficientPrivilege:
		return NoAccess, false
	case UndefinedObject, InvalidParameterValue:
		return BadSetting, false // of a startup parameter
	case CannotConnectNow:
		return Unavailable, true
	case TooManyConnections:
		return ConnectionLimit, true
	case ProtocolViolation:
		return classifyPooler(se.Message)
	}
	if strings.HasPrefix(se.Code, serverUnavailable) || strings.HasPrefix(se.Code, connectionException) {
		return Unavailable, true
	}
	return Rejected, false
}

// classifyPooler classifies an error of PgBouncer, which uses one SQLSTATE for all.
func classifyPooler(message string) (problem ConnectProblem, temporary bool) {
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
	return Unavailable, true // the pooler cannot reach the server, or its queue is full
}

// causes returns the error of each address and each way of encryption that was tried.
// The texts do not contain the host name, which could match anything: "standby", "tls".
func causes(err error) []string {
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

func tooOld(version string) error {
	return fmt.Errorf("the server is PostgreSQL %s; the oldest supported version is %d", version, OldestServer)
}
