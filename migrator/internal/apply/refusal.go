package apply

import (
	"context"
	"fmt"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// PoolerError refuses revisions with `transaction: off` through a pooler: their lock
// belongs to a server session, and the pooler hands that to others between two
// statements. Nothing was run.
type PoolerError struct {
	Revision, Message string
}

func (e *PoolerError) Error() string {
	return fmt.Sprintf("revision %s (%s) has `transaction: off`, and there is a connection pooler between here and the server, so it could not be kept from running twice; nothing was run; connect to the server itself (DB_HOST and DB_PORT of PostgreSQL, not of the pooler)",
		e.Revision, e.Message)
}

// SingleError refuses revisions with `transaction: off` in a run that is one
// transaction. Nothing was run.
type SingleError struct {
	Revision, Message string
}

func (e *SingleError) Error() string {
	return fmt.Sprintf("revision %s (%s) has `transaction: off` and cannot be part of a single transaction; nothing was run; run without --single-transaction", e.Revision, e.Message)
}

// EditedError refuses to resume a revision whose finished statements are no longer in
// its file.
type EditedError struct {
	Revision, Message, File string
	Done                    int
	// Header: the statements are, but the header no longer says `transaction: off`.
	Header bool
}

func (e *EditedError) Error() string {
	what := "its file no longer begins with those; nothing was run; put them back"
	if e.Header {
		what = "its header no longer says `transaction: off`; nothing was run; put that line back"
	}
	return fmt.Sprintf("%s: revision %s (%s) was interrupted after %s, and %s, or settle it with `repair %s --applied|--not-applied`",
		e.File, e.Revision, e.Message, count(e.Done, "statement"), what, e.Revision)
}

// UndecidedError says that a statement was sent outside a transaction, its end was not
// seen, and nothing in the catalog tells whether it happened.
type UndecidedError struct {
	Revision, Message, File string
	Line                    int
	Statement               string
}

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("%s:%d: revision %s (%s): an earlier run sent `%s` outside a transaction and did not see it succeed, and the catalog does not tell what it did; nothing was run; look, then say `repair %s --applied` or `repair %s --not-applied`, and run again",
		e.File, e.Line, e.Revision, e.Message, e.Statement, e.Revision, e.Revision)
}

// Refuse says whether something in a plan cannot be run in this session: *PoolerError,
// *SingleError, *EditedError. It asks the server only when there is something to ask for.
func (r *Runner) Refuse(ctx context.Context, p plan.Plan) error {
	if p.Stamp {
		return nil
	}
	outside := false
	for _, s := range p.Steps {
		if err := resumable(s); err != nil {
			return err
		}
		if s.Script.Transactional || outside {
			continue
		}
		outside = true
		if r.Single {
			return &SingleError{s.Revision, s.Message}
		}
		rows, err := r.Conn.Query(ctx, "SELECT pg_catalog.pg_backend_pid()")
		if err != nil {
			return err
		}
		if rows[0][0].Text != fmt.Sprint(r.Conn.PID()) {
			return &PoolerError{s.Revision, s.Message}
		}
	}
	return nil
}

// resumable says whether a step that goes on with an interrupted revision can do that.
func resumable(s plan.Step) error {
	if !s.Resume {
		return nil
	}
	e := &EditedError{Revision: s.Revision, Message: s.Message, File: s.Script.File, Done: s.Done}
	if s.Script.Transactional {
		e.Header = true
		return e
	}
	chain := Progress(s.Script)
	if finished, _ := ledger.Unsent(s.Checksum); s.Done >= len(chain) || finished != chain[s.Done] {
		return e
	}
	return nil
}
