package projecttest

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
)

// citusURL names the variable with the URL of a coordinator, as a superuser who can log in to
// the workers in the same way. scripts/citus sets it.
const citusURL = "TEST_CITUS_URL"

// RealCitus reports whether Citus returns databases of a real cluster.
func RealCitus() bool { return os.Getenv(citusURL) != "" }

// Citus returns the URL of an empty database with Citus, as a superuser: one on the
// coordinator of a real cluster if TEST_CITUS_URL is set, or a stand-in on PostgreSQL. The
// stand-in has the extension by which Citus is recognized, its tables, functions that distribute nothing,
// and refuses what Citus refuses to forward: a statement that changes a table or an index in
// a message with other statements.
func Citus(t testing.TB) string {
	t.Helper()
	if coordinator := os.Getenv(citusURL); coordinator != "" {
		return realCitus(t, coordinator)
	}
	u := pgtest.Database(t)
	pgtest.Exec(t, u, citusExtension+citusStandIn)
	return u
}

// EmptyCitus is Citus with an extension that has no tables or functions, and the refusal of
// several statements. It is never a real cluster.
func EmptyCitus(t testing.TB) string {
	t.Helper()
	u := pgtest.Database(t)
	pgtest.Exec(t, u, citusExtension+"CREATE SCHEMA citus;"+refuseSeveral)
	return u
}

// citusExtension writes the row of the extension, whose files no server here has.
const citusExtension = `INSERT INTO pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  SELECT pg_catalog.pg_nextoid('pg_catalog.pg_extension', 'oid', 'pg_catalog.pg_extension_oid_index'), 'citus', 10, 'pg_catalog'::regnamespace, false, '13.2';
`

// citusStandIn creates its tables as the extension does: ALTER … SET SCHEMA is allowed for
// pg_catalog, CREATE is not.
const citusStandIn = `
CREATE SCHEMA citus;
CREATE TABLE citus.pg_dist_local_group (groupid int NOT NULL);
INSERT INTO citus.pg_dist_local_group VALUES (0);
CREATE TABLE citus.pg_dist_node (nodeid int, groupid int, nodename text, nodeport int);
CREATE TABLE citus.pg_dist_partition (logicalrelid regclass);
CREATE TABLE citus.pg_dist_schema (schemaid oid);
GRANT SELECT ON ALL TABLES IN SCHEMA citus TO public;
ALTER TABLE citus.pg_dist_local_group SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_node SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_partition SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_schema SET SCHEMA pg_catalog;
CREATE FUNCTION pg_catalog.create_distributed_table(regclass, text) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION pg_catalog.create_reference_table(regclass) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION pg_catalog.create_distributed_table_concurrently(regclass, text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.now() <> pg_catalog.statement_timestamp() THEN
    RAISE 'create_distributed_table_concurrently cannot run inside a transaction block' USING ERRCODE = '25001';
  END IF;
END $$;
` + refuseSeveral

const refuseSeveral = `
CREATE FUNCTION citus.refuse_several() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.regexp_replace(pg_catalog.current_query(), '''[^'']*''', '''''', 'g') ~ ';\s*\S' THEN
    RAISE 'cannot insert multiple commands into a prepared statement' USING ERRCODE = '42601';
  END IF;
END $$;
CREATE EVENT TRIGGER citus_refuses_several ON ddl_command_start
  WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX', 'DROP INDEX', 'DROP TABLE', 'CREATE POLICY', 'CREATE TRIGGER') EXECUTE FUNCTION citus.refuse_several();`

// realCitus creates a database on all nodes of a cluster, and makes a cluster of them.
func realCitus(t testing.TB, coordinator string) string {
	t.Helper()
	name := pgtest.DatabaseName(t)
	at := func(host, port, database string) string {
		u, err := url.Parse(coordinator)
		if err != nil {
			t.Fatal("TEST_CITUS_URL is not a URL") // without the value, which may contain a password
		}
		if host != "" {
			u.Host = host + ":" + port
		}
		u.Path = "/" + database
		return u.String()
	}
	maintenance := strings.TrimPrefix(mustParse(t, coordinator).Path, "/")
	nodes := pgtest.Query(t, coordinator, "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary' ORDER BY nodeid")
	if len(nodes) == 0 {
		t.Fatal("the cluster of TEST_CITUS_URL has no workers")
	}
	create := func(host, port string) string {
		admin := at(host, port, maintenance)
		pgtest.Exec(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0")
		t.Cleanup(func() { dropDatabase(t, admin, name) })
		u := at(host, port, name)
		pgtest.Exec(t, u, "CREATE EXTENSION citus")
		return u
	}
	for _, node := range nodes {
		create(node[0], node[1])
	}
	u := create("", "")
	own := mustParse(t, coordinator)
	pgtest.Exec(t, u, "SELECT citus_set_coordinator_host('"+own.Hostname()+"', "+own.Port()+")")
	for _, node := range nodes {
		pgtest.Exec(t, u, "SELECT citus_add_node('"+node[0]+"', "+node[1]+")")
	}
	return u
}

// dropDatabase drops a database in which processes of Citus may come back for a while.
func dropDatabase(t testing.TB, admin, name string) {
	cfg, err := pgconn.ParseConfig(admin)
	for range 5 {
		if cfg == nil {
			break
		}
		if _, err = Exec(cfg, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err == nil {
			return
		}
	}
	t.Logf("database %s was not dropped: %v", name, err)
}

// CitusWorkers returns the URLs of a database of Citus on the workers; none for the stand-in.
func CitusWorkers(t testing.TB, databaseURL string) []string {
	t.Helper()
	var workers []string
	for _, node := range pgtest.Query(t, databaseURL, "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 ORDER BY nodeid") {
		u := mustParse(t, databaseURL)
		u.Host = node[0] + ":" + node[1]
		workers = append(workers, u.String())
	}
	return workers
}

func mustParse(t testing.TB, databaseURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal("not a URL")
	}
	return u
}
