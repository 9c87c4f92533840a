package ledger

import (
	"fmt"

	"example.com/ambix/migrator/internal/sqltext"
)

// holders selects who holds locks: rows of process, application name, role, client address,
// seconds in its transaction, and the name of a prepared transaction. A prepared transaction
// has no process, application or address; other rows have NULL for its name. A role without
// privileges sees only the first three columns of a session. The condition is about the
// lock l. What identifies the prepared transaction is the lock on its own id.
const holders = `SELECT DISTINCT ` + holderColumns + heldLocks

const holderColumns = `l.pid, a.application_name, COALESCE(a.usename, x.owner), a.client_addr,
  extract(epoch FROM pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) COALESCE(a.xact_start, x.prepared)), x.gid`

const heldLocks = `
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype OPERATOR(pg_catalog.=) 'transactionid' AND t.granted AND t.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts x ON x.transaction OPERATOR(pg_catalog.=) t.transactionid
WHERE l.granted AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) AND `

// others selects the locks of other sessions.
const others = `
  AND (l.pid IS NULL OR l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid())`

// blocking selects the locks of others that may block a write.
const blocking = others + ` AND l.mode OPERATOR(pg_catalog.<>) 'AccessShareLock' AND l.mode OPERATOR(pg_catalog.<>) 'RowShareLock'`

// Holder finds the session or prepared transaction that holds the ledger's lock; the rows
// are those of holders. It takes no lock and never waits.
func (t Tables) Holder() string {
	key := uint64(t.LockKey())
	return fmt.Sprintf(holders+`l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 1
  AND l.classid OPERATOR(pg_catalog.=) %d::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) %d::pg_catalog.oid`, key>>32, key&0xffffffff)
}

// TableHolders finds the other sessions and the prepared transactions that hold locks on the
// ledger's tables in which they may block a runner; the rows are those of holders. It reads
// only the system catalog.
func (t Tables) TableHolders() string {
	lit := sqltext.QuoteLiteral
	return holders + fmt.Sprintf(`l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) %s::pg_catalog.name AND c.relname OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.name[])))`,
		lit(t.Schema()), Array(t.names())) + blocking
}

// LockHolders is TableHolders for other tables, whose names are qualified and quoted.
func LockHolders(tables ...string) string {
	return holders + fmt.Sprintf(`l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT pg_catalog.to_regclass(tablename)::pg_catalog.oid FROM pg_catalog.unnest(%s) tablename))`, Array(tables)) + blocking
}

// HeldTables finds who holds locks on those of some tables that exist: the rows are those of
// holders, and the name of the table. names need not be names of tables. Locks of readers
// count only if readers is true.
func HeldTables(names []string, readers bool) string {
	condition := blocking
	if readers {
		condition = others
	}
	return `SELECT DISTINCT ` + holderColumns + `, l.relation::pg_catalog.regclass::pg_catalog.text` + heldLocks + fmt.Sprintf(`l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT pg_catalog.to_regclass(tablename)::pg_catalog.oid FROM pg_catalog.unnest(%s) tablename))`, Array(names)) + condition + ` ORDER BY 7, 1`
}
