// Package revision is a revision file as a value: parsed with positions, checked alone,
// written back.
//
// A revision is a pair of files with one stem, STEM.up.sql and STEM.down.sql, anywhere
// below a folder. Each begins with a header of comment lines: a message, a bare "--",
// then one "-- key: value" line per key; what follows is the body, PostgreSQL's SQL as
// psql -f takes it, and is never altered.
package revision

import (
	"cmp"
	"strings"
	"time"
)

// Revision is what the two files of a pair say. It is not changed after it was parsed.
type Revision struct {
	ID string
	// Message is what the revision does, its lines joined with \n, "" for none.
	Message string
	// DownRevision are the parents: none for a base, several for a merge. DependsOn
	// are revisions or labels that must be applied before. All are as written, in that
	// order; nil when there are none.
	DownRevision, DependsOn, BranchLabels []string
	// Created is zero when the header has no such key.
	Created time.Time
	// Up is never nil in a parsed revision. Down is nil when there is no down file:
	// the revision is irreversible.
	Up, Down *Script
}

// Subject is the first line of the message, "" when there is none.
func (r *Revision) Subject() string {
	subject, _, _ := strings.Cut(r.Message, "\n")
	return strings.TrimSpace(subject)
}

// Reversible says whether the revision can be taken down: it has a down script, which
// may be empty, or its up script does nothing.
func (r *Revision) Reversible() bool { return r.Down != nil || r.Up == nil || r.Up.Empty() }

// DownFile is the shown name of the down file, or of the one that is missing; "" for a
// revision that is in no file yet.
func (r *Revision) DownFile() string {
	if r.Up == nil || r.Up.File == "" {
		return ""
	}
	return strings.TrimSuffix(r.Up.File, upSuffix) + downSuffix
}

// Pos says where a word of a header key stands in the up file: Pos("down_revision",
// "433af9f41996"). With an empty word, or one that isn't there, it is the value's
// start, or the key where there is no value. A key that isn't there gives the file's
// first line; a revision that was not parsed gives a Pos without a file.
func (r *Revision) Pos(key, word string) Pos {
	if r.Up == nil || r.Up.File == "" {
		return Pos{Line: 1, Column: 1}
	}
	p := parser{text: r.Up.Text}
	p.readHeader()
	e, offset := entry{}, 0
	if k := keyNamed(key); k >= 0 {
		e = p.entries[k]
	}
	if e.there {
		offset = e.start
		if e.start == e.end {
			offset = e.name
		}
	}
	for w := range words(p.text, e) {
		if p.text[w.start:w.end] == word {
			offset = w.start
			break
		}
	}
	return locate(r.Up.File, p.text, []finding{{offset, ""}})[0].Pos
}

// Source is one file: the name under which it is shown, and its text.
type Source struct {
	File, Text string
}

// Parse reads the files of one revision; down is nil for an irreversible one. It
// returns as much of the revision as can be read, and everything that the two files
// alone show to be wrong, sorted.
func Parse(up Source, down *Source) (*Revision, Problems) {
	r, problems := parseUp(up)
	if down != nil {
		problems = append(problems, r.parseDown(*down)...)
	}
	problems.Sort()
	return r, problems
}

func parseUp(src Source) (*Revision, Problems) {
	r := &Revision{Up: &Script{File: src.File, Text: src.Text, Transactional: true}}
	p := parser{text: src.Text}
	p.readHeader()
	r.Message = p.message
	p.readValues(r, r.Up)
	p.findLost()
	for _, key := range []int{keyRevision, keyDownRevision} {
		if p.lacks(key) {
			p.report(0, "%s", missing[key])
		}
	}
	return r, p.finish(r.Up)
}

// missing says what to do about a key that has to be there. A base says so: a line
// lost in an edit would make a second base out of any revision.
var missing = [...]string{
	keyRevision:     `missing key "revision": the header, the comment lines at the top, needs "-- revision: ID"`,
	keyDownRevision: `missing key "down_revision": write "-- down_revision: ID" with the revision that comes before, or "-- down_revision:" for a base`,
}

// parseDown reads the down file into a revision whose up file has been read.
func (r *Revision) parseDown(src Source) Problems {
	r.Down = &Script{File: src.File, Text: src.Text, Transactional: true}
	p := parser{text: src.Text, down: true}
	p.readHeader()
	r.Down.message = p.message
	var own Revision
	p.readValues(&own, r.Down)
	p.findLost()
	if own.ID != "" && r.ID != "" && own.ID != r.ID {
		p.report(p.entries[keyRevision].start, "revision %q is not that of its up file: %s has %q", own.ID, cmp.Or(r.Up.File, "it"), r.ID)
	}
	return p.finish(r.Down)
}

// finish completes a script with what its header and its body are, and locates what
// was found.
func (p *parser) finish(s *Script) Problems {
	s.BodyStart = p.end
	p.found = append(p.found, s.check()...)
	if len(p.found) == 0 {
		return nil
	}
	return locate(s.File, s.Text, p.found)
}
