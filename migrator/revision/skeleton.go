package revision

import "strings"

// The scripts of a new revision consist of a comment, so that a forgotten one is told apart from one that has nothing to do.
const (
	todo     = "-- TODO: write the SQL that "
	upToDo   = todo + "applies the revision"
	downToDo = todo + "reverts the revision, or delete this file if it is irreversible"
)

// AddSkeleton gives a new revision scripts that are still to be written; see Script.Unwritten. Those of a merge are empty
// instead, as nearly all merges stay.
func (r *Revision) AddSkeleton() {
	up, down := "\n"+upToDo+"\n", "\n"+downToDo+"\n"
	if len(r.DownRevision) > 1 {
		up, down = "\n", "\n"
	}
	r.Up, r.Down = &Script{Text: up, Transactional: true}, &Script{Text: down, Transactional: true}
}

// Unwritten reports whether the script is the skeleton of a new revision: it contains the comment and no statement.
func (s *Script) Unwritten() bool {
	if s == nil || s.left != nil {
		return false
	}
	rest := s.Text[s.SQLStart:]
	for {
		i := strings.Index(rest, todo)
		if i < 0 {
			return false
		}
		if i == 0 || rest[i-1] == '\n' {
			return s.Empty()
		}
		rest = rest[i+len(todo):]
	}
}
