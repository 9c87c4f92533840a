package ddl_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

var changeEverything = ddl.Options{Owners: true, Privileges: true, Destructive: true}

// apply makes a change in a database that has the first schema, and checks that the result is the second.
func apply(t *testing.T, conn *pg.Conn, from, to *schema.Schema) {
	t.Helper()
	applyWith(t, conn, from, to, changeEverything)
}

func applyWith(t *testing.T, conn *pg.Conn, from, to *schema.Schema, options ddl.Options) {
	t.Helper()
	statements, err := ddl.Change(from, to, options)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	check := newLockCheck(t, conn)
	for _, s := range statements {
		if err := check.execute(s); err != nil {
			t.Errorf("%v\n%s", err, s.SQL)
			if failed++; failed > 5 {
				break
			}
		}
	}
	if d := to.Compare(schematest.Read(t, conn)); len(d) > 0 {
		t.Errorf("%.20000s", schematest.Describe(d))
	}
}

func TestChangeOfEqualSchemasIsEmpty(t *testing.T) {
	t.Parallel()
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			first, second := schematest.ReadDatabase(t, file.Load(t)), schematest.ReadDatabase(t, file.Load(t))
			for _, to := range []*schema.Schema{first, second} {
				statements, err := ddl.Change(first, to, changeEverything)
				if err != nil || len(statements) > 0 {
					t.Errorf("%v\n%s", err, ddl.Script(statements))
				}
			}
		})
	}
}

func TestChangeFillsAndEmptiesADatabase(t *testing.T) {
	t.Parallel()
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			s := schematest.ReadDatabase(t, file.Load(t))
			conn := schematest.Connect(t, pgtest.Database(t))
			empty := schematest.Empty(t, s.Version)
			apply(t, conn, empty, s)
			apply(t, conn, schematest.Read(t, conn), empty)
		})
	}
}

// removeRows empties all tables: rows of a state need not satisfy what later states demand.
const removeRows = `DO $$
DECLARE relation regclass;
BEGIN
	SET LOCAL session_replication_role = replica;
	FOR relation IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND oid >= 16384 LOOP
		EXECUTE format('DELETE FROM ONLY %s', relation);
	END LOOP;
END $$`

// Each change between successive states of the schemas of public projects is made and undone: a sample of them, or all
// with AMBIX_TEST_STATES=all.
func TestChangeFollowsHistoriesThereAndBack(t *testing.T) {
	t.Parallel()
	samePgDump := pgtest.Shared(t).Major == dumpMajor(t)
	for _, history := range schematest.Histories(t) {
		for i, path := range history.States[:len(history.States)-1] {
			if i%6 != 0 && !schematest.All() {
				continue
			}
			t.Run(history.Project+" "+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				first, second := schematest.LoadState(t, path), schematest.LoadState(t, history.States[i+1])
				conn := schematest.Connect(t, first)
				execute(t, conn, removeRows)
				from, to := schematest.Read(t, conn), schematest.ReadDatabase(t, second)
				apply(t, conn, from, to)
				if samePgDump {
					if diff := cmp.Diff(pgDump(t, second), pgDump(t, first)); diff != "" {
						t.Errorf("pg_dump sees a difference:\n%s", diff)
					}
				}
				apply(t, conn, schematest.Read(t, conn), from)
			})
		}
	}
}
