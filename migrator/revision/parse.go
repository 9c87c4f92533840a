package revision

import (
	"cmp"

	"example.com/ambix/migrator/internal/text"
)

// Source is a file: the name to show, and its text.
type Source struct {
	File, Text string
}

// Parse reads the files of one revision. down is nil if there is no down file. The revision is never nil: it contains
// whatever can be read despite the problems, which are sorted.
func Parse(up Source, down *Source) (*Revision, Problems) {
	r, problems := parseUp(up)
	if down != nil {
		problems = append(problems, r.parseDown(*down)...)
	}
	problems.Sort()
	return r, problems
}

func parseUp(src Source) (*Revision, Problems) {
	if problem, header := otherEncoding(src.Text); problem != "" {
		r, _ := parseUp(Source{src.File, header})
		return r, Problems{{Pos: Pos{src.File, 1, 1}, Text: problem}}
	}
	p := parser{text: src.Text}
	r := p.readUpHeader(src)
	return r, p.finish(r.Up)
}

// readUpHeader reads the header of an up file.
func (p *parser) readUpHeader(src Source) *Revision {
	r := &Revision{Up: &Script{File: src.File, Text: src.Text, Transactional: true}}
	p.readHeader()
	r.Message = p.message
	p.readValues(r, r.Up)
	p.findMisplacedKeys()
	for key, problem := range missingKeyProblems {
		if p.lacks(key) {
			p.report(0, "%s", problem)
		}
	}
	r.Up.SQLStart = p.end
	return r
}

// missingKeyProblems are the problems of required keys. Even a base must have its down_revision line: otherwise a line
// that is lost in an edit would turn a revision into a second base.
var missingKeyProblems = [...]string{
	keyRevision:     `missing key "revision": add "-- revision: ID" to the header, the comment lines at the top`,
	keyDownRevision: `missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base`,
}

// parseDown reads the down file of a revision whose up file has been read.
func (r *Revision) parseDown(src Source) Problems {
	if problem, header := otherEncoding(src.Text); problem != "" {
		_ = r.parseDown(Source{src.File, header})
		return Problems{{Pos: Pos{src.File, 1, 1}, Text: problem}}
	}
	r.Down = &Script{File: src.File, Text: src.Text, Transactional: true}
	p := parser{text: src.Text, down: true}
	p.readHeader()
	r.Down.message = p.message
	var header Revision
	p.readValues(&header, r.Down)
	p.findMisplacedKeys()
	if header.ID != "" && r.ID != "" && header.ID != r.ID {
		p.report(p.entries[keyRevision].start, "revision: id %s differs from the id %s in %s", text.Quote(header.ID), text.Quote(r.ID), cmp.Or(r.Up.File, "the up file"))
	}
	return p.finish(r.Down)
}

// finish completes a script whose header has been read, and returns all problems of the file.
func (p *parser) finish(s *Script) Problems {
	s.SQLStart = p.end
	p.found = append(p.found, s.check()...)
	if len(p.found) == 0 {
		return nil
	}
	var all FileProblems
	all.Add(locate(s.File, s.Text, p.found)...)
	return all.All()
}
