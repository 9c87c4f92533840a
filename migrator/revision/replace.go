package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"example.com/ambix/migrator/internal/text"
)

// Move is a file or a folder that gets another name. The folder of the new name is created if it does not exist.
type Move struct{ From, To string }

// MovedError reports a file that is not moved because it has been changed since it was read.
type MovedError struct{ File string }

func (e *MovedError) Error() string {
	return text.Visible(e.File) + ": the file was changed by another process at the same time; nothing was written"
}

// Replace is Write for a revision that replaces others, whose files are moved away afterwards: either all is written and
// moved, or nothing. After a crash in between there may be both, which Load and the graph report, and nothing is lost.
func Replace(dir string, r *Revision, at time.Time, moves []Move) (up, down string, err error) {
	for _, m := range moves {
		if _, err := os.Lstat(m.To); !errors.Is(err, fs.ErrNotExist) {
			return "", "", &ExistsError{File: m.To}
		}
	}
	up, down, err = Write(dir, r, at)
	if err != nil {
		return "", "", err
	}
	made, err := moveAll(moves)
	if err == nil {
		return up, down, nil
	}
	for _, m := range slices.Backward(made) {
		err = errors.Join(err, os.Rename(m.To, m.From))
	}
	for _, m := range slices.Backward(moves) { // as far as they are empty
		for folder := filepath.Dir(m.To); os.Remove(folder) == nil; {
			folder = filepath.Dir(folder)
		}
	}
	for _, file := range []string{up, down} {
		if file != "" {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return "", "", err
}

// moveAll moves files in order, and returns those that it has moved.
func moveAll(moves []Move) (made []Move, err error) {
	var files []string
	for i, m := range moves {
		if err := os.MkdirAll(filepath.Dir(m.To), 0o777); err != nil {
			return moves[:i], err
		}
		if err := os.Rename(m.From, m.To); err != nil {
			return moves[:i], err
		}
		files = append(files, m.From, m.To)
	}
	syncFolders(files)
	return moves, nil
}

// Unchanged reports whether the files of a revision are as they were when they were read. The error is a *MovedError, or that
// of reading a file.
func (r *Revision) Unchanged() error {
	for _, s := range []*Script{r.Up, r.Down} {
		if s == nil || s.File == "" {
			continue
		}
		if !s.InMemory() {
			if _, err := s.Loaded(); err != nil {
				return err
			}
			continue
		}
		content, err := os.ReadFile(filepath.FromSlash(s.File))
		if err != nil {
			return err
		}
		if string(content) != s.Text {
			return &MovedError{s.File}
		}
	}
	return nil
}
