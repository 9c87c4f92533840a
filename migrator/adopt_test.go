package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/foreign"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestAdoptReadsVersionTables(t *testing.T) {
	t.Parallel()
	versions := map[string]string{"1": "a1", "2": "b2", "3": "c3"}
	// A user may leave out the schema of the table.
	for _, table := range []foreign.Table{{Name: `"My Versions"`, Tool: "goose"}, {Name: `"schema_migrations"`, Tool: "dbmate"}} {
		projecttest.RegisterSQL(table.Query())
	}
	for _, c := range []struct {
		name, sql string
		adopt     migrator.Adopt
		revisions string // recorded, or
		err       string // a part of the error
	}{
		{"alembic", "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b2')", migrator.Adopt{}, "a1 b2", ""},
		{"alembic at base", "CREATE TABLE alembic_version (version_num varchar(32))", migrator.Adopt{}, "", ""},
		{"alembic elsewhere", "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('zz')", migrator.Adopt{}, "", "version zz is not a revision of this program"},
		{"tern", "CREATE TABLE schema_version (version int4); INSERT INTO schema_version VALUES (2)", migrator.Adopt{Versions: versions}, "a1 b2", ""},
		{"goose", "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied bool); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true), (3, false)", migrator.Adopt{Versions: versions}, "a1 b2", ""},
		{"goose with a gap", "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied bool); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (3, true)", migrator.Adopt{Versions: versions}, "", "revision b2 (add b2) precedes others that are in this table, and is missing itself"},
		{"golang-migrate", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (3, false)", migrator.Adopt{Versions: versions}, "a1 b2 c3", ""},
		{"golang-migrate dirty", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (3, true)", migrator.Adopt{Versions: versions}, "", "version 3 is dirty"},
		{"dbmate", "CREATE TABLE schema_migrations (version varchar); INSERT INTO schema_migrations VALUES ('1')", migrator.Adopt{Versions: versions}, "a1", ""},
		{"two tools", "CREATE TABLE schema_version (version int4); CREATE TABLE alembic_version (version_num varchar(32))", migrator.Adopt{}, "", "found several version tables: public.alembic_version (alembic), public.schema_version (tern)"},
		{"one of two", "CREATE SCHEMA s; CREATE TABLE schema_version (version int4); CREATE TABLE s.alembic_version (version_num varchar(32)); INSERT INTO s.alembic_version VALUES ('a1')", migrator.Adopt{Tool: "alembic"}, "a1", ""},
		{"none", "", migrator.Adopt{}, "", "found no version table of alembic, atlas, dbmate, diesel, flyway, golang-migrate, goose, prisma, rails, sqitch, sql-migrate, sqlx or tern"},
		{"table of another tool", "CREATE TABLE schema_migrations (version bigint, dirty bool)", migrator.Adopt{Tool: "goose"}, "", "found no version table of goose, but public.schema_migrations (golang-migrate)"},
		{"unknown tool", "", migrator.Adopt{Tool: "liquibase"}, "", `unknown tool "liquibase"; the known tools are alembic, atlas, dbmate, diesel, `},
		{"two schemas", "CREATE SCHEMA s; CREATE TABLE alembic_version (version_num varchar(32)); CREATE TABLE s.alembic_version (version_num varchar(32)); INSERT INTO s.alembic_version VALUES ('b2')", migrator.Adopt{Tool: "alembic"}, "", "found several version tables: public.alembic_version (alembic), s.alembic_version (alembic)"},
		{"the other schema", "CREATE SCHEMA s; CREATE TABLE alembic_version (version_num varchar(32)); CREATE TABLE s.alembic_version (version_num varchar(32)); INSERT INTO s.alembic_version VALUES ('b2')", migrator.Adopt{Table: "s.alembic_version"}, "a1 b2", ""},
		{"no such table", "", migrator.Adopt{Table: "s.versions"}, "", "adopt s.versions: no such table"},
		{"another name", `CREATE TABLE "My Versions" (id serial, version_id bigint, is_applied bool); INSERT INTO "My Versions" (version_id, is_applied) VALUES (1, true)`, migrator.Adopt{Table: `"My Versions"`, Versions: versions}, "a1", ""},
		{"another tool's", "CREATE TABLE v (version int4)", migrator.Adopt{Table: "v", Tool: "goose", Versions: versions}, "", "adopt v: it is not a version table of goose: its columns are version"},
		{"no tool's", "CREATE TABLE v (a int, b int)", migrator.Adopt{Table: "v"}, "", "its columns are not those of a known tool: a, b"},
		{"dbmate with numbers", "CREATE TABLE schema_migrations (version int4); INSERT INTO schema_migrations VALUES (1)", migrator.Adopt{Tool: "dbmate", Table: "schema_migrations", Versions: versions}, "a1", ""},
		{"not its columns", "CREATE TABLE goose_db_version (version_id bigint)", migrator.Adopt{Versions: versions}, "", "found no version table of alembic"},
		{"other columns", "CREATE TABLE goose_db_version (version_id bigint, is_applied bool)", migrator.Adopt{Versions: versions}, "", "cannot be read as goose's: column"},
		{"alembic with several heads", "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b2'), ('zz')", migrator.Adopt{}, "", "version zz is not a revision of this program; import the files that the database was migrated with first"},
		{"tern beyond the map", "CREATE TABLE schema_version (version int4); INSERT INTO schema_version VALUES (4)", migrator.Adopt{Versions: versions}, "", "version 4 is not a revision of this program and is not in the map"},
		{"a map of other files", "CREATE TABLE schema_version (version int4); INSERT INTO schema_version VALUES (1)", migrator.Adopt{Versions: map[string]string{"1": "x9"}}, "", "the map leads to x9, which does not exist"},
		{"tern at nothing", "CREATE TABLE schema_version (version int4); INSERT INTO schema_version VALUES (0)", migrator.Adopt{Versions: versions}, "", ""},
		{"golang-migrate at 0", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (0, false)", migrator.Adopt{Versions: map[string]string{"0": "a1", "1": "b2"}}, "a1", ""},
		{"golang-migrate before the first", "CREATE TABLE schema_migrations (version bigint, dirty bool)", migrator.Adopt{Versions: versions}, "", ""},
		{"several rows", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (3, false), (2, false)", migrator.Adopt{Versions: versions}, "", "it has 2 rows where there should be one"},
		{"goose down and up again", "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied bool); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (2, true), (1, true), (2, false), (2, true), (3, false)", migrator.Adopt{Versions: versions}, "a1 b2", ""},
		{"baseline", "CREATE TABLE account (id int)", migrator.Adopt{Baseline: []string{"b2"}}, "a1 b2", ""},
		{"baseline with a function", "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", migrator.Adopt{Baseline: []string{"a1"}}, "a1", ""},
		{"baseline of nothing", "", migrator.Adopt{Baseline: []string{"b2"}}, "a1 b2", ""},
		{"dry run", "CREATE TABLE account (id int)", migrator.Adopt{Baseline: []string{"b2"}, DryRun: true}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			if c.sql != "" {
				pgtest.Exec(t, url, c.sql)
			}
			m := projecttest.Shop(t).Migrator(migrator.Config{})
			_, err := m.Adopt(context.Background(), projecttest.Config(t, url), c.adopt)
			if c.err != "" {
				var e *migrator.AdoptError
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v", err)
				}
			} else if err != nil {
				t.Error(err)
			}
			st, err := m.Status(context.Background(), projecttest.Config(t, url))
			if err != nil {
				t.Fatal(err)
			}
			var applied []string
			for _, r := range st.Revisions {
				if r.State == migrator.Applied {
					applied = append(applied, r.Revision)
				}
			}
			if got := strings.Join(applied, " "); got != c.revisions {
				t.Errorf("applied: %q, want %q", got, c.revisions)
			}
		})
	}
}

// A database is adopted only if its ledger has no revisions.
func TestAdoptNeedsEmptyLedger(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	m, cfg := projecttest.Shop(t).Migrator(migrator.Config{}), projecttest.Config(t, url)
	if _, err := m.EnsureLedger(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	var e *migrator.AdoptError
	baseline := migrator.Adopt{Baseline: []string{"b2"}, DryRun: true}
	if found, err := m.Adopt(ctx, cfg, baseline); err != nil || !found.Empty {
		t.Errorf("with only the ledger: %+v, %v", found, err)
	}
	pgtest.Exec(t, url, "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b2')")
	if found, err := m.Adopt(ctx, cfg, baseline); err != nil || found.Empty {
		t.Errorf("with a table: %+v, %v", found, err)
	}
	if found, err := m.Adopt(ctx, cfg, migrator.Adopt{}); err != nil || strings.Join(found.Revisions, " ") != "a1 b2" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := m.Adopt(ctx, cfg, migrator.Adopt{}); !errors.As(err, &e) || !strings.Contains(err.Error(), "already has revisions (2)") {
		t.Errorf("again: %v", err)
	}
	other := projecttest.Shop(t).Migrator(migrator.Config{Ledger: "public.other"})
	if found, err := other.Adopt(ctx, cfg, migrator.Adopt{}); err != nil || strings.Join(found.Revisions, " ") != "a1 b2" {
		t.Errorf("into another ledger: %+v, %v", found, err)
	}
}

// A role that cannot read the table gets the statement that grants the privilege.
func TestAdoptReportsMissingPrivilege(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	role := "clerk_" + pgtest.Value(t, url, "SELECT current_database()")
	pgtest.Exec(t, url, "CREATE TABLE schema_version (version int4); CREATE ROLE "+role)
	t.Cleanup(func() { pgtest.Exec(t, url, "DROP ROLE "+role) })
	_, err := projecttest.Shop(t).Migrator(migrator.Config{Role: role}).Adopt(context.Background(), projecttest.Config(t, url), migrator.Adopt{})
	var e *migrator.AdoptError
	if !errors.As(err, &e) || !strings.HasSuffix(err.Error(), `(42501); the owner can run: GRANT SELECT ON public.schema_version TO "`+role+`"`) {
		t.Errorf("%v", err)
	}
}
