package migratortest_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/migratortest"
)

func TestRolesAreSharedByTemplates(t *testing.T) {
	t.Parallel()
	c := migratortest.Config{URL: pgtest.Start(t, pgtest.Options{}).URL("postgres")} // nobody else sees its roles
	c.New(t, revisions(account, "CREATE ROLE app;"))
	r := &recorder{TB: t, name: t.Name()}
	log := r.run(func(t testing.TB) { c.New(t, revisions(account, "SELECT;", "CREATE ROLE app;")) })
	if once := migrator.CreateRoleOnce("app"); !r.failed || !strings.Contains(log, "\n"+once) {
		t.Errorf("want a failure that advises %s:\n%s", once, log)
	}
	// Several at once create one that does not exist yet.
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c.New(t, revisions(account, fmt.Sprintf("SELECT %d;", i), migrator.CreateRoleOnce("o'ther"), migrator.CreateRoleOnce("app")))
		})
	}
}
