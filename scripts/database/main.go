// The program database tells what is in the database that the environment names, for
// scripts that must not touch somebody else's. It prints two lines, the first of them a
// word, and never writes:
//
//	none        nothing names a database
//	empty       no schema, relation, function or type but those of PostgreSQL and extensions
//	ours        it has the ledger public.ambix_revision
//	foreign     it has something else
//
// The second line says where the database is and, when foreign, what is in it. Exit
// code 1 means that it could not be asked.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := dbenv.Config()
	if namesNothing(err) {
		fmt.Println("none\nno variable names a database")
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", dbenv.Describe(cfg), err)
	}
	defer func() { _ = conn.Close(ctx) }()
	state, example, err := look(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %w", dbenv.Describe(cfg), err)
	}
	fmt.Printf("%s\n%s%s\n", state, dbenv.Describe(cfg), example)
	return nil
}

// namesNothing is told from a mistake by the problem that belongs to no variable.
func namesNothing(err error) bool {
	var e *dbenv.Error
	return errors.As(err, &e) && len(e.Problems) == 1 && e.Problems[0].Name == ""
}

// contents lists what people create in a database and extensions did not bring along.
const contents = `
SET search_path = pg_catalog;
SELECT to_regclass('public.ambix_revision') IS NOT NULL;
WITH mine AS (
  SELECT oid AS schema, nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
), objects (class, oid, kind, name) AS (
  SELECT 'pg_namespace'::regclass, schema, 1, 'schema ' || nspname FROM mine WHERE nspname <> 'public'
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, 2, 'relation ' || nspname || '.' || relname FROM pg_class c JOIN mine ON relnamespace = schema
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 3, 'function ' || nspname || '.' || proname FROM pg_proc p JOIN mine ON pronamespace = schema
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 4, 'type ' || nspname || '.' || typname FROM pg_type t JOIN mine ON typnamespace = schema
)
SELECT count(*), (array_agg(name ORDER BY kind, name))[1] FROM objects o
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')`

func look(ctx context.Context, conn *pgconn.PgConn) (state, example string, err error) {
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
	return "foreign", fmt.Sprintf(" has no ledger of ours, but for example the %s", objects[1]), nil
}
