package apply_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Where the ledger cannot be kept, nothing is written, and the reason is named.
func TestCitusRefusesWhereTheLedgerDoesNotBelong(t *testing.T) {
	t.Parallel()
	real := projecttest.RealCitus()
	onDatabase := func(setting string) func(*testing.T, string) string {
		return func(t *testing.T, url string) string {
			pgtest.Exec(t, url, "DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET "+setting+"', pg_catalog.current_database()); END $$")
			return url
		}
	}
	for _, c := range []struct {
		name    string
		ledger  string
		prepare func(t *testing.T, url string) string // returns where to connect
		problem migrator.CitusProblem
		text    string
	}{
		{"worker", "", func(t *testing.T, url string) string {
			if real {
				return projecttest.CitusWorkers(t, url)[0]
			}
			pgtest.Exec(t, url, "UPDATE pg_dist_local_group SET groupid = 2; INSERT INTO pg_dist_node VALUES (1, 0, 'coordinator.example.com', 5433)")
			return url
		}, migrator.CitusWorker, "worker of a Citus cluster"},
		{"set commands", "", onDatabase("citus.propagate_set_commands TO local"), migrator.CitusSetCommands, "citus.propagate_set_commands is local"},
		{"tenant schema", "shop.ambix", func(t *testing.T, url string) string {
			if real {
				pgtest.Exec(t, url, "SET citus.enable_schema_based_sharding TO on; CREATE SCHEMA shop")
			} else {
				pgtest.Exec(t, url, "CREATE SCHEMA shop; INSERT INTO pg_dist_schema VALUES ('shop'::regnamespace)")
			}
			return url
		}, migrator.CitusTenantSchema, `"shop" is a tenant schema`},
		{"new tenant schema", "shop.ambix", onDatabase("citus.enable_schema_based_sharding TO on"), migrator.CitusNewTenant, "would become a tenant schema"},
		{"managed tables", "", onDatabase("citus.use_citus_managed_tables TO on"), migrator.CitusManagedTables, "would manage the tables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := c.prepare(t, projecttest.Citus(t))
			ctx, cfg := context.Background(), projecttest.Config(t, url)
			m := projecttest.Shop(t).Migrator(migrator.Config{Ledger: c.ledger})
			for name, run := range map[string]func() error{
				"up":             func() error { _, err := m.Up(ctx, cfg); return err },
				"stamp":          func() error { _, err := m.Stamp(ctx, cfg, "head"); return err },
				"ensure-version": func() error { _, err := m.EnsureLedger(ctx, cfg); return err },
				"status":         func() error { _, err := m.Status(ctx, cfg); return err },
				"dry run":        func() error { return projecttest.DryRun(ctx, m, cfg, migrator.Up) },
			} {
				err := run()
				e, ok := errors.AsType[*migrator.CitusError](err)
				if !ok || e.Problem != c.problem || e.Kind() != migrator.KindCitus || !strings.Contains(err.Error(), c.text) {
					t.Errorf("%s: %v", name, err)
				}
				if ok && c.problem == migrator.CitusWorker && e.Coordinator == "" {
					t.Errorf("%s: the coordinator is not named", name)
				}
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ambix%' OR relname = 'account'"); got != "0" {
				t.Errorf("%s relations were created", got)
			}
		})
	}
}

// A ledger whose tables were distributed is not written, but can be read.
func TestCitusRefusesDistributedLedger(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := m.Up(ctx, cfg, "a1"); err != nil {
		t.Fatal(err)
	}
	if projecttest.RealCitus() {
		pgtest.Exec(t, url, "SELECT create_reference_table('ambix_meta')")
	} else {
		pgtest.Exec(t, url, "INSERT INTO pg_dist_partition VALUES ('ambix_meta')")
	}
	_, err := m.Up(ctx, cfg)
	e, ok := errors.AsType[*migrator.CitusError](err)
	if !ok || e.Problem != migrator.CitusDistributed || !slices.Equal(e.Tables, []string{`"public"."ambix_meta"`}) && !slices.Equal(e.Tables, []string{"public.ambix_meta"}) {
		t.Fatalf("%v", err)
	}
	if st, err := m.Status(ctx, cfg); err != nil || st.Count(migrator.Applied) != 1 {
		t.Errorf("status: %v", err)
	}
}

// A worker that cannot be reached is not the fault of the file.
func TestCitusLostWorkerIsNotBlamedOnTheFile(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nDO $$ BEGIN RAISE 'connection to the remote node store@10.0.0.7:5432 failed' USING ERRCODE = '08006'; END $$;", "").
		Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	e, ok := errors.AsType[*migrator.RevisionError](err)
	if !ok || e.Kind() != migrator.KindDatabase || e.Cause != migrator.CauseServerCondition || e.SQLState != "08006" {
		t.Errorf("%v", err)
	}
}

// warnAtCommit makes the transaction that records a revision warn, when it commits, as Citus
// does about a worker that has prepared the transaction and does not answer then.
// The trigger on the ledger defers that, because constraints are immediate at that point.
var warnAtCommit = []string{
	"CREATE TABLE at_commit (id int)",
	`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE WARNING 'connection to the remote node store@10.0.0.7:5432 failed'; RAISE WARNING 'failed to commit transaction on 10.0.0.7:5432'; RETURN NULL; END $$`,
	"CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON at_commit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()",
	`CREATE FUNCTION defer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.revision = 'b' THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO at_commit VALUES (1); END IF; RETURN NULL; END $$`,
	"CREATE TRIGGER defer AFTER INSERT ON ambix_event FOR EACH ROW EXECUTE FUNCTION defer()",
}

// A commit that a worker did not answer is reported with the step: Citus completes it later.
func TestCitusPendingCommitIsReported(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
		for _, single := range []bool{false, true} {
			if single && header == projecttest.NonTransactional {
				continue
			}
			url := projecttest.Citus(t)
			var notices []migrator.Notice
			var finished []migrator.Step
			p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", "ALTER TABLE x ADD b int;", "", header).Add("c", "b", "ALTER TABLE x ADD c int;", "")
			m := p.Migrator(migrator.Config{SingleTransaction: single, OnEvent: func(e migrator.Event) {
				switch e := e.(type) {
				case migrator.Notice:
					notices = append(notices, e)
				case migrator.StepFinished:
					finished = append(finished, e.Step)
				}
			}})
			ctx, cfg := context.Background(), projecttest.Config(t, url)
			if _, err := m.Up(ctx, cfg, "a"); err != nil {
				t.Fatal(err)
			}
			for _, sql := range warnAtCommit {
				pgtest.Exec(t, url, sql)
			}
			target := "c"
			if single {
				target = "b" // its commit is that of the last step
			}
			finished = nil
			report, err := m.Up(ctx, cfg, target)
			if err != nil {
				t.Fatal(err)
			}
			pending := []string{"10.0.0.7:5432"}
			if !slices.Equal(report.Steps[0].PendingOn, pending) || len(report.Steps) > 1 && report.Steps[1].PendingOn != nil || !slices.Equal(finished[0].PendingOn, pending) {
				t.Errorf("%s: the report: %+v, events: %+v", header, report.Steps, finished)
			}
			if len(notices) != 2 || notices[1].Step.Revision != "b" || !strings.Contains(notices[1].Hint, "recover_prepared_transactions()") || notices[0].Hint != "" {
				t.Errorf("%s: notices: %+v", header, notices)
			}
		}
	}
}

// A worker that is lost between the two phases of the commit is named, and Citus completes
// the commit there.
func TestCitusWorkerLostInCommit(t *testing.T) {
	t.Parallel()
	if !projecttest.RealCitus() {
		t.Skip("there are no workers: scripts/citus runs it")
	}
	url := projecttest.Citus(t)
	worker := projecttest.CitusWorkers(t, url)[1]
	proxy := pgtest.NewProxy(t, worker)
	lost := hostOf(t, proxy.URL(worker))
	host, port, _ := strings.Cut(lost, ":")
	pgtest.Exec(t, url, "SELECT citus_update_node(max(nodeid), '"+host+"', "+port+") FROM pg_dist_node WHERE groupid <> 0")
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nSELECT create_distributed_table('x', 'id');", "").
		Add("b", "a", "ALTER TABLE x ADD b int;", "").
		Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := m.Up(ctx, cfg, "a"); err != nil {
		t.Fatal(err)
	}
	met := proxy.Inject(pgtest.Fault{Match: "COMMIT PREPARED", Before: true, Action: pgtest.Cut})
	report, err := m.Up(ctx, cfg)
	if err != nil || len(report.Steps) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	<-met
	if got := report.Steps[0].PendingOn; len(got) == 0 || got[0] != lost {
		t.Errorf("pending on %v, want %s", got, lost)
	}
	projecttest.Await(t, worker, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()", "0")
	const shards = "SET citus.override_table_visibility TO off; SELECT count(*) > 1 AND bool_and(EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'b')) FROM pg_class c WHERE c.relkind = 'r' AND c.relname ~ '^x(_[0-9]+)?$'"
	if got := pgtest.Value(t, worker, shards); got != "t" {
		t.Error("the column is missing on a shard")
	}
}

// Detection is part of the state's own round trip.
func TestCitusDetectionCostsNoRoundTrip(t *testing.T) {
	t.Parallel()
	url := projecttest.Citus(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	up := func(url string) *pgconn.Config { return projecttest.Config(t, url) }
	if _, err := m.Up(context.Background(), up(url)); err != nil {
		t.Fatal(err)
	}
	proxy := pgtest.NewProxy(t, url)
	if _, err := m.Up(context.Background(), up(proxy.URL(url))); err != nil {
		t.Fatal(err)
	}
	if got := proxy.Stats().RoundTrips; got != 1 {
		t.Errorf("%d round trips for nothing to do", got)
	}
}
