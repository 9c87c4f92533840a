package migrator

import (
	"cmp"
	"context"
	"path"
	"slices"
	"time"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// DraftOptions describe the revisions that Draft writes. The zero value follows the head.
type DraftOptions struct {
	Message string
	// DownRevision are the ids that the revision follows: several for a merge, which may have SQL. Nil: the head; an error
	// if there are several. Empty: the revision begins a branch. DependsOn and BranchLabels are those of its header.
	DownRevision, DependsOn, BranchLabels []string
	// ID is the id of the revision, or of the last one if there are several. "": random.
	ID string
	// Created is the time of the header and of the file names. Zero: now.
	Created time.Time
	// Folder is put before file names in messages. "": nothing.
	Folder string

	// Single writes one revision, with statements that may block the users of large tables.
	Single bool
	// Destructive drops and makes again a table that cannot be altered, with all its rows. Otherwise it is refused.
	Destructive        bool
	Owners, Privileges bool     // write owners and privileges; see DiffOptions
	Ignore             []string // patterns for objects that are left as they are; see WithoutMatches

	// Renames are those of DiffOptions. Each must lead to an object that is desired.
	Renames []string
	// AskRename is called for each object with rows that may have been renamed, with all the renames that could be meant, the
	// likeliest first. It returns the index of the one that is, or -1 if the object was dropped. Nil: such an object is a
	// *DraftError, unless NoRename is set. Objects without rows are renamed without a question.
	AskRename func([]PossibleRename) (int, error)
	// NoRename says that what Renames does not name is dropped and added.
	NoRename bool
}

// Draft is a set of revisions that lead from those of the files to a desired schema. Nothing is written yet.
type Draft struct {
	// Revisions are in the order in which they are applied; none if the schemas are equal.
	Revisions []*revision.Revision
	Diff      *SchemaDiff
	// Effects say what the up scripts do to rows.
	Effects []DraftEffect
	// Locks are the strongest locks that the up scripts take on relations which are there before them, in the order of the
	// revisions, the strongest one of each first. ACCESS SHARE, which every query takes, is left out.
	Locks []DraftLock
	// Unsplit is why there is one revision with statements that block others, although it should have been split. Nil: it
	// needs no split, or was split.
	Unsplit error
}

// DraftLock is the strongest lock that an up script takes on a relation.
type DraftLock struct {
	Revision string
	ddl.Lock
}

// DraftEffect is one effect of an up script, which has a comment line for it.
type DraftEffect struct {
	Revision string
	Effect   string     // such as "destroys"
	Object   schema.Key // the table, column or other object with the rows
}

// Draft returns revisions that turn the schema which all files make into another one, and back. They are proven in a scratch
// database: the up scripts lead to the desired schema, the down scripts to what was before, and the up scripts again to the
// desired one. Ledgers and what the options ignore do not count. It writes no file; see Draft.Write.
//
// Indexes of existing tables are built concurrently, constraints are added as NOT VALID and validated afterwards, and values
// are added to enums before they are used, each in its own revision.
//
// Errors: *DraftError for an unanswered rename and for scripts that do not prove themselves; *SchemaError for objects that
// cannot be written; *ConfigError for patterns and renames; and those of Schema.
func (m *Migrator) Draft(ctx context.Context, desired SchemaSource, o DraftOptions) (*Draft, error) {
	if err := checkDiffOptions(o.Ignore, o.Renames); err != nil {
		return nil, err
	}
	w := &draftWriter{Migrator: m, options: o}
	if err := w.resolveParents(); err != nil {
		return nil, err
	}
	to, fill, err := m.desiredSchema(ctx, desired)
	if err == nil {
		scripts := m.upScripts(w.heads)
		if fill != nil {
			scripts = append(scripts, fill.scripts...)
		}
		err = m.withScratch(ctx, scripts, func(server *scratch.Server) error { return w.run(ctx, server, to, fill) })
	}
	if err != nil {
		return nil, newError(session.Interrupted(ctx, err))
	}
	return w.draft, nil
}

// desiredSchema returns a schema that is read from a database, or what makes it in one.
func (m *Migrator) desiredSchema(ctx context.Context, from SchemaSource) (*schema.Schema, *filler, error) {
	if from.Database != nil {
		found, err := m.readSchema(ctx, from.Database)
		return found, nil, err
	}
	fill, err := m.filler(ctx, from)
	return nil, fill, err
}

// Write writes the files of all revisions into an existing folder and returns their names: all of them or none. Errors:
// those of revision.WriteAll.
func (d *Draft) Write(folder string) ([]string, error) {
	if len(d.Revisions) == 0 {
		return nil, nil
	}
	return revision.WriteAll(folder, d.Revisions, d.Revisions[0].Created)
}

// Destroys returns what the up scripts destroy, sorted.
func (d *Draft) Destroys() []schema.Key {
	var keys []schema.Key
	for _, e := range d.Effects {
		if e.Effect == revision.AcceptDestroys {
			keys = append(keys, e.Object)
		}
	}
	slices.SortFunc(keys, schema.Key.Compare)
	return slices.Compact(keys)
}

// draftWriter makes a draft.
type draftWriter struct {
	*Migrator
	options DraftOptions
	draft   *Draft
	heads   []string         // of the files
	desired []*schema.Schema // what the up scripts have to lead to; the second is what its dump makes, if that was needed
}

func (w *draftWriter) resolveParents() error {
	w.heads = w.files.Graph().Heads()
	if w.options.Created.IsZero() {
		w.options.Created = time.Now().UTC().Truncate(time.Second)
	}
	if w.options.DownRevision == nil && len(w.heads) > 0 {
		ids, err := w.EmptyStatus().Resolve("head")
		if err != nil {
			return withVerb("draft", err)
		}
		w.options.DownRevision = ids
	}
	for _, id := range w.options.DownRevision {
		if w.files.Revision(id) == nil {
			return &TargetError{Verb: "draft", Target: id, Reason: "no such revision", Problem: graph.UnknownRevision}
		}
	}
	return nil
}

func (w *draftWriter) run(ctx context.Context, server *scratch.Server, to *schema.Schema, fill *filler) error {
	var err error
	if fill != nil {
		if to, err = server.Make(ctx, fill.run); err != nil {
			return err
		}
		to = session.WithoutLedgers(to, w.settings.Ledger)
	}
	again, err := w.try(ctx, server, to, w.options.Single)
	if again {
		// A script that should have been split is better than none.
		w.draft.Unsplit = newError(err)
		_, err = w.try(ctx, server, to, true)
	}
	return err
}

// try makes a draft and proves it. again reports that one revision may succeed where several have failed.
func (w *draftWriter) try(ctx context.Context, server *scratch.Server, to *schema.Schema, single bool) (again bool, err error) {
	fill, err := w.revisionFiller(w.heads)
	if err != nil {
		return false, err
	}
	err = server.With(ctx, func(ctx context.Context, db *scratch.Database) error {
		if err := fill.run(ctx, db.Config); err != nil {
			return err
		}
		p := &draftProof{draftWriter: w, database: db}
		from, err := p.read(ctx)
		if err != nil {
			return err
		}
		if w.draft == nil {
			if err := w.compare(from, to); err != nil {
				return err
			}
		}
		if w.draft.Diff.Equal() {
			return nil
		}
		again, err = p.prove(ctx, from, single)
		return err
	})
	if err == nil && len(w.draft.Revisions) > 0 {
		err = w.proveAlone(ctx, server)
	}
	return again, err
}

// compare decides about renames and finds the differences.
func (w *draftWriter) compare(from, to *schema.Schema) error {
	o := w.options
	d, err := DiffSchemas(from, to, DiffOptions{Owners: o.Owners, Privileges: o.Privileges, Ignore: o.Ignore, Destructive: o.Destructive})
	if err != nil {
		return err
	}
	d.first = "the schema of the revisions"
	if err := w.decideRenames(d); err != nil {
		return err
	}
	w.draft, w.desired = &Draft{Diff: d}, []*schema.Schema{d.To}
	return nil
}

// newRevisions returns revisions for scripts. Those of down are nil as long as they are unknown.
func (w *draftWriter) newRevisions(ups, downs []draftScript) ([]*revision.Revision, error) {
	o := w.options
	var list []*revision.Revision
	for i, up := range ups {
		r := &revision.Revision{ID: up.id, Message: up.message(o.Message), Created: o.Created, Up: up.script()}
		if i == 0 {
			r.DownRevision, r.DependsOn, r.BranchLabels = o.DownRevision, o.DependsOn, o.BranchLabels
		} else {
			r.DownRevision = []string{ups[i-1].id}
		}
		if downs != nil {
			r.Down = downs[i].script()
		}
		parsed, err := revision.Reparse(r, w.fileOf(r))
		if err != nil {
			return nil, err
		}
		list = append(list, parsed)
	}
	return list, nil
}

// fileOf returns the name of the up file that a revision will have, without .up.sql.
func (w *draftWriter) fileOf(r *revision.Revision) string {
	return path.Join(cmp.Or(w.options.Folder, "."), revision.FileStem(r.ID, r.Message, r.Created))
}
