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
)

// ExistsError says that a revision was not written because its file is there, or
// another file of the same id. errors.Is(err, fs.ErrExist) holds.
type ExistsError struct {
	ID, File string
}

func (e *ExistsError) Error() string {
	if e.ID == "" {
		return e.File + ": the file exists; nothing was written"
	}
	return fmt.Sprintf("revision %s exists: %s; nothing was written, take another id", e.ID, e.File)
}

// Unwrap is fs.ErrExist.
func (e *ExistsError) Unwrap() error { return fs.ErrExist }

// Write writes a revision's files into a folder that exists and returns their paths;
// down is "" when r.Down is nil. The names are FileStem(r.ID, r.Message, at). Both files
// appear or none does, each complete, and no file is ever overwritten, however many
// processes write at once. Should the power fail between the two, there is a down file
// alone, which Load reports.
//
// Before that the text is parsed again: what Load would refuse, or would read as
// something else, is not written; the error is then of type Problems, or says which
// part a file cannot hold. When files of that id exist, it is an *ExistsError.
func Write(dir string, r *Revision, at time.Time) (up, down string, err error) {
	stem := filepath.Join(dir, FileStem(r.ID, r.Message, at))
	upText, downText := r.Format()
	files := []Source{{stem + upSuffix, upText}}
	if r.Down != nil {
		down = stem + downSuffix
		// The down file comes first: alone it is an error, an up file alone is a
		// revision that cannot be taken down.
		files = []Source{{down, downText}, files[0]}
	} else if _, err := os.Lstat(stem + downSuffix); err == nil {
		return "", "", &ExistsError{File: stem + downSuffix} // it would become the down file
	}
	if err := r.checkFormat(files); err != nil {
		return "", "", err
	}
	// Two processes may have been told the same id. A look before and one after the
	// writing shows them to each other; both then step back, for a random time.
	for try := 0; ; try++ {
		if err := sameID(dir, r.ID, nil); err != nil {
			return "", "", err
		}
		if err := CreateFiles(files...); err != nil {
			return "", "", err
		}
		err := sameID(dir, r.ID, files)
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

// checkFormat says whether the files mean the revision.
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
		return fmt.Errorf("revision %s: its %s cannot be written into a file: it would be read as something else", r.ID, what)
	}
	switch {
	case r.Up != nil && len(r.Up.left) > 0:
		return fmt.Errorf("revision %s: the rows of its COPY are only in %s: copy that file", r.ID, r.Up.File)
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
	case !read.Created.Equal(r.Created):
		return cannot(keys[keyCreated])
	case !r.Up.same(read.Up):
		return cannot("up script")
	case !r.Down.same(read.Down):
		return cannot("down script")
	}
	return nil
}

// same says whether two scripts run the same; nil stands for an empty one.
func (s *Script) same(t *Script) bool {
	if s == nil {
		s = NewScript("")
	}
	if t == nil {
		t = NewScript("")
	}
	return s.SQL() == t.SQL() && s.Options() == t.Options()
}

// sameID looks for another revision of an id in a folder, other than our own, by the
// names that FileStem gives. The file decides: a_b_c may be a slug or part of an id.
func sameID(dir, id string, own []Source) error {
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
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the other process has stepped back
		}
		if err != nil {
			return err
		}
		if r, _ := parseUp(Source{file, string(text)}); r.ID == id {
			return &ExistsError{id, file}
		}
	}
	return nil
}
