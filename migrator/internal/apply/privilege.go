package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// explain queries the server after a failure, as the runner's role. The answer is only used
// to explain the failure: it is nil if there is none.
func (r *Runner) explain(sql string) []pg.Row {
	if r.Conn.Closed() || r.Conn.InTransaction() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	var p parts
	p.set(opening, true, r.roleSetting()...)
	p.add(opening, sql)
	rows, err := r.Conn.Query(ctx, newMessage(p).SQL)
	if err != nil {
		return nil
	}
	return rows
}

// missingTable returns the name of a table of the ledger that does not exist, or "".
func (r *Runner) missingTable() string {
	for _, table := range []string{r.Ledger.Meta(), r.Ledger.Revisions(), r.Ledger.Events()} {
		if rows := r.explain("SELECT " + regclass(table) + " IS NULL"); len(rows) == 1 && rows[0][0].Text == "t" {
			return table
		}
	}
	return ""
}

func (r *Runner) ledgerError(se *pgconn.PgError) error {
	e := &LedgerError{Ledger: r.Ledger, Text: se.Message + " (" + se.Code + ")", Err: se}
	switch se.Code {
	case pg.InsufficientPrivilege:
		e.Role, e.Grants = r.effectiveRole(), r.missingGrants()
	case pg.DuplicateTable, pg.DuplicateObject:
		e.Hint = "it is not part of a ledger, or only a remainder of one; drop it, or use a ledger with another name"
	case pg.ReadOnlySQLTransaction:
		return r.readOnlyError(se)
	}
	return e
}

// readOnlyError says why the server accepts no changes. Versions before 14 do not report it
// before something is tried.
func (r *Runner) readOnlyError(se *pgconn.PgError) error {
	rows := r.explain("SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')")
	switch {
	case len(rows) == 1 && rows[0][0].Text == "t":
		return r.Conn.Unusable(pg.ReadOnly, errors.New("the server is read-only: it is a standby"))
	case len(rows) == 1 && rows[0][1].Text == "on":
		return r.Conn.Unusable(pg.ReadOnly, errors.New("the server is read-only: default_transaction_read_only is on"))
	}
	return r.Conn.Unusable(pg.ReadOnly, se)
}

// effectiveRole is the role that revisions run as.
func (r *Runner) effectiveRole() string {
	if r.Role != "" {
		return r.Role
	}
	return r.Conn.User()
}

// missingGrants returns the statements that grant what the role lacks on the ledger.
func (r *Runner) missingGrants() []string {
	if r.CreateSchema {
		return []string{"CREATE SCHEMA " + sqltext.QuoteName(r.Ledger.Schema()) + " AUTHORIZATION " + sqltext.QuoteName(r.effectiveRole())}
	}
	if !r.ledgerExists() {
		return r.Ledger.CreateGrants(r.effectiveRole())
	}
	var grants []string
	for _, row := range r.explain(r.Ledger.Privileges(true)) {
		if row[1].Text != "t" && !slices.Contains(grants, row[3].Text) {
			grants = append(grants, row[3].Text)
		}
	}
	if len(grants) == 0 {
		return r.Ledger.CreateGrants(r.effectiveRole())
	}
	return grants
}

// ledgerExists reports whether there is a ledger. It needs no privilege on its schema.
func (r *Runner) ledgerExists() bool {
	rows := r.explain("SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.=) " +
		sqltext.QuoteLiteral(r.Ledger.Schema()) + "::pg_catalog.name AND c.relname OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(r.Ledger.Prefix()+"_meta") + "::pg_catalog.name")
	return len(rows) > 0
}

// Grants returns the statements that grant the role everything it needs: on the ledger, or
// to create it.
func (r *Runner) Grants() []string {
	if !r.ledgerExists() {
		return r.Ledger.CreateGrants(r.effectiveRole())
	}
	return r.Ledger.WriteGrants(r.effectiveRole())
}
