package dbenv_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/dbenv"
)

func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, binary, big := filepath.Join(dir, "empty"), filepath.Join(dir, "binary"), filepath.Join(dir, "big")
	write(t, empty, "\n")
	write(t, binary, "a\x00b")
	write(t, big, strings.Repeat("x", 70_000))
	missing := filepath.Join(dir, "missing")
	db := []string{"DB_HOST=h", "DB_NAME=d", "DB_USER=u"}
	for _, tt := range []struct {
		name    string
		flag    string
		environ []string
		want    string // the whole message
	}{
		{"nothing", "", nil, "no database is named; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n  export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE"},
		{"only a port", "", []string{"PGPORT=5432", "DB_PORT=tcp://10.0.0.1:5432"}, "no database is named; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n  export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE"},
		{"only a password", "", []string{"DB_PASS=x"}, "no database is named; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n  export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE\n(a password is set, but DB_NAME is not)"},
		{"other names", "", []string{"DB_DATABASE=x", "DB_PASSWORD=x"}, "no database is named; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n  export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE\n(DB_DATABASE is set; did you mean DB_NAME?)\n(DB_PASSWORD is set; did you mean DB_PASS?)"},
		{"no name", "", []string{"DB_HOST=h", "DB_USER=u"}, "DB_NAME: is not set, but DB_HOST is; set it to the name of the database"},
		{"no name, but another tool's", "", []string{"DB_HOST=h", "DB_DATABASE=shop", "DB_USERNAME=u"}, "DB_NAME: is not set, but DB_HOST is; set it to the name of the database\n(DB_DATABASE is set; did you mean DB_NAME?)\n(DB_USERNAME is set; did you mean DB_USER?)"},
		{"no name, only a port", "", []string{"DB_PORT=5432"}, "DB_NAME: is not set, but DB_PORT is; set it to the name of the database"},

		{
			"all at once", "",
			[]string{"DB_HOST=a b", "DB_PORT=x", "DB_USER=u", "DB_SSLMODE=on", "DB_PASS_FILE=" + missing},
			"DB_HOST: contains a character that is not valid in a host name\n" +
				"DB_PORT: \"x\" is not a port number (1 to 65535)\n" +
				"DB_NAME: is not set, but DB_USER is; set it to the name of the database\n" +
				"DB_PASS_FILE: " + missing + " does not exist\n" +
				"DB_SSLMODE: must be disable, allow, prefer, require, verify-ca or verify-full; did you mean require?",
		},

		{
			"disagreement", "",
			[]string{"DATABASE_URL=postgres://app:one@a/shop", "DB_HOST=b", "DB_PORT=1", "DB_NAME=c", "DB_USER=d", "DB_PASS=two", "DB_SSLMODE=require"},
			"DATABASE_URL: has the host \"a\", but DB_HOST is \"b\"; unset one of them or make them agree\n" +
				"DATABASE_URL: has the port \"5432\", but DB_PORT is \"1\"; unset one of them or make them agree\n" +
				"DATABASE_URL: has the database \"shop\", but DB_NAME is \"c\"; unset one of them or make them agree\n" +
				"DATABASE_URL: has the user \"app\", but DB_USER is \"d\"; unset one of them or make them agree\n" +
				"DATABASE_URL: password differs from DB_PASS; unset one of them or make them agree",
		},
		{"no user in the URL", "", []string{"DATABASE_URL=postgres://a/shop", "DB_USER=d"}, "DATABASE_URL: has no user, but DB_USER is \"d\"; unset one of them or make them agree"},
		{"another mode", "", []string{"DATABASE_URL=postgres://u@a/shop?sslmode=disable", "DB_SSLMODE=require"}, "DATABASE_URL: sslmode differs from DB_SSLMODE; unset one of them or make them agree"},
		{"another password in a file", "", []string{"DATABASE_URL=postgres://u:x@a/shop", "DB_PASS_FILE=" + big}, "DB_PASS_FILE: " + big + ": larger than 64 kB, so it is not a password"},
		{"two passwords", "", append([]string{"DB_PASS=x", "DB_PASS_FILE=" + empty}, db...), "DB_PASS_FILE: DB_PASS is also set; unset one of them\nDB_PASS_FILE: " + empty + ": the file is empty"},
		{"two ports", "", []string{"DB_NAME=d", "DB_HOST=h:1", "DB_PORT=2"}, "DB_PORT: is 2, but DB_HOST has the port 1; unset one of them or make them agree"},

		{"empty file", "", append([]string{"DB_PASS_FILE=" + empty}, db...), "DB_PASS_FILE: " + empty + ": the file is empty"},
		{"file with NUL", "", append([]string{"DB_PASS_FILE=" + binary}, db...), "DB_PASS_FILE: " + binary + ": contains a NUL byte, so it is not a password"},
		{"folder", "", append([]string{"DB_PASS_FILE=" + dir}, db...), "DB_PASS_FILE: " + dir + ": is a directory"},
		{"a password in place of a file", "", append([]string{"DB_PASS_FILE=hunter2"}, db...), "DB_PASS_FILE: the file does not exist"},

		{"host is a URL", "", []string{"DB_NAME=d", "DB_HOST=postgres://u:pw@h/d"}, "DB_HOST: is a URL; set DATABASE_URL instead, or write only the host name"},
		{"host in quotes", "", []string{"DB_NAME=d", `DB_HOST="h"`}, "DB_HOST: contains a character that is not valid in a host name"},
		{"empty host", "", []string{"DB_NAME=d", "DB_HOST=a,,b"}, "DB_HOST: contains an empty host"},
		{"host with a bad port", "", []string{"DB_NAME=d", "DB_HOST=a:http"}, "DB_HOST: port of \"a\" must be a number from 1 to 65535"},
		{"host without a port", "", []string{"DB_NAME=d", "DB_HOST=a:"}, "DB_HOST: port of \"a\" must be a number from 1 to 65535"},
		{"no host before the port", "", []string{"DB_NAME=d", "DB_HOST=:5432"}, "DB_HOST: has a port but no host"},
		{"half an IPv6 address", "", []string{"DB_NAME=d", "DB_HOST=fd00::1:x"}, "DB_HOST: \"fd00::1:x\" is neither HOST:PORT nor an IPv6 address; write [ADDRESS]:PORT for an address with a port"},
		{"port 0", "", append([]string{"DB_PORT=0"}, db...), "DB_PORT: \"0\" is not a port number (1 to 65535)"},
		{"port 65536", "", append([]string{"DB_PORT=65536"}, db...), "DB_PORT: \"65536\" is not a port number (1 to 65535)"},
		{"udp", "", append([]string{"DB_PORT=udp://10.0.0.1:53"}, db...), "DB_PORT: \"udp://10.0.0.1:53\" is not a port number (1 to 65535)"},
		{"tcp without a port", "", append([]string{"DB_PORT=tcp://10.0.0.1"}, db...), "DB_PORT: \"tcp://10.0.0.1\" is not tcp://HOST:PORT"},
		{"more ports than hosts", "", append([]string{"DB_PORT=1,2"}, db...), "DB_PORT: must be one port for all hosts or one for each host (ports: 2, hosts: 1)"},

		{"mode of node-postgres", "", append([]string{"DB_SSLMODE=no-verify"}, db...), "DB_SSLMODE: must be disable, allow, prefer, require, verify-ca or verify-full; no-verify corresponds to require"},
		{"mode in capitals", "", append([]string{"DB_SSLMODE=VERIFY_FULL"}, db...), "DB_SSLMODE: must be disable, allow, prefer, require, verify-ca or verify-full, spelled exactly like that"},
		{"mode false", "", []string{"DATABASE_URL=postgres://u@h/d?sslmode=false"}, "DATABASE_URL: sslmode must be disable, allow, prefer, require, verify-ca or verify-full; did you mean disable?"},
		{"no root certificate", "", append([]string{"DB_SSLROOTCERT=" + missing}, db...), "DB_SSLROOTCERT: " + missing + " does not exist"},
		{"no certificate in the file", "", append([]string{"DB_SSLROOTCERT=" + big}, db...), "DB_SSLROOTCERT: " + big + " contains no PEM certificate"},
		{"no certificate in the variable", "", append([]string{"DB_SSLROOTCERT=-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----"}, db...), "DB_SSLROOTCERT: contains no valid certificate; it must be PEM, including its line breaks"},
		{"weak mode with the system's roots", "", append([]string{"DB_SSLROOTCERT=system", "DB_SSLMODE=require"}, db...), "DB_SSLROOTCERT: is \"system\", which requires sslmode verify-full"},
		{"half a client certificate", "", append([]string{"PGSSLCERT=" + missing}, db...), "PGSSLCERT: both \"sslcert\" and \"sslkey\" are required"},
		{"service", "", []string{"PGSERVICE=shop", "PGSERVICEFILE=" + missing}, "PGSERVICE: service \"shop\": " + missing + " does not exist"},
		{"service in a URL", "postgres:///?service=shop", []string{"PGSERVICEFILE=" + empty}, "--database-url: service \"shop\" is not in " + empty + ""},
		{"revocation list", "", append([]string{"PGSSLCRL=/x"}, db...), "PGSSLCRL: is not supported: certificate revocation lists are not checked; remove it if that is acceptable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := dbenv.Options{DatabaseURL: tt.flag, DatabaseURLName: "--database-url", Environ: append([]string{}, tt.environ...)}.Config()
			var e *dbenv.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *dbenv.Error", err)
			}
			if diff := cmp.Diff(tt.want, e.Error()); diff != "" {
				t.Error(diff)
			}
			if want := strings.HasPrefix(tt.want, "no database is named"); errors.Is(err, dbenv.ErrNoDatabase) != want {
				t.Errorf("errors.Is(err, ErrNoDatabase) is not %t", want)
			}
		})
	}
}

// The password is s3cr3t; no part of it may be in a message.
func TestURLErrorsContainNoPassword(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"postgresql+psycopg2://u:s3cr3t@h/d", "begins with postgresql+psycopg2://, which selects a driver in another tool; replace that by postgres:// and keep the rest"},
		{"postgres+asyncpg://u:s3cr3t@h/d", "begins with postgres+asyncpg://, which selects"},
		{"pgx5://u:s3cr3t@h/d", "begins with pgx5://, another tool's name for its driver; replace that by postgres://"},
		{"cockroachdb://u:s3cr3t@h/d", "begins with cockroachdb://"},
		{"jdbc:postgresql://h/d?user=u&password=s3cr3t", "is a JDBC URL; replace jdbc:postgresql:// by postgres:// and keep the rest"},
		{"mysql://u:s3cr3t@h/d", "begins with mysql://, which is not PostgreSQL"},
		{"mysql+pymysql://u:s3cr3t@h/d", "begins with mysql://, which is not PostgreSQL"},
		{"POSTGRES://u:s3cr3t@h/d", "must begin with postgres:// in lower case"},
		{"s3cr3t://u:s3cr3t@h/d", "must begin with postgres:// or postgresql://"},
		{"//u:s3cr3t@h/d", "is not a URL; use postgres://USER:PASSWORD@HOST:5432/DATABASE"},
		{"u:s3cr3t@h/d", "is not a URL; use"},
		{"shop", "is not a URL; use"},
		{`"postgres://u:s3cr3t@h/d"`, "is enclosed in quotes that are part of the value"},
		{"postgres://u:s3cr3t@h/d\npostgres://u:s3cr3t@h/d", "contains a NUL byte or a line break"},
		{"postgres://u:s3cr3t\x00@h/d", "contains a NUL byte or a line break"},
		{"postgres://u:s3cr3t/x@h/d", "contains an @ after the host; in a password, percent-encode / ? and @"},
		{"postgres://u:s3cr3t/x?y@h/d", "contains an @ after the host"},
		{"postgres://u:s3@cr/3t@h/d", "contains an @ after the host"},
		{"postgres://u:s3cr3t%@h/d", "the password contains a % that is not followed by two hex digits; % itself is written %25"},
		{"postgres://u:s3cr3t%zz@h/d", "the password contains a % that"},
		{"postgres://u:s3cr3t%00@h/d", "the password contains %00"},
		{"postgres://u:s3cr3t x@h/d", "the password contains a space or a control character"},
		{"postgres://u:s3cr3t@h/d?password=%", "the value of a parameter contains a % that"},
		{"postgres://u:s3cr3t@h/d?x", "contains a parameter that is not key=value"},
		{"postgres://u:s3cr3t@h/d?options=a=b", "contains a parameter that is not key=value; in a value, = is written %3D"},
		{"postgres://u:s3cr3t@[::1/d", "contains an IPv6 address that is not of the form [ADDRESS]"},
		{"postgres://u:s3cr3t@[::1]x/d", "contains an IPv6 address that is not of the form [ADDRESS]"},
		{"postgres://u:s3cr3t@h:port/d", "port must be a number from 1 to 65535"},
		{"postgres://u:s3cr3t", "port must be a number from 1 to 65535"},
		{"postgres://u:s3cr3t@h:1,h:2,h:3/d?port=1,2", "port must be one port for all hosts or one for each host (ports: 2, hosts: 3)"},
		{"host=h password=s3cr3t word dbname=d", "contains a word that is not key=value"},
		{"host=h password='s3cr3t dbname=d", "contains an unterminated single quote"},
		{"Host=h;Username=u;Password=s3cr3t", "has keys in upper case"},
		{"postgres:user:s3cr3t@h:5432/d?sslmode=disable", "is not a URL; use postgres://"},
		{"user:s3cr3t@h/d?sslmode=disable", "is not a URL; use postgres://"},
		{"=s3cr3t", "contains a word that is not key=value"},
		{"postgres://u:s3cr3t@h/d?hostaddr=10.0.0.1", "hostaddr is not supported; use the address as the host"},
		{"postgres://u:s3cr3t@h/d?gssencmode=require", "gssencmode cannot be require"},
		{"postgres://u:s3cr3t@h/d?requirepeer=postgres", "requirepeer is not supported"},
		{"postgres://u:s3cr3t@h/d?replication=database", "replication is not supported"},
		{"postgres://u:s3cr3t@h/d?ssl=no-verify", "ssl is a key of other drivers; use sslmode=require"},
		{"postgres://u:s3cr3t@h/d?schema=shop", "schema is a key of other drivers; use search_path=…"},
		{"postgres://u:s3cr3t@h/d?ssl_mode=require", `unknown key "ssl_mode"; did you mean sslmode?`},
		{"postgres://u:s3cr3t@h/d?applicationName=x", `unknown key "applicationName"; did you mean application_name?`},
		{"postgres://u:s3cr3t@h/d?x-migrations-table=m", "x-migrations-table is an option of golang-migrate; remove it"},
		{"postgres://u:s3cr3t@h/d?a-b=c", `unknown key "a-b": neither a key of libpq nor a setting of PostgreSQL`},
		{"postgres://u:s3cr3t@h/d?connect_timeout=5s", "connect_timeout must be a whole number of seconds"},
		{"postgres://u:s3cr3t@h/d?target_session_attrs=master", "target_session_attrs must be any, read-write"},
		{"postgres://u:s3cr3t@h/d?channel_binding=yes", "channel_binding must be disable, prefer or require"},
		{"postgres://u:s3cr3t@h/d?require_auth=magic", "invalid require_auth method"},
		{"postgres://u:s3cr3t@h/d?min_protocol_version=3.2&max_protocol_version=3.0", "min_protocol_version is higher than max_protocol_version"},
	} {
		for name, o := range map[string]dbenv.Options{
			"DatabaseURL":  {DatabaseURL: tt.text, Environ: []string{}},
			"DATABASE_URL": {Environ: []string{"DATABASE_URL=" + tt.text}},
		} {
			_, err := o.Config()
			if err == nil {
				t.Errorf("%s: no error", tt.text)
				continue
			}
			if want := name + ": " + tt.want; !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s:\n got %s\nwant %s", tt.text, err, want)
			}
			for _, piece := range []string{"s3cr3t", "s3", "3t"} {
				if strings.Contains(err.Error(), piece) {
					t.Errorf("%s: the message contains a part of the password: %s", tt.text, err)
				}
			}
		}
	}
}
