package pg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ConnectProblem is the reason why a database cannot be used.
type ConnectProblem string

// The problems that ConnectError distinguishes.
const (
	Unreachable     ConnectProblem = "unreachable"
	Refused         ConnectProblem = "refused"
	UnknownHost     ConnectProblem = "unknown host"
	NoSocket        ConnectProblem = "no socket"                 // the file of a Unix socket does not exist
	Unavailable     ConnectProblem = "not accepting connections" // it is starting up or shutting down, or has none to offer
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
	NotPostgreSQL   ConnectProblem = "not PostgreSQL"
	Rejected        ConnectProblem = "refused by the server" // for any other reason
)

// ConnectError is a database that cannot be reached or used. Nothing was changed in it.
type ConnectError struct {
	Database string
	Host     string // host and port, or the path of a Unix socket
	User     string
	Problem  ConnectProblem
	// Temporary reports whether the same attempt may succeed later.
	Temporary bool
	// Hint is the remedy if the caller knows a better one than Problem implies.
	Hint string
	// Err is the driver's or the server's error.
	Err error
	// NoPassword: the configuration has none.
	NoPassword bool
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("database %q at %s as %s: %s", e.Database, e.Host, e.User, e.Reason())
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
	case NoSocket:
		return "no such socket; no server on this machine is listening there"
	case UnknownHost:
		return "host name does not resolve"
	case Unreachable:
		if errors.Is(e.Err, context.DeadlineExceeded) {
			return "no answer in time"
		}
		if errors.Is(e.Err, fs.ErrPermission) {
			return "permission denied for the socket"
		}
		if text := innermost(e.Err); strings.HasSuffix(text, "EOF") {
			return "the connection was closed before the server answered"
		}
	}
	return innermost(e.Err)
}

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
