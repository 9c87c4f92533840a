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
	// NoPassword: the configuration has none.
	NoPassword bool
}

func (e *ConnectError) Error() string {
	return "database " + quote(e.Database) + " at " + e.Host + " as " + e.User + ": " + e.Reason()
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
