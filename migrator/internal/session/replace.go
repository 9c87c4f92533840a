package session

import (
	"context"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// Replaced reports that the rows of replaced revisions were exchanged for that of the one that replaces them.
type Replaced struct {
	apply.Base
	Replacement plan.Replacement
}

// replace exchanges the rows of replaced revisions, all in one transaction, and returns what was exchanged; nil if another
// runner has done it. Errors: those of apply.Runner.Change, *UnknownOutcomeError.
func (s *Session) replace(ctx context.Context) (done []plan.Replacement, err error) {
	err = s.change(ctx, func(state ledger.State) error {
		done = nil
		v, err := plan.Join(s.files, state)
		if err != nil || len(v.Replacements) == 0 {
			return err // another runner has exchanged them
		}
		var statements []string
		for _, r := range v.Replacements {
			statements = append(statements, s.Ledger.Replace(r.Entry, r.Replaced, r.StandsFor, s.runner.Author)...)
		}
		statements = append(statements, s.keepFingerprint(ctx, state)...)
		err = s.write(ctx, "replace", state, statements...)
		if apply.IsCommitted(err) || isLoss(err) { // if the answer was lost, change finds out what became of it
			done = v.Replacements
		}
		return err
	})
	if !apply.IsCommitted(err) {
		return nil, err
	}
	for _, r := range done {
		s.emit(Replaced{Replacement: r})
	}
	return done, err
}

// keepFingerprint returns the statement that records the fingerprint of this generation for the next one: the schema stays as
// it is. Nil: there is none.
func (s *Session) keepFingerprint(ctx context.Context, state ledger.State) []string {
	f, found, err := s.lastFingerprints(ctx)
	if err != nil || !found || f.Generation != state.Generation {
		return nil
	}
	f.Generation++
	return []string{s.Ledger.SaveFingerprints(f, 0, s.runner.Author)}
}
