package apply_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// sequential is what Citus asks for where a foreign key to a reference table is involved.
const sequential = "SET LOCAL citus.multi_shard_modify_mode TO 'sequential';\n"

// distributed has revisions with statements that Citus forwards, with and without a
// transaction.
func distributed(t testing.TB) *projecttest.Project {
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int PRIMARY KEY, name text);\nCREATE TABLE kind (id int PRIMARY KEY);\nCREATE TABLE runs (revision text);\nSELECT create_distributed_table('x', 'id');\nSELECT create_reference_table('kind');\nINSERT INTO runs VALUES ('a');",
			"DROP TABLE x;\nDROP TABLE kind;\nDROP TABLE runs;").
		Add("b", "a", "INSERT INTO runs VALUES ('b');\nCREATE INDEX CONCURRENTLY x_name ON x (name);\nINSERT INTO runs VALUES ('b2');", "", projecttest.NonTransactional).
		Add("c", "b", sequential+"ALTER TABLE x ADD kind int;\nALTER TABLE x ADD CONSTRAINT x_kind FOREIGN KEY (kind) REFERENCES kind (id);\nALTER TABLE x ALTER name SET NOT NULL;\nALTER TABLE x RENAME name TO title;\nALTER TABLE x ENABLE ROW LEVEL SECURITY;\nCREATE INDEX x_title ON x (title, id);\nINSERT INTO runs VALUES ('c');",
			sequential+"DROP INDEX x_title;\nALTER TABLE x DISABLE ROW LEVEL SECURITY;\nALTER TABLE x RENAME title TO name;\nALTER TABLE x ALTER name DROP NOT NULL;\nALTER TABLE x DROP CONSTRAINT x_kind;\nALTER TABLE x DROP kind;")
	p.Files["b.down.sql"].Data = []byte("-- revision: b\n-- transaction: off\n\nDROP INDEX CONCURRENTLY x_name;\nDELETE FROM runs WHERE revision LIKE 'b%';\n")
	return p
}

// Citus suggests a setting for a statement that needs a mode which an earlier one of the same
// transaction made impossible.
func TestCitusParallelOperationHasHint(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	parallel := "ALTER TABLE x ADD CONSTRAINT x_kind FOREIGN KEY (kind) REFERENCES kind (id);"
	if !projecttest.RealCitus() {
		parallel = `DO $$ BEGIN RAISE 'cannot modify table "x" because there was a parallel operation on a distributed table in the transaction' USING ERRCODE = 'XX000'; END $$;`
	}
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int PRIMARY KEY, name text, kind int);\nCREATE TABLE kind (id int PRIMARY KEY);\nSELECT create_reference_table('kind');\nSELECT create_distributed_table('x', 'id');", "").
		Add("b", "a", "ALTER TABLE x ADD more int;\n"+parallel, "").
		Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	_, err := m.Up(ctx, cfg)
	e, ok := errors.AsType[*migrator.RevisionError](err)
	if !ok || e.Revision != "b" || e.Cause != migrator.CauseParallelOperation || e.Kind() != migrator.KindRevision || !strings.Contains(e.Hint, "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'") || !strings.Contains(e.Hint, "b.up.sql") {
		t.Fatalf("%+v", err)
	}
	_, option, _ := strings.Cut(e.Hint, "(options=")
	suggested, err := pgconn.ParseConfig(url + "&options=" + strings.TrimSuffix(option, ")"))
	if err != nil || suggested.RuntimeParams["options"] != "-c citus.multi_shard_modify_mode=sequential" {
		t.Fatalf("the hint %s: %v", e.Hint, err)
	}
	cfg.RuntimeParams["options"] = suggested.RuntimeParams["options"]
	if _, err := m.Up(ctx, cfg); projecttest.RealCitus() && err != nil {
		t.Errorf("with the setting in the options: %v", err)
	}
}

// checkDistributed checks that a database is as after one run of distributed.
func checkDistributed(t testing.TB, url string) {
	t.Helper()
	for _, c := range []struct{ sql, want string }{
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs", mixedRuns},
		{"SELECT string_agg(revision || ' ' || state, ', ' ORDER BY revision) FROM ambix_revision", "a applied, b applied, c applied"},
		{"SELECT string_agg(revision, ' ' ORDER BY event) FROM ambix_event WHERE action = 'up'", "a b c"},
		{"SELECT bool_and(indisvalid) || ' ' || count(*) FROM pg_index WHERE indrelid = 'x'::regclass", "true 3"},
		{"SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()", "0"},
	} {
		if got := pgtest.Value(t, url, c.sql); got != c.want {
			t.Errorf("%s\nhave %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// Citus refuses to forward a message with several statements, so that each statement is sent
// separately by default.
func TestCitusReceivesEachStatementSeparately(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	pgtest.Exec(t, url, "CREATE TABLE alone (id int, name text)")
	pgtest.Exec(t, url, "SELECT create_distributed_table('alone', 'id')")
	func() {
		cfg := projecttest.Config(t, url)
		_, err := projecttest.Exec(cfg, "SELECT 1; CREATE INDEX alone_name ON alone (name); SELECT 2")
		if err == nil || !strings.Contains(err.Error(), "multiple commands") {
			t.Errorf("several statements in one message: %v", err)
		}
	}()
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	for _, send := range []migrator.Send{migrator.SendMessage, migrator.SendRevision} {
		_, err := distributed(t).Migrator(migrator.Config{Send: send}).Up(ctx, cfg)
		e, ok := errors.AsType[*migrator.ConfigError](err)
		if !ok || e.Setting != "send" || e.Value != string(send) || !strings.Contains(err.Error(), "Citus") {
			t.Errorf("send %s: %v", send, err)
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ambix%'"); got != "0" {
		t.Errorf("a refused run wrote %s relations", got)
	}
	m := distributed(t).Migrator(migrator.Config{})
	report, err := m.Up(ctx, cfg)
	if err != nil || projecttest.Steps(report) != "up a, up b, up c" {
		t.Fatalf("%+v, %v", report, err)
	}
	checkDistributed(t, url)
	if report, err = m.Down(ctx, cfg, "base"); err != nil || projecttest.Steps(report) != "down c, down b, down a" {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname IN ('x', 'kind', 'runs')"); got != "0" {
		t.Errorf("%s tables are left", got)
	}
	if _, err = distributed(t).Migrator(migrator.Config{Send: migrator.SendStatement}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
}

func TestCitusConcurrentRunnersApplyOnce(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	const runners = 6
	var wg sync.WaitGroup
	steps, errs := make([]int, runners), make([]error, runners)
	for i := range runners {
		m, cfg := distributed(t).Migrator(migrator.Config{}), projecttest.Config(t, url)
		wg.Go(func() {
			report, err := m.Up(context.Background(), cfg)
			steps[i], errs[i] = len(report.Steps), err
		})
	}
	wg.Wait()
	total := 0
	for i := range runners {
		if errs[i] != nil {
			t.Errorf("runner %d: %v", i, errs[i])
		}
		total += steps[i]
	}
	if total != 3 {
		t.Errorf("%d steps are reported", total)
	}
	checkDistributed(t, url)
}

// The next run finishes what a killed process left.
func TestCitusNextRunFinishesAfterKill(t *testing.T) {
	t.Parallel()
	for _, c := range []moment{
		{"between two statements of the first revision", pgtest.Fault{Match: "create_reference_table"}},
		{"before its end", pgtest.Fault{Match: "SET CONSTRAINTS ALL IMMEDIATE", Before: true, Action: pgtest.Stall}},
		{"before that is known", pgtest.Fault{Direction: pgtest.ToClient, Match: "COMMIT", Action: pgtest.Stall}},
		{"between two non-transactional statements", pgtest.Fault{Match: "sent:", Before: true, Action: pgtest.Stall}},
		{"in a concurrent build", pgtest.Fault{Match: "CREATE INDEX CONCURRENTLY"}},
		{"in the last revision", pgtest.Fault{Match: "RENAME name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := projecttest.Citus(t)
			proxy := pgtest.NewProxy(t, url)
			met := c.inject(proxy)
			p := newProcess(t, proxy.URL(url), "distributed")
			p.begin()
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			if err, over := before(met, ended); over {
				t.Fatalf("the moment was not reached: %v\n%s", err, p.out.String())
			}
			_ = p.Process.Kill()
			<-ended
			proxy.Clear()
			if _, err := distributed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			projecttest.Await(t, url, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()", "0")
			checkDistributed(t, url)
		})
	}
}

// A single transaction is all or nothing, also when its last statement fails.
func TestCitusSingleTransaction(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int PRIMARY KEY, name text);\nSELECT create_distributed_table('x', 'id');", "DROP TABLE x;").
		Add("b", "a", "ALTER TABLE x ALTER name SET NOT NULL;\nALTER TABLE x RENAME name TO title;", "ALTER TABLE x RENAME title TO name;")
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	p.Add("c", "b", "CREATE INDEX x_title ON x (title);\nSELECT nonsense;", "")
	_, err := p.Migrator(migrator.Config{SingleTransaction: true}).Up(ctx, cfg)
	if e, ok := errors.AsType[*migrator.RevisionError](err); !ok || e.Revision != "c" || e.Line != 7 {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'x'"); got != "0" {
		t.Error("a part of the transaction was kept")
	}
	p.Add("c", "b", "CREATE INDEX x_title ON x (title);", "DROP INDEX x_title;")
	m := p.Migrator(migrator.Config{SingleTransaction: true})
	if report, err := m.Up(ctx, cfg); err != nil || projecttest.Steps(report) != "up a, up b, up c" {
		t.Fatalf("%+v, %v", report, err)
	}
	if report, err := m.Down(ctx, cfg, "base"); err != nil || projecttest.Steps(report) != "down c, down b, down a" {
		t.Fatalf("%+v, %v", report, err)
	}
}

// What Citus refuses in a transaction block is sent alone, without its mark.
func TestCitusFunctionsThatRefuseATransaction(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int PRIMARY KEY);\nSELECT create_distributed_table_concurrently('x', 'id');\nALTER TABLE x ADD name text;", "DROP TABLE x;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	if report, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil || projecttest.Steps(report) != "up a" {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := pgtest.Value(t, url, "SELECT statements_done || ' ' || state FROM ambix_revision"); got != "3 applied" {
		t.Errorf("the row: %s", got)
	}
}

// An index that a failed build left on some of the nodes is dropped where it exists.
func TestCitusInvalidIndexIsRepaired(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	var repaired []string
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nSELECT create_distributed_table('x', 'id');", "DROP TABLE x;").
		Add("b", "a", "CREATE UNIQUE INDEX CONCURRENTLY x_id ON x (id);", "DROP INDEX x_id;", projecttest.NonTransactional).
		Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
			if r, ok := e.(migrator.Repaired); ok {
				repaired = append(repaired, r.Statement)
			}
		}})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := m.Up(ctx, cfg, "a"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "INSERT INTO x VALUES (1), (1)")
	if _, err := m.Up(ctx, cfg); err == nil || !strings.Contains(err.Error(), "23505") {
		t.Fatalf("%v", err)
	}
	pgtest.Exec(t, url, "DELETE FROM x")
	if _, err := m.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(repaired, "; "); got != "DROP INDEX CONCURRENTLY IF EXISTS public.x_id" {
		t.Errorf("repaired: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'x_id'::regclass"); got != "t" {
		t.Error("the index is invalid")
	}
}

// A body may have SET LOCAL reach the workers. What follows it, the statements for the
// ledger, is kept from them.
func TestCitusBodyMayPropagateSettings(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	const settings = "SET LOCAL citus.propagate_set_commands TO 'local';\nSET LOCAL lock_timeout TO '3s';\n"
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nSELECT create_distributed_table('x', 'id');\n"+settings+"ALTER TABLE x ALTER name SET NOT NULL;\nSET LOCAL lock_timeout TO '4s';", "DROP TABLE x;").
		Add("b", "a", "SET citus.propagate_set_commands TO 'local';\nSET lock_timeout TO '3s';\nALTER TABLE x ALTER name DROP NOT NULL;\nINSERT INTO x VALUES (1, 'n');", "DELETE FROM x;", projecttest.NonTransactional, "statement_timeout: 1min").
		Add("c", "b", "ALTER TABLE x RENAME name TO title;", "ALTER TABLE x RENAME title TO name;").
		Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if report, err := m.Up(ctx, cfg); err != nil || projecttest.Steps(report) != "up a, up b, up c" {
		t.Fatalf("%+v, %v", report, err)
	}
	if report, err := m.Down(ctx, cfg, "base"); err != nil || len(report.Steps) != 3 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// A limit for locks that a role has on the coordinator limits its statements on the workers.
func TestCitusRoleSettingsReachWorkers(t *testing.T) {
	t.Parallel()
	if !projecttest.RealCitus() {
		t.Skip("there are no workers: scripts/citus runs it")
	}
	url := projecttest.Citus(t)
	role := pgtest.Role(t, url)
	name := projecttest.Config(t, role).User
	pgtest.Exec(t, url, "ALTER ROLE "+name+" SET lock_timeout = '50ms'")
	pgtest.Exec(t, url, "GRANT ALL ON SCHEMA public TO "+name)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nSELECT create_distributed_table('x', 'id');", "").
		Add("b", "a", "ALTER TABLE x ALTER name SET NOT NULL;", "").
		Migrator(migrator.Config{RetryFor: -1})
	ctx, cfg := context.Background(), projecttest.Config(t, role)
	if _, err := m.Up(ctx, cfg, "a"); err != nil {
		t.Fatal(err)
	}
	for _, worker := range projecttest.CitusWorkers(t, url) {
		// The shards have names of their own, and are hidden.
		projecttest.Hold(t, projecttest.Config(t, worker), "SET citus.override_table_visibility TO off; SET citus.enable_manual_changes_to_shards TO on; BEGIN; DO $$ DECLARE shard name; BEGIN FOR shard IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^x_[0-9]+$' LOOP EXECUTE 'LOCK TABLE ' || shard; END LOOP; END $$")
	}
	_, err := m.Up(ctx, cfg)
	if e, ok := errors.AsType[*migrator.LockTimeoutError](err); !ok || e.SQLState != "55P03" {
		t.Errorf("%v", err)
	}
}

// The extension alone decides how statements are sent.
func TestCitusIsRecognizedByItsExtension(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), projecttest.EmptyCitus(t)
	p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nCREATE INDEX x_id ON x (id);\nALTER TABLE x ADD name text;", "DROP INDEX x_id;\nDROP TABLE x;")
	m := p.Migrator(migrator.Config{})
	for _, verb := range []migrator.Verb{migrator.Up, migrator.Down} {
		if r, err := m.Move(ctx, projecttest.Config(t, url), verb); err != nil || len(r.Steps) != 1 {
			t.Fatalf("%s: %+v, %v", verb, r, err)
		}
	}
	pgtest.Exec(t, url, "DELETE FROM pg_extension WHERE extname = 'citus'")
	if _, err := m.Up(ctx, projecttest.Config(t, url)); err == nil {
		t.Error("the stand-in accepts several statements")
	}
}
