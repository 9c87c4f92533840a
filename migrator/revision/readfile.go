package revision

import (
	"io"
	"math"
	"sync"

	"example.com/ambix/migrator/internal/sqltext"
)

// limits determine which rows are left in their files, in bytes: those of COPYs larger than elide.Rows in files larger than
// file.
type limits struct {
	file  int
	elide sqltext.ElideLimits
}

var defaultLimits = limits{file: 1 << 20, elide: sqltext.ElideLimits{Window: 1 << 20, Rows: 256 << 10}}

func (l *loader) readUp(file string) (*Revision, Problems, error) {
	text, larger, err := l.readFile(file, int64(l.limits.file))
	if err != nil {
		return nil, nil, err
	}
	if larger {
		mayCopy, err := l.mentionsStdin(file)
		if err != nil {
			return nil, nil, err
		}
		if mayCopy {
			r, problems, err := l.parseLarge(file)
			if err != nil || r.Up.Transactional {
				return r, problems, err
			}
			// Statements that are sent separately are sent with their rows.
		}
		if text, _, err = l.readFile(file, noLimit); err != nil {
			return nil, nil, err
		}
	}
	r, problems := parseUp(Source{file, text})
	return r, problems, nil
}

const noLimit = math.MaxInt64 - 1

// readFile reads a file. If it is larger than limit, it is not read to its end, and text is "".
func (l *loader) readFile(shown string, limit int64) (text string, larger bool, err error) {
	f, err := l.fsys.Open(l.name(shown))
	if err != nil {
		return "", false, err
	}
	l.buf.Reset()
	l.limited = io.LimitedReader{R: f, N: limit + 1}
	n, err := l.buf.ReadFrom(&l.limited)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil || n > limit {
		return "", n > limit, err
	}
	return l.buf.String(), false, nil
}

func (l *loader) mentionsStdin(file string) (bool, error) {
	f, err := l.fsys.Open(l.name(file))
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return sqltext.MentionsStdin(f)
}

// parseLarge parses an up file without reading the rows of its COPYs into memory.
func (l *loader) parseLarge(file string) (*Revision, Problems, error) {
	f, err := l.fsys.Open(l.name(file))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	elided, err := sqltext.ElideCopyData(f, l.limits.elide)
	if err != nil {
		return nil, nil, err
	}
	r, problems := parseUp(Source{file, elided.Text})
	if s := r.Up; len(elided.Rows) > 0 {
		s.elided, s.source = elided.Rows, &sourceFile{l.fsys, l.name(file), file, info}
		s.digest = sync.OnceValue(s.elidedDigest)
		s.checksum = sync.OnceValue(func() string {
			go s.digest() // whoever needs the one needs the other
			return s.elidedChecksum()
		})
	}
	for _, e := range elided.Errors {
		problems = append(problems, Problem{Pos{file, e.Line, e.Column}, e.Message})
	}
	return r, problems, nil
}
