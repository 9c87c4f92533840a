package migrator_test

import (
	"context"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// A statement timeout is the body's: the ledger may take its time.
func TestTimeoutOfTheBodyAlone(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"in a transaction": "transaction: on", "outside": "transaction: off"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			p := newProject(t).add("a", "", "CREATE TABLE a (id int);", "-")
			if _, err := p.set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			pgtest.Exec(t, url, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.3); RETURN NULL; END';
				CREATE TRIGGER slow AFTER INSERT OR UPDATE ON ambix_revision EXECUTE FUNCTION slow();
				CREATE TRIGGER slow AFTER INSERT OR UPDATE ON ambix_event EXECUTE FUNCTION slow();
				CREATE TRIGGER slow AFTER INSERT OR UPDATE ON ambix_meta EXECUTE FUNCTION slow()`)
			p.add("b", "a", "CREATE TABLE b AS SELECT current_setting('statement_timeout') AS was;", "-", header, "statement_timeout: 150ms")
			p.add("c", "b", "CREATE TABLE c AS SELECT current_setting('statement_timeout') AS was;", "-", header)
			if _, err := p.set(migrator.Config{StatementTimeout: 160 * time.Millisecond}).Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			if got := pgtest.Value(t, url, "SELECT b.was || ' ' || c.was FROM b, c"); got != "150ms 160ms" {
				t.Errorf("the bodies ran with %s", got)
			}
		})
	}
}
