package cli

import (
	"fmt"
	"strings"
)

// The exit codes. An orchestrator should retry after 5, 6 and 8, and not after 1, 2, 4 and 7.
const (
	exitFailed      = 1   // a revision failed
	exitUsage       = 2   // usage, configuration, an invalid target
	exitFound       = 3   // check, diff or rehearse found something
	exitPolicy      = 4   // refused by a policy, or the ledger is newer
	exitLocked      = 5   // lock timeout, or another runner
	exitDatabase    = 6   // the database cannot be reached or used
	exitFiles       = 7   // the files are invalid
	exitWrite       = 8   // a file or the output cannot be written
	exitInterrupted = 130 // SIGINT
	exitTerminated  = 143 // SIGTERM
)

// exitRow describes an exit code. The help, the tables in README.md and docs/errors.md and the
// comment of ExitCode have the same words.
type exitRow struct {
	code  string
	means string
	more  string // completes means in docs/errors.md
	again string // whether to run again
}

var exitRows = []exitRow{
	{"0", "success, or nothing to do", "", ""},
	{"1", "a revision failed", "; a transactional one was rolled back, and the revisions before it stay applied", "after fixing its file"},
	{"2", "usage, configuration, invalid target", ", or a revision that is refused", "after fixing the command line or the settings"},
	{"3", "check, diff or rehearse found something", "", ""},
	{"4", "refused by a policy, or newer ledger", "; if revisions were committed before, the message says so", "a person has to decide"},
	{"5", "lock timeout: safe to run again", "; another runner's lock, or the lock of a table", "yes"},
	{"6", "the database cannot be reached or used", ", or could not run a revision: out of disk or memory, or an administrator ended it", "yes, once it is available"},
	{"7", "the files are invalid", ", or cannot be read", "after fixing them"},
	{"8", "a file or the output cannot be written", ": a full disk, a missing permission or folder; what a command did to a database stays", "yes, once it can"},
	{"130, 143", "ended by SIGINT, SIGTERM", "; the running statement was canceled on the server", "yes"},
}

// exitCodesHelp returns the exit codes in two columns.
func exitCodesHelp() string {
	var b strings.Builder
	half := (len(exitRows) + 1) / 2
	width := 0
	for _, left := range exitRows[:half] {
		width = max(width, len(left.means))
	}
	for i, left := range exitRows[:half] {
		line := fmt.Sprintf("\n  %s  %-*s", left.code, width, left.means)
		if half+i < len(exitRows) {
			right := exitRows[half+i]
			line += "   " + right.code + "  " + right.means
		}
		b.WriteString(strings.TrimRight(line, " "))
	}
	return b.String()
}

// ExitCode returns the exit code for an error of a command or of package migrator: 0 for
// nil, and 1 for an error that is not from this module.
//
//	0  success, or nothing to do
//	1  a revision failed
//	2  usage, configuration, invalid target
//	3  check, diff or rehearse found something
//	4  refused by a policy, or newer ledger
//	5  lock timeout: safe to run again
//	6  the database cannot be reached or used
//	7  the files are invalid
//	8  a file or the output cannot be written
//	130, 143  ended by SIGINT, SIGTERM
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	_, code := classify(err)
	return code
}
