package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

// waitingForStandby counts the commits that wait for a synchronous standby.
const waitingForStandby = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"

// unreplicated gives a database whose commits wait for a standby that does not come.
func unreplicated(t testing.TB) (server *pgtest.Server, url string) {
	t.Helper()
	server = pgtest.Start(t, pgtest.Options{})
	url = server.Database(t)
	standbys(t, url, "nobody")
	return server, url
}

func standbys(t testing.TB, url, names string) {
	t.Helper()
	pgtest.Exec(t, url, "ALTER SYSTEM SET synchronous_standby_names = '"+names+"'")
	pgtest.Exec(t, url, "SELECT pg_reload_conf()")
	await(t, url, "SHOW synchronous_standby_names", names)
}

// A commit that no synchronous standby confirmed, because the caller gave up, is reported
// as just that.
func TestCommitWithoutItsStandby(t *testing.T) {
	t.Parallel()
	_, url := unreplicated(t)
	ctx, cancel := context.WithCancel(context.Background())
	set := shop(t).set(migrator.Config{})
	type result struct {
		r   *migrator.Report
		err error
	}
	done := make(chan result, 1)
	cfg := config(t, url)
	go func() { r, err := set.Up(ctx, cfg); done <- result{r, err} }()
	await(t, url, waitingForStandby, "1")
	cancel()
	got := <-done
	var unconfirmed *apply.UnconfirmedError
	var interrupted *apply.InterruptedError
	if !errors.As(got.err, &unconfirmed) || !errors.As(got.err, &interrupted) || !strings.Contains(got.err.Error(), "upgrade c3 (add c3) is committed on this server, and no synchronous standby has confirmed it") {
		t.Errorf("%v", got.err)
	}
	if steps(got.r) != "up a1, up b2, up c3" {
		t.Errorf("%+v", got.r)
	}

	// Somebody else cancels: the run is not interrupted, and says the same.
	one := newProject(t).add("x", "", "SELECT 1;", "", off).set(migrator.Config{Ledger: "public.other"})
	if _, err := one.Up(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "but the database has public.ambix") {
		t.Fatalf("%v", err)
	}
	go func() { r, err := set.Down(context.Background(), cfg); done <- result{r, err} }()
	await(t, url, waitingForStandby, "1")
	pgtest.Exec(t, url, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	got = <-done
	if !errors.As(got.err, &unconfirmed) || errors.As(got.err, &interrupted) || steps(got.r) != "down c3" {
		t.Errorf("%v, %+v", got.err, got.r)
	}

	// Its session is ended: the run looks, sees the commit, and waits until it is safe.
	go func() { r, err := set.Up(context.Background(), cfg); done <- result{r, err} }()
	await(t, url, waitingForStandby, "1")
	first := pgtest.Value(t, url, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	pgtest.Exec(t, url, "SELECT pg_terminate_backend("+first+")")
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> "+first, "1")
	standbys(t, url, "")
	if got = <-done; got.err != nil || steps(got.r) != "up c3" || len(got.r.Others) != 0 {
		t.Errorf("%v, %+v", got.err, got.r)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "up a1, up b2, up c3, down c3, up c3" {
		t.Errorf("events: %s", got)
	}
}

// After a failover the standby may answer before it has taken over.
func TestStandbyThatIsAboutToTakeOver(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	url := primary.URL("postgres")
	proxy := pgtest.NewProxy(t, url)
	met := make(chan struct{}, 100)
	set := mixed(t).add("d", "c", "SELECT pg_sleep(CASE WHEN (SELECT count(*) FROM pg_class WHERE relname = 'promoted') = 0 THEN 60 ELSE 0 END);\nINSERT INTO runs VALUES ('d');", "").
		set(migrator.Config{Wait: time.Minute, OnEvent: func(e migrator.Event) {
			if _, ok := e.(migrator.Lost); ok {
				met <- struct{}{}
			}
		}})
	done := make(chan error, 1)
	cfg := config(t, proxy.URL(url))
	go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", "1")
	await(t, standby.URL("postgres"), "SELECT count(*) FROM ambix_revision", "3")
	proxy.Retarget(t, standby.URL("postgres"))
	primary.Stop(t, pgtest.Immediate)
	<-met
	// It has met the standby when its sessions are seen there.
	await(t, standby.URL("postgres"), "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE 'ambix%'", "t")
	standby.Promote(t)
	pgtest.Exec(t, standby.URL("postgres"), "CREATE TABLE promoted (id int)")
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, standby.URL("postgres"), "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != mixedRuns+" d" {
		t.Errorf("runs: %s", got)
	}
}
