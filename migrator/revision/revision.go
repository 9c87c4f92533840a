package revision

import (
	"strings"
	"time"

	"example.com/ambix/migrator/internal/text"
)

// Revision is the content of a pair of files. It is immutable once parsed.
type Revision struct {
	ID string
	// Message describes the revision. Its lines are separated by \n; it is "" if there is none.
	Message string
	// DownRevision contains the ids of the parents: none for a base, several for a merge. DependsOn contains ids or
	// labels of revisions that must be applied before, BranchLabels the names of the branch that begins here. All are in
	// the order of the header, and nil if there are none.
	DownRevision, DependsOn, BranchLabels []string
	// Replaces are the revisions in whose place this one came. A database that has applied all of them counts this one as
	// applied.
	Replaces []Replaced
	// Created is in UTC. It is zero if the header does not have the key.
	Created time.Time
	// Accept contains the findings that the author has acknowledged.
	Accept []Acceptance
	// Up is never nil in a parsed revision. Down is nil if there is no down file.
	Up, Down *Script
}

// Subject returns the first line of the message, "" if there is none.
func (r *Revision) Subject() string {
	return strings.TrimSpace(text.Subject(r.Message))
}

// DownScript returns the script that reverts the revision: Down, an empty script if there is no down file but nothing to
// revert either, or nil if the revision is irreversible. It is so as long as its down script is not written.
func (r *Revision) DownScript() *Script {
	switch {
	case r.Down.Unwritten():
		return nil
	case r.Down == nil && (r.Up == nil || r.Up.Empty()):
		return NewScript("")
	}
	return r.Down
}

// Reversible reports whether the revision can be reverted.
func (r *Revision) Reversible() bool { return r.DownScript() != nil }

// MissingSQL reports whether the up script has no SQL although it needs some. Only a merge may be empty. Any other
// revision without SQL is most likely unfinished, so it must not be applied.
func (r *Revision) MissingSQL() bool {
	return len(r.DownRevision) < 2 && (r.Up == nil || r.Up.Empty())
}

// DownFile returns the name of the down file, whether or not it exists. It is "" for a revision that is not from a file.
func (r *Revision) DownFile() string {
	if r.Up == nil || r.Up.File == "" {
		return ""
	}
	return strings.TrimSuffix(r.Up.File, upSuffix) + downSuffix
}

// Pos returns the position in the up file of a word in the value of a header key, as in Pos("down_revision",
// "433af9f41996"). If the value does not contain the word, or it is "", it is the position of the value; if the value is
// empty, of the key; if the header does not have the key, of the start of the file. For a revision that is not from a
// file, Pos.File is "".
func (r *Revision) Pos(key, word string) Pos {
	if r.Up == nil || r.Up.File == "" {
		return Pos{Line: 1, Column: 1}
	}
	p := parser{text: r.Up.Text}
	p.readHeader()
	offset := 0
	if k := keyNamed(key); k >= 0 && p.entries[k].present {
		e := p.entries[k]
		offset = e.position()
		separators := ","
		if k == keyReplaces {
			separators = ",()"
		}
		for start, end := range p.separated(e, separators) {
			if p.text[start:end] == word {
				offset = start
				break
			}
		}
	}
	return locate(r.Up.File, p.text, []finding{{offset, ""}})[0].Pos
}
