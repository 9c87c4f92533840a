package dbenv_test

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/pgtest"
)

// Connects with every mode, root certificate and host name, and compares with psql.
func TestTLSModesAgreeWithLibpq(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	cert, key := ours.server(t, "localhost")
	dir := t.TempDir()
	right, wrong := filepath.Join(dir, "right.pem"), filepath.Join(dir, "wrong.pem")
	write(t, right, ours.pem)
	write(t, wrong, other.pem)
	const trust = "local all all trust\n"
	encrypted := pgtest.Start(t, pgtest.Options{
		Settings: map[string]string{"ssl": "on", "listen_addresses": "localhost"},
		Files:    map[string]string{"server.crt": cert, "server.key": key, "pg_hba.conf": trust + "hostssl all all all trust\n"},
	})
	both := pgtest.Start(t, pgtest.Options{
		Settings: map[string]string{"ssl": "on", "listen_addresses": "localhost"},
		Files:    map[string]string{"server.crt": cert, "server.key": key, "pg_hba.conf": trust + "host all all all trust\n"},
	})
	plain := pgtest.Start(t, pgtest.Options{
		Settings: map[string]string{"listen_addresses": "localhost"},
		Files:    map[string]string{"pg_hba.conf": trust + "host all all all trust\n"},
	})
	psql := pgtest.Program(t, "psql")
	for _, server := range []struct {
		name string
		*pgtest.Server
	}{{"encrypted", encrypted}, {"both", both}, {"plain", plain}} {
		u, err := url.Parse(server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"localhost", "127.0.0.1"} {
			for _, mode := range []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"} {
				for _, root := range []string{"", right, wrong} {
					if root == wrong && (mode == "allow" || mode == "prefer") {
						continue // only libpq checks the certificate then; both may fall back to no TLS
					}
					name := fmt.Sprintf("%s/%s/%s/%s", server.name, host, mode, strings.TrimSuffix(filepath.Base(root), ".pem"))
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						base := []string{"DB_HOST=" + host, "DB_PORT=" + u.Port(), "DB_NAME=postgres", "DB_USER=" + u.User.Username(), "DB_SSLMODE=" + mode}
						want := psqlSession(psql, host, u, mode, root)
						roots := map[string]string{"file": root}
						if root == right {
							roots["inline"] = ours.pem
						} else if root == wrong {
							roots["inline"] = other.pem
						}
						for form, value := range roots {
							got := session(append(base, "DB_SSLROOTCERT="+value))
							if got != want {
								t.Errorf("%s: got %q, psql has %q", form, got, want)
							}
						}
					})
				}
			}
		}
	}
}

const sessionQuery = "SELECT CASE WHEN ssl THEN 'tls' ELSE 'plain' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

// session returns how a configuration connects: "tls", "plain" or "refused".
func session(environ []string) string {
	cfg, err := dbenv.Options{Environ: environ}.Config()
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, cfg.Copy())
	if err != nil {
		return "refused"
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, sessionQuery).ReadAll()
	if err != nil {
		return err.Error()
	}
	return string(results[0].Rows[0][0])
}

// psqlSession returns the same for psql.
func psqlSession(psql, host string, u *url.URL, mode, root string) string {
	cmd := exec.Command(psql, "-X", "-w", "-A", "-t", "-c", sessionQuery)
	cmd.Env = []string{
		"PGHOST=" + host, "PGPORT=" + u.Port(), "PGDATABASE=postgres", "PGUSER=" + u.User.Username(), "PGSSLMODE=" + mode,
		"PGSSLROOTCERT=" + root, "PGGSSENCMODE=disable", "HOME=/nonexistent", "PATH=/usr/bin:/bin",
	}
	out, err := cmd.Output()
	if err != nil {
		return "refused"
	}
	return strings.TrimSpace(string(out))
}

func TestPasswordsReachTheServerUnchanged(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{
		Files: map[string]string{"pg_hba.conf": "local all all trust\nhost all postgres all trust\nhost all all all scram-sha-256\n"},
	})
	u, err := url.Parse(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "password")
	for i, password := range []string{"p@ss:w/rd%23#?&=", " a b ", `a'b"c\d`, "$HOME ${HOME} `id`", "ä€漢字", "日\u00a0x", "x"} {
		user := fmt.Sprintf("user%d", i)
		pgtest.Exec(t, u.String(), "SET password_encryption = 'scram-sha-256'; CREATE ROLE "+user+" LOGIN PASSWORD $pw$"+password+"$pw$")
		write(t, file, password+"\n")
		u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: u.Host, Path: "/postgres", RawQuery: "sslmode=disable"}
		base := []string{"DB_HOST=" + u.Host, "DB_NAME=postgres", "DB_USER=" + user, "DB_SSLMODE=disable"}
		for _, environ := range [][]string{
			append([]string{"DB_PASS=" + password}, base...),
			append([]string{"DB_PASS_FILE=" + file}, base...),
			append([]string{"PGPASSWORD=" + password}, base...),
			{"DATABASE_URL=" + u.String()},
		} {
			if got := session(environ); got != "plain" {
				t.Errorf("%q: %s", environ, got)
			}
		}
		if got := session(append([]string{"DB_PASS=wrong"}, base...)); got != "refused" {
			t.Errorf("a wrong password: %s", got)
		}
	}
}

func TestSourceFollowsARotatedPassword(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{
		Files: map[string]string{"pg_hba.conf": "local all all trust\nhost all postgres all trust\nhost all all all scram-sha-256\n"},
	})
	u, err := url.Parse(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "password")
	pgtest.Exec(t, u.String(), "CREATE ROLE app LOGIN PASSWORD 'first'")
	write(t, file, "first\n")
	source, err := dbenv.Options{Environ: []string{"DB_HOST=" + u.Host, "DB_NAME=postgres", "DB_USER=app", "DB_PASS_FILE=" + file}}.Source()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	for _, password := range []string{"first", "second"} {
		pgtest.Exec(t, u.String(), "ALTER ROLE app PASSWORD '"+password+"'")
		write(t, file, password+"\n")
		cfg, err := source.Config(ctx)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgconn.ConnectConfig(ctx, cfg)
		if err != nil {
			t.Fatalf("%s: %v", password, err)
		}
		_ = conn.Close(ctx)
	}
}

func TestEveryServerSettingIsAValidKey(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	rows := pgtest.Query(t, database, "SELECT name FROM pg_settings WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend')")
	if len(rows) < 100 {
		t.Fatalf("only %d settings", len(rows))
	}
	for _, row := range rows {
		cfg, err := dbenv.Options{DatabaseURL: "postgres://u@h/d?" + row[0] + "=1", Environ: []string{}}.Config()
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
		} else if cfg.RuntimeParams[row[0]] != "1" && row[0] != "tcp_user_timeout" { // also a key of libpq
			t.Errorf("%s is lost", row[0])
		}
	}
}
