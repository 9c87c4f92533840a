package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

const usage = `usage: go run ./scripts/database

Reports what is in the database that the environment names (DATABASE_URL, DB_*, PG*):
"none", "empty", "ours" or "foreign" on the first line, where it is on the second.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exitCode int) {
	switch {
	case len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]):
		fmt.Fprint(stdout, usage)
		return 0
	case len(args) > 0:
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err := report(stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func report(stdout io.Writer) error {
	cfg, err := dbenv.Config()
	if errors.Is(err, dbenv.ErrNoDatabase) {
		fmt.Fprintln(stdout, "none\nthe environment names no database")
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("%s: %s", dbenv.Describe(cfg), reason(err))
	}
	defer func() { _ = conn.Close(ctx) }()
	state, object, err := inspect(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %s", dbenv.Describe(cfg), reason(err))
	}
	fmt.Fprintf(stdout, "%s\n%s", state, dbenv.Describe(cfg))
	if state == "foreign" {
		fmt.Fprintf(stdout, ", which does not have our ledger but, for example, the %s", object)
	}
	fmt.Fprintln(stdout)
	return nil
}

// reason returns what the server said, or the first root cause: the driver's text repeats
// the address for each way that it tried.
func reason(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Message + " (" + e.Code + ")"
	}
	for {
		next := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			next = several.Unwrap()[0]
		}
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// contents asks for the ledger, and for the number and the first of the objects that
// neither PostgreSQL nor an extension created.
const contents = `
SET search_path = pg_catalog;
SELECT to_regclass('public.ambix_revision') IS NOT NULL;
WITH schemas AS (
  SELECT oid AS schema, nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
), objects (class, oid, kind, name) AS (
  SELECT 'pg_namespace'::regclass, schema, 1, 'schema ' || nspname FROM schemas WHERE nspname <> 'public'
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, 2, 'relation ' || nspname || '.' || relname FROM pg_class c JOIN schemas ON relnamespace = schema
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 3, 'function ' || nspname || '.' || proname FROM pg_proc p JOIN schemas ON pronamespace = schema
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 4, 'type ' || nspname || '.' || typname FROM pg_type t JOIN schemas ON typnamespace = schema
)
SELECT count(*), (array_agg(name ORDER BY kind, name))[1] FROM objects o
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')`

func inspect(ctx context.Context, conn *pgconn.PgConn) (state, object string, err error) {
	results, err := conn.Exec(ctx, contents).ReadAll()
	if err != nil {
		return "", "", err
	}
	ours, objects := string(results[1].Rows[0][0]) == "t", results[2].Rows[0]
	switch {
	case ours:
		return "ours", "", nil
	case string(objects[0]) == "0":
		return "empty", "", nil
	}
	return "foreign", string(objects[1]), nil
}
