package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// guardChain returns revisions r1, r2, … with these bodies. A body may begin with lines of the header.
func guardChain(bodies ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, body := range bodies {
		header, parent := "", ""
		for strings.HasPrefix(body, "-- ") {
			line, rest, _ := strings.Cut(body, "\n")
			header, body = header+line+"\n", rest
		}
		if i > 0 {
			parent = fmt.Sprintf("r%d", i)
		}
		name := fmt.Sprintf("r%d", i+1)
		files[name+".up.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + name + "\n-- down_revision: " + parent + "\n" + header + "\n" + body + "\n")}
		files[name+".down.sql"] = &fstest.MapFile{Data: []byte("DELETE FROM big WHERE n = 1;\n")}
	}
	return files
}

func newGuarded(t *testing.T, cfg migrator.Config, bodies ...string) *migrator.Migrator {
	t.Helper()
	if cfg.Guard == 0 {
		cfg.Guard = guardLimit
	}
	m, err := migrator.New(guardChain(bodies...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	return m
}

func appliedRevisions(t *testing.T, u string) string {
	t.Helper()
	return pgtest.Value(t, u, "SELECT COALESCE(string_agg(revision, ' ' ORDER BY revision), '') FROM ambix_revision WHERE state = 'applied'")
}

const harmless, scanning = "ALTER TABLE small ADD COLUMN %s int;", "UPDATE big SET n = n + 1 WHERE n % 2 = 0;"

func TestGuardKeepsWhatCameBefore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  migrator.Config
		want string
	}{
		"batch":              {migrator.Config{}, "r1"},
		"revision":           {migrator.Config{Send: migrator.SendRevision}, "r1"},
		"statement":          {migrator.Config{Send: migrator.SendStatement}, "r1"},
		"single transaction": {migrator.Config{SingleTransaction: true}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := pgtest.Database(t)
			pgtest.Exec(t, u, guardedTables)
			m := newGuarded(t, test.cfg, fmt.Sprintf(harmless, "a"), fmt.Sprintf(harmless, "b")+"\n"+scanning, fmt.Sprintf(harmless, "c"))
			report, err := m.Up(context.Background(), projecttest.Config(t, u))
			var e *migrator.GuardError
			if !errors.As(err, &e) || e.Revision != "r2" || e.Line != 5 || e.Table != "big" {
				t.Fatalf("%v", err)
			}
			columns := pgtest.Value(t, u, "SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'small'::regclass AND attname IN ('a', 'b', 'c')")
			if test.want == "r1" && (columns != "a" || appliedRevisions(t, u) != "r1" || len(report.Steps) != 1) || test.want == "none" && columns != "NULL" {
				t.Errorf("columns %s, revisions %s", columns, appliedRevisions(t, u))
			}
			if test.want == "r1" {
				if got := pgtest.Value(t, u, "SELECT detail FROM ambix_event WHERE action = 'failed'"); !strings.Contains(got, "scans table big of 1.4 MB, and the guard is 1 MB") {
					t.Errorf("event: %s", got)
				}
			}
			// The guard does not apply to what is read without it.
			if _, err := newGuarded(t, migrator.Config{Guard: 1 << 40}, fmt.Sprintf(harmless, "a"), fmt.Sprintf(harmless, "b")+"\n"+scanning, fmt.Sprintf(harmless, "c")).Up(context.Background(), projecttest.Config(t, u)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGuardWatchesDownScripts(t *testing.T) {
	t.Parallel()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, guardedTables)
	cfg := projecttest.Config(t, u)
	if _, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a")).Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	_, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a")).Down(context.Background(), cfg)
	var e *migrator.GuardError
	if !errors.As(err, &e) || e.File != "r1.down.sql" || e.Direction != migrator.Downgrade {
		t.Errorf("%v", err)
	}
	// The script in the ledger too.
	none, err := migrator.New(fstest.MapFS{}, migrator.Config{Guard: guardLimit})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Down(context.Background(), cfg, "base"); !errors.As(err, &e) || appliedRevisions(t, u) != "r1" {
		t.Errorf("%v", err)
	}
	if _, err := newGuarded(t, migrator.Config{}, "-- accept: scans big\n"+fmt.Sprintf(harmless, "a")).Down(context.Background(), cfg); err != nil {
		t.Error(err)
	}
}

func TestGuardOfNonTransactionalRevisions(t *testing.T) {
	t.Parallel()
	const off = "-- transaction: off\n"
	for name, test := range map[string]struct {
		body   string
		want   string
		before bool
		done   int
	}{
		"concurrent index":        {off + "CREATE INDEX CONCURRENTLY i ON big (n);", "", false, 0},
		"vacuum":                  {off + "VACUUM big;", "", false, 0},
		"update":                  {off + fmt.Sprintf(harmless, "a") + "\n" + scanning, "big", false, 1},
		"small update":            {off + "UPDATE small SET n = 0;\nUPDATE small SET n = 1;", "", false, 0},
		"vacuum full":             {off + fmt.Sprintf(harmless, "a") + "\nVACUUM (FULL, ANALYZE) big;", "big", true, 1},
		"vacuum full of all":      {off + "VACUUM FULL;", "documents|big|big_view", true, 0},
		"vacuum not full":         {off + "VACUUM (FULL false, ANALYZE) big;\nVACUUM (ANALYZE, FULL OFF) big;", "", false, 0},
		"vacuum full of parts":    {off + "VACUUM FULL nested;", "nested_1_1", true, 0},
		"vacuum full of TOAST":    {off + "VACUUM FULL documents;", "documents", true, 0},
		"reindex of several":      {off + "REINDEX SCHEMA public;\nREINDEX TABLE parts;", "", false, 0},
		"cluster of none":         {off + "CLUSTER;", "", false, 0},
		"cluster of all":          {off + "ALTER TABLE big CLUSTER ON big_pkey;\nCLUSTER;", "big", true, 1},
		"vacuum full of a small":  {off + "VACUUM FULL small;", "", false, 0},
		"vacuum full, accepted":   {off + "-- accept: rewrites big\nVACUUM FULL big;", "", false, 0},
		"procedure that commits":  {off + "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN UPDATE small SET n = 0; COMMIT; END$$;\nCALL p();", "", false, 0},
		"settings and statements": {off + "SET search_path = public;\n" + scanning, "big", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := pgtest.Database(t)
			pgtest.Exec(t, u, guardedTables)
			pgtest.Exec(t, u, "VACUUM ANALYZE") // which counts the pages of TOAST tables too
			for _, send := range []migrator.Send{migrator.SendMessage, migrator.SendStatement} {
				_, err := newGuarded(t, migrator.Config{Send: send}, test.body).Up(context.Background(), projecttest.Config(t, u))
				var e *migrator.GuardError
				switch {
				case test.want == "" && err != nil:
					t.Errorf("%s: %v", send, err)
				case test.want == "":
				case !errors.As(err, &e) || !strings.Contains(test.want, e.Table) || e.Before != test.before || e.StatementsDone != test.done || !e.NonTransactional || e.Line == 0:
					t.Errorf("%s: %v, %+v", send, err, e)
				}
			}
		})
	}
}

// Where somebody else has event triggers, creating one of ours would call them.
func TestGuardDoesNotDisturbEventTriggers(t *testing.T) {
	t.Parallel()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, guardedTables+`
CREATE TABLE audit (tag text, object text);
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit SELECT tg_tag, object_identity FROM pg_event_trigger_ddl_commands(); END$$;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION audit();`)
	cfg := projecttest.Config(t, u)
	if _, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a")).Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	got := pgtest.Query(t, u, "SELECT DISTINCT tag FROM audit WHERE object NOT LIKE 'public.ambix%' ORDER BY tag")
	if diff := cmp.Diff([][]string{{"ALTER TABLE"}}, got); diff != "" {
		t.Error(diff)
	}
	_, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a"), "ALTER TABLE big ALTER n TYPE bigint;").Up(context.Background(), cfg)
	var e *migrator.GuardError
	if !errors.As(err, &e) || e.Before || !e.Rewrites {
		t.Errorf("%v", err)
	}
}

func TestGuardWorks(t *testing.T) {
	t.Parallel()
	rows := "COPY small (id, n) FROM stdin;\n"
	for i := range 1000 {
		rows += fmt.Sprintf("%d\t1\n", 1000+i)
	}
	rows += "\\.\n"
	for name, test := range map[string]struct {
		cfg    migrator.Config
		change func(t *testing.T, u string) string
		body   string
	}{
		"through a transaction pooler": {change: func(t *testing.T, u string) string { return pgtest.Shared(t).PgBouncer(t, nil).Through(u) }, body: scanning},
		"as another role":              {cfg: migrator.Config{Role: "pg_monitor"}, body: scanning},
		"after rows":                   {body: rows + scanning},
		"after a long script":          {body: strings.Repeat("INSERT INTO small VALUES (-1, 1, '"+strings.Repeat("x", 1000)+"') ON CONFLICT DO NOTHING;\n", 1200) + scanning},
		"with another encoding":        {body: "SET client_encoding = 'LATIN1';\nSET standard_conforming_strings = off;\n" + scanning},
		"as another role in the body":  {body: "GRANT ALL ON big TO pg_monitor;\nSET ROLE pg_monitor;\n" + scanning},
		"in a deferred trigger": {body: "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE big SET n = 0 WHERE n = 1; RETURN NULL; END$$;\n" +
			"CREATE CONSTRAINT TRIGGER t AFTER INSERT ON small DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t();\nINSERT INTO small VALUES (-1);"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := pgtest.Database(t)
			pgtest.Exec(t, u, guardedTables+"GRANT ALL ON ALL TABLES IN SCHEMA public TO pg_monitor; GRANT ALL ON SCHEMA public TO pg_monitor")
			direct := u
			if test.change != nil {
				u = test.change(t, u)
			}
			_, err := newGuarded(t, test.cfg, test.body).Up(context.Background(), projecttest.Config(t, u))
			var e *migrator.GuardError
			if !errors.As(err, &e) || e.Table != "big" {
				t.Errorf("%v", err)
			}
			checkGuardIsGone(t, direct)
		})
	}
}

func TestGuardOnCitus(t *testing.T) {
	t.Parallel()
	u := projecttest.Citus(t)
	pgtest.Exec(t, u, "CREATE TABLE big AS SELECT i AS n, repeat('x', 100) AS filler FROM generate_series(1, 10000) i")
	pgtest.Exec(t, u, "CREATE TABLE small (id int)")
	cfg := projecttest.Config(t, u)
	if _, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a")).Up(context.Background(), cfg); err != nil {
		t.Error(err)
	}
	_, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a"), scanning).Up(context.Background(), cfg)
	var e *migrator.GuardError
	if !errors.As(err, &e) || e.Table != "big" {
		t.Errorf("%v", err)
	}
}

func TestGuardNeedsCounts(t *testing.T) {
	t.Parallel()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, guardedTables+"ALTER DATABASE "+database(t, u)+" SET track_counts = off")
	_, err := newGuarded(t, migrator.Config{}, fmt.Sprintf(harmless, "a")).Up(context.Background(), projecttest.Config(t, u))
	var e *migrator.ConfigError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "track_counts") {
		t.Errorf("%v", err)
	}
	if _, err := migrator.New(fstest.MapFS{}, migrator.Config{Guard: -1}); !errors.As(err, &e) || e.Setting != "guard" {
		t.Errorf("%v", err)
	}
}

// upToLock starts a guarded upgrade that waits for an advisory lock until release is called. wait returns its error.
func upToLock(t *testing.T, u, body string) (release func(), wait func() error) {
	t.Helper()
	cfg := projecttest.Config(t, u)
	release = projecttest.Hold(t, cfg, "BEGIN; SELECT pg_advisory_xact_lock(7)")
	done := make(chan error, 1)
	go func() {
		_, err := newGuarded(t, migrator.Config{LockTimeout: time.Minute}, body).Up(t.Context(), cfg)
		done <- err
	}()
	projecttest.Await(t, u, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "1")
	return release, func() error { return <-done }
}

// What another session does meanwhile is not held against a revision, nor waited for.
func TestGuardDoesNotMindOthers(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"superuser", "owner"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			admin := pgtest.Database(t)
			u := admin
			if role == "owner" {
				u = pgtest.Role(t, admin)
				pgtest.Exec(t, admin, "GRANT CREATE ON SCHEMA public TO "+user(t, u)+"; ALTER DATABASE "+database(t, u)+" OWNER TO "+user(t, u))
			}
			pgtest.Exec(t, u, guardedTables)
			release, wait := upToLock(t, u, "ALTER TABLE small ADD COLUMN a int;\nSELECT pg_advisory_xact_lock(7);\nSELECT 1;")
			pgtest.Exec(t, u, "VACUUM FULL big")
			pgtest.Exec(t, u, "REFRESH MATERIALIZED VIEW big_view; ALTER TABLE documents ALTER id TYPE bigint")
			locked := projecttest.Hold(t, projecttest.Config(t, u), "BEGIN; LOCK TABLE big, documents")
			release()
			if err := wait(); err != nil {
				t.Error(err)
			}
			locked()
			checkGuardIsGone(t, u)
		})
	}
}

// Two runners of one database, with ledgers of their own, do not wait for each other.
func TestGuardsOfTwoLedgersDoNotWait(t *testing.T) {
	t.Parallel()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, guardedTables)
	release, wait := upToLock(t, u, "SELECT pg_advisory_xact_lock(7);")
	// Its wait would end with the time limit, because the other one goes on only after it.
	if _, err := newGuarded(t, migrator.Config{Ledger: "public.other", LockTimeout: time.Second, RetryFor: -1}, fmt.Sprintf(harmless, "b")).Up(t.Context(), projecttest.Config(t, u)); err != nil {
		t.Error(err)
	}
	release()
	if err := wait(); err != nil {
		t.Error(err)
	}
	checkGuardIsGone(t, u)
}

// An event trigger that a revision makes is not called for what the guard creates.
func TestGuardDoesNotCallEventTriggersOfTheRun(t *testing.T) {
	t.Parallel()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, guardedTables)
	m := newGuarded(t, migrator.Config{}, `CREATE FUNCTION review() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'functions need a review'; END$$;
CREATE EVENT TRIGGER review ON ddl_command_start WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION review();`, fmt.Sprintf(harmless, "a"), fmt.Sprintf(harmless, "b"))
	if _, err := m.Up(t.Context(), projecttest.Config(t, u)); err != nil {
		t.Fatal(err)
	}
	if got := appliedRevisions(t, u); got != "r1 r2 r3" {
		t.Error(got)
	}
}
