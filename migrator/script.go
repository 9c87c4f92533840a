package migrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/apply"
	"example.com/ambix/migrator/ledger"
	"example.com/ambix/migrator/plan"
)

// Script gives a move as one SQL script for psql, made by the renderer of the online
// run. It starts from a database in which exactly the named revisions and what they
// stand on are applied, and refuses to run on any other. It needs no database. Errors
// are those of PlanFrom, and *apply.SingleError.
func (s *Set) Script(from []string, verb Verb, targets ...string) (string, error) {
	v, err := plan.At(s.files, from)
	if err != nil {
		return "", err
	}
	return s.script(v, verb, targets)
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

func (s *Set) script(v *plan.View, verb Verb, targets []string) (string, error) {
	p, err := s.choose(v, verb, targets)
	if err != nil {
		return "", err
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
	return r.Script(p, v.Applied.IDs()), nil
}
