package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const ambix = "ambix"

// tool is a program that is compared.
type tool struct {
	name string
	// module, version, tags and folder are for tools that go install installs.
	module, version, tags, folder string
	// program is the name of the executable. Empty: name.
	program string
	// versionArgs make the tool print its version. Nil: version is known.
	versionArgs []string
	// write writes the chain into a folder, in the tool's format.
	write func(ctx context.Context, b *bench, dir string, changes []change) error
	// up returns the arguments that migrate a database to the newest revision.
	up func(dir, url string) []string
	// stateless: the tool does not record what is applied, so it cannot run twice.
	stateless bool
}

// tools returns all tools in the order of the table's columns.
func tools() []tool {
	return []tool{
		{name: ambix, program: "./app", write: writeAmbix, up: func(string, string) []string { return []string{"migrate", "up"} }},
		{name: "psql", versionArgs: []string{"--version"}, stateless: true, write: writePsql, up: psqlArguments},
		{
			name: "goose", module: "github.com/pressly/goose/v3", folder: "/cmd/goose", version: "v3.29.0",
			tags:  "no_clickhouse no_duckdb no_libsql no_mssql no_mysql no_spanner no_sqlite3 no_starrocks no_turso no_vertica no_ydb",
			write: writeGoose, up: func(dir, url string) []string { return []string{"-dir", dir, "postgres", url, "up"} },
		},
		{
			name: "golang-migrate", module: "github.com/golang-migrate/migrate/v4", folder: "/cmd/migrate", version: "v4.20.1", tags: "postgres",
			program: "migrate", write: writeGolangMigrate,
			up: func(dir, url string) []string { return []string{"-path", dir, "-database", url, "up"} },
		},
		{
			name: "tern", module: "github.com/jackc/tern/v2", version: "v2.4.2",
			write: writeTern, up: func(dir, url string) []string { return []string{"migrate", "--migrations", dir, "--conn-string", url} },
		},
		{
			name: "sql-migrate", module: "github.com/rubenv/sql-migrate", folder: "/sql-migrate", version: "v1.8.1",
			write: writeSQLMigrate, up: func(string, string) []string { return []string{"up", "-config=dbconfig.yml", "-env=bench"} },
		},
		{
			name: "alembic", versionArgs: []string{"--version"},
			write: writeAlembic, up: func(string, string) []string { return []string{"upgrade", "head"} },
		},
	}
}

func toolNames() []string {
	var list []string
	for _, t := range tools() {
		list = append(list, t.name)
	}
	return list
}

// psqlArguments runs all files in one session. Each file contains one statement and is
// therefore one transaction.
func psqlArguments(dir, url string) []string {
	args := []string{"-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url}
	files, _ := filepath.Glob(filepath.Join(dir, "*.sql")) // the pattern is well formed
	for _, file := range files {
		args = append(args, "-f", file)
	}
	return args
}

// each writes one file per change. name and text receive its number, starting at 1.
func each(dir string, changes []change, name, text func(int, change) string) error {
	for i, c := range changes {
		if err := os.WriteFile(filepath.Join(dir, name(i+1, c)), []byte(text(i+1, c)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func slug(c change) string { return strings.ReplaceAll(c.name, " ", "_") }

func writePsql(_ context.Context, _ *bench, dir string, changes []change) error {
	return each(dir, changes,
		func(i int, c change) string { return fmt.Sprintf("%05d_%s.sql", i, slug(c)) },
		func(_ int, c change) string { return c.up + ";\n" })
}

func writeGoose(_ context.Context, _ *bench, dir string, changes []change) error {
	return each(dir, changes,
		func(i int, c change) string { return fmt.Sprintf("%05d_%s.sql", i, slug(c)) },
		func(_ int, c change) string {
			return "-- +goose Up\n" + c.up + ";\n\n-- +goose Down\n" + c.down + ";\n"
		})
}

func writeGolangMigrate(_ context.Context, _ *bench, dir string, changes []change) error {
	return errors.Join(
		each(dir, changes,
			func(i int, c change) string { return fmt.Sprintf("%06d_%s.up.sql", i, slug(c)) },
			func(_ int, c change) string { return c.up + ";\n" }),
		each(dir, changes,
			func(i int, c change) string { return fmt.Sprintf("%06d_%s.down.sql", i, slug(c)) },
			func(_ int, c change) string { return c.down + ";\n" }))
}

func writeTern(_ context.Context, _ *bench, dir string, changes []change) error {
	return each(dir, changes,
		func(i int, c change) string { return fmt.Sprintf("%05d_%s.sql", i, slug(c)) },
		func(_ int, c change) string {
			return c.up + ";\n\n---- create above / drop below ----\n\n" + c.down + ";\n"
		})
}

func writeSQLMigrate(_ context.Context, _ *bench, dir string, changes []change) error {
	config := "bench:\n  dialect: postgres\n  datasource: ${DATABASE_URL}\n  dir: .\n  table: migrations\n"
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "dbconfig.yml"), []byte(config), 0o644),
		each(dir, changes,
			func(i int, c change) string { return fmt.Sprintf("%05d_%s.sql", i, slug(c)) },
			func(_ int, c change) string {
				return "-- +migrate Up\n" + c.up + ";\n\n-- +migrate Down\n" + c.down + ";\n"
			}))
}

const alembicEnvironment = `import os
from alembic import context
from sqlalchemy import create_engine, pool

url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`

func writeAlembic(_ context.Context, _ *bench, dir string, changes []change) error {
	versions := filepath.Join(dir, "versions")
	return errors.Join(
		os.Mkdir(versions, 0o755),
		os.WriteFile(filepath.Join(dir, "alembic.ini"), []byte("[alembic]\nscript_location = .\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "env.py"), []byte(alembicEnvironment), 0o644),
		each(versions, changes,
			func(_ int, c change) string { return c.id + "_" + slug(c) + ".py" },
			func(i int, c change) string {
				parent := "None"
				if i > 1 {
					parent = fmt.Sprintf("%q", changes[i-2].id)
				}
				return fmt.Sprintf("\"\"\"%s\"\"\"\nfrom alembic import op\n\nrevision = %q\ndown_revision = %s\nbranch_labels = None\ndepends_on = None\n\n\n"+
					"def upgrade():\n    op.execute(%q)\n\n\ndef downgrade():\n    op.execute(%q)\n", c.name, c.id, parent, c.up, c.down)
			}))
}
