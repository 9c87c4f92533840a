package cli_test

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Each refusal exits with 2, says what to do, and gives commands that work.
func TestCitusRefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	if projecttest.RealCitus() {
		t.Skip("it prepares the catalogs of the stand-in")
	}
	for _, c := range []struct {
		name, prepare, flag string
		want                []string
	}{
		{"worker", "UPDATE pg_dist_local_group SET groupid = 2; INSERT INTO pg_dist_node VALUES (1, 0, 'coordinator.example.com', 5433)", "", []string{"connect to the coordinator: check DATABASE_URL", "coordinator.example.com:5433"}},
		{"tenant schema", "CREATE SCHEMA shop; INSERT INTO pg_dist_schema VALUES ('shop'::regnamespace)", "--ledger=shop.ambix", []string{"to use a ledger in the schema public, run: ", "up --ledger=public.shop"}},
		{"send", "SELECT 1", "--send=message", []string{"to let the database decide, run: ", "--send=auto"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := projecttest.Citus(t)
			pgtest.Exec(t, url, c.prepare)
			p := newPoisonRun(t, "DATABASE_URL="+url)
			p.revision("a1", "", "CREATE TABLE x (id int);\nALTER TABLE x ADD name text;", "DROP TABLE x;")
			args := []string{"up"}
			if c.flag != "" {
				args = append(args, c.flag)
			}
			res := execute(cli.Command(cli.Config{Environ: p.env}), args...)
			if cli.ExitCode(res.err) != 2 {
				t.Fatalf("exit code %d: %v", cli.ExitCode(res.err), res.err)
			}
			for _, want := range c.want {
				if !strings.Contains(res.err.Error(), want) {
					t.Errorf("%q is missing in\n%v", want, res.err)
				}
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ambix%'"); got != "0" {
				t.Errorf("%s relations were created", got)
			}
		})
	}
}
