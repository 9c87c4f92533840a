package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// ask puts a question to the database after a failure. The answer is only an
// explanation: without one there is none.
func (r *Runner) ask(sql string) []pg.Row {
	if r.Conn.Closed() || r.Conn.InTransaction() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	rows, err := r.Conn.Query(ctx, strings.Join(append(r.role(), sql), ";\n"))
	if err != nil {
		return nil
	}
	return rows
}

// missing names a table of the ledger that does not exist.
func (r *Runner) missing() string {
	for _, table := range []string{r.Ledger.Meta(), r.Ledger.Revisions(), r.Ledger.Events()} {
		if rows := r.ask("SELECT pg_catalog.to_regclass(" + sqltext.QuoteLiteral(table) + ") IS NULL"); len(rows) == 1 && rows[0][0].Text == "t" {
			return table
		}
	}
	return ""
}

func (r *Runner) ledgerError(se *pgconn.PgError) error {
	e := &LedgerError{Ledger: r.Ledger, Text: se.Message + " (" + se.Code + ")", Err: se}
	switch se.Code {
	case pg.InsufficientPrivilege:
		e.Hint = "the owner can run: " + r.grants()
	case pg.DuplicateTable, pg.DuplicateObject:
		e.Hint = "it is not the ledger's, or what is left of one: drop it, or choose another place with --ledger SCHEMA.PREFIX"
	case pg.ReadOnlySQLTransaction:
		return r.readOnly(se)
	}
	return e
}

// readOnly says why the server takes no changes. Versions before 14 do not tell before
// something is tried.
func (r *Runner) readOnly(se *pgconn.PgError) error {
	rows := r.ask("SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')")
	switch {
	case len(rows) == 1 && rows[0][0].Text == "t":
		return r.Conn.Unusable(pg.ReadOnly, errors.New("the server takes no changes: it is a standby"))
	case len(rows) == 1 && rows[0][1].Text == "on":
		return r.Conn.Unusable(pg.ReadOnly, errors.New("the server takes no changes: default_transaction_read_only is on"))
	}
	return r.Conn.Unusable(pg.ReadOnly, se)
}

// who is the role that revisions run as.
func (r *Runner) who() string {
	if r.Role != "" {
		return r.Role
	}
	return r.Conn.User()
}

// grants are the statements that give this role what it lacks on the ledger.
func (r *Runner) grants() string {
	if r.CreateSchema {
		return "CREATE SCHEMA " + sqltext.QuoteName(r.Ledger.Schema()) + " AUTHORIZATION " + sqltext.QuoteName(r.who())
	}
	if !r.exists() {
		return r.Ledger.Grant(r.who())
	}
	var grants []string
	for _, row := range r.ask(r.Ledger.Rights(true)) {
		if row[1].Text != "t" && !slices.Contains(grants, row[3].Text) {
			grants = append(grants, row[3].Text)
		}
	}
	if len(grants) == 0 {
		return r.Ledger.Grant(r.who())
	}
	return strings.Join(grants, "; ")
}

// exists says whether there is a ledger, also to a role that may not look into its schema.
func (r *Runner) exists() bool {
	rows := r.ask("SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.=) " +
		sqltext.QuoteLiteral(r.Ledger.Schema()) + "::pg_catalog.name AND c.relname OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(r.Ledger.Prefix()+"_meta") + "::pg_catalog.name")
	return len(rows) > 0
}

// Grants are the statements that give this role all it needs, on a ledger that exists or
// to create one.
func (r *Runner) Grants() string {
	if !r.exists() {
		return r.Ledger.Grant(r.who())
	}
	role, n := sqltext.QuoteName(r.who()), r.Ledger
	return "GRANT USAGE ON SCHEMA " + sqltext.QuoteName(n.Schema()) + " TO " + role + "; GRANT SELECT, INSERT, UPDATE, DELETE ON " + n.Revisions() + " TO " + role +
		"; GRANT SELECT, INSERT ON " + n.Events() + " TO " + role + "; GRANT SELECT, UPDATE ON " + n.Meta() + " TO " + role
}
