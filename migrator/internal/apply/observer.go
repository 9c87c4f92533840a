package apply

import (
	"context"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Observer looks at each statement of a body before and after it runs. With one, each statement is sent in its own message.
// Its functions may query, also while a transaction is open; an error ends the run.
type Observer struct {
	// Before is called before a statement is sent. Alone reports that it runs in no transaction of the runner, so that
	// nothing of it is visible to the session until it has ended.
	Before func(ctx context.Context, conn *pg.Conn, at Observed) error
	// After is called after a statement that succeeded, before its transaction ends unless it is Alone, and Failed after one
	// that failed and was rolled back.
	After  func(ctx context.Context, conn *pg.Conn, at Observed) error
	Failed func(at Observed)
}

// Observed is a statement of a body.
type Observed struct {
	Step      plan.Step
	Statement sqltext.Statement // in the script's text
	Index     int               // of the statement in the script
	Alone     bool
}

// observed calls the observer before and after send, which sends parts.
func (r *Runner) observed(ctx context.Context, s plan.Step, p parts, alone bool, send func() error) error {
	if r.Observer == nil || p[0].kind != body {
		return send()
	}
	at := Observed{s, p[0].source, p[0].index, alone}
	if err := r.Observer.Before(ctx, r.Conn, at); err != nil {
		return err
	}
	if err := send(); err != nil {
		r.Observer.Failed(at)
		return err
	}
	return r.Observer.After(ctx, r.Conn, at)
}
