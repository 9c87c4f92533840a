package revision

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"sync"
)

const (
	upSuffix   = ".up.sql"
	downSuffix = ".down.sql"
)

// Load reads all revisions of a folder, at any depth. Shown names are path.Join(prefix,
// name). It returns
//
//   - the revisions that have an id, sorted by id, those with problems included, so that
//     what is wrong with their links can be shown at the same time;
//   - everything that the files alone show to be wrong, sorted: what Parse finds, a .sql
//     file that is neither up nor down, a down file without its up file, an id that two
//     revisions have, a label that is used twice or is an id. Links are not followed;
//   - an error when something could not be read.
//
// The rows of a COPY in a large up file stay there, see Script.Rows.
//
// Files that are not .sql are ignored, and so is everything whose name begins with a dot.
// A symbolic link to a file is read as the file, because mounted volumes are made of such
// links; one to a folder is a problem, because no walk follows it, go:embed's neither.
func Load(fsys fs.FS, prefix string) ([]*Revision, Problems, error) {
	return load(fsys, prefix, usual)
}

func load(fsys fs.FS, prefix string, limits sizes) ([]*Revision, Problems, error) {
	l := loader{fsys: fsys, prefix: path.Clean(prefix) + "/", sizes: limits, downs: map[string]bool{}}
	switch l.prefix {
	case "./":
		l.prefix = ""
	case "//":
		l.prefix = "/"
	}
	if err := l.walk("."); err != nil {
		return nil, nil, l.shown(err)
	}
	l.revisions = make([]*Revision, 0, len(l.ups))
	claimed := 0
	for _, up := range l.ups {
		r, err := l.pair(up)
		if err != nil {
			return nil, nil, l.shown(err)
		}
		if r.Down != nil {
			claimed++
		}
		if r.ID != "" {
			l.revisions = append(l.revisions, r)
		}
	}
	slices.SortFunc(l.revisions, func(a, b *Revision) int {
		if a.ID != b.ID {
			return strings.Compare(a.ID, b.ID)
		}
		return strings.Compare(a.Up.File, b.Up.File)
	})
	l.checkNames()
	if claimed < len(l.downs) {
		if err := l.checkOrphans(); err != nil {
			return nil, nil, l.shown(err)
		}
	}
	l.problems.Sort()
	return l.revisions, l.problems, nil
}

type loader struct {
	fsys   fs.FS
	prefix string // before each shown name, with its slash
	sizes  sizes

	buf   bytes.Buffer // each file goes through it, so that it costs one allocation of its size
	limit io.LimitedReader

	// The files that were found, by their shown names. Those of downs lack the ending.
	ups   []string
	downs map[string]bool

	revisions []*Revision
	problems  Problems
}

func (l *loader) report(pos Pos, text string) { l.problems = append(l.problems, Problem{pos, text}) }

// name is the name in the folder of a file with this shown name.
func (l *loader) name(shown string) string { return shown[len(l.prefix):] }

// shown puts the prefix before the name in an error.
func (l *loader) shown(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: pe.Op, Path: path.Join(l.prefix, pe.Path), Err: pe.Err}
	}
	return err
}

// walk finds the files of a folder. With a thousand files the clean paths of fs.WalkDir
// would cost as much as all else here.
func (l *loader) walk(folder string) error {
	entries, err := fs.ReadDir(l.fsys, folder)
	if err != nil {
		return err
	}
	within := l.prefix
	if folder != "." {
		within += folder + "/"
	}
	for _, d := range entries {
		switch base := d.Name(); {
		case base[0] == '.':
		case d.IsDir():
			err = l.walk(l.name(within + base))
		default:
			err = l.find(within, base, d.Type())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// find sorts a file by what its name says.
func (l *loader) find(within, base string, mode fs.FileMode) error {
	isSQL := strings.EqualFold(path.Ext(base), ".sql")
	if !isSQL && mode&fs.ModeSymlink == 0 {
		return nil
	}
	shown := within + base
	top := Pos{File: shown, Line: 1, Column: 1}
	if mode&fs.ModeSymlink != 0 {
		info, err := fs.Stat(l.fsys, l.name(shown))
		if err != nil && !isSQL {
			return nil // a link to nowhere is nobody's revision
		}
		if err != nil {
			return err
		}
		if mode = info.Mode().Type(); mode.IsDir() {
			l.report(top, "a symbolic link to a folder is not followed: move its files here, or name it with a dot in front")
			return nil
		}
	}
	switch {
	case !isSQL:
	case !mode.IsRegular():
		l.report(top, "this is no regular file: a revision is a pair of files")
	case strings.HasSuffix(base, upSuffix):
		l.ups = append(l.ups, shown)
	case strings.HasSuffix(base, downSuffix):
		l.downs[strings.TrimSuffix(shown, downSuffix)] = true
	default:
		l.report(top, "neither "+upSuffix+" nor "+downSuffix+": "+rename(base))
	}
	return nil
}

// pair reads an up file and the down file beside it.
func (l *loader) pair(up string) (*Revision, error) {
	r, problems, err := l.up(up)
	if err != nil {
		return nil, err
	}
	l.problems = append(l.problems, problems...)
	if stem := strings.TrimSuffix(up, upSuffix); l.downs[stem] {
		down := stem + downSuffix
		text, _, err := l.text(down, noLimit)
		if err != nil {
			return nil, err
		}
		l.problems = append(l.problems, r.parseDown(Source{down, text})...)
	}
	return r, nil
}

func (l *loader) up(file string) (*Revision, Problems, error) {
	text, larger, err := l.text(file, int64(l.sizes.whole))
	if err != nil {
		return nil, nil, err
	}
	if larger {
		copies, err := l.mayCopy(l.name(file))
		if err != nil {
			return nil, nil, err
		}
		if copies {
			r, problems, err := l.parseLarge(file)
			if err != nil || r.Up.Transactional {
				return r, problems, err
			}
			// Its statements are checked one by one, each with its rows.
		}
		if text, _, err = l.text(file, noLimit); err != nil {
			return nil, nil, err
		}
	}
	r, problems := parseUp(Source{file, text})
	return r, problems, nil
}

const noLimit = math.MaxInt64 - 1

// text reads a file. One that is larger than limit is not read to its end, and has no
// text.
func (l *loader) text(shown string, limit int64) (text string, larger bool, err error) {
	f, err := l.fsys.Open(l.name(shown))
	if err != nil {
		return "", false, err
	}
	l.buf.Reset()
	l.limit = io.LimitedReader{R: f, N: limit + 1}
	n, err := l.buf.ReadFrom(&l.limit)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil || n > limit {
		return "", n > limit, err
	}
	return l.buf.String(), false, nil
}

// mayCopy says whether a file speaks of what COPY reads from.
func (l *loader) mayCopy(name string) (bool, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return mentionsStdio(f)
}

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
	c, err := condense(f, l.sizes)
	if err != nil {
		return nil, nil, err
	}
	r, problems := parseUp(Source{file, c.text})
	if s := r.Up; len(c.left) > 0 {
		s.left, s.source = c.left, &source{l.fsys, l.name(file), file, info}
		s.digest = sync.OnceValue(s.digestLarge)
		s.checksum = sync.OnceValue(func() string {
			go s.digest() // who wants the one wants the other
			return s.checksumLarge()
		})
	}
	return r, append(problems, c.locateRows(file)...), nil
}

// rename says how a file with a wrong ending should be called.
func rename(base string) string {
	if lower := strings.ToLower(base); strings.HasSuffix(lower, upSuffix) || strings.HasSuffix(lower, downSuffix) {
		return "write the ending in small letters"
	}
	stem := base[:len(base)-len(".sql")]
	if typed := path.Ext(stem); typed != "" {
		if word := nearest(typed[1:], []string{"up", "down"}); word != "" {
			return "did you mean " + strings.TrimSuffix(stem, typed) + "." + word + ".sql?"
		}
	}
	return "rename it to " + stem + upSuffix + " or " + stem + downSuffix + ", or keep it in another folder"
}

// checkNames looks for ids that two revisions have, and labels that are not unique.
func (l *loader) checkNames() {
	var first *Revision // of those with its id
	for _, r := range l.revisions {
		if first == nil || first.ID != r.ID {
			first = r
			continue
		}
		l.report(r.Pos(keys[keyRevision], r.ID), "id \""+r.ID+"\" is also that of "+first.Up.File+": an id belongs to one revision, give one of them another")
	}
	labels := map[string]*Revision{}
	for _, r := range l.revisions {
		for _, label := range r.BranchLabels {
			pos := func() Pos { return r.Pos(keys[keyBranchLabels], label) }
			if taken := l.byID(label); taken != nil {
				l.report(pos(), "label \""+label+"\" is also the id of "+taken.Up.File+": choose another")
			}
			if first, ok := labels[label]; ok {
				l.report(pos(), "label \""+label+"\" is also in "+first.Up.File+": a label belongs to one revision, remove one")
				continue
			}
			labels[label] = r
		}
	}
}

// byID finds the first revision with an id, once they are sorted; nil when there is none.
func (l *loader) byID(id string) *Revision {
	i, found := slices.BinarySearchFunc(l.revisions, id, func(r *Revision, id string) int { return strings.Compare(r.ID, id) })
	if !found {
		return nil
	}
	return l.revisions[i]
}

// checkOrphans reports the down files that no up file has claimed. Most have lost it
// to a new name, and their own key tells which it is.
func (l *loader) checkOrphans() error {
	for _, up := range l.ups {
		delete(l.downs, strings.TrimSuffix(up, upSuffix))
	}
	for stem := range l.downs {
		text, _, err := l.text(stem+downSuffix, noLimit)
		if err != nil {
			return err
		}
		src := Source{stem + downSuffix, text}
		var own Revision
		l.problems = append(l.problems, own.parseDown(src)...)
		report := "a down file without its up file: there is no " + stem + upSuffix
		p := parser{text: src.Text, down: true}
		p.readHeader()
		if r := l.byID(p.value(p.entries[keyRevision])); r != nil {
			report += "; its revision is in " + r.Up.File
			if r.Down == nil {
				report += ": rename it to " + r.DownFile()
			}
		}
		l.report(Pos{src.File, 1, 1}, report)
	}
	return nil
}
