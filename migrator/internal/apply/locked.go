package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// LockedLedger is the error for a lock on the ledger's tables that was not obtained in time.
// It names who holds locks on them.
func (r *Runner) LockedLedger(se *pgconn.PgError) *LedgerError {
	return r.locked(se, "", "its tables are", r.Ledger.TableHolders())
}

// LockedTable is LockedLedger for another table that is read for the ledger.
func (r *Runner) LockedTable(table string, se *pgconn.PgError) *LedgerError {
	return r.locked(se, "cannot read "+table+": ", "it is", ledger.LockHolders(table))
}

func (r *Runner) locked(se *pgconn.PgError, context, subject, holders string) *LedgerError {
	e := &LedgerError{Ledger: r.Ledger, Text: context + se.Message + " (" + se.Code + ")", Locked: true, Holders: r.tableHolders(holders), Err: se}
	if held := describeHolders(e.Holders); held != "" {
		e.Text += "; " + subject + " locked by " + held
	}
	return e
}

// RowSecurityHint says what to do about an error of row-level security; "" for any other.
func (r *Runner) RowSecurityHint(se *pgconn.PgError) string {
	if se.Code != pg.InsufficientPrivilege || se.Routine != "check_enable_rls" && se.Routine != "ExecWithCheckOptions" {
		return ""
	}
	role := sqltext.QuoteName(r.EffectiveRole())
	if se.Hint != "" {
		return "row-level security would hide rows even from the owner, " + role + "; switch that off for the table: ALTER TABLE … NO FORCE ROW LEVEL SECURITY"
	}
	return "row-level security hides rows of the table from role " + role + "; run as the owner of the table, or let the role see them: ALTER ROLE " + role + " BYPASSRLS"
}

// nameHolders names the holders of locks in an error with the cause LedgerLocked, unless it
// does already. They are not known while a failed transaction is open.
func (r *Runner) nameHolders(e *RevisionError) {
	if strings.Contains(e.Text, "; its tables are locked by ") {
		return
	}
	if held := describeHolders(r.tableHolders(r.Ledger.TableHolders())); held != "" {
		e.Text += "; its tables are locked by " + held
	}
}

// maxLockNames is how many names of a statement are looked up after a lock timeout.
const maxLockNames = 100

// noteLocks keeps which tables a failed statement may lock, for nameBlockers.
func (e *RevisionError) noteLocks(p part) {
	if p.kind != body {
		return
	}
	st := p.source
	e.locks = sqltext.Names(p.script.Text, st, maxLockNames)
	word, _, _ := strings.Cut(st.Keywords, " ")
	e.reads = slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "WITH", "COPY"}, word)
}

// nameBlockers finds out who holds locks on the tables that the last statement names. They
// are still there: it just waited for them.
func (r *Runner) nameBlockers(e *LockTimeoutError) {
	if e.locks == nil {
		return
	}
	for _, row := range r.explain(ledger.HeldTables(e.locks, !e.reads)) {
		if h := newHolder(row); !slices.Contains(e.Holders, h) {
			e.Holders = append(e.Holders, h)
		}
		if table := row[6].Text; !slices.Contains(e.Tables, table) {
			e.Tables = append(e.Tables, table)
		}
	}
}

// sendTransaction sends the parts of a whole transaction on the ledger, again while a lock is
// not obtained in time.
func (n *nonTransactional) sendTransaction(ctx context.Context, p parts, row func(int, [][]byte)) error {
	return n.retryWhileLocked(ctx, n.step, func() error {
		err := n.send(ctx, p, row)
		if failed, ok := errors.AsType[*RevisionError](err); ok && transient(failed.SQLState) && !n.Conn.Closed() {
			if n.Conn.InTransaction() {
				if lost := n.Conn.Exec(ctx, "ROLLBACK"); lost != nil {
					return lost
				}
			}
			if failed.Cause == LedgerLocked {
				n.nameHolders(failed)
			}
		}
		return err
	})
}

// tableHolders returns who holds locks on tables, by a query of package ledger. It waits for
// nothing.
func (r *Runner) tableHolders(query string) []Session {
	var holders []Session
	for _, row := range r.explain(query) {
		if h := newHolder(row); h.PID != "" || h.Prepared != "" { // else it has ended in the meantime
			holders = append(holders, h)
		}
	}
	return holders
}

func describeHolders(holders []Session) string {
	held := make([]string, len(holders))
	for i, h := range holders {
		held[i] = h.String()
	}
	return text.List(held, "and")
}

// newHolder returns a row of ledger.Tables.Holder or TableHolders.
func newHolder(row pg.Row) Session {
	h := Session{PID: row[0].Text, Application: row[1].Text, User: row[2].Text, Address: row[3].Text, Prepared: row[5].Text}
	if !row[4].Null {
		h.Running = seconds([]byte(row[4].Text))
	}
	return h
}
