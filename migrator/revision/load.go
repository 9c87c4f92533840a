package revision

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
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
	l := loader{fsys: fsys, prefix: path.Clean(prefix), sizes: limits, downs: map[string]Source{}}
	if err := fs.WalkDir(fsys, ".", l.visit); err != nil {
		return nil, nil, err
	}
	for _, up := range l.ups {
		r, problems, err := l.parse(up)
		if err != nil {
			return nil, nil, l.shown(err)
		}
		l.problems = append(l.problems, problems...)
		stem := strings.TrimSuffix(up.File, upSuffix)
		if down, ok := l.downs[stem]; ok {
			l.problems = append(l.problems, r.parseDown(down)...)
			delete(l.downs, stem)
		}
		if r.ID != "" {
			l.revisions = append(l.revisions, r)
		}
	}
	slices.SortFunc(l.revisions, func(a, b *Revision) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Up.File, b.Up.File))
	})
	l.checkNames()
	l.checkOrphans()
	l.problems.Sort()
	return l.revisions, l.problems, nil
}

type loader struct {
	fsys   fs.FS
	prefix string
	sizes  sizes
	buf    bytes.Buffer

	ups   []upFile
	downs map[string]Source // by stem

	revisions []*Revision
	problems  Problems
}

func (l *loader) report(pos Pos, text string) { l.problems = append(l.problems, Problem{pos, text}) }

func (l *loader) visit(name string, d fs.DirEntry, err error) error {
	base := path.Base(name)
	switch {
	case err != nil:
		return l.shown(err)
	case name == ".":
		return nil
	case base[0] == '.' && d.IsDir():
		return fs.SkipDir
	case base[0] == '.' || d.IsDir():
		return nil
	}
	return l.shown(l.file(name, d))
}

// name is path.Join(l.prefix, name) for names that are clean, without its price.
func (l *loader) name(name string) string {
	switch l.prefix {
	case ".":
		return name
	case "/":
		return "/" + name
	}
	return l.prefix + "/" + name
}

// shown puts the prefix before the name in an error.
func (l *loader) shown(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: pe.Op, Path: path.Join(l.prefix, pe.Path), Err: pe.Err}
	}
	return err
}

func (l *loader) file(name string, d fs.DirEntry) error {
	isSQL := strings.EqualFold(path.Ext(name), ".sql")
	mode := d.Type()
	top := Pos{File: l.name(name), Line: 1, Column: 1}
	if mode&fs.ModeSymlink != 0 {
		info, err := fs.Stat(l.fsys, name)
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
	up, down := strings.HasSuffix(name, upSuffix), strings.HasSuffix(name, downSuffix)
	switch {
	case !isSQL:
		return nil
	case !mode.IsRegular():
		l.report(top, "this is no regular file: a revision is a pair of files")
		return nil
	case !up && !down:
		l.report(top, "neither "+upSuffix+" nor "+downSuffix+": "+rename(path.Base(name)))
		return nil
	}
	info, err := d.Info()
	if err == nil && d.Type()&fs.ModeSymlink != 0 {
		info, err = fs.Stat(l.fsys, name) // the file's, not the link's
	}
	if err == nil && up && info.Size() > int64(l.sizes.whole) {
		l.ups = append(l.ups, upFile{Source: Source{File: top.File}, large: name})
		return nil
	}
	text, err := l.read(name)
	if err != nil {
		return err
	}
	src := Source{top.File, text}
	if up {
		l.ups = append(l.ups, upFile{Source: src})
	} else {
		l.downs[strings.TrimSuffix(src.File, downSuffix)] = src
	}
	return nil
}

// upFile is an up file that was found. A large one has its name in the folder instead of
// its text.
type upFile struct {
	Source
	large string
}

func (l *loader) parse(up upFile) (*Revision, Problems, error) {
	if up.large == "" {
		r, problems := parseUp(up.Source)
		return r, problems, nil
	}
	copies, err := l.mayCopy(up.large)
	if err != nil {
		return nil, nil, err
	}
	if copies {
		r, problems, err := l.parseLarge(up)
		if err != nil || r.Up.Transaction {
			return r, problems, err
		}
		// Its statements are checked one by one, each with its rows.
	}
	if up.Text, err = l.read(up.large); err != nil {
		return nil, nil, err
	}
	r, problems := parseUp(up.Source)
	return r, problems, nil
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

func (l *loader) parseLarge(up upFile) (*Revision, Problems, error) {
	f, err := l.fsys.Open(up.large)
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
	r, problems := parseUp(Source{up.File, c.text})
	if s := r.Up; len(c.left) > 0 {
		s.left, s.source = c.left, &source{l.fsys, up.large, up.File, info}
		s.digest = sync.OnceValue(s.digestLarge)
		s.checksum = sync.OnceValue(func() string {
			go s.digest() // who wants the one wants the other
			return s.checksumLarge()
		})
	}
	return r, append(problems, c.locateRows(up.File)...), nil
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

// read goes through one buffer, so that each file costs one allocation of its size.
func (l *loader) read(name string) (string, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return "", err
	}
	l.buf.Reset()
	_, err = l.buf.ReadFrom(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return l.buf.String(), err
}

// checkNames looks for ids that two revisions have, and labels that are not unique.
func (l *loader) checkNames() {
	ids := make(map[string]*Revision, len(l.revisions))
	for _, r := range l.revisions {
		if first, ok := ids[r.ID]; ok {
			l.report(r.Pos(keys[keyRevision], r.ID), "id \""+r.ID+"\" is also that of "+first.Up.File+": an id belongs to one revision, give one of them another")
			continue
		}
		ids[r.ID] = r
	}
	labels := map[string]*Revision{}
	for _, r := range l.revisions {
		for _, label := range r.BranchLabels {
			pos := func() Pos { return r.Pos(keys[keyBranchLabels], label) }
			if first, ok := ids[label]; ok {
				l.report(pos(), "label \""+label+"\" is also the id of "+first.Up.File+": choose another")
			}
			if first, ok := labels[label]; ok {
				l.report(pos(), "label \""+label+"\" is also in "+first.Up.File+": a label belongs to one revision, remove one")
				continue
			}
			labels[label] = r
		}
	}
}

// checkOrphans reports the down files that no up file has claimed. Most have lost it
// to a new name, and their own key tells which it is.
func (l *loader) checkOrphans() {
	if len(l.downs) == 0 {
		return
	}
	byID := make(map[string]*Revision, len(l.revisions))
	for _, r := range l.revisions {
		byID[r.ID] = r
	}
	for stem, src := range l.downs {
		var own Revision
		l.problems = append(l.problems, own.parseDown(src)...)
		text := "a down file without its up file: there is no " + stem + upSuffix
		p := parser{text: src.Text, down: true}
		p.readHeader()
		if r := byID[p.value(p.entries[keyRevision])]; r != nil {
			text += "; its revision is in " + r.Up.File
			if r.Down == nil {
				text += ": rename it to " + r.DownFile()
			}
		}
		l.report(Pos{src.File, 1, 1}, text)
	}
}
