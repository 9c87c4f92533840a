package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

// diskSet reads the revisions on disk, also when the program has embedded ones. Commands
// that write revisions work with it.
func (r *run) diskSet() (*migrator.Migrator, error) {
	r.settings.Dir = r.dir()
	return r.set()
}

// writeRevision writes the files of a revision and logs the advice, which the next command
// completes.
func (r *run) writeRevision(rev *revision.Revision, versionPath, advice string) error {
	folder, err := r.versionFolder(versionPath)
	if err != nil {
		return err
	}
	up, down, err := revision.Write(folder, rev, rev.Created)
	if err != nil {
		if is[*fs.PathError](err) {
			return &fileError{err}
		}
		return err
	}
	next := r.nextUp()
	r.document = &writtenDocument{Revision: rev.ID, DownRevision: list(rev.DownRevision), Files: []string{up, down}, Next: next}
	if !r.settings.JSON {
		r.out.Print(up + "\n" + down + "\n")
	}
	r.log.Info(advice+next, "next", next)
	return nil
}

// versionFolder returns the folder for new files: versionPath, which is created if it does
// not exist and must be below --dir, or --dir itself.
func (r *run) versionFolder(versionPath string) (string, error) {
	if versionPath == "" {
		return r.dir(), nil
	}
	base, err := filepath.Abs(r.dir())
	if err != nil {
		return "", &fileError{err}
	}
	path, err := filepath.Abs(versionPath)
	if err != nil {
		return "", &fileError{err}
	}
	below, err := filepath.Rel(base, path)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return "", &settings.UsageError{Text: "--version-path " + terminal.Quote(versionPath) + " is not below " + terminal.Quote(r.dir()) + ": revisions there would not be read"}
	}
	if err := os.MkdirAll(versionPath, 0o777); err != nil {
		return "", &fileError{err}
	}
	return filepath.Clean(versionPath), nil
}

// nextUp returns the command that applies the revisions on disk: `go run` if the program
// embeds its revisions.
func (r *run) nextUp() string {
	path := r.cmd.Parent().CommandPath()
	if r.FS == nil {
		next := path + " up"
		if r.dir() != defaultDir {
			next += " --dir " + terminal.Quote(r.dir())
		}
		return next
	}
	_, below, _ := strings.Cut(path, " ")
	return "go run . " + below + " up"
}
