package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// manyRevisions is a chain of revisions which one message contains: plain DDL, and bodies among
// them.
func manyRevisions(t *testing.T, bodies map[int]string) (p *projecttest.Project, steps string) {
	p = projecttest.New(t)
	parent, all := "", []string{}
	for i := range 40 {
		id, body := fmt.Sprintf("r%02d", i), fmt.Sprintf("CREATE TABLE t%d (id int);\nALTER TABLE t%[1]d ADD name text DEFAULT 'x';", i)
		if bodies[i] != "" {
			body = bodies[i]
		}
		p.Add(id, parent, body, fmt.Sprintf("DROP TABLE IF EXISTS t%d;", i))
		parent, all = id, append(all, "up "+id)
	}
	return p, strings.Join(all, ", ")
}

// A large batch executes prepared statements. Whatever a body does to them, each revision is
// applied once, in its own transaction, and nothing is left for the next client of a pool.
func TestLargeBatchSurvivesTheLossOfPreparedStatements(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	const trigger = "CREATE TABLE loud (id int);\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE '%s'; RETURN NEW; END $$;\nCREATE TRIGGER f BEFORE INSERT ON loud FOR EACH ROW EXECUTE FUNCTION f();"
	for name, bodies := range map[string]map[int]string{
		"plain":                 nil,
		"bodies of every kind":  {3: "INSERT INTO t1 VALUES (1);", 5: "DO $$ BEGIN NULL; END $$;", 8: "SET search_path TO nowhere; PREPARE p AS SELECT 1;", 20: "DEALLOCATE ALL;", 21: "CREATE VIEW v AS SELECT 1 AS a;"},
		"removed by a function": {2: fmt.Sprintf(trigger, "DEALLOCATE ALL"), 10: "INSERT INTO loud VALUES (1);", 30: "INSERT INTO loud VALUES (1);"},
		"removed in a DO":       {2: "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;", 30: "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;"},
		"ledger altered":        {10: "ALTER TABLE ambix_revision ADD more text;", 12: "ALTER TABLE ambix_event ALTER COLUMN detail SET STATISTICS 1;", 14: "ALTER TABLE ambix_revision DROP more;"},
		"settings left":         {10: fmt.Sprintf(trigger, "SET search_path TO nowhere"), 11: "INSERT INTO loud VALUES (1);", 12: "CREATE TABLE public.t12 (id int);"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := server.Database(t)
			url := server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct)
			p, want := manyRevisions(t, bodies)
			r, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
			if err != nil || projecttest.Steps(r) != want {
				t.Fatalf("%v\n%s", err, projecttest.Steps(r))
			}
			if got := pgtest.Value(t, direct, "SELECT count(*) || ' ' || count(DISTINCT xmin::text) || ' ' || bool_and(state = 'applied' AND statements_done > 0 AND down_sql LIKE '%DROP TABLE%') || ' ' || (SELECT generation FROM ambix_meta) || ' ' || (SELECT count(*) FROM ambix_event WHERE action = 'up') FROM ambix_revision"); got != "40 40 true 40 40" {
				t.Errorf("the ledger: %s", got)
			}
			if got := pgtest.Value(t, direct, "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname NOT IN ('public', 'pg_catalog', 'information_schema')"); got != "NULL" {
				t.Errorf("in another schema: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_prepared_statements"); got != "0" {
				t.Errorf("%s prepared statements are left", got)
			}
			if r, err := p.Migrator(migrator.Config{}).Down(context.Background(), projecttest.Config(t, url), "base"); err != nil || len(r.Steps) != 40 {
				t.Errorf("down: %v", err)
			}
		})
	}
}

// An error in a large batch is that of its revision, with its position, and those before it stay.
func TestErrorInLargeBatchIsLocated(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"SELECT 1;\nSELECT nix;", "CREATE TABLE t25 (id int);\nALTER TABLE t25 ADD nix nix;", "INSERT INTO t1 VALUES (1);\nINSERT INTO nix VALUES (1);"} {
		url := pgtest.Database(t)
		p, _ := manyRevisions(t, map[int]string{25: body})
		_, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.Revision != "r25" || e.Line != 7 || !strings.Contains(e.Reason, "nix") {
			t.Errorf("%v", err)
		}
		if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || max(revision) FROM ambix_revision"); got != "25 r24" {
			t.Errorf("applied: %s", got)
		}
	}
}

// Where event triggers exist, they may change the session in every statement, so that every
// revision is followed by a reset.
func TestEventTriggersDoNotReachTheNextRevision(t *testing.T) {
	t.Parallel()
	const create = `CREATE SCHEMA other;
CREATE FUNCTION stray() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'other', false); END $$;
CREATE EVENT TRIGGER stray ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION stray();`
	for before, bodies := range map[string]map[int]string{create: nil, "SELECT 1": {7: create}} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, before)
		p, want := manyRevisions(t, bodies)
		r, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
		if err != nil || projecttest.Steps(r) != want {
			t.Fatalf("%v\n%s", err, projecttest.Steps(r))
		}
		if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'other'"); got != "0" {
			t.Errorf("%s tables are in another schema", got)
		}
	}
}
