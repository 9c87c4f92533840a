package cli

import (
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
	r.dirGiven = r.dirGiven || r.settings.Dir != ""
	r.settings.Dir = r.dir()
	return r.set()
}

// writeRevision writes the files of a revision and logs the next command. purpose is what
// precedes it.
func (r *run) writeRevision(rev *revision.Revision, versionPath, purpose string) error {
	folder, undo, err := r.versionFolder(versionPath)
	if err != nil {
		return err
	}
	up, down, err := revision.Write(folder, rev, rev.Created)
	if err != nil {
		undo()
		return err
	}
	next := r.nextUp()
	r.document = &writtenDocument{Revision: rev.ID, DownRevision: list(rev.DownRevision), Files: []string{up, down}, Next: next}
	if !r.settings.JSON {
		r.out.Print(up + "\n" + down + "\n")
	}
	r.logNext(purpose, next)
	return nil
}

// versionFolder returns the folder for new files: versionPath, which is created if it does
// not exist and must be below --dir, or --dir itself. undo removes what was created.
func (r *run) versionFolder(versionPath string) (folder string, undo func(), err error) {
	if err := r.checkVersionPath(versionPath); err != nil {
		return "", nil, err
	}
	if versionPath == "" {
		return r.dir(), func() {}, nil
	}
	undo, err = revision.MakeFolder(versionPath)
	return filepath.Clean(versionPath), undo, err
}

// checkVersionPath refuses a folder for new files from which they would not be read.
func (r *run) checkVersionPath(versionPath string) error {
	if versionPath == "" {
		return nil
	}
	base, err := filepath.Abs(r.dir())
	if err != nil {
		return &fileError{err}
	}
	path, err := filepath.Abs(versionPath)
	if err != nil {
		return &fileError{err}
	}
	below, err := filepath.Rel(base, path)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return &settings.UsageError{Text: "--version-path " + terminal.Quote(versionPath) + " is not below " + terminal.Quote(r.dir()) + ": revisions there would not be read"}
	}
	return nil
}

// nextUp returns the command that applies the revisions on disk. A program that embeds its
// revisions has to be built again, unless it reads them from the folder.
func (r *run) nextUp() string {
	words := []string{"up"}
	if set, err := r.set(); err == nil && len(set.Files().Graph().Heads()) > 1 {
		words = append(words, "heads")
	}
	if r.FS == nil || r.dirGiven {
		return r.otherLine(r.cmd, words)
	}
	if program := goRun(); program != "" {
		line := r.otherLine(r.cmd, words)
		return program + strings.TrimPrefix(line, r.path(r.cmd.Root()))
	}
	return r.otherLine(r.cmd, words, flagValue{"dir", r.dir()})
}

// logNext logs the command to run next. purpose is what precedes it.
func (r *run) logNext(purpose, next string) {
	s := suggestion{purpose, next}
	r.record(record{
		event: eventNext, msg: strings.TrimRight(purpose, ","),
		text: strings.Join(r.withNote(r.cmd, s), "\n"), attrs: []any{"commands", []string{next}},
	})
}
