package session

import (
	"context"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/schema"
)

// Schema reads the schema of the database, without ledgers. Errors: those of snapshot.Read.
func (s *Session) Schema(ctx context.Context) (*schema.Schema, error) {
	found, err := snapshot.Read(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	return WithoutLedgers(found, s.Ledger), nil
}

// WithoutLedgers returns a schema without the tables of a ledger, those of other ledgers, and schemas that contain nothing
// else. An object that uses one of the tables is refused: it cannot be made without it.
func WithoutLedgers(s *schema.Schema, named ledger.Tables) *schema.Schema {
	all := []ledger.Tables{named}
	for _, o := range s.Objects {
		if o.Key.Kind == schema.Table && strings.HasPrefix(o.Fact("comment"), ledger.MetaComment) {
			if t, ok := ledger.ParseOther(o.Schema, o.Name); ok {
				all = append(all, t)
			}
		}
	}
	l := ledgerFilter{ledgers: all, used: map[string]bool{}}
	for _, o := range s.Objects {
		if !l.owns(o) && o.Key.Kind != schema.Namespace {
			l.used[o.Schema] = true
		}
	}
	rest := s.Without(l.leave)
	for _, o := range s.Objects {
		if !l.owns(o) && l.needs(o) {
			rest.Refused = append(rest.Refused, schema.Refusal{
				Object: strings.ToLower(o.Key.Kind.String()) + " " + o.Key.Name, Name: o.QualifiedName(), Reason: "uses the tables of the ledger, which are not part of the schema",
			})
		}
	}
	return rest
}

type ledgerFilter struct {
	ledgers []ledger.Tables
	used    map[string]bool // schemas that contain other objects
}

// leave reports whether an object is a table of a ledger, or a schema that was created for one.
func (l ledgerFilter) leave(o *schema.Object) bool {
	for _, t := range l.ledgers {
		switch {
		case o.Key.Kind == schema.Table && t.Has(o.Schema, o.Name):
			return true
		case o.Key.Kind == schema.Namespace && o.Name == t.Schema() && !l.used[o.Name]:
			return true
		}
	}
	return false
}

// owns reports whether an object is a table of a ledger or a part of one.
func (l ledgerFilter) owns(o *schema.Object) bool {
	for ; o != nil; o = o.Parent {
		if o.Key.Kind == schema.Table && l.leave(o) {
			return true
		}
	}
	return false
}

func (l ledgerFilter) needs(o *schema.Object) bool {
	for _, n := range o.Needs {
		if l.owns(n.On) {
			return true
		}
	}
	return false
}
