package cli

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/revision"
)

// overview is the revisions of the program with the state of the database, if one is named
// and can be read.
type overview struct {
	*run
	*migrator.Status
	set        *migrator.Migrator
	stateKnown bool           // from the database
	cfg        *pgconn.Config // of the database, if the state is known
	unread     string         // why a database that is named was not read, or ""
	byID       map[string]*migrator.RevisionStatus
	children   map[string][]string
}

// optionalDatabaseLimit is the time limit for reading a database that is not required.
const optionalDatabaseLimit = 5 * time.Second

// overview reads the revisions, and the database if one is named. It is an error that the
// database cannot be read only if need is true.
func (r *run) overview(need bool) (*overview, error) {
	return r.overviewOf(need, false, (*migrator.Migrator).LedgerStatus)
}

// readStatus reads where a database is: Status or LedgerStatus of a migrator.
type readStatus func(*migrator.Migrator, context.Context, *pgconn.Config) (*migrator.Status, error)

// overviewOf is overview, or with offline only that of the revisions.
func (r *run) overviewOf(need, offline bool, read readStatus) (*overview, error) {
	o := &overview{run: r, children: map[string][]string{}}
	_, err := r.database().Source()
	switch {
	case offline && need:
		return nil, &settings.UsageError{Text: "--offline: a target that depends on the state of the database is not possible"}
	case offline:
		if o.set, err = r.set(); err == nil {
			o.Status = o.set.EmptyStatus()
		}
	case err == nil:
		err = o.tryStatus(need, read)
	case need:
		return nil, err
	default:
		if !noDatabaseNamed(err) {
			o.explainMissingMarks(err)
		}
		if o.set, err = r.set(); err == nil {
			o.Status = o.set.EmptyStatus()
		}
	}
	if err != nil {
		return nil, err
	}
	o.byID = make(map[string]*migrator.RevisionStatus, len(o.Revisions))
	for i := range o.Revisions {
		s := &o.Revisions[i]
		o.byID[s.Revision] = s
		for _, parent := range s.DownRevision {
			o.children[parent] = append(o.children[parent], s.Revision)
		}
	}
	return o, nil
}

// tryStatus reads the database.
func (o *overview) tryStatus(need bool, read readStatus) error {
	set, cfg, err := o.open((&reporter{run: o.run}).event)
	if err != nil {
		return err
	}
	o.set = set
	ctx := o.ctx
	if !need {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, optionalDatabaseLimit)
		defer cancel()
	}
	o.Status, err = read(set, ctx, cfg)
	switch {
	case err == nil:
		o.stateKnown, o.cfg = true, cfg
		return nil
	case need || o.ctx.Err() != nil:
		return err
	case ctx.Err() != nil:
		err = errors.New("no answer in " + revision.FormatDuration(optionalDatabaseLimit))
	}
	o.explainMissingMarks(err)
	o.Status = set.EmptyStatus()
	return nil
}

func (o *overview) explainMissingMarks(err error) {
	o.unread = err.Error()
	o.info(eventUnmarked, "applied revisions are not marked: "+err.Error(), "reason", err.Error())
}

// noDatabaseNamed reports whether the only problem is that no database is named.
func noDatabaseNamed(err error) bool {
	e, ok := errors.AsType[*dbenv.Error](err)
	return ok && len(e.Problems) == 1 && e.Problems[0].Name == ""
}
