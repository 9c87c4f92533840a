package revision

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/text"
)

// ExistsError reports that nothing was written because File exists or, if ID is not "", because File contains a revision
// with that id. It wraps fs.ErrExist.
type ExistsError struct {
	ID, File string
}

func (e *ExistsError) Error() string {
	if e.ID == "" {
		return text.Visible(e.File) + ": the file already exists; nothing was written"
	}
	return fmt.Sprintf("revision %s already exists in %s; nothing was written, choose another id", text.Visible(e.ID), text.Visible(e.File))
}

// Unwrap returns fs.ErrExist.
func (e *ExistsError) Unwrap() error { return fs.ErrExist }

// Write writes the files of a revision into an existing folder and returns their paths; down is "" if r.Down is nil. It is
// WriteAll of one revision.
func Write(dir string, r *Revision, at time.Time) (up, down string, err error) {
	return disk{}.writeOne(dir, r, at)
}

func (d disk) writeOne(dir string, r *Revision, at time.Time) (up, down string, err error) {
	files, err := d.writeAll(dir, []*Revision{r}, at)
	switch {
	case err != nil:
		return "", "", err
	case len(files) == 1:
		return files[0], "", nil
	}
	return files[0], files[1], nil
}

// WriteAll writes the files of revisions into an existing folder and returns their paths, for each revision the up file and
// then the down file. Their stem is FileStem(r.ID, r.Message, at). Either all files are written or none, each complete, and
// no file is ever overwritten, however many processes write at the same time. After a power failure there may be only down
// files, which Load reports, or the last revisions without the first.
//
// The text is parsed before it is written. If Load would refuse it the error is of type Problems; if Load would read
// another revision from it, the error names the part that cannot be written. If the folder already contains a revision with
// one of the ids, it is an *ExistsError; if the surroundings are to blame, such as a full disk, a *WriteError.
func WriteAll(dir string, revisions []*Revision, at time.Time) (files []string, err error) {
	return disk{}.writeAll(dir, revisions, at)
}

func (d disk) writeAll(dir string, revisions []*Revision, at time.Time) (files []string, err error) {
	w := writer{disk: d, dir: dir}
	for _, r := range revisions {
		if err := w.add(r, at); err != nil {
			return nil, err
		}
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return w.names, nil
}

// writer writes the files of revisions.
type writer struct {
	disk       disk
	dir        string
	ids        []string
	names      []string // of the files, the up file first
	downs, ups []Source
}

func (w *writer) add(r *Revision, at time.Time) error {
	stem := filepath.Join(w.dir, FileStem(r.ID, r.Message, at))
	upText, downText := r.Format()
	files := []Source{{stem + upSuffix, upText}}
	w.ids, w.names = append(w.ids, r.ID), append(w.names, stem+upSuffix)
	if r.Down != nil {
		files = []Source{{stem + downSuffix, downText}, files[0]}
		w.downs, w.names = append(w.downs, files[0]), append(w.names, stem+downSuffix)
	} else if _, err := os.Lstat(stem + downSuffix); err == nil {
		return &ExistsError{File: stem + downSuffix} // it would become the down file
	}
	w.ups = append(w.ups, files[len(files)-1])
	return r.checkFormat(files)
}

// write writes the files. Two processes may have been given the same id. Each looks for the other's files before and after it
// writes its own. If it finds them afterwards it removes its own, and tries again after a random time.
func (w *writer) write() error {
	// The down files are written first: by itself one is an error, but an up file by itself is an irreversible revision.
	// Of the up files the last one is written first: without its parent it is an error, but the first ones are not.
	files := slices.Clone(w.downs)
	for _, up := range slices.Backward(w.ups) {
		files = append(files, up)
	}
	for try := 0; ; try++ {
		if err := w.checkUnused(nil); err != nil {
			return err
		}
		if err := w.disk.createFiles(files); err != nil {
			return err
		}
		err := w.checkUnused(files)
		if err == nil {
			return nil
		}
		var own []string
		for _, f := range files {
			own = append(own, f.File)
		}
		if undone := w.disk.removeAll(own); undone.err != nil || try == 9 {
			return undone.addTo(err)
		}
		time.Sleep(rand.N(20*time.Millisecond) * time.Duration(try+1))
	}
}

func (w *writer) checkUnused(own []Source) error {
	for _, id := range w.ids {
		if err := checkIDUnused(w.dir, id, own); err != nil {
			return err
		}
	}
	return nil
}

// Reparse returns a revision as Load would read it from files with this stem. The error is of type Problems.
func Reparse(r *Revision, stem string) (*Revision, error) {
	upText, downText := r.Format()
	var down *Source
	if r.Down != nil {
		down = &Source{stem + downSuffix, downText}
	}
	parsed, problems := Parse(Source{stem + upSuffix, upText}, down)
	return parsed, problems.Err()
}

// checkFormat checks that parsing the files returns r.
func (r *Revision) checkFormat(files []Source) error {
	var down *Source
	if len(files) == 2 {
		down = &files[0]
	}
	read, problems := Parse(files[len(files)-1], down)
	if err := problems.Err(); err != nil {
		return err
	}
	cannot := func(what string) error {
		return fmt.Errorf("revision %s: its %s cannot be written: it would not be read back as it is", text.Visible(r.ID), what)
	}
	switch {
	case r.Up != nil && (!r.Up.InMemory() || r.Up.large != nil && len(r.Up.large.elided) > 0):
		return fmt.Errorf("revision %s: its script is only in %s: copy that file", text.Visible(r.ID), text.Visible(r.Up.File))
	case read.ID != r.ID:
		return cannot("id")
	case read.Message != r.Message:
		return cannot("message")
	case !slices.Equal(read.DownRevision, r.DownRevision):
		return cannot(keys[keyDownRevision])
	case !slices.Equal(read.DependsOn, r.DependsOn):
		return cannot(keys[keyDependsOn])
	case !slices.Equal(read.BranchLabels, r.BranchLabels):
		return cannot(keys[keyBranchLabels])
	case !equalReplaced(read.Replaces, r.Replaces):
		return cannot(keys[keyReplaces])
	case !slices.Equal(read.Accept, r.Accept):
		return cannot(keys[keyAccept])
	case !read.Created.Equal(r.Created):
		return cannot(keys[keyCreated])
	case !r.Up.equal(read.Up):
		return cannot("up script")
	case !r.Down.equal(read.Down):
		return cannot("down script")
	}
	return nil
}

// equal reports whether two scripts have the same SQL and options. Nil is an empty script.
func (s *Script) equal(t *Script) bool {
	if s == nil {
		s = NewScript("")
	}
	if t == nil {
		t = NewScript("")
	}
	return s.SQL() == t.SQL() && s.Options() == t.Options()
}

// checkIDUnused returns an *ExistsError if a folder contains a revision with an id in another file than the own ones. It
// opens the files that FileStem may have named after the id: a_b_c may be the id a with a slug, or the id a_b.
func checkIDUnused(dir, id string, own []Source) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return NewWriteError(filepath.Join(dir, FileStem(id, "", time.Time{})+upSuffix), err)
	}
	for _, d := range entries {
		stem, isUp := strings.CutSuffix(d.Name(), upSuffix)
		_, rest, _ := strings.Cut(stem, "_")
		if !isUp || rest != id && !strings.HasPrefix(rest, id+"_") {
			continue
		}
		file := filepath.Join(dir, d.Name())
		if slices.ContainsFunc(own, func(s Source) bool { return s.File == file }) {
			continue
		}
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the other process has removed it
		}
		if err != nil {
			return err
		}
		if r, _ := parseUp(Source{file, string(content)}); r.ID == id {
			return &ExistsError{id, file}
		}
	}
	return nil
}
