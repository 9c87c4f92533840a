package migrator_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// lockingScripts are statements whose locks are claimed by a rehearsal, and felt by another session. One that begins with
// "off:" runs in no transaction.
var lockingScripts = []string{
	"CREATE INDEX ON account (name);",
	"ALTER TABLE account ADD COLUMN x integer;",
	"ALTER TABLE account ADD COLUMN x float DEFAULT random();",
	"ALTER TABLE account ALTER name SET NOT NULL;",
	"ALTER TABLE account ALTER name SET STATISTICS 10;",
	"ALTER TABLE account RENAME name TO nick;",
	"ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES account;",
	"ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES account NOT VALID;",
	"CREATE TABLE visit (account_id bigint REFERENCES account);",
	"CREATE TRIGGER t BEFORE INSERT ON account EXECUTE FUNCTION suppress_redundant_updates_trigger();",
	"CREATE VIEW v AS SELECT * FROM account;",
	"COMMENT ON TABLE account IS 'x';",
	"ANALYZE account;",
	"DROP TABLE item;",
	"TRUNCATE item;",
	"LOCK TABLE account IN EXCLUSIVE MODE;",
	"UPDATE account SET name = 'x';",
	"INSERT INTO account SELECT id + 1000 FROM orders;",
	"REINDEX TABLE account;",
	"REINDEX INDEX account_pkey;",
	"CLUSTER account USING account_pkey;",
	"REFRESH MATERIALIZED VIEW totals;",
	"CREATE INDEX ON entry (id);",
	"CREATE TABLE entry_2022 PARTITION OF entry FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');",
	"ALTER TABLE entry DETACH PARTITION entry_2021;",
	"ALTER TYPE state RENAME VALUE 'new' TO 'fresh';",
	"CREATE RULE r AS ON DELETE TO account DO INSTEAD NOTHING;",
	"ALTER TABLE item SET UNLOGGED;",
	"ALTER TABLE account REPLICA IDENTITY FULL;",
	"CREATE TABLE old (id bigint, at date); ALTER TABLE entry ATTACH PARTITION old FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');",
	"CREATE STATISTICS s ON id, account_id FROM orders;",
	"CREATE UNIQUE INDEX ON totals (account_id); REFRESH MATERIALIZED VIEW CONCURRENTLY totals;",
	"REFRESH MATERIALIZED VIEW totals WITH NO DATA;",
	"TRUNCATE orders CASCADE;",
	"ALTER TABLE account DISABLE TRIGGER ALL;",
	"ALTER TABLE account ENABLE ROW LEVEL SECURITY;",
	"CREATE POLICY p ON account USING (id > 0);",
	"ALTER TABLE account ADD CHECK (id > 0) NOT VALID;",
	"ALTER TABLE account ALTER name TYPE text;",
	"ALTER TABLE account ALTER name SET STORAGE EXTERNAL;",
	"ALTER TABLE account SET (fillfactor = 70);",
	"ALTER TABLE account SET (autovacuum_enabled = false);",
	"ALTER INDEX orders_total SET (fillfactor = 70);",
	"ALTER INDEX orders_total RENAME TO o;",
	"ALTER TABLE account RENAME CONSTRAINT account_pkey TO k;",
	"ALTER TABLE orders CLUSTER ON orders_total;",
	"ALTER TABLE item DROP CONSTRAINT item_order_id_fkey;",
	"GRANT SELECT ON account TO PUBLIC;",
	"MERGE INTO account a USING orders o ON o.account_id = a.id WHEN MATCHED THEN UPDATE SET name = o.note;",
	"SELECT FROM account FOR UPDATE;",
	"CREATE TABLE copy (LIKE account INCLUDING ALL);",
	"CREATE PUBLICATION p FOR TABLE account;",
	"ALTER TABLE account OWNER TO CURRENT_USER;",
	"DROP MATERIALIZED VIEW totals;",
	"DO $$ BEGIN LOCK TABLE orders IN SHARE MODE; END $$;",
	"off:CREATE INDEX CONCURRENTLY i ON account (name);",
	"off:DROP INDEX CONCURRENTLY orders_total;",
	"off:REINDEX TABLE CONCURRENTLY account;",
	"off:REINDEX INDEX CONCURRENTLY orders_total;",
	"off:VACUUM FULL account;",
	"off:VACUUM account;",
}

var lockedTables = []string{"account", "orders", "item", "entry", "entry_2021", "totals"}

// For each lock that a rehearsal claims another session is blocked, and it is not where none is claimed.
func TestOtherSessionsAreBlockedAsClaimed(t *testing.T) {
	t.Parallel()
	for _, script := range lockingScripts {
		if strings.HasPrefix(script, "MERGE") && pgtest.Shared(t).Major < 15 {
			continue
		}
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			claimed := claimedBlocks(t, rehearseOne(t, -1, script))
			felt := feltBlocks(t, script)
			for _, table := range lockedTables {
				if table == "entry_2021" && claimed["entry"] == schema.BlocksAll && claimed[table] == "" {
					continue // a write to a partition may read the bounds from the partitioned table, depending on the version
				}
				if claimed[table] != felt[table] {
					t.Errorf("%s: claimed %q, but %q are blocked", table, claimed[table], felt[table])
				}
			}
		})
	}
}

// claimedBlocks returns what is blocked of each table, by the locks of the statements.
func claimedBlocks(t *testing.T, r *migrator.Rehearsal) map[string]schema.Blocks {
	t.Helper()
	claimed := map[string]schema.Blocks{}
	strongest := map[string]schema.LockMode{}
	for _, step := range r.Steps {
		for _, st := range step.Statements {
			for _, l := range st.Locks {
				name := strings.TrimPrefix(l.Name, "public.")
				if l.Mode.Strength() > strongest[name].Strength() {
					strongest[name], claimed[name] = l.Mode, l.Blocks()
				}
			}
		}
	}
	return claimed
}

// feltBlocks runs a script in a database, and tries to read and to write each table from another session meanwhile.
func feltBlocks(t *testing.T, script string) map[string]schema.Blocks {
	t.Helper()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, rehearsedSchema)
	sql, alone := strings.CutPrefix(script, "off:")
	other := connectTo(t, url)
	if alone {
		defer blockWhileAlone(t, url, sql)()
	} else {
		mustExec(t, connectTo(t, url), "BEGIN; "+sql)
	}
	felt := map[string]schema.Blocks{}
	for _, table := range lockedTables {
		reads := isBlocked(t, other, "SELECT FROM "+table+" LIMIT 0")
		writes := table != "totals" && isBlocked(t, other, "DELETE FROM "+table+" WHERE false") // nobody writes to a materialized view
		switch {
		case reads:
			felt[table] = schema.BlocksAll
		case writes:
			felt[table] = schema.BlocksWrites
		}
	}
	return felt
}

// blockWhileAlone lets a statement wait for a session that writes to all tables, and returns a function that lets it go on.
func blockWhileAlone(t *testing.T, url, sql string) (release func()) {
	t.Helper()
	writer, runner := connectTo(t, url), connectTo(t, url)
	mustExec(t, writer, "BEGIN; LOCK TABLE account, orders, item IN ROW EXCLUSIVE MODE")
	done := make(chan error, 1)
	go func() { done <- runner.Exec(context.Background(), sql).Close() }()
	for {
		waiting := pgtest.Value(t, url, "SELECT count(*) FROM pg_stat_activity WHERE pid = "+strconv.FormatUint(uint64(runner.PID()), 10)+" AND wait_event_type = 'Lock'")
		if waiting == "1" {
			break
		}
		select {
		case err := <-done: // it waits for nobody
			if err != nil {
				t.Error(err)
			}
			return func() {}
		default:
		}
	}
	return func() {
		mustExec(t, writer, "COMMIT")
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func connectTo(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if err := conn.Exec(context.Background(), sql).Close(); err != nil {
		t.Fatal(err)
	}
}

// isBlocked reports whether a statement waits for a lock.
func isBlocked(t *testing.T, conn *pgconn.PgConn, sql string) bool {
	t.Helper()
	err := conn.Exec(t.Context(), "SET lock_timeout = '50ms'; "+sql).Close()
	se := pg.ServerError(err)
	if se == nil && err != nil {
		t.Fatal(err)
	}
	return se != nil && se.Code == pg.LockNotAvailable
}
