package cli

import (
	"context"
	"errors"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/revision"
)

// overview is the revisions of the program with the state of the database, if one is named
// and can be read.
type overview struct {
	*run
	*migrator.Status
	set        *migrator.Migrator
	stateKnown bool // from the database
	byID       map[string]*migrator.RevisionStatus
	children   map[string][]string
}

// optionalDatabaseLimit is the time limit for reading a database that is not required.
const optionalDatabaseLimit = 5 * time.Second

// overview reads the revisions, and the database if one is named. It is an error that the
// database cannot be read only if need is true.
func (r *run) overview(need bool) (*overview, error) {
	o := &overview{run: r, byID: map[string]*migrator.RevisionStatus{}, children: map[string][]string{}}
	_, err := r.database().Source()
	switch {
	case err == nil:
		err = o.tryStatus(need)
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
func (o *overview) tryStatus(need bool) error {
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
	o.Status, err = set.Status(ctx, cfg)
	switch {
	case err == nil:
		o.stateKnown = true
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
	o.info(eventUnmarked, "applied revisions are not marked: "+err.Error(), "reason", err.Error())
}

// noDatabaseNamed reports whether the only problem is that no database is named.
func noDatabaseNamed(err error) bool {
	e, ok := errors.AsType[*dbenv.Error](err)
	return ok && len(e.Problems) == 1 && e.Problems[0].Name == ""
}
