package dbenv_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

func TestURLKeysBecomeParameters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query string
		want  map[string]string // RuntimeParams
	}{
		{"", map[string]string{}},
		{"keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=5", map[string]string{}},
		{"sslcompression=0&gssencmode=disable&gssdelegation=0&load_balance_hosts=random&replication=false", map[string]string{}},
		{"channel_binding=prefer&sslmode=require&target_session_attrs=read-write&connect_timeout=3&sslsni=0", map[string]string{}},
		{"pool_max_conns=10&pool_min_conns=1&default_query_exec_mode=exec&statement_cache_capacity=0", map[string]string{}},
		{"binary_parameters=yes&pgbouncer=true&connection_limit=5&schema=public&pool=5&prepared_statements=false&encoding=unicode", map[string]string{}},
		{"client_encoding=auto&fallback_application_name=x", map[string]string{}},
		{"application_name=app&options=-c%20geqo%3Doff", map[string]string{"application_name": "app", "options": "-c geqo=off"}},
		{"search_path=shop&statement_timeout=5s&DateStyle=ISO&my.setting=1", map[string]string{"search_path": "shop", "statement_timeout": "5s", "DateStyle": "ISO", "my.setting": "1"}},
		{"sslmode=&application_name=a&application_name=b&", map[string]string{"application_name": "b"}},
		{"ssl_min_protocol_version=TLSv1.2", map[string]string{}},
	} {
		cfg, err := dbenv.Options{DatabaseURL: "postgres://u@h/d?" + tt.query, Environ: []string{}}.Config()
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
		} else if diff := cmp.Diff(tt.want, cfg.RuntimeParams); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
}

func TestPGSettingsAlwaysApply(t *testing.T) {
	t.Parallel()
	cfg, err := dbenv.Options{Environ: []string{
		"DB_NAME=d", "DB_USER=u", "DB_HOST=h", "PGAPPNAME=app", "PGOPTIONS=-c geqo=off", "PGTZ=UTC", "PGDATESTYLE=ISO", "PGCONNECT_TIMEOUT=7",
		"PGTARGETSESSIONATTRS=read-write", "PGSSLMODE=require", "PGCHANNELBINDING=disable", "PGREQUIREAUTH=scram-sha-256", "PGGSSENCMODE=prefer",
	}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"application_name": "app", "options": "-c geqo=off", "timezone": "UTC", "datestyle": "ISO"}
	if diff := cmp.Diff(want, cfg.RuntimeParams); diff != "" {
		t.Error(diff)
	}
	if cfg.ConnectTimeout != 7*time.Second || cfg.ValidateConnect == nil || cfg.TLSConfig == nil || len(cfg.Fallbacks) != 0 || cfg.ChannelBinding != "disable" || cfg.RequireAuth != "scram-sha-256" {
		t.Errorf("settings are missing: %+v", cfg)
	}
}

// tried returns the kinds of connection that the driver attempts, in order: "plain", "tls",
// "verify-ca" or "verify-full".
func tried(cfg *pgconn.Config) string {
	one := func(c *tls.Config) string {
		switch {
		case c == nil:
			return "plain"
		case !c.InsecureSkipVerify:
			return "verify-full"
		case c.VerifyPeerCertificate != nil:
			return "verify-ca"
		}
		return "tls"
	}
	words := []string{one(cfg.TLSConfig)}
	for _, f := range cfg.Fallbacks {
		words = append(words, one(f.TLSConfig))
	}
	return strings.Join(words, " ")
}

func TestTLSModes(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, authority.pem)
	folded := strings.ReplaceAll(authority.pem, "\n", `\n`)
	for _, tt := range []struct {
		environ []string
		want    string
	}{
		{nil, "tls plain"},
		{[]string{"DB_SSLMODE=disable"}, "plain"},
		{[]string{"DB_SSLMODE=allow"}, "plain tls"},
		{[]string{"DB_SSLMODE=prefer"}, "tls plain"},
		{[]string{"DB_SSLMODE=require\n"}, "tls"},
		{[]string{"DB_SSLMODE=verify-ca"}, "verify-ca"},
		{[]string{"DB_SSLMODE=verify-full"}, "verify-full"},
		{[]string{"DB_SSLMODE=require", "DB_SSLROOTCERT=" + file}, "verify-ca"},
		{[]string{"DB_SSLMODE=require", "DB_SSLROOTCERT=" + authority.pem}, "verify-ca"},
		{[]string{"DB_SSLMODE=prefer", "DB_SSLROOTCERT=" + authority.pem}, "tls plain"},
		{[]string{"DB_SSLROOTCERT=" + file}, "verify-full"},
		{[]string{"DB_SSLROOTCERT=" + authority.pem}, "verify-full"},
		{[]string{"DB_SSLROOTCERT=" + folded}, "verify-full"},
		{[]string{"DB_SSLROOTCERT=system"}, "verify-full"},
		{[]string{"DB_SSLROOTCERT=" + file, "PGSSLMODE=require"}, "verify-ca"},
		{[]string{"PGSSLMODE=disable"}, "plain"},
		{[]string{"PGSSLMODE=disable", "DB_SSLMODE=require"}, "tls"},
		{[]string{"PGSSLROOTCERT=" + file}, "tls plain"},
		{[]string{"DB_HOST=/tmp", "DB_SSLMODE=verify-full"}, "plain"},
	} {
		environ := append([]string{"DB_NAME=d", "DB_USER=u", "DB_HOST=h"}, tt.environ...)
		cfg, err := dbenv.Options{Environ: environ}.Config()
		if err != nil {
			t.Errorf("%q: %v", tt.environ, err)
		} else if got := tried(cfg); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.environ, got, tt.want)
		}
	}
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	cfg, err := dbenv.Options{DatabaseURL: "postgres://u@h/d?ssl_min_protocol_version=TLSv1.2&ssl_max_protocol_version=TLSv1.3", Environ: []string{}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if got := [2]uint16{cfg.TLSConfig.MinVersion, cfg.TLSConfig.MaxVersion}; got != [2]uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Errorf("got %x", got)
	}
}

func TestServiceFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "services")
	write(t, file, "# ours\n[shop]\nhost=db.example\nport=6000\ndbname=shop\nuser=app\npassword=pw\nsearch_path=shop\n")
	want := target{"db.example", 6000, "shop", "app", "pw"}
	for _, o := range []dbenv.Options{
		{Environ: []string{"PGSERVICE=shop", "PGSERVICEFILE=" + file, "PGPORT=1", "PGUSER=other"}},
		{DatabaseURL: "postgres:///?service=shop", Environ: []string{"PGSERVICEFILE=" + file, "PGUSER=other"}},
		{DatabaseURL: "service=shop servicefile='" + file + "'", Environ: []string{}},
	} {
		cfg, err := o.Config()
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if diff := cmp.Diff(want, targetOf(cfg)); diff != "" {
			t.Errorf("%+v: %s", o, diff)
		}
		if cfg.RuntimeParams["search_path"] != "shop" {
			t.Errorf("%+v: the service's search_path is missing", o)
		}
	}
	cfg, err := dbenv.Options{DatabaseURL: "postgres://me@h/shop?service=shop", Environ: []string{"PGSERVICEFILE=" + file}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(target{"h", 6000, "shop", "me", "pw"}, targetOf(cfg)); diff != "" {
		t.Error("want the URL to win over its service:", diff)
	}
}

func TestLibpqPasswordFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pgpass")
	write(t, file, "other:5432:shop:app:no\nh:5432:shop:app:pw\n")
	cfg, err := dbenv.Options{Environ: []string{"DB_HOST=h", "DB_NAME=shop", "DB_USER=app", "PGPASSFILE=" + file}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Password != "pw" {
		t.Errorf("got %q", cfg.Password)
	}
}

func TestPassFileIsReadForEveryConnection(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	write(t, file, "first\n")
	source, err := dbenv.Options{Environ: []string{"DB_HOST=h", "DB_NAME=d", "DB_USER=u", "DB_PASS_FILE=" + file}}.Source()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	old, err := source.Config(ctx)
	if err != nil || old.Password != "first" {
		t.Fatalf("got %q, %v", old.Password, err)
	}
	write(t, file, "second\n")
	if cfg, err := source.Config(ctx); err != nil || cfg.Password != "second" {
		t.Errorf("Config: got %q, %v", cfg.Password, err)
	}
	if err := source.BeforeConnect(ctx, old); err != nil || old.Password != "second" {
		t.Errorf("BeforeConnect: got %q, %v", old.Password, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, err = source.Config(ctx)
	var e *dbenv.Error
	if !errors.As(err, &e) || e.Problems[0].Name != "DB_PASS_FILE" {
		t.Errorf("got %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := source.BeforeConnect(canceled, old); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A pipe, as made by a shell's <(command), can be read only once.
func TestPassFileMayBeAPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("pw\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	source, err := dbenv.Options{Environ: []string{"DB_HOST=h", "DB_NAME=d", "DB_USER=u", "DB_PASS_FILE=" + path}}.Source()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if cfg, err := source.Config(context.Background()); err != nil || cfg.Password != "pw" {
			t.Errorf("got %v, %v", cfg, err)
		}
	}
}

// The driver reads PG* of the process by itself.
func TestEnvironReplacesTheProcessEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "other", "PGPORT": "9999", "PGDATABASE": "other", "PGUSER": "other", "PGPASSWORD": "other", "PGSSLMODE": "require",
		"PGAPPNAME": "other", "PGOPTIONS": "-c geqo=off", "PGCONNECT_TIMEOUT": "9", "PGTARGETSESSIONATTRS": "standby", "PGSSLCERTMODE": "require",
		"PGSSLSNI": "0", "PGPASSFILE": "/nowhere", "DATABASE_URL": "postgres://other/other", "DB_NAME": "",
	} {
		t.Setenv(name, value)
	}
	cfg, err := dbenv.Options{Environ: []string{"DB_NAME=d", "DB_USER=u", "DB_HOST=h"}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(target{"h", 5432, "d", "u", ""}, targetOf(cfg)); diff != "" {
		t.Error(diff)
	}
	if len(cfg.RuntimeParams) != 0 || cfg.ConnectTimeout != 0 || cfg.ValidateConnect != nil || cfg.SSLCertMode != "allow" || tried(cfg) != "tls plain" || cfg.TLSConfig.ServerName != "h" {
		t.Errorf("variables of the process were used: %+v", cfg)
	}

	t.Setenv("DATABASE_URL", "")
	if cfg, err = dbenv.Config(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(target{"other", 9999, "other", "other", "other"}, targetOf(cfg)); diff != "" {
		t.Error(diff)
	}
	t.Setenv("DB_NAME", "d")
	t.Setenv("DB_USER", "u")
	if cfg, err = dbenv.Config(); err != nil {
		t.Fatal(err)
	}
	if cfg.Host == "other" || cfg.Port != 5432 || cfg.Database != "d" || cfg.User != "u" || cfg.Password != "other" {
		t.Errorf("got %+v", targetOf(cfg))
	}
}
