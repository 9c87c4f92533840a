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

// Write writes the files of a revision into an existing folder and returns their paths; down is "" if r.Down is nil. Their
// stem is FileStem(r.ID, r.Message, at). Either both files are written or none, each complete, and no file is ever
// overwritten, however many processes write at the same time. After a power failure there may be only a down file, which
// Load reports.
//
// The text is parsed before it is written. If Load would refuse it the error is of type Problems; if Load would read
// another revision from it, the error names the part that cannot be written. If the folder already contains a revision with
// that id, it is an *ExistsError.
func Write(dir string, r *Revision, at time.Time) (up, down string, err error) {
	stem := filepath.Join(dir, FileStem(r.ID, r.Message, at))
	upText, downText := r.Format()
	files := []Source{{stem + upSuffix, upText}}
	if r.Down != nil {
		down = stem + downSuffix
		// The down file is written first: by itself it is an error, but an up file by itself is an irreversible revision.
		files = []Source{{down, downText}, files[0]}
	} else if _, err := os.Lstat(stem + downSuffix); err == nil {
		return "", "", &ExistsError{File: stem + downSuffix} // it would become the down file
	}
	if err := r.checkFormat(files); err != nil {
		return "", "", err
	}
	// Two processes may have been given the same id. Each looks for the other's files before and after it writes its own. If
	// it finds them afterwards it removes its own, and tries again after a random time.
	for try := 0; ; try++ {
		if err := checkIDUnused(dir, r.ID, nil); err != nil {
			return "", "", err
		}
		if err := CreateFiles(files...); err != nil {
			return "", "", err
		}
		err := checkIDUnused(dir, r.ID, files)
		if err == nil {
			return stem + upSuffix, down, nil
		}
		for _, f := range slices.Backward(files) {
			if err := os.Remove(f.File); err != nil {
				return "", "", err
			}
		}
		if try == 9 {
			return "", "", err
		}
		time.Sleep(rand.N(20*time.Millisecond) * time.Duration(try+1))
	}
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
	case r.Up != nil && (r.Up.left != nil || len(r.Up.elided) > 0):
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
		return err
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
