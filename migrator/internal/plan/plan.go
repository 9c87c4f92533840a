package plan

import (
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Direction is which of a revision's scripts a step runs.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Step is one revision to apply or to revert.
type Step struct {
	Direction Direction
	Revision  string
	Message   string // its first line
	// Script is what runs. It is nil for a down script that only the ledger has, until
	// SetScript.
	Script *revision.Script
	Stored bool                  // the script is from the ledger
	Accept []revision.Acceptance // what the header of the file accepts
	// Resume: the revision is non-transactional and was interrupted. StatementsDone of its
	// statements are done; Checksum is that of the row.
	Resume         bool
	StatementsDone int
	Checksum       string

	files *Files // of an up step
}

// Transactional reports whether the step runs in one transaction.
func (s *Step) Transactional() bool { return s.Script == nil || s.Script.Transactional }

// Entry returns what the ledger records of an applied revision; zero for a down step. It is made anew by each call, because a plan
// may have very many steps.
func (s *Step) Entry() ledger.Entry {
	if s.files == nil {
		return ledger.Entry{}
	}
	return s.files.Entry(s.files.byID[s.Revision])
}

// DownSQL returns the script that the ledger records to revert an applied revision; nil for a down step, and for a revision that
// is irreversible.
func (s *Step) DownSQL() *string {
	if s.files == nil {
		return nil
	}
	sql, _ := DownScript(s.files.byID[s.Revision])
	return sql
}

// Plan is an ordered list of steps for a database in a certain state.
type Plan struct {
	// From and To are the maximal applied revisions before and after, over both kinds
	// of links, sorted.
	From, To []string
	Steps    []Step
	// Exists and Generation are those of the ledger. Row is a revision that it has a row of at the start, "" if there is none.
	Exists     bool
	Row        string
	Generation int64
	// Replacements are exchanged before the first step. Replacing are the revisions among those that count as applied where the
	// plan starts that replace others: for a script, which may run where these are recorded.
	Replacements []Replacement
	Replacing    []Replacing

	Stamp bool // the steps change the ledger and run nothing
	Adopt bool // a stamp that records what another tool applied
}

// Adds reports whether the plan applies a revision that an earlier one did not.
func (p *Plan) Adds(earlier Plan) bool {
	planned := map[string]bool{}
	for _, s := range earlier.Steps {
		planned[s.Revision] = planned[s.Revision] || s.Direction == Up
	}
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Direction == Up && !planned[s.Revision] })
}

// Stored returns the revisions whose down scripts have to be read from the ledger.
func (p *Plan) Stored() []string {
	var ids []string
	for _, s := range p.Steps {
		if s.Script == nil {
			ids = append(ids, s.Revision)
		}
	}
	return ids
}

// SetScript sets the script and the message of a revision that has no script yet to those
// of the ledger.
func (p *Plan) SetScript(id string, s *revision.Script, message string) {
	for i := range p.Steps {
		if p.Steps[i].Revision == id && p.Steps[i].Script == nil {
			p.Steps[i].Script, p.Steps[i].Stored = s, true
			p.Steps[i].Message = text.Subject(message)
		}
	}
}

// IrreversibleError refuses a downgrade through a revision without a down script.
type IrreversibleError struct {
	Revision, Message string
	File              string // the missing down file; "" if only the ledger has the revision
	Unwritten         bool   // the down file exists, but its script is still to be written
	Replaces          int    // how many revisions it replaces
	Above             bool   // of one that replaces others: revisions above it are applied
	Others            bool   // of one that replaces others: revisions that are not above it are applied as well
	Recorded          string // the revision that a newer program has recorded in its place; "" otherwise
}

func (e *IrreversibleError) Error() string {
	if e.Recorded != "" {
		return fmt.Sprintf("revision %s cannot be reverted: a newer program has recorded %s in its place", text.Named(e.Revision, e.Message), e.Recorded)
	}
	if e.Unwritten {
		return fmt.Sprintf("revision %s cannot be reverted: its down script %s is not written yet", text.Named(e.Revision, e.Message), e.File)
	}
	s := fmt.Sprintf("revision %s is irreversible: it has no down script", text.Named(e.Revision, e.Message))
	if e.Replaces > 0 {
		s += ", because it replaces " + text.Count(e.Replaces, "revision") + ", and would drop all that they have made, with all rows"
	}
	return s
}

// UnfinishedError refuses to move past an unfinished revision.
type UnfinishedError struct {
	Unfinished
}

func (e *UnfinishedError) Error() string {
	operation := "upgrade"
	if e.Direction == Down {
		operation = "downgrade"
	}
	s := fmt.Sprintf("revision %s is unfinished: its %s was interrupted after %s", text.Named(e.Revision, e.Message), operation, text.Count(e.StatementsDone, "statement"))
	if e.Finish == nil {
		s += "; this program has no file for it"
	}
	return s
}
