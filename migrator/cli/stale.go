package cli

import (
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"example.com/ambix/migrator/cli/internal/diskdiff"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// warnIfStale logs a warning if the revisions on disk differ from the embedded ones: a
// revision that was just written is not applied until the program is built again.
func (r *run) warnIfStale() {
	if !r.embedded() || r.settings.Quiet {
		return
	}
	for _, p := range r.folderPairs() {
		if d := diskdiff.Compare(p.embedded, os.DirFS(p.dir)); d != "" {
			r.record(record{
				event: eventStale, level: slog.LevelWarn, msg: terminal.Quote(p.dir) + " differs from the revisions embedded in this program (" + d + "); rebuild the program to embed them, or add --dir",
				run:   []suggestion{to("see the status with that folder", r.otherLine(r.cmd, []string{"status"}, flagValue{"dir", p.dir}))},
				attrs: []any{"dir", p.dir, "difference", d},
			})
		}
	}
}

// folderPair is an embedded folder and the folder on disk that it was probably built from.
type folderPair struct {
	embedded fs.FS
	dir      string
}

// folderPairs returns the embedded top-level folders, such as that of `//go:embed sql`. If
// the top level contains revisions, the folder on disk is sql.
func (p *program) folderPairs() []folderPair {
	var pairs []folderPair
	entries, _ := fs.ReadDir(p.FS, ".")
	for _, e := range entries {
		switch {
		case !e.IsDir() && strings.HasSuffix(e.Name(), ".sql"):
			return []folderPair{{p.FS, defaultDir}}
		case e.IsDir():
			if sub, err := fs.Sub(p.FS, e.Name()); err == nil {
				pairs = append(pairs, folderPair{sub, e.Name()})
			}
		}
	}
	return pairs
}
