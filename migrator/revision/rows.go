package revision

import (
	"bufio"
	"crypto/sha256"
	"io"
	"io/fs"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// FileChangedError says that a file is no longer the one that was loaded, so that rows which
// were left in it cannot be read.
type FileChangedError struct {
	File string
}

func (e *FileChangedError) Error() string {
	return e.File + ": the file was changed while it was in use; run the command again"
}

// source is the file of a condensed script.
type source struct {
	fsys        fs.FS
	name, shown string
	info        fs.FileInfo
}

// leftOut finds the rows that Text lacks at an offset, nil when it has them.
func (s *Script) leftOut(at int) *leftOut {
	for i := range s.left {
		if s.left[i].at == at {
			return &s.left[i]
		}
	}
	return nil
}

// Rows opens the rows of a CopyIn among the script's statements. They may be larger than
// the memory. Errors, while reading too: *FileChangedError, *fs.PathError.
func (s *Script) Rows(st sqltext.Statement) (io.ReadCloser, error) {
	if l := s.leftOut(st.Data); l != nil {
		return s.source.open(l.offset, l.size)
	}
	return io.NopCloser(strings.NewReader(s.Text[st.Data:st.DataEnd])), nil
}

// Row is one row of a CopyIn, counted from 1; "" when there is none, or it cannot be
// read.
func (s *Script) Row(st sqltext.Statement, n int) string {
	if s.leftOut(st.Data) == nil {
		return sqltext.Line(s.Text[st.Data:st.DataEnd], n)
	}
	rows, err := s.Rows(st)
	if err != nil {
		return ""
	}
	defer func() { _ = rows.Close() }()
	lines := bufio.NewScanner(rows)
	for lines.Scan() {
		if n--; n == 0 {
			return lines.Text()
		}
	}
	return ""
}

// open opens a part of the file.
func (f *source) open(offset, size int64) (io.ReadCloser, error) {
	opened, err := f.fsys.Open(f.name)
	if err != nil {
		return nil, err
	}
	r := &section{file: opened, source: f, left: size}
	if err := r.seek(offset); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return r, nil
}

// copy writes the whole file to w.
func (f *source) copy(w io.Writer) error {
	r, err := f.open(0, f.info.Size())
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	_, err = io.Copy(w, r)
	return err
}

// section reads a part of a file that must stay what it was.
type section struct {
	file   fs.File
	source *source
	left   int64
}

func (r *section) seek(offset int64) error {
	if err := r.unchanged(); err != nil {
		return err
	}
	if file, ok := r.file.(io.Seeker); ok {
		_, err := file.Seek(offset, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r.file, offset)
	return err
}

func (r *section) unchanged() error {
	now, err := r.file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != r.source.info.Size() || !now.ModTime().Equal(r.source.info.ModTime()) {
		return &FileChangedError{r.source.shown}
	}
	return nil
}

func (r *section) Read(b []byte) (int, error) {
	if r.left == 0 {
		if err := r.unchanged(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	n, err := r.file.Read(b[:min(int64(len(b)), r.left)])
	r.left -= int64(n)
	if err == io.EOF {
		if err = nil; r.left > 0 {
			err = &FileChangedError{r.source.shown}
		}
	}
	return n, err
}

func (r *section) Close() error { return r.file.Close() }

// checksumLarge and digestLarge read the file again; "" when that fails. Nothing relies
// on it then: what reads the rows afterwards fails too.
func (s *Script) checksumLarge() string {
	sum, err := sqltext.ChecksumWith(s.SQL(), func(start int) (sqltext.Rows, bool) {
		l := s.leftOut(s.BodyStart + start)
		if l == nil {
			return sqltext.Rows{}, false
		}
		return sqltext.Rows{Size: l.size - l.crlf, Open: func() (io.ReadCloser, error) { return s.source.open(l.offset, l.size) }}, true
	})
	if err != nil {
		return ""
	}
	return sum
}

func (s *Script) digestLarge() string {
	sum := sha256.New()
	if err := s.source.copy(sum); err != nil {
		return ""
	}
	return digest([sha256.Size]byte(sum.Sum(nil)))
}

// locateRows makes problems of what is wrong with rows that text lacks.
func (c *condensed) locateRows(file string) Problems {
	var problems Problems
	for _, m := range c.found {
		first := sqltext.PositionAt(c.text, m.at)
		problems = append(problems, Problem{Pos{file, first.Line + m.line, m.column + 1}, m.text})
	}
	return problems
}
