package migrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
)

// Decision is what a person knows and the database cannot tell.
type Decision string

// The decisions. Of an unfinished revision, the first two are about the statement whose
// end nobody has seen; when there is none, or when the files do not have the script, they
// are about the whole revision.
const (
	DecideApplied    Decision = "applied"
	DecideNotApplied Decision = "not-applied"
	// AcceptFile records a modified file as what was applied.
	AcceptFile Decision = "accept"
)

// Repair records a decision about one revision in the ledger and in its event log, and
// returns in words what was recorded. Errors: *RefusedError when there is nothing to
// decide, *TargetError, and those of Stamp.
func (m *Migrator) Repair(ctx context.Context, cfg *pgconn.Config, target string, d Decision) (done string, err error) {
	err = m.with(ctx, cfg, func(s *session.Session) (err error) {
		done, err = s.Repair(ctx, target, session.Decision(d))
		return err
	})
	return done, withVerb("repair", err)
}
