package migrator

import (
	"errors"
	"io/fs"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// Files are the revisions of a folder, parsed once. They are immutable and safe for
// concurrent use.
type Files struct {
	set *plan.Files
}

// Load parses every revision below the root of fsys. prefix is put before the names of
// files in messages: the folder of an os.DirFS, or "". A folder without revisions is
// legal. The error is a *FilesError with the problems of all files.
func Load(fsys fs.FS, prefix string) (*Files, error) {
	revs, problems, err := revision.Load(fsys, prefix)
	if err != nil {
		return nil, &FilesError{failure: failure{err: err}}
	}
	set, more := plan.NewFiles(revs)
	if all := append(problems, more...); len(all) > 0 {
		all.Sort()
		return nil, &FilesError{Problems: all, failure: failure{err: all}}
	}
	return &Files{set}, nil
}

// Migrator returns a migrator of these files. Errors: *ConfigError.
func (f *Files) Migrator(cfg Config) (*Migrator, error) {
	m, err := newMigrator(cfg)
	if err != nil {
		return nil, err
	}
	m.files = f
	m.begin()
	return m, nil
}

// Graph returns the revisions as a graph.
func (f *Files) Graph() *graph.Graph { return f.set.Graph }

// Revision returns a revision by its full id, or nil.
func (f *Files) Revision(id string) *revision.Revision { return f.set.Revision(id) }

// Revisions returns all revisions, parents first.
func (f *Files) Revisions() []*revision.Revision { return f.set.Ordered() }

// CheckLedgerName checks a value for Config.Ledger or Target.Ledger. The error is a
// *ConfigError.
func CheckLedgerName(name string) error {
	_, err := parseLedger(name)
	return err
}

func parseLedger(name string) (ledger.Tables, error) {
	n, err := ledger.ParseTables(name)
	if e, ok := errors.AsType[*ledger.NameError](err); ok {
		return n, &ConfigError{Setting: "ledger", Value: name, Reason: e.Problem}
	}
	return n, nil
}
