package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

// write returns what to do about a file that could not be written.
func (a adviser) write(e *revision.WriteError) advice {
	before := "" // what has to be done before the next try
	switch {
	case len(e.Left)+len(e.Moved) > 0:
		before = "undo that"
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT):
		before = "free disk space"
	case errors.Is(e.Err, syscall.EROFS):
		before = "make its file system writable"
	case errors.Is(e.Err, fs.ErrPermission):
		before = "make " + terminal.Quote(filepath.Dir(e.File)) + " writable for the user that runs the command"
	case errors.Is(e.Err, fs.ErrNotExist):
		before = "create the folder " + terminal.Quote(filepath.Dir(e.File))
	case errors.Is(e.Err, revision.ErrNoNewFiles), errors.Is(e.Err, syscall.EISDIR), errors.Is(e.Err, syscall.ENOTDIR), errors.Is(e.Err, syscall.ENAMETOOLONG):
		return advice{"name another file", nil}
	default:
		return advice{"", []suggestion{to("try again", a.retry())}}
	}
	return advice{"", []suggestion{{"next: " + before + ", then", a.retry()}}}
}
