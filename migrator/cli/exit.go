package cli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// The exit codes. An orchestrator should retry after 5 and 6, and not after 1, 2, 4 and 7.
const (
	exitFailed      = 1   // a revision failed
	exitUsage       = 2   // usage, configuration, an invalid target
	exitFound       = 3   // check has findings
	exitPolicy      = 4   // refused by a policy, or the ledger is newer
	exitLocked      = 5   // lock timeout
	exitDatabase    = 6   // the database cannot be reached or used
	exitFiles       = 7   // the files are invalid
	exitInterrupted = 130 // SIGINT
	exitTerminated  = 143 // SIGTERM
)

// ExitCode returns the exit code for an error of a command: 0 for nil, and 1 for an error
// that is not from this module.
//
//	0  done, or nothing to do
//	1  a revision failed
//	2  usage, configuration, a target that is unknown or not allowed
//	3  check has findings
//	4  refused by a policy, or the ledger is newer than the program
//	5  lock timeout: safe to run again
//	6  the database cannot be reached or used
//	7  the files are invalid
//	130, 143  ended by SIGINT, SIGTERM
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	_, code := classify(err)
	return code
}

// classify returns the kind of an error, as in JSON documents, and its exit code. Types that
// wrap others of the list must precede them.
func classify(err error) (kind string, code int) {
	switch {
	case is[*apply.UnknownOutcomeError](err):
		return "unknown-outcome", exitDatabase
	case is[*apply.InterruptedError](err):
		return "interrupted", signalCode(err)
	case is[*apply.BusyError](err):
		return "busy", exitLocked
	case is[*apply.LockTimeoutError](err), is[*apply.IndexBuildError](err):
		return "lock-timeout", exitLocked
	case is[*apply.RevisionError](err):
		return "revision", exitFailed
	case is[*findingsError](err), is[*notAtHeadsError](err):
		return "found", exitFound
	case is[*migrator.PolicyError](err):
		return "policy", exitPolicy
	case is[*ledger.NewerError](err):
		return "newer-ledger", exitPolicy
	case is[*plan.JoinError](err):
		return "foreign-revisions", exitPolicy
	case is[*apply.EditedError](err), is[*apply.UndecidedError](err):
		return "undecided", exitPolicy
	case is[revision.Problems](err), is[revision.Problem](err):
		return "files", exitFiles
	}
	if kind, code = classifyUsage(err); code != 0 {
		return kind, code
	}
	switch {
	case is[*pg.ConnectError](err):
		return "connect", exitDatabase
	case is[*apply.LedgerError](err), is[*ledger.DecodeError](err):
		return "ledger", exitDatabase
	case is[*pg.LostError](err), pg.ServerError(err) != nil:
		return "database", exitDatabase
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "interrupted", signalCode(err)
	case is[*fileError](err), is[*fs.PathError](err):
		return "files", exitFiles
	}
	return "other", exitFailed
}

func classifyUsage(err error) (string, int) {
	switch {
	case is[*migrator.UsageError](err), is[*revision.NameError](err), is[*revision.ExistsError](err),
		is[*pflag.NotExistError](err), is[*pflag.ValueRequiredError](err), is[*pflag.InvalidValueError](err), is[*pflag.InvalidSyntaxError](err):
		return "usage", exitUsage
	case is[*dbenv.Error](err), is[*migrator.ConfigError](err), is[*ledger.NameError](err):
		return "configuration", exitUsage
	case is[*migrator.TargetError](err):
		return "target", exitUsage
	case is[*plan.IrreversibleError](err):
		return "irreversible", exitUsage
	case is[*migrator.AdoptError](err):
		return "adopt", exitUsage
	case is[*migrator.RepairError](err):
		return "repair", exitUsage
	case is[*migrator.OtherLedgerError](err):
		return "other-ledger", exitUsage
	case is[*plan.UnfinishedError](err):
		return "unfinished", exitUsage
	case is[*apply.PoolerError](err), is[*apply.SingleError](err):
		return "not-transactional", exitUsage
	}
	return "", 0
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
