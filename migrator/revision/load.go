package revision

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/text"
)

const (
	upSuffix   = ".up.sql"
	downSuffix = ".down.sql"
)

// Load reads all revisions in a folder, at any depth. Their files are shown as path.Join(prefix, name). It returns
//
//   - the revisions that have an id, sorted by id, including those with problems, so that mistakes in their links can be
//     reported at the same time;
//   - the problems of the files, sorted: those that Parse finds, a .sql file that is neither an up nor a down file, and a
//     down file without an up file. Ids that several revisions have, and links, are not checked; see package graph;
//   - an error if a file cannot be read.
//
// An up file larger than 1 MiB is checked and left where it is; see Script.Loaded. It must then not change as long as the
// revision is in use.
//
// Files that are not .sql are ignored, and so are files and folders whose name begins with a dot. Symbolic links to files
// are followed, because mounted volumes consist of them. A symbolic link to a folder is a problem, because it is not
// followed, neither here nor by go:embed.
func Load(fsys fs.FS, prefix string) ([]*Revision, Problems, error) {
	return load(fsys, prefix, defaultLimits)
}

func load(fsys fs.FS, prefix string, limits limits) ([]*Revision, Problems, error) {
	l := loader{fsys: fsys, prefix: path.Clean(prefix) + "/", limits: limits, downs: map[string]bool{}}
	switch l.prefix {
	case "./":
		l.prefix = ""
	case "//":
		l.prefix = "/"
	}
	if err := l.loadAll(); err != nil {
		return nil, nil, l.withPrefix(err)
	}
	l.problems.Sort()
	return l.revisions, l.problems, nil
}

func (l *loader) loadAll() error {
	if err := l.walk("."); err != nil {
		return err
	}
	l.revisions = make([]*Revision, 0, len(l.ups))
	for _, up := range l.ups {
		r, err := l.pair(up)
		if err != nil {
			return err
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
	return l.checkOrphans()
}

type loader struct {
	fsys   fs.FS
	prefix string // of every shown name, with a slash at its end
	limits limits

	buf     bytes.Buffer // for one file at a time, so that each costs one allocation of its size
	limited io.LimitedReader
	// mayBeLarge is set if the folders do not tell that all files are at most limits.file long. Entries of embedded folders
	// have the size with them, those of folders on disk would have to ask for it.
	mayBeLarge bool

	// Shown names of the files. Those of downs do not have the suffix, and are removed once their up file is read.
	ups   []string
	downs map[string]bool

	revisions []*Revision
	problems  Problems
}

func (l *loader) report(pos Pos, problem string) {
	l.problems = append(l.problems, Problem{Pos: pos, Text: text.Visible(problem)}) // it may name other files
}

// name returns the name in fsys of a shown name.
func (l *loader) name(shown string) string { return shown[len(l.prefix):] }

// withPrefix puts the prefix before the name in an error.
func (l *loader) withPrefix(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: pe.Op, Path: path.Join(l.prefix, pe.Path), Err: pe.Err}
	}
	return err
}

// walk finds the files in a folder. The paths that fs.WalkDir builds and cleans would cost as much as all the rest.
func (l *loader) walk(folder string) error {
	entries, err := fs.ReadDir(l.fsys, folder)
	if err != nil {
		return err
	}
	shownFolder := l.prefix
	if folder != "." {
		shownFolder += folder + "/"
	}
	for _, d := range entries {
		switch base := d.Name(); {
		case base[0] == '.':
		case !utf8.ValidString(base): // package fs cannot open it
			l.report(Pos{shownFolder + base, 1, 1}, "the name is not UTF-8: rename the file or folder")
		case d.IsDir():
			err = l.walk(l.name(shownFolder + base))
		default:
			if info, ok := d.(fs.FileInfo); !ok || !d.Type().IsRegular() || info.Size() > int64(l.limits.file) {
				l.mayBeLarge = true
			}
			err = l.addFile(shownFolder, base, d.Type())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addFile adds a file to the up or the down files, or reports it.
func (l *loader) addFile(shownFolder, base string, mode fs.FileMode) error {
	isSQL := strings.EqualFold(path.Ext(base), ".sql")
	if !isSQL && mode&fs.ModeSymlink == 0 {
		return nil
	}
	shown := shownFolder + base
	top := Pos{File: shown, Line: 1, Column: 1}
	if mode&fs.ModeSymlink != 0 {
		info, err := fs.Stat(l.fsys, l.name(shown))
		if err != nil && !isSQL {
			return nil // a dangling link that is not a revision
		}
		if err != nil {
			return err
		}
		if mode = info.Mode().Type(); mode.IsDir() {
			l.report(top, "symbolic link to a folder: it is not followed; move the files here, or give the link a name that begins with a dot")
			return nil
		}
	}
	switch {
	case !isSQL:
	case !mode.IsRegular():
		l.report(top, "not a regular file")
	case strings.HasSuffix(base, upSuffix):
		l.ups = append(l.ups, shown)
	case strings.HasSuffix(base, downSuffix):
		l.downs[strings.TrimSuffix(shown, downSuffix)] = true
	default:
		if tool := l.otherTool(shown); tool != "" {
			l.report(top, "neither "+upSuffix+" nor "+downSuffix+": it looks like a migration of "+tool)
			l.problems[len(l.problems)-1].Tool = tool
			return nil
		}
		l.report(top, "neither "+upSuffix+" nor "+downSuffix+": "+renameAdvice(base))
	}
	return nil
}

// pair reads an up file and its down file.
func (l *loader) pair(up string) (*Revision, error) {
	r, problems, err := l.readUp(up)
	if err != nil {
		return nil, err
	}
	l.markOtherTool(up, problems)
	l.problems = append(l.problems, problems...)
	if stem := strings.TrimSuffix(up, upSuffix); l.downs[stem] {
		delete(l.downs, stem)
		down := stem + downSuffix
		if err := l.parseDown(r, down); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// parseDown reads and parses a down file.
func (l *loader) parseDown(r *Revision, down string) error {
	text, problem, err := l.readDown(down)
	if err != nil {
		return err
	}
	problems := r.parseDown(Source{down, text})
	if problem != "" {
		problems = Problems{{Pos: Pos{down, 1, 1}, Text: problem}}
	}
	l.problems = append(l.problems, problems...)
	return nil
}

// renameAdvice returns what to do about a .sql file with another suffix.
func renameAdvice(base string) string {
	if lower := strings.ToLower(base); strings.HasSuffix(lower, upSuffix) || strings.HasSuffix(lower, downSuffix) {
		return "write the suffix in lower case"
	}
	stem := base[:len(base)-len(".sql")]
	if ext := path.Ext(stem); ext != "" {
		if word := text.Nearest(ext[1:], []string{"up", "down"}); word != "" {
			return "did you mean " + strings.TrimSuffix(stem, ext) + "." + word + ".sql?"
		}
	}
	return "rename it to " + stem + upSuffix + " or " + stem + downSuffix + ", or move it to another folder"
}

// byID returns the first revision with an id, nil if there is none.
func (l *loader) byID(id string) *Revision {
	i, found := slices.BinarySearchFunc(l.revisions, id, func(r *Revision, id string) int { return strings.Compare(r.ID, id) })
	if !found {
		return nil
	}
	return l.revisions[i]
}

// checkOrphans reports the down files without an up file. Most have lost it when it was renamed, and their revision key
// tells which one it is.
func (l *loader) checkOrphans() error {
	for stem := range l.downs {
		var orphan Revision
		if err := l.parseDown(&orphan, stem+downSuffix); err != nil {
			return err
		}
		problem := "down file without an up file: " + stem + upSuffix + " does not exist"
		p := parser{text: orphan.Down.Text, down: true}
		p.readHeader()
		if r := l.byID(p.value(p.entries[keyRevision])); r != nil {
			problem += "; its revision is in " + r.Up.File
			if r.Down == nil {
				problem += ": rename it to " + r.DownFile()
			}
		}
		l.report(Pos{orphan.Down.File, 1, 1}, problem)
	}
	return nil
}
