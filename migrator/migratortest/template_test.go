package migratortest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/migratortest"
)

func TestTemplateIsMadeOnce(t *testing.T) {
	t.Parallel()
	made := 0
	c := config(t)
	c.Key = pgtest.DatabaseName(t)
	c.Seed = func(ctx context.Context, cfg *pgconn.Config) error {
		made++
		conn, err := pgconn.ConnectConfig(ctx, cfg)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		return conn.Exec(ctx, "INSERT INTO account VALUES (1, 'seed')").Close()
	}
	c.Prepare = func(ctx context.Context, cfg *pgconn.Config) error {
		conn, err := pgconn.ConnectConfig(ctx, cfg)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		return conn.Exec(ctx, "CREATE SCHEMA prepared").Close()
	}
	files := revisions(account, "CREATE TABLE prepared.thing ();")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if got := value(t, c.New(t, files), "SELECT name FROM account"); got != "seed" {
				t.Errorf("seed %s", got)
			}
		})
	}
	wait.Wait()
	if made != 1 {
		t.Errorf("the template was made %d times", made)
	}
	c.Key += "2"
	c.New(t, files)
	if made != 2 {
		t.Error("another key is the same template")
	}
}

func TestDifferentFilesAndSettingsAreDifferentTemplates(t *testing.T) {
	t.Parallel()
	base := config(t)
	first := revisions(account, unique(t))
	tests := map[string]struct {
		change func(c *migratortest.Config)
		files  fstest.MapFS
		sql    string
		want   string
	}{
		"head":        {func(*migratortest.Config) {}, first, "SELECT count(*) FROM ambix_revision", "2"},
		"target":      {func(c *migratortest.Config) { c.Targets = []string{"r1"} }, first, "SELECT count(*) FROM ambix_revision", "1"},
		"base":        {func(c *migratortest.Config) { c.Targets = []string{"base"} }, first, "SELECT to_regclass('account')", "NULL"},
		"no files":    {func(*migratortest.Config) {}, fstest.MapFS{}, "SELECT to_regclass('account')", "NULL"},
		"other files": {func(*migratortest.Config) {}, revisions(account, "ALTER TABLE account ADD age int;"), "SELECT count(age) FROM account", "0"},
		"ledger":      {func(c *migratortest.Config) { c.Migrator.Ledger = "public.other" }, first, "SELECT count(*) FROM other_revision", "2"},
		"encoding":    {func(c *migratortest.Config) { c.DatabaseOptions = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'" }, first, "SHOW server_encoding", "LATIN1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := base
			test.change(&c)
			if got := value(t, c.New(t, test.files), test.sql); got != test.want {
				t.Errorf("%s: %s, want %s", test.sql, got, test.want)
			}
		})
	}
}

func TestDroppedTemplateIsMadeAgain(t *testing.T) {
	t.Parallel()
	c := config(t)
	files := revisions(account, unique(t))
	first := c.New(t, files)
	comment := value(t, first, "SELECT obj_description('account'::regclass)")
	admin := pgtest.Shared(t).URL("postgres")
	before := pgtest.Query(t, admin, "SELECT datname FROM pg_database WHERE datname LIKE 'ambix_template_%'")
	for _, row := range before { // those of other tests too: they are made again
		pgtest.Exec(t, admin, "DROP DATABASE IF EXISTS "+row[0])
	}
	if got := value(t, c.New(t, files), "SELECT obj_description('account'::regclass)"); got != comment {
		t.Errorf("comment %s", got)
	}
}

func TestOldDatabasesAreDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{}) // nobody else's
	admin := server.URL("postgres")
	yesterday := time.Now().Add(-25 * time.Hour).UTC().Format(time.RFC3339)
	today := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for name, comment := range map[string]string{
		"ambix_template_0001":       "ambix template database of ambix 1 on host/1, used " + yesterday,
		"ambix_template_0002":       "ambix template database of ambix 1 on host/1, used " + today,
		"ambix_unfinished_0003_1":   "ambix template database of ambix 1 on host/1, used " + yesterday,
		"t_kept_0004":               "ambix test database of TestKept, ambix 1 on host/1, used " + yesterday,
		"t_kept_0005":               "ambix test database of TestKept, ambix 1 on host/1, used " + today,
		"ambix_template_of_no_body": "a database of somebody else, used " + yesterday,
	} {
		pgtest.Exec(t, admin, "CREATE DATABASE "+name)
		pgtest.Exec(t, admin, "COMMENT ON DATABASE "+name+" IS '"+comment+"'")
	}
	c := migratortest.Config{URL: admin}
	cfg := c.New(t, revisions(account))
	got := pgtest.Query(t, admin, "SELECT datname FROM pg_database WHERE datname LIKE '%\\_000_' OR datname LIKE '%000%\\_1' OR datname LIKE '%body' ORDER BY 1")
	if fmt.Sprint(got) != "[[ambix_template_0002] [ambix_template_of_no_body] [t_kept_0005]]" {
		t.Errorf("left: %v", got)
	}
	comment := pgtest.Value(t, admin, "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '"+cfg.Database+"'")
	if !strings.HasPrefix(comment, "ambix test database of TestOldDatabasesAreDropped, ambix ") {
		t.Errorf("comment %s", comment)
	}
	if got := pgtest.Value(t, admin, "SELECT bool_or(datallowconn) FROM pg_database WHERE datname LIKE 'ambix_template_%' AND datname NOT LIKE '%\\_000_' AND datname NOT LIKE '%body'"); got != "f" {
		t.Error("sessions can connect to the template")
	}
}
