package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Blocked reports a step that waits for locks of other sessions: when the wait is noticed,
// when the sessions change, and every reportEvery.
type Blocked struct {
	Base
	Step     plan.Step
	Blockers []Session
	Waited   time.Duration // since the step was started
}

// IndexProgress reports an index build in progress, every reportEvery.
type IndexProgress struct {
	Base
	Step        plan.Step
	Index       string // "" for one that a transaction makes, which others do not see before it commits
	Table       string // "" for one that the same transaction makes
	Phase       string // PostgreSQL manual, "CREATE INDEX Progress Reporting"
	Done, Total int64  // blocks, tuples or lockers of this phase; Total 0 when unknown
	Running     time.Duration
}

// A step that takes longer than monitorAfter is observed from a second session.
const (
	monitorAfter = time.Second
	monitorEvery = time.Second
)

// startMonitor reports what steps wait for, from a second session. stop ends it. Without a
// second connection it reports nothing.
func (r *Runner) startMonitor(ctx context.Context) (stop func()) {
	if r.OpenMonitor == nil || r.OnEvent == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if pg.Sleep(ctx, monitorAfter) != nil {
			return
		}
		conn, err := r.OpenMonitor(ctx)
		if err != nil {
			return
		}
		defer conn.Close()
		m := &monitor{Runner: r, conn: conn, steps: map[string]plan.Step{}, began: time.Now().Add(-monitorAfter)}
		for _, s := range r.tracker.steps {
			m.steps[r.stepName(s)] = s
		}
		for m.poll(ctx) == nil && pg.Sleep(ctx, monitorEvery) == nil {
		}
	}()
	return func() { cancel(); <-done }
}

type monitor struct {
	*Runner
	conn             *pg.Conn
	steps            map[string]plan.Step // by application name
	began            time.Time
	blockers         []string // processes and prepared transactions that were reported last
	blockedReported  time.Time
	progressReported time.Time
}

func (m *monitor) poll(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(m.steps))
	if err := m.reportRunning(ctx, names); err != nil {
		return err
	}
	blocked, err := m.conn.Read(ctx, blockersQuery(names))
	if err != nil {
		return err
	}
	m.reportBlocked(blocked)
	progress, err := m.conn.Read(ctx, indexProgressQuery(names))
	if err != nil {
		return err
	}
	m.reportProgress(progress)
	return nil
}

// blockersQuery finds the sessions and prepared transactions that sessions with these
// application names wait for: rows of the waiting session's application name, and process,
// application name, role, state, query, seconds in transaction and name of the prepared
// transaction of what blocks it. pg_blocking_pids has 0 for a prepared transaction, which
// pg_locks shows. CREATE INDEX CONCURRENTLY waits for every query, so for this one too, which is no news.
func blockersQuery(names []string) string {
	waiting := `a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND a.application_name OPERATOR(pg_catalog.=) ANY (` + ledger.Array(names) + `) AND a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'`
	return `SELECT DISTINCT a.application_name, b.pid, b.application_name, b.usename, b.state, pg_catalog.left(b.query, 200), extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) b.xact_start), NULL
FROM pg_catalog.pg_stat_activity a, LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) p(pid) JOIN pg_catalog.pg_stat_activity b ON b.pid OPERATOR(pg_catalog.=) p.pid
WHERE ` + waiting + ` AND b.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
UNION SELECT a.application_name, NULL, NULL, x.owner, NULL, NULL, extract(epoch FROM pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) x.prepared), x.gid
FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_locks w ON w.pid OPERATOR(pg_catalog.=) a.pid AND NOT w.granted
JOIN pg_catalog.pg_locks h ON h.granted AND h.pid IS NULL AND (h.transactionid OPERATOR(pg_catalog.=) w.transactionid
  OR h.database OPERATOR(pg_catalog.=) w.database AND h.relation OPERATOR(pg_catalog.=) w.relation
  OR h.database OPERATOR(pg_catalog.=) w.database AND h.classid OPERATOR(pg_catalog.=) w.classid AND h.objid OPERATOR(pg_catalog.=) w.objid AND h.objsubid OPERATOR(pg_catalog.=) w.objsubid)
JOIN pg_catalog.pg_locks t ON t.pid IS NULL AND t.locktype OPERATOR(pg_catalog.=) 'transactionid' AND t.granted AND t.virtualtransaction OPERATOR(pg_catalog.=) h.virtualtransaction
JOIN pg_catalog.pg_prepared_xacts x ON x.transaction OPERATOR(pg_catalog.=) t.transactionid
WHERE ` + waiting + ` AND 0 OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids(a.pid)) ORDER BY 2, 8`
}

// indexProgressQuery finds the index builds of sessions with these application names: rows
// of application name, index, table, phase, and how much of the phase is done, of how much.
// The server names the index only of a concurrent build, and others do not see what a transaction
// makes before it has committed.
func indexProgressQuery(names []string) string {
	const lockers = "p.lockers_total OPERATOR(pg_catalog.>) 0 AND pg_catalog.starts_with(p.phase, 'waiting')"
	name := func(oid string) string {
		return "COALESCE((SELECT c.oid::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) " + oid + "), '')"
	}
	return `SELECT a.application_name, ` + name("p.index_relid") + `, ` + name("p.relid") + `, p.phase,
  CASE WHEN ` + lockers + ` THEN p.lockers_done WHEN p.tuples_total OPERATOR(pg_catalog.>) 0 THEN p.tuples_done ELSE p.blocks_done END,
  CASE WHEN ` + lockers + ` THEN p.lockers_total WHEN p.tuples_total OPERATOR(pg_catalog.>) 0 THEN p.tuples_total ELSE p.blocks_total END
FROM pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) p.pid
WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND a.application_name OPERATOR(pg_catalog.=) ANY (` + ledger.Array(names) + `)`
}

// reportRunning reports which step is running, and how far it is.
func (m *monitor) reportRunning(ctx context.Context, names []string) error {
	running, err := m.conn.Read(ctx, m.runningQuery(names))
	if err != nil || len(running) == 0 {
		return err
	}
	name := running[0][0].Text
	i := slices.IndexFunc(m.tracker.steps, func(s plan.Step) bool { return m.stepName(s) == name })
	if i < 0 {
		return nil
	}
	var durations map[string]time.Duration
	if i > 0 {
		committed, err := m.conn.Read(ctx, m.Ledger.CommittedSteps(m.Author.Run))
		if err != nil {
			return err
		}
		durations = map[string]time.Duration{}
		for _, row := range committed {
			durations[row[0].Text+" "+row[1].Text] = seconds([]byte(row[2].Text))
		}
	}
	m.tracker.reached(i, durations)
	if p, ok := m.tracker.progress(); ok {
		_, _ = fmt.Sscan(running[0][1].Text, &p.Rows)
		m.emit(p)
	}
	return nil
}

func (m *monitor) reportBlocked(rows []pg.Row) {
	var blockers []Session
	var pids []string
	for _, row := range rows {
		b := Session{PID: row[1].Text, Application: row[2].Text, User: row[3].Text, State: row[4].Text, Query: strings.Join(strings.Fields(row[5].Text), " "), Prepared: row[7].Text}
		if !row[6].Null {
			b.Running = seconds([]byte(row[6].Text))
		}
		blockers, pids = append(blockers, b), append(pids, b.PID+b.Prepared)
	}
	if len(pids) == 0 || slices.Equal(pids, m.blockers) && time.Since(m.blockedReported) < reportEvery {
		return
	}
	m.blockers, m.blockedReported = pids, time.Now()
	m.emit(Blocked{Step: m.steps[rows[0][0].Text], Blockers: blockers, Waited: time.Since(m.began)})
}

func (m *monitor) reportProgress(rows []pg.Row) {
	if len(rows) == 0 || time.Since(m.progressReported) < reportEvery {
		return
	}
	m.progressReported = time.Now()
	p := IndexProgress{Step: m.steps[rows[0][0].Text], Index: rows[0][1].Text, Table: rows[0][2].Text, Phase: rows[0][3].Text, Running: time.Since(m.began)}
	_, _ = fmt.Sscan(rows[0][4].Text, &p.Done) // stays 0 for NULL
	_, _ = fmt.Sscan(rows[0][5].Text, &p.Total)
	m.emit(p)
}
