package dbenv_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

// target is where a configuration connects to, and as whom.
type target struct {
	Host     string
	Port     uint16
	Database string
	User     string
	Password string
}

func targetOf(cfg *pgconn.Config) target {
	return target{cfg.Host, cfg.Port, cfg.Database, cfg.User, cfg.Password}
}

func TestOneFamilyNamesTheDatabase(t *testing.T) {
	t.Parallel()
	shop := target{"db.example", 5432, "shop", "app", "pw"}
	passFile := filepath.Join(t.TempDir(), "password")
	write(t, passFile, "from a file\n")
	for _, tt := range []struct {
		name    string
		flag    string
		environ []string
		want    target
	}{
		{"flag", "postgres://app:pw@db.example/shop", nil, shop},
		{"url", "", []string{"DATABASE_URL=postgres://app:pw@db.example/shop"}, shop},
		{"url, other scheme", "", []string{"DATABASE_URL=postgresql://app:pw@db.example:5432/shop?sslmode=require"}, shop},
		{"key=value", "", []string{`DATABASE_URL=host=db.example dbname=shop user = 'app' password='pw'`}, shop},
		{"url with a line break", "", []string{"DATABASE_URL=postgres://app:pw@db.example/shop\r\n"}, shop},
		{"DB_*", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example", "DB_NAME=shop"}, shop},
		{"DB_* with line breaks", "", []string{"DB_USER=app\n", "DB_PASS=pw\n", "DB_HOST=db.example\r\n", "DB_NAME=shop\n", "DB_PORT=5432\n"}, shop},
		{"PG*", "", []string{"PGUSER=app", "PGPASSWORD=pw", "PGHOST=db.example", "PGDATABASE=shop"}, shop},

		{"flag wins over all", "postgres://app:pw@db.example/shop", []string{
			"DATABASE_URL=postgres://other:x@elsewhere/other", "DB_HOST=third", "DB_NAME=third", "DB_PASS=third", "PGHOST=fourth", "PGPORT=4",
		}, shop},
		{"flag and malformed variables", "postgres://app:pw@db.example/shop", []string{"DB_PORT=x", "DB_HOST=a b"}, shop},
		{"empty flag", " ", []string{"DATABASE_URL=postgres://app:pw@db.example/shop"}, shop},
		{"empty variables", "", []string{"DATABASE_URL=", "DB_USER=app", "DB_PASS=pw", "DB_PASS_FILE=", "DB_PORT=", "DB_HOST=db.example", "DB_NAME=shop", "PGPORT="}, shop},
		{"DATABASE_URL and DB_* agree", "", []string{
			"DATABASE_URL=postgres://app:pw@db.example/shop", "DB_USER=app", "DB_PASS=pw", "DB_HOST=DB.example", "DB_PORT=5432", "DB_NAME=shop",
		}, shop},

		{"DB_* win over PG*", "", []string{
			"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example", "DB_NAME=shop",
			"PGHOST=other", "PGHOSTADDR=10.0.0.9", "PGPORT=9999", "PGDATABASE=other", "PGUSER=other", "PGPASSWORD=other",
		}, shop},
		{"URL wins over PG*", "", []string{
			"DATABASE_URL=postgres://app:pw@db.example/shop", "PGHOST=other", "PGPORT=9999", "PGDATABASE=other", "PGUSER=other", "PGPASSWORD=other",
		}, shop},
		{
			"the database of a URL is its user, not PGDATABASE", "",
			[]string{"DATABASE_URL=postgres://app:pw@db.example", "PGDATABASE=other"},
			target{"db.example", 5432, "", "app", "pw"},
		},

		{"password from DB_PASS", "postgres://app@db.example/shop", []string{"DB_PASS=pw"}, shop},
		{"password from DB_PASS for DATABASE_URL", "", []string{"DATABASE_URL=postgres://app@db.example/shop", "DB_PASS=pw", "PGPASSWORD=other"}, shop},
		{"password from PGPASSWORD", "", []string{"DB_USER=app", "DB_HOST=db.example", "DB_NAME=shop", "PGPASSWORD=pw"}, shop},
		{"password of the flag wins over DB_PASS", "postgres://app:pw@db.example/shop", []string{"DB_PASS=other"}, shop},
		{"password of PG* wins over DB_PASS", "", []string{"PGHOST=db.example", "PGUSER=app", "PGDATABASE=shop", "PGPASSWORD=pw", "DB_PASS=other"}, shop},
		{"DB_PASS for PG*", "", []string{"PGHOST=db.example", "PGUSER=app", "PGDATABASE=shop", "DB_PASS=pw"}, shop},
		{
			"DB_PASS of another database is not used", "postgres://app@db.example/shop",
			[]string{"DB_HOST=other", "DB_NAME=shop", "DB_PASS=other"},
			target{"db.example", 5432, "shop", "app", ""},
		},
		{
			"password from a file", "",
			[]string{"DB_USER=app", "DB_HOST=db.example", "DB_NAME=shop", "DB_PASS_FILE=" + passFile},
			target{"db.example", 5432, "shop", "app", "from a file"},
		},
		{
			"password from a file for a URL", "",
			[]string{"DATABASE_URL=postgres://app@db.example/shop", "DB_PASS_FILE=" + passFile},
			target{"db.example", 5432, "shop", "app", "from a file"},
		},

		{
			"Kubernetes service link", "",
			[]string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example", "DB_NAME=shop", "DB_PORT=tcp://10.0.0.1:5433"},
			target{"db.example", 5433, "shop", "app", "pw"},
		},
		{
			"Kubernetes service link as the host", "",
			[]string{"DB_USER=app", "DB_PASS=pw", "DB_NAME=shop", "DB_PORT=tcp://10.0.0.1:5433"},
			target{"10.0.0.1", 5433, "shop", "app", "pw"},
		},
		{
			"Kubernetes service link, IPv6", "",
			[]string{"DB_USER=app", "DB_PASS=pw", "DB_NAME=shop", "DB_PORT=tcp://[fd00::1]:5433"},
			target{"fd00::1", 5433, "shop", "app", "pw"},
		},
		{"Kubernetes service link with DATABASE_URL", "", []string{"DATABASE_URL=postgres://app:pw@db.example/shop", "DB_PORT=tcp://10.0.0.1:6000"}, shop},
		{"Kubernetes service link with PG*", "", []string{"PGHOST=db.example", "PGUSER=app", "PGPASSWORD=pw", "PGDATABASE=shop", "DB_PORT=tcp://10.0.0.1:6000"}, shop},
		{"Kubernetes service link and a port in DB_HOST", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example:5432", "DB_NAME=shop", "DB_PORT=tcp://10.0.0.1:6000"}, shop},

		{"port in DB_HOST", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example:6432", "DB_NAME=shop"}, target{"db.example", 6432, "shop", "app", "pw"}},
		{"same port in DB_HOST and DB_PORT", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=db.example:6432", "DB_NAME=shop", "DB_PORT=6432"}, target{"db.example", 6432, "shop", "app", "pw"}},
		{"IPv6", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=fd00::1", "DB_NAME=shop"}, target{"fd00::1", 5432, "shop", "app", "pw"}},
		{"IPv6 in brackets", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=[fd00::1]", "DB_NAME=shop"}, target{"fd00::1", 5432, "shop", "app", "pw"}},
		{"IPv6 with a port", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=[fd00::1]:6432", "DB_NAME=shop"}, target{"fd00::1", 6432, "shop", "app", "pw"}},
		{"IPv6 in a URL", "postgres://app:pw@[fd00::1]:6432/shop", nil, target{"fd00::1", 6432, "shop", "app", "pw"}},
		{"Unix socket", "", []string{"DB_USER=app", "DB_PASS=pw", "DB_HOST=/run/postgresql", "DB_NAME=shop"}, target{"/run/postgresql", 5432, "shop", "app", "pw"}},
		{"Unix socket in a URL", "postgres://app:pw@%2Frun%2Fpostgresql/shop", nil, target{"/run/postgresql", 5432, "shop", "app", "pw"}},
		{"Unix socket as a key", "postgres://app:pw@/shop?host=/run/postgresql", nil, target{"/run/postgresql", 5432, "shop", "app", "pw"}},
		{"odd names", "", []string{"DB_USER=o'brien \\", "DB_PASS=pw", "DB_HOST=h", "DB_NAME=Größe \"1\" 'a'"}, target{"h", 5432, "Größe \"1\" 'a'", "o'brien \\", "pw"}},
		{"encoded names", "postgres://o%27brien:pw@h/Gr%C3%B6%C3%9Fe%20%2F1", nil, target{"h", 5432, "Größe /1", "o'brien", "pw"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := dbenv.Options{DatabaseURL: tt.flag, Environ: append([]string{}, tt.environ...)}.Config()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, targetOf(cfg)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPasswordsAreLiteral(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"p@ss", "a:b", "a/b", "100%", "%40", "a#b", "a b", " a ", `"a"`, `'a'`, "a'b", `a\b`, `a\`, `\`, "$HOME", "${HOME}", "$$", "ä€漢", "\xff\xfe",
		"a=b", "a&b?c", "postgres://u:p@h/d", "a\nb", "a\tb", "x", "password='", "`id`", "-----BEGIN",
	} {
		file := filepath.Join(t.TempDir(), "password")
		write(t, file, password+"\r\n")
		for _, environ := range [][]string{{"DB_PASS=" + password}, {"DB_PASS_FILE=" + file}, {"PGPASSWORD=" + password}} {
			cfg, err := dbenv.Options{Environ: append(environ, "DB_HOST=h", "DB_NAME=d", "DB_USER=u")}.Config()
			if err != nil {
				t.Errorf("%q: %v", password, err)
			} else if cfg.Password != password {
				t.Errorf("got %q, want %q", cfg.Password, password)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		environ []string
		want    string
	}{
		{[]string{"DB_HOST=a,b"}, `database "d" at a:5432, b:5432 as u`},
		{[]string{"DB_HOST=a, b", "DB_PORT=6000"}, `database "d" at a:6000, b:6000 as u`},
		{[]string{"DB_HOST=a,b", "DB_PORT=6000,6001"}, `database "d" at a:6000, b:6001 as u`},
		{[]string{"DB_HOST=a:6000,b"}, `database "d" at a:6000, b:5432 as u`},
		{[]string{"DB_HOST=[::1]:6000,/tmp,b"}, `database "d" at [::1]:6000, /tmp/.s.PGSQL.5432, b:5432 as u`},
		{[]string{"DB_HOST=a", "DB_USER=me@corp"}, `database "d" at a:5432 as "me@corp"`},
		{[]string{"DB_HOST=a", "DB_SSLMODE=disable"}, `database "d" at a:5432 as u`},
		{[]string{"DATABASE_URL=postgres://u@a,b:6000/d"}, `database "d" at a:5432, b:6000 as u`},
		{[]string{"DATABASE_URL=postgres://u:secret@a"}, `database "u" at a:5432 as u`},
		{[]string{"DATABASE_URL=postgres://u@a/%1b[31m"}, `database "\x1b[31m" at a:5432 as u`},
		{[]string{"DATABASE_URL=postgres://u@a%0ab/d"}, `database "d" at a\nb:5432 as u`},
	} {
		environ := tt.environ
		if !strings.HasPrefix(environ[0], "DATABASE_URL=") {
			environ = append([]string{"DB_NAME=d", "DB_USER=u", "DB_PASS=secret"}, environ...)
		}
		cfg, err := dbenv.Options{Environ: environ}.Config()
		if err != nil {
			t.Errorf("%q: %v", tt.environ, err)
		} else if got := dbenv.Describe(cfg); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.environ, got, tt.want)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
