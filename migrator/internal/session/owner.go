package session

import (
	"context"
	"fmt"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/sqltext"
)

// OwnerError refuses a ledger that belongs to a role that is not trusted: its triggers would
// run with the privileges of the role that writes it. Nothing was run.
type OwnerError struct {
	Ledger ledger.Tables
	Owner  ledger.Owner // of the first such table
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("table %s.%s of the ledger belongs to role %s, whose triggers on it would run with the privileges of %s",
		sqltext.QuoteName(e.Ledger.Schema()), sqltext.QuoteName(e.Owner.Table), sqltext.QuoteName(e.Owner.Owner), sqltext.QuoteName(e.Owner.Role))
}

// checkOwner refuses to write the ledger, or to run what it contains, unless its owner is
// trusted. It uses the last read. The error is an *OwnerError.
func (s *Session) checkOwner() error {
	if len(s.untrusted) == 0 {
		return nil
	}
	return &OwnerError{Ledger: s.Ledger, Owner: s.untrusted[0]}
}

// Attachment is something that runs with the privileges of whoever uses a table of the
// ledger.
type Attachment struct {
	Table string // qualified and quoted
	Kind  string // "trigger", "rule", "row-level security", or "owner" for an owner that is not trusted
	Name  string // of trigger, rule or owner
}

// Attachments returns what was attached to the tables of the ledger. It uses the last read
// for the owners.
func (s *Session) Attachments(ctx context.Context) ([]Attachment, error) {
	var found []Attachment
	add := func(table, kind, name string) {
		found = append(found, Attachment{sqltext.QuoteName(s.Ledger.Schema()) + "." + sqltext.QuoteName(table), kind, name})
	}
	for _, o := range s.untrusted {
		add(o.Table, "owner", o.Owner)
	}
	rows, err := s.query(ctx, s.Ledger.Attachments())
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		add(row[0].Text, row[1].Text, row[2].Text)
	}
	return found, nil
}
