package migrator

import (
	"fmt"
	"os"
	"path/filepath"

	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Write writes the files of the squash into folder, and moves those of the replaced revisions from dir, below which they
// were read, to [ReplacedFolder] in dir: either all of it, or nothing. It returns the new files, down "" if there is none,
// and the folder of the others. The archive of a replaced revision that had replaced others itself is moved with it.
func (s *Squash) Write(dir, folder string) (up, down, archive string, err error) {
	archive = filepath.Join(dir, ReplacedFolder, s.Revision.ID)
	var moves []revision.Move
	for _, r := range s.Replaced {
		if err := r.Unchanged(); err != nil {
			return "", "", "", newError(err)
		}
		files := []string{r.Up.File}
		if r.Down != nil {
			files = append(files, r.Down.File)
		}
		for _, file := range files {
			from := filepath.FromSlash(file)
			name, err := filepath.Rel(dir, from)
			if err == nil && !filepath.IsLocal(name) {
				err = fmt.Errorf("%s is not below %s", text.Visible(file), text.Visible(dir))
			}
			if err != nil {
				return "", "", "", err
			}
			moves = append(moves, revision.Move{From: from, To: filepath.Join(archive, name)})
		}
		older := filepath.Join(dir, ReplacedFolder, r.ID)
		if info, err := os.Stat(older); err == nil && info.IsDir() && len(r.Replaces) > 0 {
			moves = append(moves, revision.Move{From: older, To: filepath.Join(archive, ReplacedFolder, r.ID)})
		}
	}
	up, down, err = revision.Replace(folder, s.Revision, s.Revision.Created, moves)
	return up, down, archive, err
}
