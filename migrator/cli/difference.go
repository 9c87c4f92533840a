package cli

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/cli/internal/terminal"
)

// compare says on standard error when the revisions on disk are not those that are
// built in: whoever has just written one waits for it in vain otherwise.
func (r *run) compare() {
	if !r.embedded() || r.settings.Quiet {
		return
	}
	for _, p := range r.pairs() {
		d := difference{}
		if d.find(p.embedded, os.DirFS(p.dir)) {
			r.log.Warn(terminal.Quote(p.dir) + " is not what is built into this program (" + d.String() + "); build it again, or use --dir " + terminal.Quote(p.dir))
		}
	}
}

// pair is a folder in the program and the one on disk that it was most likely made of.
type pair struct {
	embedded fs.FS
	dir      string
}

// pairs are the folders at the top of what is embedded, as `//go:embed sql` makes them,
// that the working directory has too; or sql, when the program has stepped into it.
func (p *program) pairs() []pair {
	var pairs []pair
	entries, _ := fs.ReadDir(p.FS, ".")
	for _, e := range entries {
		switch {
		case !e.IsDir() && strings.HasSuffix(e.Name(), ".sql"):
			return []pair{{p.FS, defaultDir}}
		case e.IsDir():
			if sub, err := fs.Sub(p.FS, e.Name()); err == nil {
				pairs = append(pairs, pair{sub, e.Name()})
			}
		}
	}
	return pairs
}

// difference is the revisions that two folders do not share, by the stems of their
// files.
type difference struct {
	added, changed, missing map[string]bool
	pieces                  [2][]byte // what is being compared
}

// find says whether there is any. A folder without revisions has none, and neither has
// one that cannot be read.
func (d *difference) find(built, disk fs.FS) bool {
	here, err := sqlFiles(disk)
	if err != nil || len(here) == 0 {
		return false
	}
	there, err := sqlFiles(built)
	if err != nil {
		return false
	}
	*d = difference{added: map[string]bool{}, changed: map[string]bool{}, missing: map[string]bool{}}
	for i := range d.pieces {
		d.pieces[i] = make([]byte, 32<<10)
	}
	for name := range here {
		switch up := stem(name) + ".up.sql"; {
		case !there[name] && !there[up]:
			d.added[stem(name)] = true
		case !there[name] || !d.same(built, disk, name):
			d.changed[stem(name)] = true
		}
	}
	for name := range there {
		switch up := stem(name) + ".up.sql"; {
		case here[name]:
		case here[up]:
			d.changed[stem(name)] = true
		default:
			d.missing[stem(name)] = true
		}
	}
	return len(d.added)+len(d.changed)+len(d.missing) > 0
}

func stem(name string) string {
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

// same compares two files piece by piece: one may hold the rows of a large COPY.
func (d *difference) same(a, b fs.FS, name string) bool {
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
	pieceA, pieceB := d.pieces[0], d.pieces[1]
	for {
		n, errA := io.ReadFull(fileA, pieceA)
		m, errB := io.ReadFull(fileB, pieceB)
		switch {
		case !bytes.Equal(pieceA[:n], pieceB[:m]):
			return false
		case errA != nil || errB != nil:
			return n < len(pieceA) && ended(errA) && ended(errB)
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// sqlFiles lists what revision.Load would read.
func sqlFiles(fsys fs.FS) (map[string]bool, error) {
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
