package migrator

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// newError makes an error of this package of one of the packages below. The outermost
// error that means something to a caller decides.
func newError(err error) error {
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, convert := range []func(error, failure) error{schemaError, runError, refusedError, inputError, databaseError} {
			if e := convert(cause, failure{err: err}); e != nil {
				return e
			}
		}
	}
	return err
}

// runError is for what happened to a revision or a run.
func runError(cause error, f failure) error {
	switch e := cause.(type) {
	case *apply.RevisionError:
		return newRevisionError(e)
	case *apply.LockTimeoutError:
		return &LockTimeoutError{RevisionError: newRevisionError(e.RevisionError), Tries: e.Tries, Spent: e.Spent, Tables: e.Tables, Holders: each(e.Holders, func(h apply.Session) Session { return Session(h) }), text: e.Error()}
	case *apply.GuardError:
		return &GuardError{RevisionError: newRevisionError(e.RevisionError), Table: e.Table, Rewrites: e.Rewrites, Before: e.Before, Size: e.Size, Limit: e.Limit}
	case *apply.BusyError:
		return &BusyError{Holder: Session(e.Holder), Waited: e.Waited, failure: f}
	case *apply.InterruptedError:
		return &InterruptedError{Direction: Direction(e.Direction), Revision: e.Revision, Message: e.Message, NonTransactional: e.NonTransactional, StatementsDone: e.StatementsDone, failure: f}
	case *apply.UnconfirmedError:
		f.cause = newError(e.Err)
		return &UnconfirmedError{Direction: Direction(e.Direction), Revision: e.Revision, Message: e.Message, Unfinished: e.Unfinished, StatementsDone: e.StatementsDone, failure: f}
	case *session.UnknownOutcomeError:
		f.cause = newError(e.Err)
		s := &e.Step
		return &UnknownOutcomeError{Direction: Direction(s.Direction), Revision: s.Revision, Message: s.Message, NonTransactional: !s.Transactional(), failure: f}
	}
	return nil
}

func newRevisionError(e *apply.RevisionError) *RevisionError {
	return &RevisionError{
		Direction: Direction(e.Direction), Revision: e.Revision, Message: e.Message, File: e.File, Line: e.Line, Column: e.Column, Source: e.Source,
		Statement: e.Statement, SQLState: e.SQLState, Reason: e.Text, Hint: e.Hint, Cause: Cause(e.Cause), NonTransactional: e.NonTransactional, StatementsDone: e.StatementsDone, Undecided: e.Undecided,
		excerpt: e.Excerpt(), failure: failure{err: e},
	}
}

// refusedError is for what is refused because of the state of a revision.
func refusedError(cause error, f failure) error {
	r := &RefusedError{failure: f}
	switch e := cause.(type) {
	case *plan.IrreversibleError:
		r.Reason, r.Revision, r.Message, r.File, r.Unwritten, r.Replaces, r.Above, r.Others, r.Recorded = RefusedIrreversible, e.Revision, e.Message, e.File, e.Unwritten, e.Replaces, e.Above, e.Others, e.Recorded
	case *plan.UnfinishedError:
		r.Reason, r.Revision, r.Message, r.Direction, r.StatementsDone, r.Finish = RefusedUnfinished, e.Revision, e.Message, Direction(e.Direction), e.StatementsDone, e.Finish
	case *apply.PoolerError:
		r.Reason, r.Revision, r.Message, r.Pooler, r.Direct = RefusedPooler, e.Revision, e.Message, e.Pooler, e.Direct
	case *apply.SingleTransactionError:
		r.Reason, r.Revision, r.Message = RefusedSingleTransaction, e.Revision, e.Message
	case *apply.ModifiedError:
		r.Reason, r.Revision, r.Message, r.File, r.StatementsDone = RefusedFileModified, e.Revision, e.Message, e.File, e.StatementsDone
	case *apply.UndecidedError:
		r.Reason, r.Revision, r.Message, r.File, r.Line, r.Statement = RefusedUnknownOutcome, e.Revision, e.Message, e.File, e.Line, e.Statement
	case *apply.IndexBuildError:
		r.Reason, r.Revision, r.Message, r.Index = RefusedIndexBuild, e.Revision, e.Message, e.Index
	case *session.RepairError:
		r.Reason, r.Revision = RefusedRepair, e.Revision
	default:
		return nil
	}
	return r
}

// inputError is for targets, files and policies.
func inputError(cause error, f failure) error {
	switch e := cause.(type) {
	case *graph.TargetError:
		return &TargetError{Verb: Verb(e.Verb), Target: e.Target, Reason: e.Reason, Problem: e.Kind, Revisions: e.Revisions, Choices: e.Choices, Reverts: e.Reverts, Steps: e.Steps, Example: e.Example}
	case *plan.ArgumentError:
		return &TargetError{Verb: Verb(e.Verb), Reason: e.Reason, Problem: graph.NoTarget}
	case revision.Problems:
		return &FilesError{Problems: e, failure: f}
	case *plan.ReplacedError:
		return &ReplacedError{Replacement: newReplacementConflict(e), failure: f}
	case *plan.PolicyError:
		return &PolicyError{Policy: e.Policy, Revisions: e.Revisions, Pending: e.Pending, Above: e.Above, Foreign: e.Foreign, Adoptable: e.Adoptable, failure: f}
	case *session.AdoptError:
		return &AdoptError{Problem: AdoptProblem(e.Problem), Table: e.Table, Tables: e.Tools, failure: f}
	case *apply.SendError:
		return &ConfigError{Setting: "send", Value: string(e.Send), Reason: "the database uses Citus, which forwards the text of a whole message to its workers, so that each statement has to be sent separately"}
	case *apply.GuardUnavailableError:
		return &ConfigError{Setting: "guard", Value: text.Size(e.Limit), Reason: "the server does not count scans, because its setting track_counts is off"}
	case *ledger.NameError: // of a version table
		return &AdoptError{Problem: AdoptWrongTable, Table: e.Name, failure: f}
	}
	return nil
}

// databaseError is for the connection and the ledger.
func databaseError(cause error, f failure) error {
	switch e := cause.(type) {
	case *pg.ConnectError:
		c := &ConnectError{Database: e.Database, Host: e.Host, User: e.User, Problem: ConnectProblem(e.Problem), Reason: e.Reason(), Hint: e.Hint, NoPassword: e.NoPassword, failure: f}
		if other, ok := errors.AsType[*pg.EngineError](e.Err); ok {
			c.Engine = other.Engine
		}
		return c
	case *apply.LedgerError:
		l := &LedgerError{Ledger: e.Ledger.String(), Problem: LedgerUnusable, Role: e.Role, Missing: e.Missing, Grants: e.Grants, failure: f}
		if e.Locked {
			l.Problem = LedgerLocked
			l.Holders = each(e.Holders, func(h apply.Session) Session { return Session(h) })
		}
		return l
	case *ledger.DecodeError:
		return &LedgerError{Problem: LedgerInvalid, failure: f}
	case *session.CitusError:
		return newCitusError(e, f)
	case *session.SchemaError:
		return &ConfigError{Setting: "schema", Value: e.Schema, Reason: "the database has no such schema"}
	case *session.OwnerError:
		return &LedgerError{Ledger: e.Ledger.String(), Problem: LedgerUntrusted, Role: e.Role, Owner: e.Owner, failure: f}
	case *ledger.NewerError:
		return &LedgerError{Ledger: e.Ledger.String(), Problem: LedgerNewer, failure: f}
	case *plan.JoinError:
		return &LedgerError{Problem: LedgerForeign, failure: f}
	case *session.OtherLedgerError:
		return &LedgerError{Ledger: e.Ledger, Problem: LedgerElsewhere, Others: e.Others, failure: f}
	case *pg.LostError:
		return &ConnectError{Problem: ConnectLost, Reason: e.Error(), failure: f}
	case *pgconn.PgError:
		return &ConnectError{Problem: ConnectServerError, Reason: e.Message, failure: f}
	}
	return nil
}

// withVerb names the operation in an error about its target, where a rule of another
// operation decided.
func withVerb(verb Verb, err error) error {
	if e, ok := errors.AsType[*TargetError](err); ok {
		e.Verb = verb
	}
	return err
}
