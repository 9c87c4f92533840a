package revision

import (
	"errors"
	"io"
	"io/fs"
	"unsafe"

	"example.com/ambix/migrator/internal/sqltext"
)

// limits determine what is left in its file, in bytes: up files larger than file, and of those, once they are read to be
// run, the rows of COPYs larger than elide.Rows. elide.Text is the largest script.
type limits struct {
	file  int
	elide sqltext.ElideLimits
}

// maxScript is the size limit of a script without the rows of its COPYs. PostgreSQL's limit for a message, and for a value
// such as a down script in the ledger, is 1 GB.
const maxScript = 1 << 30

var defaultLimits = limits{file: 1 << 20, elide: sqltext.ElideLimits{Window: 1 << 20, Rows: 256 << 10, Text: maxScript}}

const tooLarge = "the script is larger than 1 GiB, which is PostgreSQL's limit: divide it, or load the data with COPY, whose rows do not count"

func (l *loader) readUp(file string) (*Revision, Problems, error) {
	text, larger, err := l.readFile(file)
	if err != nil {
		return nil, nil, err
	}
	if larger {
		return l.readLargeUp(file)
	}
	r, problems := parseUp(Source{file, text})
	return r, problems, nil
}

// readDown reads a down file of any size. The ledger keeps its text, so it is kept in memory as a whole. If it is not
// readable as a script problem is not "", and the text is what it begins with.
func (l *loader) readDown(file string) (text, problem string, err error) {
	text, larger, err := l.readFile(file)
	if err != nil || !larger {
		return text, "", err
	}
	f, err := l.fsys.Open(l.name(file))
	if err != nil {
		return "", "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", "", err
	}
	start := make([]byte, l.limits.file)
	if _, err := io.ReadFull(f, start); err != nil {
		return "", "", err
	}
	if problem, header := otherEncoding(string(start)); problem != "" {
		return header, problem, nil
	}
	if info.Size() > int64(l.limits.elide.Text) {
		return string(start), tooLarge, nil
	}
	text, err = readRest(f, start, int(info.Size()))
	return text, "", err
}

// readRest reads a file to its end and returns its text. size is what it is expected to be, start was read already.
func readRest(f io.Reader, start []byte, size int) (string, error) {
	all := make([]byte, max(size, len(start)))
	n := copy(all, start)
	m, err := io.ReadFull(f, all[n:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return asText(all[:n+m]), nil
}

// asText returns data as a string without copying it. It must not be changed any more.
func asText(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// readFile reads a file. If it is larger than limits.file, it is not read to its end, and text is "".
func (l *loader) readFile(shown string) (text string, larger bool, err error) {
	if !l.mayBeLarge { // less work than opening the file
		data, err := fs.ReadFile(l.fsys, l.name(shown))
		return asText(data), false, err
	}
	f, err := l.fsys.Open(l.name(shown))
	if err != nil {
		return "", false, err
	}
	l.buf.Reset()
	limit := int64(l.limits.file)
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

// open opens a file with its name and size.
func (l *loader) open(file string) (fs.File, *sourceFile, error) {
	f, err := l.fsys.Open(l.name(file))
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, &sourceFile{l.fsys, l.name(file), file, info}, nil
}
