package migrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// Script gives a move as one SQL script for psql, made by the renderer of the online
// run. It starts from a database in which exactly the revisions of from and what they
// stand on are applied, and refuses to run on any other. Without from a target may be a
// range "a:b" that starts at a, and must be one for a downgrade; everything else starts
// at base. It needs no database. Errors are those of PlanFrom, and *apply.SingleError.
func (s *Set) Script(from []string, verb Verb, targets ...string) (string, error) {
	applied, targets, err := s.start(from, verb, targets)
	if err != nil {
		return "", err
	}
	v := plan.At(s.files, applied)
	p, err := s.choose(v, verb, targets)
	if err != nil {
		return "", err
	}
	return s.render(v, p)
}

// start says where a script starts, and gives what is left of its targets.
func (s *Set) start(from []string, verb Verb, targets []string) (graph.Set, []string, error) {
	g := s.files.Graph
	switch {
	case len(from) > 0:
		applied, err := g.State(from)
		return applied, targets, err
	case verb == Down:
		target, err := atMostOne(verb, targets, "")
		if err != nil {
			return nil, nil, err
		}
		applied, rest, err := g.StartDowngrade(target)
		return applied, []string{rest}, withVerb(err, verb)
	case verb == Redo:
		return nil, nil, &UsageError{"without a database, say where the redo starts: --from REV"}
	case len(targets) == 1:
		applied, rest, err := g.Start(targets[0])
		return applied, []string{rest}, withVerb(err, verb)
	}
	return nil, targets, nil
}

// ScriptHere is Script for a database as it is now. It writes nothing there.
func (s *Set) ScriptHere(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (string, error) {
	ss, v, err := s.look(ctx, cfg)
	if err != nil {
		return "", err
	}
	defer ss.close()
	p, err := s.choose(v, verb, targets)
	if err != nil {
		return "", err
	}
	if err := ss.fetch(ctx, &p); err != nil {
		return "", interrupted(ctx, err)
	}
	return s.render(v, p)
}

func (s *Set) render(v *plan.View, p plan.Plan) (string, error) {
	host, _ := process()
	r := &apply.Runner{
		Ledger: s.ledger, Author: ledger.Author{From: host, Version: s.cfg.Version, Run: newRun()}, Role: s.cfg.Role,
		LockTimeout: s.cfg.LockTimeout, StatementTimeout: s.cfg.StatementTimeout, Single: s.cfg.SingleTransaction,
	}
	if s.cfg.SingleTransaction {
		if err := r.Refuse(context.Background(), p); err != nil {
			return "", err
		}
	}
	return r.Script(p, v.Applied.IDs())
}
