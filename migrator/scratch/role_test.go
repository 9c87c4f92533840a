package scratch

import (
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

// A role belongs to the server: it must not be left when the database is dropped, and not dropped if it was there before.
func TestRolesThatWereCreatedAreDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	admin := server.URL("postgres")
	name, kept := "scratch_role_"+randomHex(), "scratch_kept_"+randomHex()
	pgtest.Exec(t, admin, "CREATE ROLE "+kept)
	t.Cleanup(func() { pgtest.Exec(t, admin, "DROP ROLE "+kept) })
	s := open(t, Options{Like: config(t, server.Database(t)), Roles: []string{name, kept}})
	for range 2 { // the second time it would exist
		if _, err := s.Make(t.Context(), fillWith(t, "CREATE ROLE "+name+"; CREATE TABLE t (a int); ALTER TABLE t OWNER TO "+name, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := pgtest.Value(t, admin, "SELECT count(*) FROM pg_roles WHERE rolname IN ('"+name+"', '"+kept+"')"); n != "1" {
		t.Errorf("%s roles", n)
	}
}
