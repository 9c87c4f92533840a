package apply

import (
	"slices"
	"strings"
)

// BlameRow is a rule in words, for docs/errors.md.
type BlameRow struct {
	Parts, States string
	Verdict       string // the kind of the error, or what the run does
	Cause, Hint   string
}

var kindNames = map[kind]string{
	opening: "settings", locking: "lock", creating: "creation of the ledger", guarding: "generation", recording: "row", watching: "guard", body: "body", checking: "guard", deferred: "deferred checks",
	resetting: "reset", finishing: "closing write", commit: "commit",
}

var verdictNames = map[verdict]string{
	revisionFailed: "`revision`", serverFailed: "`database`", ledgerFailed: "`ledger`", ledgerLocked: "`lock-timeout`", serverReadOnly: "`connect`",
	guardStopped: "`guard`", planStale: "plans again", runnerBusy: "waits", notRecorded: "`revision`, or `ledger` if a table or trigger of it is the reason",
}

// BlameTable returns the rules in their order: the first that applies decides.
func BlameTable() []BlameRow {
	var table []BlameRow
	for _, r := range rules {
		row := BlameRow{States: "any", Verdict: verdictNames[r.verdict], Cause: string(r.cause), Hint: r.hint}
		var parts []string
		for _, k := range r.parts {
			if name := kindNames[k]; !slices.Contains(parts, name) {
				parts = append(parts, name)
			}
		}
		row.Parts = strings.Join(parts, ", ")
		if r.states != nil {
			row.States = strings.Join(r.states, ", ")
		}
		if r.verdict == revisionFailed && (r.cause == LockTimeout) {
			row.Verdict = verdictNames[ledgerLocked]
		}
		table = append(table, row)
	}
	return table
}
