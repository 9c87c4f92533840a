package session

import (
	"context"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
)

// fence makes sure that nothing that a lost session has sent takes effect from now on. Its
// message can still be on the way to the server, in a proxy or a pooler, or between two
// revisions, although nobody holds the lock. It is made for one generation and refuses any
// other, so the generation is raised. A ledger that does not exist is created, as that message
// would. Errors: those of Session.write.
func (s *Session) fence(ctx context.Context, state ledger.State) error {
	if err := s.write(ctx, "reconnect", state); !apply.IsCommitted(err) {
		return err
	}
	return nil
}
