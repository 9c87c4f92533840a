package ddl_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

func TestMain(m *testing.M) {
	schematest.FixRandom()
	m.Run()
}

// Two random schemas with the same names are made from each other, there and back.
func TestChangeBetweenRandomSchemas(t *testing.T) {
	t.Parallel()
	checkRandom(t, schematest.RandomSchema)
}

func TestChangeBetweenRandomPartitionTrees(t *testing.T) {
	t.Parallel()
	checkRandom(t, schematest.RandomTree)
}

func checkRandom(t *testing.T, random func(*rapid.T, int) string) {
	t.Helper()
	conn := schematest.Connect(t, pgtest.Database(t))
	major := conn.ServerVersion() / 10000
	rapid.Check(t, func(r *rapid.T) {
		a, b := random(r, major), random(r, major)
		for _, sql := range []string{a, b} {
			if err := try(t, conn, sql); err != nil {
				r.Skipf("not valid: %v", err)
			}
		}
		from, to := mustReadAfter(t, r, conn, a), mustReadAfter(t, r, conn, b)
		there, back := mustChange(r, from, to), mustChange(r, to, from)
		if made := mustReadAfter(t, r, conn, a+there); len(to.Compare(made)) > 0 {
			r.Fatalf("%s\nTO\n%s\nTHERE\n%s\n%s", a, b, there, describe(to, made))
		}
		if made := mustReadAfter(t, r, conn, a+there+back); len(from.Compare(made)) > 0 {
			r.Fatalf("%s\nTO\n%s\nTHERE\n%s\nBACK\n%s\n%s", a, b, there, back, describe(from, made))
		}
		if nothing := mustChange(r, from, from); nothing != "" {
			r.Fatalf("%s\nchange to itself:\n%s", a, nothing)
		}
		created, err := ddl.Create(to, everything)
		if err != nil {
			r.Fatal(err)
		}
		made := mustReadAfter(t, r, conn, ddl.Script(created))
		again, err := ddl.Create(made, everything)
		if err != nil {
			r.Fatal(err)
		}
		if ddl.Script(created) != ddl.Script(again) {
			r.Fatalf("%s\ncreated:\n%s\nagain:\n%s", b, ddl.Script(created), ddl.Script(again))
		}
	})
}

func mustChange(r *rapid.T, from, to *schema.Schema) string {
	statements, err := ddl.Change(from, to, changeEverything)
	if err != nil {
		r.Fatal(err)
	}
	return ddl.Script(statements)
}

// mustReadAfter fails the random case, not the test, so that rapid finds a smaller one.
func mustReadAfter(t *testing.T, r *rapid.T, conn *pg.Conn, sql string) *schema.Schema {
	if err := try(t, conn, sql); err != nil {
		r.Fatalf("%v\n%s", err, sql)
	}
	return schematest.ReadAfter(t, conn, sql)
}

// try runs statements and rolls them back.
func try(t *testing.T, conn *pg.Conn, sql string) error {
	err := conn.Exec(t.Context(), "BEGIN; SET LOCAL client_min_messages = error; "+sql+"; ROLLBACK")
	if err != nil {
		_ = conn.Exec(t.Context(), "ROLLBACK")
	}
	return err
}
