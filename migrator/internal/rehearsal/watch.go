package rehearsal

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// maxWatched is how many names of a statement are looked up.
const maxWatched = 100

// watch observes the locks of a statement that cannot run in a transaction, from a second session. On empty tables such a
// statement is over in an instant, so that its locks could be missed. The session therefore locks the tables that the
// statement names as programs do, their indexes for reading and the tables for writing, until the statement waits for it.
// Statements that wait for nobody who writes, such as VACUUM, do not block writers either.
type watch struct {
	conn *pg.Conn
	// held are the tables that the second session still locks, in the order in which it locked them.
	held   []string
	cancel context.CancelFunc
	done   chan struct{}
	locks  map[string]schema.LockMode
	err    error
}

// tablesQuery returns the tables that names stand for in the session, or to which the indexes with these names belong, and
// for REINDEX SCHEMA those in the schemas with these names; for no names, all tables. They are in the order in which such a
// statement works on them: that of the names, or else that of the catalog. Those that the second session may not lock are
// left out.
func tablesQuery(names []string) string {
	const table = `c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p']::pg_catalog."char"[]) AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
  AND pg_catalog.has_schema_privilege(SESSION_USER, n.oid, 'USAGE') AND pg_catalog.has_table_privilege(SESSION_USER, c.oid, 'SELECT') AND pg_catalog.has_table_privilege(SESSION_USER, c.oid, 'UPDATE')`
	if len(names) == 0 {
		return `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE ` + table + ` ORDER BY c.ctid LIMIT ` + strconv.Itoa(maxWatched)
	}
	return `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.unnest(` + ledger.Array(names) + `) WITH ORDINALITY u(name, at)
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(name)
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) COALESCE(i.indrelid, pg_catalog.to_regclass(name)::pg_catalog.oid) 
  OR c.relnamespace OPERATOR(pg_catalog.=) CASE WHEN pg_catalog.strpos(name, '.') OPERATOR(pg_catalog.=) 0 THEN pg_catalog.to_regnamespace(name) END
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE ` + table + ` GROUP BY c.oid, c.ctid, n.nspname, c.relname ORDER BY pg_catalog.min(at), c.ctid LIMIT ` + strconv.Itoa(maxWatched)
}

// startWatch begins to watch the session conn, which is about to send a statement. dial opens the second session.
func startWatch(ctx context.Context, conn *pg.Conn, at apply.Observed, dial func(context.Context) (*pg.Conn, error)) (*watch, error) {
	rows, err := conn.Query(ctx, tablesQuery(sqltext.Names(at.Step.Script.Text, at.Statement, maxWatched)))
	if err == nil && len(rows) == 0 {
		rows, err = conn.Query(ctx, tablesQuery(nil))
	}
	if err != nil {
		return nil, err
	}
	second, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	w := &watch{conn: second, done: make(chan struct{}), locks: map[string]schema.LockMode{}}
	if err = second.DisableTimeouts(ctx); err == nil {
		err = w.lock(ctx, rows)
	}
	if err != nil {
		second.Close()
		return nil, err
	}
	ctx, w.cancel = context.WithCancel(ctx)
	go w.run(ctx, conn.PID())
	return w, nil
}

// lock locks tables, the first one last: a savepoint can only be given up together with those after it. The plan of a query
// locks the indexes of its table, too, until the end of the transaction.
func (w *watch) lock(ctx context.Context, tables []pg.Row) error {
	sql := []string{"BEGIN"}
	for _, row := range slices.Backward(tables) {
		oid, name := row[0].Text, sqltext.QuoteName(row[1].Text)+"."+sqltext.QuoteName(row[2].Text)
		w.held = append(w.held, oid, oid)
		sql = append(sql, "SAVEPOINT read_"+oid, "EXPLAIN SELECT FROM ONLY "+name, "SAVEPOINT write_"+oid, "LOCK TABLE ONLY "+name+" IN ROW EXCLUSIVE MODE")
	}
	return w.conn.Exec(ctx, strings.Join(sql, ";\n"))
}

// release gives up the last lock on a table, and those that were taken after it; all if the session does not lock the table.
func (w *watch) release(ctx context.Context, oid string) error {
	n := 0
	for i, held := range w.held {
		if held == oid {
			n = i
		}
	}
	if len(w.held) == 0 || w.held[n] != oid {
		w.held = nil
		return w.conn.Exec(ctx, "COMMIT")
	}
	kind := "read_"
	if n > 0 && w.held[n-1] == oid {
		kind = "write_"
	}
	w.held = w.held[:n]
	return w.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+kind+oid)
}

// watchQuery reads the locks that a session holds or waits for, whether it waits, and the table of a relation.
func watchQuery(pid string) string {
	return `SELECT l.relation, l.mode, l.granted, COALESCE(i.indrelid, l.relation) FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) l.relation
WHERE l.pid OPERATOR(pg_catalog.=) ` + pid + ` AND (l.relation IS NOT NULL OR NOT l.granted)`
}

func (w *watch) run(ctx context.Context, pid uint32) {
	defer close(w.done)
	query := watchQuery(uitoa(pid))
	for ctx.Err() == nil {
		rows, err := w.conn.Query(ctx, query)
		if err != nil {
			if ctx.Err() == nil {
				w.err = err
			}
			return
		}
		waits, table := false, ""
		for _, row := range rows {
			if row[2].Text != "t" {
				waits, table = true, row[3].Text
			}
			if !row[0].Null {
				strengthen(w.locks, row[0].Text, schema.LockMode(row[1].Text))
			}
		}
		if waits && w.conn.InTransaction() {
			if w.err = w.release(ctx, table); w.err != nil {
				return
			}
		}
	}
}

// stop ends the watch and returns the strongest locks that were seen.
func (w *watch) stop() (map[string]schema.LockMode, error) {
	w.cancel()
	<-w.done
	w.conn.Close()
	return w.locks, w.err
}

// withoutDeadIndexes leaves out the locks on indexes of tables that the statement locks so that nobody waits: DROP INDEX and
// REINDEX CONCURRENTLY lock an index exclusively only after no query can use it any more, which a second session sees or
// misses (PostgreSQL manual, DROP INDEX).
func withoutDeadIndexes(c *catalog, locks map[string]schema.LockMode) map[string]schema.LockMode {
	kept := map[string]schema.LockMode{}
	for oid, mode := range locks {
		r := c.relations[oid]
		if r != nil {
			if table := c.table(r); table != r && locks[table.oid] != "" && locks[table.oid].Blocks() == schema.BlocksNothing {
				continue
			}
		}
		kept[oid] = mode
	}
	return kept
}
