package rehearsal

import (
	"context"
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
// statement names, as a program that writes to them, until the statement waits for it. Statements that wait for nobody who
// writes, such as VACUUM, do not block writers either.
type watch struct {
	conn   *pg.Conn
	cancel context.CancelFunc
	done   chan struct{}
	locks  map[string]schema.LockMode
	err    error
}

// tablesQuery returns the tables that names stand for in the session, or to which the indexes with these names belong.
func tablesQuery(names []string) string {
	return `SELECT DISTINCT c.oid::pg_catalog.regclass, n.nspname, c.relname FROM pg_catalog.unnest(` + ledger.Array(names) + `) name
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(name)
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) COALESCE(i.indrelid, pg_catalog.to_regclass(name)::pg_catalog.oid)
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p']::pg_catalog."char"[]) AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')`
}

// startWatch begins to watch the session conn, which is about to send a statement. dial opens the second session.
func startWatch(ctx context.Context, conn *pg.Conn, at apply.Observed, dial func(context.Context) (*pg.Conn, error)) (*watch, error) {
	rows, err := conn.Query(ctx, tablesQuery(sqltext.Names(at.Step.Script.Text, at.Statement, maxWatched)))
	if err != nil {
		return nil, err
	}
	second, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	sql := []string{"BEGIN"}
	for _, row := range rows {
		sql = append(sql, "LOCK TABLE ONLY "+sqltext.QuoteName(row[1].Text)+"."+sqltext.QuoteName(row[2].Text)+" IN ROW EXCLUSIVE MODE")
	}
	if err := second.Exec(ctx, strings.Join(sql, ";\n")); err != nil {
		second.Close()
		return nil, err
	}
	w := &watch{conn: second, done: make(chan struct{}), locks: map[string]schema.LockMode{}}
	ctx, w.cancel = context.WithCancel(ctx)
	go w.run(ctx, conn.PID())
	return w, nil
}

// watchQuery reads the locks that a session holds or waits for, and whether it waits.
func watchQuery(pid string) string {
	return `SELECT l.relation, l.mode, l.granted FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) ` + pid + ` AND (l.relation IS NOT NULL OR NOT l.granted)`
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
		waits := false
		for _, row := range rows {
			waits = waits || row[2].Text != "t"
			if !row[0].Null {
				strengthen(w.locks, row[0].Text, schema.LockMode(row[1].Text))
			}
		}
		if waits && w.conn.InTransaction() {
			if w.err = w.conn.Exec(ctx, "COMMIT"); w.err != nil {
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
