package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Blocker is a session that holds a lock which a revision waits for.
type Blocker struct {
	PID         string
	Application string
	User        string
	State       string        // "active", "idle in transaction"; "" when this role may not see it
	Query       string        // its beginning; "" or "<insufficient privilege>" likewise
	Since       time.Duration // how long its transaction runs; zero when this role may not see it
}

func (b Blocker) String() string {
	parts := []string{"process " + b.PID}
	if b.Application != "" {
		parts = append(parts, fmt.Sprintf("%q", b.Application))
	}
	if b.User != "" {
		parts = append(parts, "role "+b.User)
	}
	if b.State != "" {
		parts = append(parts, b.State)
	}
	if b.Since > 0 {
		parts = append(parts, "its transaction runs for "+b.Since.Round(time.Second/10).String())
	}
	if b.Query != "" {
		parts = append(parts, "query: "+b.Query)
	}
	return strings.Join(parts, ", ")
}

// Blocked: a step waits for locks that others hold. It is told when the wait is
// noticed, when the holders change, and every so often.
type Blocked struct {
	Base
	Step     plan.Step
	Blockers []Blocker
	Waited   time.Duration // since the step began
}

// IndexProgress: an index build goes on. It is told every so often.
type IndexProgress struct {
	Base
	Step        plan.Step
	Index       string // "" until the server names it
	Phase       string // PostgreSQL manual, "CREATE INDEX Progress Reporting"
	Done, Total int64  // blocks, tuples or lockers of this phase; Total 0 when unknown
	Running     time.Duration
}

// A step that takes longer than watchAfter is looked at from a second session.
const (
	watchAfter = time.Second
	watchEvery = time.Second
)

// watch looks at a step from a second session, when there is one to be had, and tells
// what it waits for. The function it returns ends that.
func (r *Runner) watch(ctx context.Context, steps ...plan.Step) (stop func()) {
	if r.Second == nil || r.OnEvent == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if pg.Sleep(ctx, watchAfter) != nil {
			return
		}
		conn, err := r.Second(ctx)
		if err != nil {
			return // a second connection is a luxury
		}
		defer conn.Close()
		w := &watcher{Runner: r, conn: conn, steps: map[string]plan.Step{}, began: time.Now().Add(-watchAfter)}
		for _, s := range steps {
			w.steps[r.stepName(s)] = s
		}
		for w.look(ctx) == nil && pg.Sleep(ctx, watchEvery) == nil {
		}
	}()
	return func() { cancel(); <-done }
}

type watcher struct {
	*Runner
	conn         *pg.Conn
	steps        map[string]plan.Step // by the application name they run under
	began        time.Time
	blockers     []string // processes, as last told
	toldBlocked  time.Time
	toldProgress time.Time
}

func (w *watcher) look(ctx context.Context) error {
	var list []string
	for name := range w.steps {
		list = append(list, literal(name))
	}
	names := strings.Join(list, ", ")
	blockers, err := w.conn.Query(ctx, `SELECT DISTINCT a.application_name, b.pid, b.application_name, b.usename, b.state, pg_catalog.left(b.query, 200), extract(epoch FROM pg_catalog.clock_timestamp() - b.xact_start)
FROM pg_catalog.pg_stat_activity a, LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) p(pid) JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid
WHERE a.datname = pg_catalog.current_database() AND a.application_name IN (`+names+`) AND a.wait_event_type = 'Lock' ORDER BY 2`)
	if err != nil {
		return err
	}
	w.tellBlocked(blockers)
	progress, err := w.conn.Query(ctx, `SELECT a.application_name, COALESCE(p.index_relid::pg_catalog.regclass::pg_catalog.text, ''), p.phase,
  CASE WHEN p.lockers_total > 0 AND p.phase LIKE 'waiting%' THEN p.lockers_done WHEN p.tuples_total > 0 THEN p.tuples_done ELSE p.blocks_done END,
  CASE WHEN p.lockers_total > 0 AND p.phase LIKE 'waiting%' THEN p.lockers_total WHEN p.tuples_total > 0 THEN p.tuples_total ELSE p.blocks_total END
FROM pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
WHERE a.datname = pg_catalog.current_database() AND a.application_name IN (`+names+`)`)
	if err != nil {
		return err
	}
	w.tellProgress(progress)
	return nil
}

func (w *watcher) tellBlocked(rows []pg.Row) {
	var blockers []Blocker
	var pids []string
	for _, row := range rows {
		b := Blocker{PID: row[1].Text, Application: row[2].Text, User: row[3].Text, State: row[4].Text, Query: strings.Join(strings.Fields(row[5].Text), " ")}
		if !row[6].Null {
			b.Since = seconds([]byte(row[6].Text))
		}
		blockers, pids = append(blockers, b), append(pids, b.PID)
	}
	if len(pids) == 0 || slices.Equal(pids, w.blockers) && time.Since(w.toldBlocked) < tellEvery {
		return
	}
	w.blockers, w.toldBlocked = pids, time.Now()
	w.emit(Blocked{Step: w.steps[rows[0][0].Text], Blockers: blockers, Waited: time.Since(w.began)})
}

func (w *watcher) tellProgress(rows []pg.Row) {
	if len(rows) == 0 || time.Since(w.toldProgress) < tellEvery {
		return
	}
	w.toldProgress = time.Now()
	p := IndexProgress{Step: w.steps[rows[0][0].Text], Index: rows[0][1].Text, Phase: rows[0][2].Text, Running: time.Since(w.began)}
	_, _ = fmt.Sscan(rows[0][3].Text, &p.Done) // stays 0 for NULL
	_, _ = fmt.Sscan(rows[0][4].Text, &p.Total)
	w.emit(p)
}
