package revision

import (
	"bufio"
	"cmp"
	"io"
	"io/fs"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// FileChangedError reports that a file has changed since it was loaded, so that rows that were left in it cannot be read.
type FileChangedError struct {
	File string
}

func (e *FileChangedError) Error() string {
	return text.Visible(e.File) + ": the file was changed while it was in use"
}

// Rows opens the rows of a CopyIn among the script's statements. They may be larger than the memory. Errors, also of
// reading, are a *FileChangedError or a *fs.PathError.
func (s *Script) Rows(st sqltext.Statement) (io.ReadCloser, error) {
	if rows, ok := s.elidedRows(st.Data); ok {
		return s.openRows(rows)
	}
	return io.NopCloser(strings.NewReader(s.Text[st.Data:st.DataEnd])), nil
}

// Row returns row n of a CopyIn, counted from 1. It is "" if there is no such row or it cannot be read.
func (s *Script) Row(st sqltext.Statement, n int) string {
	if _, ok := s.elidedRows(st.Data); !ok {
		return sqltext.Line(s.Text[st.Data:st.DataEnd], n)
	}
	rows, err := s.Rows(st)
	if err != nil {
		return ""
	}
	defer func() { _ = rows.Close() }()
	lines := bufio.NewReader(rows)
	for {
		line, err := lines.ReadString('\n') // a row may be longer than a bufio.Scanner accepts
		if n--; n == 0 {
			return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		}
		if err != nil {
			return ""
		}
	}
}

// elidedRows returns the rows that Text lacks at an offset.
func (s *Script) elidedRows(start int) (sqltext.ElidedRows, bool) {
	if s.large == nil {
		return sqltext.ElidedRows{}, false
	}
	i, found := slices.BinarySearchFunc(s.large.elided, start, func(r sqltext.ElidedRows, start int) int { return cmp.Compare(r.Start, start) })
	if !found {
		return sqltext.ElidedRows{}, false
	}
	return s.large.elided[i], true
}

func (s *Script) openRows(rows sqltext.ElidedRows) (io.ReadCloser, error) {
	return s.large.source.open(rows.Offset, rows.Size)
}

// sourceFile is a file that must not change.
type sourceFile struct {
	fsys        fs.FS
	name, shown string
	info        fs.FileInfo
}

// open opens a part of the file.
func (f *sourceFile) open(offset, size int64) (io.ReadCloser, error) {
	opened, err := f.fsys.Open(f.name)
	if err != nil {
		return nil, err
	}
	r := &section{file: opened, source: f, remaining: size}
	if err := r.seek(offset); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return r, nil
}

// section reads a part of a sourceFile.
type section struct {
	file      fs.File
	source    *sourceFile
	remaining int64
}

func (r *section) seek(offset int64) error {
	if err := r.checkUnchanged(); err != nil {
		return err
	}
	if file, ok := r.file.(io.Seeker); ok {
		_, err := file.Seek(offset, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r.file, offset)
	return err
}

func (r *section) checkUnchanged() error {
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
	if r.remaining == 0 {
		if err := r.checkUnchanged(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	n, err := r.file.Read(b[:min(int64(len(b)), r.remaining)])
	r.remaining -= int64(n)
	if err == io.EOF {
		if err = nil; r.remaining > 0 {
			err = &FileChangedError{r.source.shown}
		}
	}
	return n, err
}

func (r *section) Close() error { return r.file.Close() }
