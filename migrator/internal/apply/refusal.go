package apply

import (
	"context"
	"fmt"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/text"
)

// PoolerError refuses a non-transactional revision through a connection pooler: its lock
// belongs to a server session, which the pooler gives to other clients between two
// statements.
type PoolerError struct {
	Revision, Message string
	// Pooler is its name, and Direct the host and port of the server behind it, as far as its
	// address tells; "" otherwise.
	Pooler, Direct string
}

func (e *PoolerError) Error() string {
	pooler, server := "a connection pooler", "PostgreSQL"
	if e.Pooler != "" {
		pooler += " (" + e.Pooler + ")"
	}
	if e.Direct != "" {
		server += " at " + e.Direct
	}
	return fmt.Sprintf("revision %s is non-transactional (`transaction: off`), and %s is between this program and the server, so that two runners could run it at once; connect to %s directly",
		text.Named(e.Revision, e.Message), pooler, server)
}

// SingleTransactionError refuses a non-transactional revision in a run that is a single
// transaction.
type SingleTransactionError struct {
	Revision, Message string
}

func (e *SingleTransactionError) Error() string {
	return fmt.Sprintf("revision %s is non-transactional (`transaction: off`) and cannot be part of a single transaction", text.Named(e.Revision, e.Message))
}

// SendError refuses a way of sending that cannot work on Citus: it forwards the text of a
// whole message to its workers, which refuse more than one statement, and must not see those
// for the ledger. Nothing was run.
type SendError struct {
	Send Send
}

func (e *SendError) Error() string {
	return fmt.Sprintf("send %q: the database uses Citus, which forwards the text of a whole message to its workers, so that each statement has to be sent separately", string(e.Send))
}

// ModifiedError refuses to resume a revision whose file no longer begins with the
// statements that are done.
type ModifiedError struct {
	Revision, Message, File string
	StatementsDone          int
	// Header: the statements are there, but the header no longer has `transaction: off`.
	Header bool
}

func (e *ModifiedError) Error() string {
	problem := "its file no longer begins with those statements; restore them"
	if e.Header {
		problem = "its header no longer contains `transaction: off`; restore that line"
	}
	return fmt.Sprintf("%s: revision %s was interrupted after %s, and %s",
		e.File, text.Named(e.Revision, e.Message), text.Count(e.StatementsDone, "statement"), problem)
}

// UndecidedError refuses to resume a revision at a statement whose outcome is unknown, and
// which the system catalog does not show.
type UndecidedError struct {
	Revision, Message, File string
	Line                    int
	Statement               string
}

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("%s:%d: revision %s: the outcome of `%s` is unknown: an earlier run sent it and did not see how it ended, and the system catalog does not show whether it took effect",
		e.File, e.Line, text.Named(e.Revision, e.Message), e.Statement)
}

// CheckPlan reports whether this session can run a plan. It queries the server only for a
// plan with non-transactional revisions, and for the guard. Errors: *SendError, *PoolerError,
// *SingleTransactionError, *ModifiedError, *GuardUnavailableError, and those of pg.Conn.Query.
func (r *Runner) CheckPlan(ctx context.Context, p plan.Plan) error {
	if p.Stamp {
		return nil
	}
	if r.Citus && len(p.Steps) > 0 && r.sends() != SendStatement {
		return &SendError{r.Send}
	}
	if r.Guard > 0 && len(p.Steps) > 0 {
		if err := r.prepareGuard(ctx, p); err != nil {
			return err
		}
	}
	checked := false
	for _, s := range p.Steps {
		if err := checkResume(s); err != nil {
			return err
		}
		if s.Script.Transactional || checked {
			continue
		}
		checked = true
		if r.SingleTransaction {
			return &SingleTransactionError{s.Revision, s.Message}
		}
		rows, err := r.Conn.Read(ctx, "SELECT pg_catalog.pg_backend_pid()")
		if err != nil {
			return err
		}
		if rows[0][0].Text != fmt.Sprint(r.Conn.PID()) {
			e := &PoolerError{Revision: s.Revision, Message: s.Message}
			e.Pooler, e.Direct = r.Conn.Pooler()
			return e
		}
	}
	return nil
}

// checkResume reports whether a step can continue an interrupted revision. The error is a
// *ModifiedError.
func checkResume(s plan.Step) error {
	if !s.Resume {
		return nil
	}
	e := &ModifiedError{Revision: s.Revision, Message: s.Message, File: s.Script.File, StatementsDone: s.StatementsDone}
	if s.Script.Transactional {
		e.Header = true
		return e
	}
	s, err := loaded(s)
	if err != nil {
		return err
	}
	checksums := PrefixChecksums(s.Script)
	if done, _ := ledger.CutSent(s.Checksum); s.StatementsDone >= len(checksums) || done != checksums[s.StatementsDone] {
		return e
	}
	return nil
}
