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
	Ledger             ledger.Tables
	Table, Owner, Role string // the first such table, unquoted
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("table %s.%s of the ledger belongs to role %s, whose triggers on it would run with the privileges of %s",
		sqltext.QuoteName(e.Ledger.Schema()), sqltext.QuoteName(e.Table), sqltext.QuoteName(e.Owner), sqltext.QuoteName(e.Role))
}

// checkOwner refuses to write the ledger, or to run what it contains, unless its owner is
// trusted. It follows a read, and asks only if that found another owner than the current
// role. The error may be an *OwnerError.
func (s *Session) checkOwner(ctx context.Context) error {
	if !s.foreign {
		return nil
	}
	rows, err := s.query(ctx, s.Ledger.Untrusted(s.LedgerOwner))
	if err != nil || len(rows) == 0 {
		return err
	}
	return &OwnerError{Ledger: s.Ledger, Table: rows[0][0].Text, Owner: rows[0][1].Text, Role: rows[0][2].Text}
}

// Attachment is something that runs with the privileges of whoever uses a table of the
// ledger.
type Attachment struct {
	Table string // qualified and quoted
	Kind  string // "trigger", "rule", "row-level security", or "owner" for an owner that is not trusted
	Name  string // of trigger, rule or owner
}

// Attachments returns what was attached to the tables of the ledger, and, for a role that
// may write it, owners that are not trusted.
func (s *Session) Attachments(ctx context.Context) ([]Attachment, error) {
	rows, err := s.query(ctx, s.Ledger.Attachments(s.LedgerOwner))
	if err != nil {
		return nil, err
	}
	var found []Attachment
	for _, row := range rows {
		found = append(found, Attachment{sqltext.QuoteName(s.Ledger.Schema()) + "." + sqltext.QuoteName(row[0].Text), row[1].Text, row[2].Text})
	}
	return found, nil
}
