package migrator

// ConnectError reports a database that cannot be reached or used, or a connection that was
// lost while nothing was being changed.
type ConnectError struct {
	Database, Host, User string // "" if the connection was lost
	Problem              ConnectProblem
	Reason               string // what went wrong, without the address
	Engine               string // of ConnectNotPostgreSQL: its name; "" when it is not known
	Hint                 string // what to do, if more is known than Problem implies; it may be SQL
	NoPassword           bool   // the configuration has no password
	failure
}

// ConnectProblem is the reason of a ConnectError.
type ConnectProblem string

// The problems.
const (
	ConnectUnreachable   ConnectProblem = "unreachable"
	ConnectRefused       ConnectProblem = "refused"
	ConnectUnknownHost   ConnectProblem = "unknown host"
	ConnectNoSocket      ConnectProblem = "no socket"                 // no server on this machine is listening there
	ConnectUnavailable   ConnectProblem = "not accepting connections" // it is starting up or shutting down; or a pooler has no connection to it
	ConnectWrongPassword ConnectProblem = "wrong password"
	ConnectNoRole        ConnectProblem = "no such role"
	ConnectNoDatabase    ConnectProblem = "no such database"
	ConnectNoAccess      ConnectProblem = "no access"
	ConnectBadSetting    ConnectProblem = "bad setting"
	ConnectLimit         ConnectProblem = "too many connections"
	ConnectTLS           ConnectProblem = "tls"
	ConnectTooOld        ConnectProblem = "too old"
	ConnectReadOnly      ConnectProblem = "read only" // a standby, or read-only by a setting
	ConnectNoCredentials ConnectProblem = "no credentials"
	ConnectNotPostgreSQL ConnectProblem = "not PostgreSQL"        // it only speaks the protocol; see Engine
	ConnectRejected      ConnectProblem = "refused by the server" // for any other reason
	ConnectLost          ConnectProblem = "connection lost"
	ConnectServerError   ConnectProblem = "server error" // for a statement that belongs to no revision
)

// Kind returns KindConnect, KindDatabase for a connection that existed, or KindEngine for a
// server that is not PostgreSQL.
func (e *ConnectError) Kind() Kind {
	switch e.Problem {
	case ConnectLost, ConnectServerError:
		return KindDatabase
	case ConnectNotPostgreSQL:
		return KindEngine
	}
	return KindConnect
}

// LedgerError reports a ledger that cannot be read, written or used.
type LedgerError struct {
	Ledger  string
	Problem LedgerProblem
	Others  []string // of LedgerElsewhere: the ledgers that the database has
	// Role lacks the privilege Missing ("SELECT on public.ambix_revision"), as far as that
	// is known. Grants are the statements with which the owner gives it what it lacks.
	Role, Missing string
	Grants        []string
	Owner         string    // of LedgerUntrusted
	Holders       []Session // of LedgerLocked, as far as they are known
	failure
}

// LedgerProblem is the reason of a LedgerError.
type LedgerProblem string

// The problems.
const (
	LedgerUnusable  LedgerProblem = "unusable" // the text says why
	LedgerElsewhere LedgerProblem = "elsewhere"
	LedgerNewer     LedgerProblem = "newer"     // it was written by a newer program
	LedgerInvalid   LedgerProblem = "invalid"   // it contains a value that this program never writes
	LedgerUntrusted LedgerProblem = "untrusted" // it belongs to a role that is not trusted; see Config.LedgerOwner
	LedgerForeign   LedgerProblem = "unrelated" // its unknown revisions do not fit the files
	LedgerLocked    LedgerProblem = "locked"    // other sessions hold locks on its tables; see Holders
)

// Kind depends on the problem.
func (e *LedgerError) Kind() Kind {
	switch e.Problem {
	case LedgerElsewhere:
		return KindOtherLedger
	case LedgerNewer:
		return KindNewerLedger
	case LedgerForeign:
		return KindForeignRevisions
	case LedgerLocked:
		return KindLockTimeout
	}
	return KindLedger
}
