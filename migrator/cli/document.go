package cli

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

func newErrorDocument(err error) *errorDocument {
	if f, ok := errors.AsType[*failure](err); ok {
		err = f.err
	}
	d := &errorDocument{Message: message(err)}
	d.Kind, d.Exit = classify(err)
	if se, ok := errors.AsType[*pgconn.PgError](err); ok {
		d.SQLState, d.Detail, d.Hint = se.Code, se.Detail, se.Hint
	}
	if e, ok := errors.AsType[*apply.RevisionError](err); ok {
		d.Revision, d.File, d.Line, d.Column, d.SQLState = e.Revision, e.File, e.Line, e.Column, e.SQLState
		if e.Hint != "" {
			d.Hint = e.Hint
		}
	}
	if e, ok := errors.AsType[*apply.InterruptedError](err); ok {
		d.Revision = e.Revision
	}
	if e, ok := errors.AsType[*apply.UnknownOutcomeError](err); ok {
		d.Revision = e.Revision
	}
	if e, ok := errors.AsType[*plan.IrreversibleError](err); ok {
		d.Revision, d.File = e.Revision, e.File
	}
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		d.Choices = e.Choices
	}
	if problems, ok := errors.AsType[revision.Problems](err); ok {
		for _, p := range problems {
			d.Problems = append(d.Problems, problemDocument{p.File, p.Line, p.Column, p.Text})
		}
		d.File, d.Line, d.Column = problems[0].File, problems[0].Line, problems[0].Column
	}
	return d
}

func newMoveDocument(r *migrator.Report) *moveDocument {
	d := &moveDocument{From: list(r.From), To: list(r.To), Steps: []doneDocument{}, Others: []otherDocument{}, Ahead: list(r.Ahead)}
	for _, s := range r.Steps {
		d.Steps = append(d.Steps, doneDocument{newStepDocument(s), milliseconds(s.Duration)})
	}
	for _, o := range r.Others {
		d.Others = append(d.Others, otherDocument{string(o.Direction), o.Revision, o.By, o.From})
	}
	return d
}

func newPlanDocument(p *migrator.Plan) *planDocument {
	d := &planDocument{From: list(p.From), To: list(p.To), Steps: []stepDocument{}}
	for _, s := range p.Steps {
		d.Steps = append(d.Steps, newStepDocument(s))
	}
	return d
}

func newStepDocument(s migrator.Step) stepDocument {
	return stepDocument{string(s.Direction), s.Revision, s.Message, s.File, s.Transactional}
}

func newScriptDocument(s *revision.Script) *scriptDocument {
	if s == nil {
		return nil
	}
	d := &scriptDocument{File: s.File, Transactional: s.Transactional, Statements: len(s.Statements())}
	if s.LockTimeout != nil {
		d.LockTimeoutMS = new(milliseconds(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		d.StatementTimeoutMS = new(milliseconds(*s.StatementTimeout))
	}
	return d
}

// list is never null in JSON.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
