package cli_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// user returns the role of a URL.
func user(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.User.Username()
}

// giveLedger makes a role the owner of the ledger's tables.
func giveLedger(t *testing.T, databaseURL, role string) {
	t.Helper()
	for _, table := range []string{"meta", "revision", "event"} {
		pgtest.Exec(t, databaseURL, "ALTER TABLE ambix_"+table+" OWNER TO "+role)
	}
}

// setTrap makes a role the owner of the ledger, with triggers, rules and policies that make
// it a superuser when a superuser writes or reads.
func setTrap(t *testing.T, databaseURL, role string) {
	t.Helper()
	giveLedger(t, databaseURL, role)
	pgtest.Exec(t, databaseURL, fmt.Sprintf("GRANT CREATE ON SCHEMA public TO %[1]s; SET ROLE %[1]s; CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE %[1]s SUPERUSER'; RETURN NEW; END $$", role))
	for _, table := range []string{"meta", "revision", "event"} {
		pgtest.Exec(t, databaseURL, "CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON ambix_"+table+" FOR EACH STATEMENT EXECUTE FUNCTION trap()")
	}
}

func isSuperuser(t *testing.T, databaseURL, role string) bool {
	t.Helper()
	return pgtest.Value(t, databaseURL, "SELECT rolsuper FROM pg_roles WHERE rolname = '"+role+"'") == "t"
}

// newStore returns a project with a1 applied and b2, c3 pending.
func newStore(t *testing.T, databaseURL string) *poisonRun {
	t.Helper()
	p := newPoisonRun(t, "DATABASE_URL="+databaseURL)
	p.revision("a1", "", "CREATE TABLE victim (id int);", "DROP TABLE victim;")
	p.doIn(p.env, []string{"up"})
	p.revision("b2", "a1", "SELECT 1;", "SELECT 1;")
	p.revision("c3", "b2", "SELECT 1;", "SELECT 1;")
	return p
}

// No command writes a ledger whose owner is not trusted, and no trigger of that owner runs.
func TestLedgerOfAnotherRoleIsNotWritten(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	p := newStore(t, db)
	mallory := user(t, pgtest.Role(t, db))
	setTrap(t, db, mallory)
	p.revision("a1", "", "CREATE TABLE victim (id bigint);", "DROP TABLE victim;") // for repair
	before := contents(t, db)
	reads := []string{"plan", "status", "check", "current", "show", "history", "edit", "schema", "diff", "rehearse", "adopt --baseline a1", "ensure-version", "repair a1 --applied"}
	eachDatabaseCommand(t, func(args []string) {
		res := execute(cli.Command(cli.Config{Environ: p.env}), args...)
		if slices.Contains(reads, args[0]) || slices.Contains(reads, strings.Join(args, " ")) || slices.Contains(args, "--sql") {
			return
		}
		if cli.ExitCode(res.err) != 6 || !strings.Contains(res.err.Error(), "belongs to role \""+mallory+"\"") || !strings.Contains(res.err.Error(), "--ledger-owner="+mallory) {
			t.Errorf("%s: exit code %d, %v", args, cli.ExitCode(res.err), res.err)
		}
	})
	if after := contents(t, db); after != before {
		t.Errorf("the database changed from\n%s\nto\n%s", before, after)
	}
	if isSuperuser(t, db, mallory) {
		t.Error("a trigger ran")
	}
	for _, from := range []string{"current", "base"} {
		res := execute(cli.Command(cli.Config{Environ: p.env}), "up", "--sql", "--from="+from)
		out, err := projecttest.Psql(t, db, res.stdout)
		if err == nil || !strings.Contains(out, "belongs to a role that is not trusted") || isSuperuser(t, db, mallory) {
			t.Errorf("the script from %s: %v, %s", from, err, out)
		}
	}
	res := execute(cli.Command(cli.Config{Environ: p.env}), "check")
	for _, want := range []string{`"public"."ambix_meta" belongs to ` + mallory, `"public"."ambix_event" has the trigger trap, which runs with the privileges`} {
		if !strings.Contains(res.stdout, want) {
			t.Errorf("check does not say %q:\n%s", want, res.stdout)
		}
	}
	res = execute(cli.Command(cli.Config{Environ: append(p.env, "MIGRATE_LEDGER_OWNER="+mallory)}), "up")
	if res.err != nil || !isSuperuser(t, db, mallory) {
		t.Errorf("a role that is trusted: %v; its trigger did not run", res.err)
	}
	pgtest.Exec(t, db, "ALTER ROLE "+mallory+" NOSUPERUSER")
}

// One table of another role is enough, and a view is not even read.
func TestEachTableOfLedgerMustBeTrusted(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"ambix_meta", "ambix_revision", "ambix_event"} {
		for _, view := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a view: %t", table, view), func(t *testing.T) {
				t.Parallel()
				db := pgtest.Database(t)
				p := newStore(t, db)
				mallory := user(t, pgtest.Role(t, db))
				commands, want := [][]string{{"up"}, {"down"}}, "belongs to role"
				if view {
					commands, want = [][]string{{"up"}, {"status"}, {"log"}, {"check"}}, "one of its tables is a view"
					pgtest.Exec(t, db, fmt.Sprintf(`GRANT CREATE ON SCHEMA public TO %[1]s; ALTER TABLE %[2]s RENAME TO hidden; GRANT SELECT ON hidden TO %[1]s; SET ROLE %[1]s;
						CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE %[1]s SUPERUSER'; RETURN true; END $$; CREATE VIEW %[2]s AS SELECT * FROM hidden WHERE trap()`, mallory, table))
				} else {
					pgtest.Exec(t, db, "ALTER TABLE "+table+" OWNER TO "+mallory)
				}
				for _, args := range commands {
					res := execute(cli.Command(cli.Config{Environ: p.env}), args...)
					if cli.ExitCode(res.err) != 6 || !strings.Contains(res.err.Error(), want) {
						t.Errorf("%s: exit code %d, %v", args, cli.ExitCode(res.err), res.err)
					}
				}
				if isSuperuser(t, db, mallory) {
					t.Error("the view was read")
				}
			})
		}
	}
}

func TestTrustedOwnersOfLedger(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, admin, runner, owner string)
		trusted bool
	}{
		"another role":           {func(*testing.T, string, string, string) {}, false},
		"a role it is member of": {func(t *testing.T, admin, runner, owner string) { pgtest.Exec(t, admin, "GRANT "+owner+" TO "+runner) }, true},
		"a member of it":         {func(t *testing.T, admin, runner, owner string) { pgtest.Exec(t, admin, "GRANT "+runner+" TO "+owner) }, false},
		"the schema's owner": {func(t *testing.T, admin, _, owner string) {
			pgtest.Exec(t, admin, "ALTER SCHEMA public OWNER TO "+owner)
		}, true},
		"the database's owner": {func(t *testing.T, admin, _, owner string) {
			pgtest.Exec(t, admin, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO "+owner+"', current_database()); END $$")
		}, true},
		"a superuser":     {func(t *testing.T, admin, _, owner string) { pgtest.Exec(t, admin, "ALTER ROLE "+owner+" SUPERUSER") }, true},
		"the role itself": {func(t *testing.T, admin, runner, _ string) { giveLedger(t, admin, runner) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admin := pgtest.Database(t)
			p := newStore(t, admin)
			runner := pgtest.Role(t, admin)
			owner := user(t, pgtest.Role(t, admin))
			t.Cleanup(func() {
				pgtest.Exec(t, admin, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO CURRENT_USER', current_database()); END $$; ALTER SCHEMA public OWNER TO CURRENT_USER")
			})
			giveLedger(t, admin, owner)
			pgtest.Exec(t, admin, "GRANT ALL ON ambix_meta, ambix_revision, ambix_event TO "+user(t, runner)+"; GRANT ALL ON SCHEMA public TO "+user(t, runner))
			test.prepare(t, admin, user(t, runner), owner)
			up := func(env ...string) result {
				return execute(cli.Command(cli.Config{Environ: append(append(slices.Clone(p.env), "DATABASE_URL="+runner), env...)}), "up", "+1")
			}
			if res := up(); (res.err == nil) != test.trusted {
				t.Errorf("%v", res.err)
			}
			if res := up("MIGRATE_LEDGER_OWNER=" + owner); res.err != nil {
				t.Errorf("named: %v", res.err)
			}
		})
	}
}

func TestCheckReportsWhatIsAttachedToLedger(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	p := newPoisonRun(t, "DATABASE_URL="+db)
	p.revision("a1", "", "SELECT 1;", "SELECT 1;")
	p.doIn(p.env, []string{"up"})
	if res := execute(cli.Command(cli.Config{Environ: p.env}), "check"); res.err != nil {
		t.Fatal(res.err, res.stdout)
	}
	pgtest.Exec(t, db, `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
		CREATE TRIGGER `+quoted(bad("sourceTrigger"), `"`)+` BEFORE UPDATE ON ambix_meta FOR EACH ROW EXECUTE FUNCTION f();
		CREATE RULE `+quoted(bad("sourceRule"), `"`)+` AS ON DELETE TO ambix_event DO INSTEAD NOTHING;
		ALTER TABLE ambix_revision ENABLE ROW LEVEL SECURITY`)
	for _, format := range formats {
		p.doIn(p.env, append([]string{"check"}, format...))
		res := execute(cli.Command(cli.Config{Environ: p.env}), append([]string{"check"}, format...)...)
		if cli.ExitCode(res.err) != 3 {
			t.Errorf("exit code %d, %v", cli.ExitCode(res.err), res.err)
		}
		for _, want := range []string{"the trigger sourceTrigger", "the rule sourceRule", "has row-level security"} {
			if !strings.Contains(res.stdout, want) {
				t.Errorf("%s: no %q in\n%s", format, want, res.stdout)
			}
		}
	}
}
