package revision

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

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
	_, ok := s.ToDo()
	return ok
}

// ToDo returns the position of the comment that takes the place of SQL in an Unwritten script; false for any other script.
func (s *Script) ToDo() (Pos, bool) {
	if s == nil || !s.InMemory() {
		return Pos{}, false
	}
	for at := s.SQLStart; ; at += len(todo) {
		i := strings.Index(s.Text[at:], todo)
		if i < 0 {
			return Pos{}, false
		}
		if at += i; at == s.SQLStart || s.Text[at-1] == '\n' {
			p := sqltext.PositionAt(s.Text, at)
			return Pos{File: s.File, Line: p.Line, Column: p.Column}, s.Empty()
		}
	}
}
