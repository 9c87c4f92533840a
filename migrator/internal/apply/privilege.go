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
	p.set(opening, true, append(r.roleSetting(), set("search_path", r.SearchPath...))...)
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

// ledgerError is for a statement of ours. hint is "" where the SQLSTATE implies one.
func (r *Runner) ledgerError(se *pgconn.PgError, hint string) error {
	e := NewLedgerError(r.Ledger, se)
	if e.Hint = r.RowSecurityHint(se); e.Hint != "" {
		return e
	}
	switch se.Code {
	case pg.InsufficientPrivilege:
		e.Role, e.Grants = r.EffectiveRole(), r.missingGrants()
	case pg.DuplicateTable, pg.DuplicateObject:
		hint = "it is not part of a ledger, or only a remainder of one; drop it, or use a ledger with another name"
	case pg.UndefinedColumn:
		hint = "its tables are not as this program creates them; restore them from a backup"
	case pg.UniqueViolation:
		if se.TableName == r.Ledger.Prefix()+"_event" {
			hint = "the sequence of its column event is behind: SELECT setval(pg_get_serial_sequence(" + sqltext.QuoteString(r.Ledger.Events()) + ", 'event'), (SELECT max(event) FROM " + r.Ledger.Events() + "))"
		}
	case pg.ReadOnlySQLTransaction:
		return r.readOnlyError(se)
	}
	if hint != "" {
		e.Hint = hint
	}
	return e
}

// ledgerTrigger returns a trigger or rule that is not ours on a table of the ledger, and the
// table; "" if there is none.
func (r *Runner) ledgerTrigger() (name, table string) {
	for _, table := range []string{r.Ledger.Meta(), r.Ledger.Revisions(), r.Ledger.Events()} {
		rows := r.explain("SELECT tgname FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgenabled OPERATOR(pg_catalog.<>) 'D' AND tgrelid OPERATOR(pg_catalog.=) " + regclass(table) +
			" UNION ALL SELECT rulename FROM pg_catalog.pg_rewrite WHERE ev_enabled OPERATOR(pg_catalog.<>) 'D' AND ev_class OPERATOR(pg_catalog.=) " + regclass(table))
		if len(rows) > 0 {
			return sqltext.QuoteName(rows[0][0].Text), table
		}
	}
	return "", ""
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

// EffectiveRole returns the role that revisions run as. It queries the server, because the
// login role may have another default (ALTER ROLE … SET role).
func (r *Runner) EffectiveRole() string {
	if r.Role != "" {
		return r.Role
	}
	if rows := r.explain("SELECT CURRENT_USER"); len(rows) == 1 {
		return rows[0][0].Text
	}
	return r.Conn.User()
}

// missingGrants returns the statements that grant what the role lacks on the ledger.
func (r *Runner) missingGrants() []string {
	if r.CreateSchema {
		return []string{"CREATE SCHEMA " + sqltext.QuoteName(r.Ledger.Schema()) + " AUTHORIZATION " + sqltext.QuoteName(r.EffectiveRole())}
	}
	if !r.ledgerExists() {
		return r.Ledger.CreateGrants(r.EffectiveRole())
	}
	var grants []string
	for _, row := range r.explain(r.Ledger.Privileges(true)) {
		if row[1].Text != "t" && !slices.Contains(grants, row[3].Text) {
			grants = append(grants, row[3].Text)
		}
	}
	return grants
}

// ledgerExists reports whether there is a ledger. It needs no privilege on its schema.
func (r *Runner) ledgerExists() bool { return len(r.explain(r.Ledger.Relations())) > 0 }

// Grants returns the statements that grant the role everything it needs: on the ledger, or
// to create it.
func (r *Runner) Grants() []string {
	if !r.ledgerExists() {
		return r.Ledger.CreateGrants(r.EffectiveRole())
	}
	return r.Ledger.WriteGrants(r.EffectiveRole())
}
