package cli

// The exit codes. An orchestrator should retry after 5 and 6, and not after 1, 2, 4 and 7.
const (
	exitFailed      = 1   // a revision failed
	exitUsage       = 2   // usage, configuration, an invalid target
	exitFound       = 3   // check has findings
	exitPolicy      = 4   // refused by a policy, or the ledger is newer
	exitLocked      = 5   // lock timeout, or another runner
	exitDatabase    = 6   // the database cannot be reached or used
	exitFiles       = 7   // the files are invalid
	exitInterrupted = 130 // SIGINT
	exitTerminated  = 143 // SIGTERM
)

// ExitCode returns the exit code for an error of a command or of package migrator: 0 for
// nil, and 1 for an error that is not from this module.
//
//	0  success, or nothing to do
//	1  a revision failed
//	2  usage, configuration, an invalid target
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
