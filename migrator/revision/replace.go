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

// MovedError reports a file that is left as it is because it has been changed since it was read.
type MovedError struct{ File string }

func (e *MovedError) Error() string {
	return text.Visible(e.File) + ": the file was changed by another process at the same time; nothing was written"
}

// Replace is Write for a revision that replaces others, whose files are moved away afterwards: either all is written and
// moved, or nothing. After a crash in between there may be both, which Load and the graph report, and nothing is lost.
func Replace(dir string, r *Revision, at time.Time, moves []Move) (up, down string, err error) {
	return disk{}.replace(dir, r, at, moves)
}

func (d disk) replace(dir string, r *Revision, at time.Time, moves []Move) (up, down string, err error) {
	for _, m := range moves {
		if _, err := os.Lstat(m.To); !errors.Is(err, fs.ErrNotExist) {
			return "", "", &ExistsError{File: m.To}
		}
	}
	up, down, err = d.writeOne(dir, r, at)
	if err != nil {
		return "", "", err
	}
	made, folders, err := d.moveAll(moves)
	if err == nil {
		return up, down, nil
	}
	err = d.moveBack(made).addTo(err)
	d.removeAll(folders)
	files := []string{up}
	if down != "" {
		files = []string{down, up}
	}
	return "", "", d.removeAll(files).addTo(err)
}

// moveAll moves files in order. It returns those that it has moved and the folders that it has created, also with an error.
func (d disk) moveAll(moves []Move) (made []Move, folders []string, err error) {
	var files []string
	for i, m := range moves {
		created, err := d.mkdirAll(filepath.Dir(m.To))
		if folders = append(folders, created...); err != nil {
			return moves[:i], folders, err
		}
		if err := d.rename(m.From, m.To); err != nil {
			return moves[:i], folders, NewWriteError(m.To, err)
		}
		files = append(files, m.From, m.To)
	}
	syncFolders(files)
	return moves, folders, nil
}

// moveBack undoes moves, the last one first.
func (d disk) moveBack(moves []Move) (u notUndone) {
	for _, m := range slices.Backward(moves) {
		if err := d.rename(m.To, m.From); err != nil {
			u.moved, u.file, u.err = append(u.moved, m), m.To, err
		}
	}
	return u
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
