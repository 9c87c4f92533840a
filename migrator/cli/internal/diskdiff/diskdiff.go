package diskdiff

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Compare describes how the files of revisions in disk differ from those in embedded, in
// one line that names the first of each kind: "2 new: b …; 1 missing: a". It returns "" if
// they are equal, and if disk cannot be read or has no revisions.
func Compare(embedded, disk fs.FS) string {
	here, err := revisionFiles(disk)
	if err != nil || len(here) == 0 {
		return ""
	}
	there, err := revisionFiles(embedded)
	if err != nil {
		return ""
	}
	d := difference{added: map[string]bool{}, changed: map[string]bool{}, missing: map[string]bool{}}
	for i := range d.buffers {
		d.buffers[i] = make([]byte, 32<<10)
	}
	for name := range here {
		switch up := fileStem(name) + ".up.sql"; {
		case !there[name] && !there[up]:
			d.added[fileStem(name)] = true
		case !there[name] || !d.sameFile(embedded, disk, name):
			d.changed[fileStem(name)] = true
		}
	}
	for name := range there {
		switch up := fileStem(name) + ".up.sql"; {
		case here[name]:
		case here[up]:
			d.changed[fileStem(name)] = true
		default:
			d.missing[fileStem(name)] = true
		}
	}
	return d.String()
}

// difference is the revisions that differ, by the stems of their files.
type difference struct {
	added, changed, missing map[string]bool
	buffers                 [2][]byte // of the two files being compared
}

// fileStem returns the part of a file's name that the up and the down file share.
func fileStem(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".up.sql"), ".down.sql")
}

func (d *difference) String() string {
	var parts []string
	for _, p := range []struct {
		stems map[string]bool
		what  string
	}{{d.added, "new"}, {d.changed, "changed"}, {d.missing, "missing"}} {
		if n := len(p.stems); n > 0 {
			first := slices.Min(slices.Collect(maps.Keys(p.stems)))
			text := strconv.Itoa(n) + " " + p.what + ": " + filepath.FromSlash(first)
			if n > 1 {
				text += " …"
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// sameFile compares two files in pieces, because they may contain the rows of a large COPY.
func (d *difference) sameFile(a, b fs.FS, name string) bool {
	fileA, err := a.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = fileA.Close() }()
	fileB, err := b.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = fileB.Close() }()
	pieceA, pieceB := d.buffers[0], d.buffers[1]
	for {
		n, errA := io.ReadFull(fileA, pieceA)
		m, errB := io.ReadFull(fileB, pieceB)
		switch {
		case !bytes.Equal(pieceA[:n], pieceB[:m]):
			return false
		case errA != nil || errB != nil:
			return n < len(pieceA) && atEOF(errA) && atEOF(errB)
		}
	}
}

func atEOF(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// revisionFiles returns the names of the files that revision.Load would read.
func revisionFiles(fsys fs.FS) (map[string]bool, error) {
	found := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := name != "." && path.Base(name)[0] == '.'
		switch {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case !hidden && !d.IsDir() && (strings.HasSuffix(name, ".up.sql") || strings.HasSuffix(name, ".down.sql")):
			found[name] = true
		}
		return nil
	})
	return found, err
}
