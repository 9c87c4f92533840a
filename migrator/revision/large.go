package revision

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"example.com/ambix/migrator/internal/sqltext"
)

// leftScript is what is known of a script that Load has checked and left in its file.
type leftScript struct {
	source *sourceFile
	limits sqltext.ElideLimits
	rows   []sqltext.CopyRows // of all COPYs
}

// readLargeUp checks an up file in pieces and leaves it where it is.
func (l *loader) readLargeUp(file string) (*Revision, Problems, error) {
	f, source, err := l.open(file)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	start := make([]byte, min(l.limits.file, 64<<10))
	if _, err := io.ReadFull(f, start); err != nil {
		return nil, nil, err
	}
	if problem, _ := otherEncoding(string(start)); problem != "" {
		r, problems := parseUp(Source{file, string(start)})
		return r, problems, nil
	}
	hash := sha256.New()
	whole := io.TeeReader(io.MultiReader(bytes.NewReader(start), f), hash)
	c := largeChecker{file: file, pieces: sqltext.NewPieceReader(whole, l.limits.elide.Window, l.limits.elide.Text)}
	c.left = leftScript{source: source, limits: l.limits.elide}
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	if problems := c.problems.All(); len(problems) > 0 {
		return c.revision, problems, nil // it is not run
	}
	digest := formatDigest([sha256.Size]byte(hash.Sum(nil)))
	c.revision.Up.large = &largeScript{
		left: &c.left, count: c.count,
		digest: func() string { return digest }, checksum: sync.OnceValue(c.left.checksum),
	}
	return c.revision, nil, nil
}

// largeChecker checks a large up file.
type largeChecker struct {
	file       string
	pieces     *sqltext.PieceReader
	revision   *Revision // once the header was read
	statements statementChecker
	begin      Problem // that of statements.begin, if it is in an earlier piece
	problems   FileProblems
	left       leftScript
	count      int   // of statements
	size       int64 // of the pieces
}

// check reads the file as far as it is a script.
func (c *largeChecker) check() error {
	for {
		p, err := c.pieces.Next()
		if err == nil {
			c.size += int64(len(p.Text))
		}
		switch tooLong := errors.Is(err, sqltext.ErrTooLarge); {
		case tooLong || c.size > int64(c.left.limits.Text):
			if c.revision == nil {
				c.readHeader(p.Text)
			}
			c.problems.Add(Problem{Pos: Pos{c.file, 1, 1}, Text: tooLarge})
			return nil
		case err == io.EOF:
			c.addStatementProblems(&sqltext.Piece{}, c.statements.begin)
			c.count -= 2 * c.statements.blocks // their BEGIN and COMMIT are not sent
			return nil
		case err != nil:
			return err
		}
		if end, err := c.checkPiece(&p); end || err != nil {
			return err
		}
	}
}

// checkPiece checks a piece, and the rows after it. end reports that the rest is not worth reading.
func (c *largeChecker) checkPiece(p *sqltext.Piece) (end bool, err error) {
	if c.revision == nil {
		c.readHeader(p.Text)
	}
	var found []finding
	for _, e := range p.Errors {
		found = append(found, finding{e.Offset, e.Message})
		end = end || e.IsNUL()
	}
	for _, st := range p.Statements {
		found = append(found, c.statements.check(p.Text, st)...)
	}
	c.count += len(p.Statements)
	c.addStatementProblems(p, found)
	if !p.CopyFollows || end {
		return end, nil
	}
	rows, err := c.pieces.Rows(nil)
	for _, e := range rows.Errors {
		c.problems.Add(Problem{Pos: Pos{c.file, e.Line, e.Column}, Text: e.Message})
	}
	rows.Errors = nil
	c.left.rows = append(c.left.rows, rows)
	return false, err
}

// readHeader reads the header from the first piece.
func (c *largeChecker) readHeader(text string) {
	p := parser{text: text}
	r := p.readUpHeader(Source{c.file, text})
	c.problems.Add(locate(c.file, text, p.found)...)
	// The piece is not kept: what is kept is read from a copy of the header.
	header := parser{text: strings.Clone(text[:r.Up.SQLStart])}
	c.revision = header.readUpHeader(Source{c.file, header.text})
	c.statements.transactional = r.Up.Transactional
}

// addStatementProblems adds problems of a piece. The position of a BEGIN whose block is not yet complete is kept.
func (c *largeChecker) addStatementProblems(p *sqltext.Piece, found []finding) {
	const earlier = -1
	for _, f := range found {
		if f.offset == earlier {
			c.problems.Add(c.begin)
		}
	}
	found = slices.DeleteFunc(found, func(f finding) bool { return f.offset == earlier })
	c.problems.Add(locateIn(p.Locator(), c.file, found)...)
	if begin := c.statements.begin; len(begin) > 0 && begin[0].offset != earlier {
		c.begin = locateIn(p.Locator(), c.file, begin)[0]
		c.statements.begin = []finding{{offset: earlier}}
	}
}

// Loaded returns the script with its text in memory: s itself, unless Load has left it in its file (see Text). The file is
// then read again, except for the rows of large COPYs; see Rows. The error is a *FileChangedError if it is not what Load
// has checked, or that of reading it.
func (s *Script) Loaded() (*Script, error) {
	if s.InMemory() {
		return s, nil
	}
	s.Checksum() // before the digest is compared, so that both are those of the same content
	left := s.large.left
	f, err := left.source.open(0, left.source.info.Size())
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	loaded := &Script{
		File: s.File, SQLStart: s.SQLStart, Transactional: s.Transactional, LockTimeout: s.LockTimeout, StatementTimeout: s.StatementTimeout,
		large: &largeScript{count: s.large.count, digest: s.large.digest, checksum: s.large.checksum},
	}
	hash := sha256.New()
	if !s.Transactional || len(left.rows) == 0 { // statements that are sent separately are sent with their rows
		if loaded.Text, err = readRest(f, nil, int(left.source.info.Size())); err == nil {
			hash.Write(bytesOf(loaded.Text))
		}
	} else {
		var elided sqltext.Elided
		elided, err = sqltext.ElideCopyData(io.TeeReader(f, hash), left.limits)
		loaded.Text, loaded.large.elided, loaded.large.source = elided.Text, elided.Rows, left.source
	}
	if err != nil {
		return nil, err
	}
	if formatDigest([sha256.Size]byte(hash.Sum(nil))) != s.Digest() {
		return nil, &FileChangedError{s.File}
	}
	return loaded, nil
}

// CheckUnchanged reads a script that Load has left in its file again, and keeps nothing of it. The errors are those of Loaded; a
// script that is in memory has none.
func (s *Script) CheckUnchanged() error {
	if s.InMemory() {
		return nil
	}
	source := s.large.left.source
	f, err := source.open(0, source.info.Size())
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if formatDigest([sha256.Size]byte(hash.Sum(nil))) != s.Digest() {
		return &FileChangedError{s.File}
	}
	return nil
}

// checksum reads the file. If that fails it is "" and no more: whoever runs the script then fails to read it too.
func (l *leftScript) checksum() string {
	f, err := l.source.open(0, l.source.info.Size())
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	// The header consists of comments, which do not count.
	sum, err := sqltext.ChecksumPieces(sqltext.NewPieceReader(f, l.limits.Window, l.limits.Text), l.rows)
	if err != nil {
		return ""
	}
	return sum
}
