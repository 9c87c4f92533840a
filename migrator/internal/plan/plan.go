// Package plan is where files meet ledger rows: a target becomes ordered steps.
// It talks to nobody.
package plan

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// Direction says which of a revision's two scripts a step runs.
type Direction string

// The two directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Step is one revision to apply or to take down.
type Step struct {
	Direction Direction
	Revision  string
	Message   string // its first line
	// Script is what runs. It is nil for a revision that only the ledger knows, until
	// SetScript gives it.
	Script *revision.Script
	// Stored: the script is the one that the ledger keeps.
	Stored bool
	// Entry is what the ledger will say of an applied revision; zero for a down step.
	Entry ledger.Entry
	// Resume says that the revision runs outside a transaction and was begun before:
	// Done of its statements are finished, and Checksum stands for those.
	Resume   bool
	Done     int
	Checksum string
}

// Plan is an ordered list of steps for a database that is where From says.
type Plan struct {
	// From and To are the maximal applied revisions before and after, over both kinds
	// of links, sorted.
	From, To []string
	Steps    []Step
	// Exists says whether the database has a ledger, Generation where it stands.
	Exists     bool
	Generation int64
	// Stamp: the steps change the ledger and run nothing.
	Stamp bool
	// Adopt: a stamp that takes over what another tool applied.
	Adopt bool
}

// Stored lists the steps' revisions whose down script has to be read from the ledger.
func (p *Plan) Stored() []string {
	var ids []string
	for _, s := range p.Steps {
		if s.Script == nil {
			ids = append(ids, s.Revision)
		}
	}
	return ids
}

// SetScript gives the steps of a revision the script and the message that the ledger
// keeps.
func (p *Plan) SetScript(id string, s *revision.Script, message string) {
	for i := range p.Steps {
		if p.Steps[i].Revision == id && p.Steps[i].Script == nil {
			p.Steps[i].Script, p.Steps[i].Stored = s, true
			p.Steps[i].Message, _, _ = strings.Cut(message, "\n")
		}
	}
}

// IrreversibleError refuses a downgrade through a revision without a down script.
type IrreversibleError struct {
	Revision, Message string
	// File is where the missing down file would be, "" for a revision that only the
	// ledger knows.
	File string
}

func (e *IrreversibleError) Error() string {
	way := "the ledger keeps no down script for it"
	if e.File != "" {
		way = "write " + e.File + " (a header alone undoes nothing)"
	}
	return fmt.Sprintf("revision %s cannot be taken down: it has no down script, and nothing was run; %s", named(e.Revision, e.Message), way)
}

// named is a revision with its message, as far as that is known.
func named(id, message string) string {
	if message == "" {
		return id
	}
	return id + " (" + message + ")"
}

// UnfinishedError refuses a move past a revision that was interrupted outside a
// transaction.
type UnfinishedError struct {
	Revision, Message string
	Direction         Direction
	Done              int // statements that are finished
	// Finish is the command that goes on with it; nil when its script is not in the set.
	Finish []string
}

func (e *UnfinishedError) Error() string {
	other := Down
	if e.Direction == Down {
		other = Up
	}
	if e.Finish == nil {
		return fmt.Sprintf("revision %s is unfinished: going up, it was interrupted after %s; nothing was run; this program has no file of it: finish it with the program that began it, or look how much of it is there and settle it with `repair %s --applied` (what the ledger keeps can take it down then) or `--not-applied`",
			named(e.Revision, e.Message), statements(e.Done), e.Revision)
	}
	return fmt.Sprintf("revision %s is unfinished: going %s, it was interrupted after %s; nothing was run; finish it with `%s` before you go %s, or settle it with `repair %s --applied|--not-applied`",
		named(e.Revision, e.Message), e.Direction, statements(e.Done), strings.Join(e.Finish, " "), other, e.Revision)
}

func statements(n int) string {
	if n == 1 {
		return "1 statement"
	}
	return fmt.Sprintf("%d statements", n)
}
