package cli

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// What to do depends on what the server has refused, and not only on its SQLSTATE.
func TestRefusedConnectionsHaveTheirAdvice(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{
		Files: map[string]string{"pg_hba.conf": "host all mapped 127.0.0.1/32 ident\nhost all rejected 127.0.0.1/32 reject\nhost all postgres,asleep,plain 127.0.0.1/32 trust\n"},
	})
	admin := server.URL("postgres")
	pgtest.Exec(t, admin, "CREATE ROLE asleep NOLOGIN; CREATE ROLE plain LOGIN; CREATE ROLE mapped LOGIN; REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
	p := newProgram(Config{Environ: []string{}})
	cmd, _, err := p.migrate().Find([]string{"up"})
	if err != nil {
		t.Fatal(err)
	}
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	for _, test := range []struct{ user, database, want string }{
		{"asleep", "postgres", `check DB_USER, or let the role log in: ALTER ROLE "asleep" LOGIN`},
		{"ghost", "postgres", "the server may require encryption: use sslmode=require (DB_SSLMODE), or add an entry to its pg_hba.conf and reload it"},
		{"rejected", "postgres", "add or change the entry in the server's pg_hba.conf and reload it"},
		{"mapped", "postgres", "the operating system user has to have the name of the role (pg_hba.conf)"},
		{"plain", "template1", `allow the role to connect: GRANT CONNECT ON DATABASE "template1" TO "plain"`},
		{"postgres", "template0", `allow connections again, in another database: ALTER DATABASE "template0" ALLOW_CONNECTIONS true`},
	} {
		u, err := url.Parse(admin)
		if err != nil {
			t.Fatal(err)
		}
		u.User, u.Path = url.UserPassword(test.user, "secret"), "/"+test.database
		cfg, err := pgconn.ParseConfig(u.String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Status(t.Context(), cfg)
		e, ok := errors.AsType[*migrator.ConnectError](err)
		if !ok {
			t.Fatalf("%s: %v", test.user, err)
		}
		if got := (adviser{p, cmd}).connect(e).text; !strings.Contains(got, test.want) {
			t.Errorf("%s: %v\n%q, want %q", test.user, err, got, test.want)
		}
	}
}
