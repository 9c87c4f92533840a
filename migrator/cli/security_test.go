package cli_test

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// installation is a database that was set up with the scripts of docs/security.md.
type installation struct {
	*testing.T
	admin string
	show  *strings.Replacer // names of the document to those of this test
}

func newInstallation(t *testing.T) *installation {
	admin := pgtest.Database(t)
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	database := strings.TrimPrefix(u.Path, "/")
	prefix := "s" + database[strings.LastIndex(database, "_")+1:] + "_"
	var names []string
	for _, role := range []string{"owner", "migrator", "app", "monitor"} {
		names = append(names, "store_"+role, prefix+role)
	}
	in := &installation{T: t, admin: admin, show: strings.NewReplacer(append(names, "awesome_store", database)...)}
	t.Cleanup(func() {
		for _, role := range []string{"migrator", "app", "monitor", "owner"} {
			pgtest.Exec(t, admin, "DROP OWNED BY "+prefix+role+" CASCADE; DROP ROLE "+prefix+role)
		}
	})
	return in
}

// script runs a block of the document as an administrator.
func (in *installation) script(name string) {
	in.Helper()
	text, err := os.ReadFile(checkout + "/docs/security.md")
	if err != nil {
		in.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql " + name + "\n(.*?)```").FindStringSubmatch(string(text))
	if block == nil {
		in.Fatalf("docs/security.md has no block %s", name)
	}
	pgtest.Exec(in, in.admin, in.show.Replace(block[1]))
}

// as returns the URL of the database for a role of the document.
func (in *installation) as(role string) string {
	in.Helper()
	u, err := url.Parse(in.admin)
	if err != nil {
		in.Fatal(err)
	}
	name := in.show.Replace(role)
	pgtest.Exec(in, in.admin, "ALTER ROLE "+name+" PASSWORD 'secret-of-role'")
	u.User = url.UserPassword(name, "secret-of-role")
	return u.String()
}

// denied fails unless the server refuses statements to a role.
func (in *installation) denied(role string, statements ...string) {
	in.Helper()
	cfg, err := pgconn.ParseConfig(in.as(role))
	if err != nil {
		in.Fatal(err)
	}
	for _, sql := range statements {
		conn, err := pgconn.ConnectConfig(in.Context(), cfg)
		if err != nil {
			in.Fatal(err)
		}
		_, err = conn.Exec(in.Context(), sql).ReadAll()
		if err == nil || !strings.Contains(err.Error(), "42501") {
			in.Errorf("%s: %s: %v", role, sql, err)
		}
		_ = conn.Close(in.Context())
	}
}

// The installation of docs/security.md lets each role do its work, and nothing with the
// ledger that its work does not need.
func TestSafeInstallation(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	in.script("installation")
	p := newPoisonRun(t)
	p.revision("a1", "", "CREATE TABLE account (id int GENERATED ALWAYS AS IDENTITY, name text);", "DROP TABLE account;")
	run := func(role string, args ...string) result {
		env := append(slices.Clone(p.env), "DATABASE_URL="+in.as(role), "MIGRATE_LEDGER=store_ledger.ambix")
		if role == "store_migrator" {
			env = append(env, in.show.Replace("MIGRATE_ROLE=store_owner"))
		}
		return execute(cli.Command(cli.Config{Environ: env}), args...)
	}
	for _, args := range [][]string{{"up", "--dry-run"}, {"up"}, {"redo"}, {"down"}, {"up"}, {"check"}} {
		if res := run("store_migrator", args...); res.err != nil {
			t.Errorf("%s: %v", args, res.err)
		}
	}
	for _, args := range [][]string{{"status"}, {"current"}, {"check"}, {"log"}} {
		if res := run("store_monitor", args...); res.err != nil {
			t.Errorf("%s: %v", args, res.err)
		}
	}
	if res := run("store_monitor", "down"); cli.ExitCode(res.err) != 6 {
		t.Errorf("the monitor reverts: %v", res.err)
	}
	pgtest.Exec(t, in.as("store_app"), "INSERT INTO account (name) VALUES ('x'); UPDATE account SET name = 'y'; DELETE FROM account")
	writes := []string{
		"INSERT INTO store_ledger.ambix_revision SELECT * FROM store_ledger.ambix_revision", "UPDATE store_ledger.ambix_meta SET generation = 0", "DELETE FROM store_ledger.ambix_event",
		"CREATE TRIGGER t BEFORE INSERT ON store_ledger.ambix_event FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"CREATE TABLE store_ledger.x ()", "CREATE TABLE store.x ()", "CREATE TABLE public.ambix_meta ()", "CREATE SCHEMA x", "CREATE TEMP TABLE x ()",
	}
	in.denied("store_app", append(writes, "SELECT FROM store_ledger.ambix_revision", "TRUNCATE store.account")...)
	in.denied("store_monitor", append(writes, "SELECT FROM store.account")...)
}

// A ledger in public is taken over with the second script of docs/security.md.
func TestExistingLedgerBecomesSafe(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	p := newPoisonRun(t, "DATABASE_URL="+in.admin)
	p.revision("a1", "", "SELECT 1;", "SELECT 1;")
	p.doIn(p.env, []string{"up"})
	in.script("installation")
	pgtest.Exec(t, in.admin, in.show.Replace("GRANT ALL ON ALL TABLES IN SCHEMA public TO store_app, PUBLIC"))
	in.script("existing")
	p.revision("b2", "a1", "SELECT 1;", "SELECT 1;")
	for _, args := range [][]string{{"store_migrator", "up", in.show.Replace("--role=store_owner")}, {"store_monitor", "check"}} {
		env := append(slices.Clone(p.env), "DATABASE_URL="+in.as(args[0]))
		if res := execute(cli.Command(cli.Config{Environ: env}), args[1:]...); res.err != nil {
			t.Errorf("%s: %v", args, res.err)
		}
	}
	in.denied("store_app", "SELECT FROM public.ambix_revision", "INSERT INTO public.ambix_event DEFAULT VALUES", "CREATE TABLE public.x ()")
	in.denied("store_monitor", "DELETE FROM public.ambix_revision")
}
