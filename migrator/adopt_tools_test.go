package migrator_test

import (
	"context"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/foreign"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// adoptInsert returns the statement that fills a version table as its tool does.
var adoptInsert = map[string]string{
	"Atlas":       "INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, hash, operator_version) VALUES ",
	"Diesel":      "INSERT INTO __diesel_schema_migrations (version) VALUES ",
	"Flyway":      "INSERT INTO flyway_schema_history (installed_rank, version, type, success, description, script, installed_by, execution_time) VALUES ",
	"Prisma":      "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at) VALUES ",
	"Rails":       "INSERT INTO schema_migrations (version) VALUES ",
	"sql-migrate": "INSERT INTO gorp_migrations VALUES ",
	"Sqitch":      "INSERT INTO sqitch.changes (change_id, change, project, committer_name, committer_email, planned_at, planner_name, planner_email) VALUES ",
	"SQLx":        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ",
}

func TestAdoptReadsTheRowsOfEachTool(t *testing.T) {
	t.Parallel()
	one := map[string]string{"1": "a1", "2": "b2", "3": "c3"}
	flyway := func(rank, version, kind, success string) string {
		return "(" + rank + ", '" + version + "', '" + kind + "', " + success + ", '', '', 'me', 1)"
	}
	atlas := func(version, kind, applied string) string {
		return "('" + version + "', '', " + kind + ", " + applied + ", 1, now(), 1, '', '')"
	}
	sqitch := func(id, project string) string {
		return "('" + id + "', 'x', '" + project + "', '', '', now(), '', '')"
	}
	for _, c := range []struct {
		name, tool string
		rows       []string
		versions   map[string]string
		revisions  string // recorded, or
		err        string // a part of the error
	}{
		{"atlas", "Atlas", []string{atlas("1", "2", "1"), atlas("2", "2", "1")}, one, "a1 b2", ""},
		{"atlas with a cloud id", "Atlas", []string{atlas(".atlas_cloud_identifier", "2", "0"), atlas("1", "2", "1")}, one, "a1", ""},
		{"atlas baseline", "Atlas", []string{atlas("2", "1", "0"), atlas("3", "6", "1")}, one, "a1 b2 c3", ""},
		{"atlas half-way", "Atlas", []string{atlas("1", "2", "1"), atlas("2", "2", "0")}, one, "", "version 2 is dirty: atlas stopped in the middle of it; check what of it exists, correct that, run `atlas migrate set`, then adopt"},
		{"diesel", "Diesel", []string{"('1')", "('2')"}, one, "a1 b2", ""},
		{"diesel with a gap", "Diesel", []string{"('1')", "('3')"}, one, "", "b2 (add b2) precedes others that are in this table, and is missing itself"},
		{"flyway", "Flyway", []string{flyway("0", "0", "SCHEMA", "true"), flyway("1", "1", "SQL", "true"), flyway("2", "2", "SQL", "true")}, one, "a1 b2", ""},
		{"flyway repeatable", "Flyway", []string{flyway("1", "1", "SQL", "true"), "(2, NULL, 'SQL', true, 'views', 'R__views.sql', 'me', 1)"}, one, "a1", ""},
		{"flyway undone", "Flyway", []string{flyway("1", "1", "SQL", "true"), flyway("2", "2", "SQL", "true"), flyway("3", "2", "UNDO_SQL", "true")}, one, "a1", ""},
		{"flyway undone and applied again", "Flyway", []string{flyway("1", "1", "SQL", "true"), flyway("3", "1", "UNDO_SQL", "true"), flyway("4", "1", "SQL", "true")}, one, "a1", ""},
		{"flyway deleted", "Flyway", []string{flyway("1", "1", "SQL", "true"), flyway("2", "9", "SQL", "true"), flyway("3", "9", "DELETE", "true")}, one, "a1", ""},
		{"flyway baseline", "Flyway", []string{flyway("1", "2", "BASELINE", "true"), flyway("2", "3", "SQL", "true")}, one, "a1 b2 c3", ""},
		{"flyway baseline before the first", "Flyway", []string{flyway("1", "0.5", "BASELINE", "true"), flyway("2", "1", "SQL", "true")}, one, "a1", ""},
		{"flyway baseline with numbers", "Flyway", []string{flyway("1", "1.10", "BASELINE", "true")}, map[string]string{"1.2": "a1", "1.9.5": "b2", "1.11": "c3"}, "a1 b2", ""},
		{"flyway baseline migration", "Flyway", []string{flyway("1", "2", "SQL_BASELINE", "true")}, one, "a1 b2", ""},
		{"flyway failed", "Flyway", []string{flyway("1", "1", "SQL", "false")}, one, "", "version 1 is dirty: flyway stopped in the middle of it; check what of it exists, correct that, run `flyway repair`, then adopt"},
		{"prisma", "Prisma", []string{"('1', '', '1', now(), NULL)", "('2', '', '2', now(), NULL)"}, one, "a1 b2", ""},
		{"prisma rolled back", "Prisma", []string{"('1', '', '1', now(), NULL)", "('2', '', '2', NULL, now())"}, one, "a1", ""},
		{"prisma failed", "Prisma", []string{"('1', '', '1', NULL, NULL)"}, one, "", "version 1 is dirty: prisma stopped"},
		{"rails", "Rails", []string{"('1')", "('2')"}, map[string]string{"1": "a1", "2": "a1"}, "a1", ""},
		{"rails before the baseline", "Rails", []string{"('1')"}, map[string]string{"1": "a1", "2": "a1"}, "", "revision a1 stands for several versions, and of these the table has 1, but not 2; apply the missing ones with rails first"},
		{"rails after the baseline", "Rails", []string{"('1')", "('2')", "('3')"}, map[string]string{"1": "a1", "2": "a1"}, "", "version 3 is not a revision of this program and is not in the map"},
		{"sql-migrate", "sql-migrate", []string{"('1.sql', now())", "('2.sql', now())"}, map[string]string{"1.sql": "a1", "2.sql": "b2"}, "a1 b2", ""},
		{"sqitch", "Sqitch", []string{sqitch("1", "shop"), sqitch("2", "shop"), sqitch("9", "other")}, one, "a1 b2", ""},
		{"sqitch of another project", "Sqitch", []string{sqitch("9", "other")}, one, "", "version 9 is not a revision of this program and is not in the map"},
		{"sqitch with a newer change", "Sqitch", []string{sqitch("1", "shop"), sqitch("9", "shop")}, one, "", "version 9 is not"},
		{"sqlx", "SQLx", []string{"(1, '', true, '', 1)", "(2, '', true, '', 1)"}, one, "a1 b2", ""},
		{"sqlx dirty", "SQLx", []string{"(1, '', true, '', 1)", "(2, '', false, '', -1)"}, one, "", "version 2 is dirty: sqlx stopped in the middle of it; check what of it exists, correct that, delete its row, or set success to true, then adopt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, versionTables[c.tool]+"; "+adoptInsert[c.tool]+strings.Join(c.rows, ", "))
			files := projecttest.New(t).Add("a1", "", "SELECT 1;", "SELECT 1;").Add("b2", "a1", "SELECT 1;", "SELECT 1;").Add("c3", "b2", "SELECT 1;", "SELECT 1;")
			found, err := files.Migrator(migrator.Config{}).Adopt(context.Background(), projecttest.Config(t, url), migrator.Adopt{Versions: c.versions})
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v", err)
				}
			case err != nil:
				t.Error(err)
			case strings.Join(found.Revisions, " ") != c.revisions || found.Tool != strings.ToLower(c.tool):
				t.Errorf("%+v", found)
			}
		})
	}
}

// A table with another name is recognized by its columns.
func TestAdoptRecognizesColumns(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	for tool := range adoptInsert {
		if tool == "Rails" {
			continue // as dbmate
		}
		name := "other_" + strings.ReplaceAll(strings.ToLower(tool), "-", "_")
		fields := strings.Fields(adoptInsert[tool])
		pgtest.Exec(t, url, versionTables[tool]+"; CREATE TABLE "+name+" (LIKE "+fields[2]+")")
		projecttest.RegisterSQL(foreign.Table{Name: `"` + name + `"`, Tool: strings.ToLower(tool)}.Query())
		found, err := m.Adopt(context.Background(), projecttest.Config(t, url), migrator.Adopt{Table: name, DryRun: true})
		if err != nil || found.Tool != strings.ToLower(tool) {
			t.Errorf("%s: %+v, %v", tool, found, err)
		}
	}
}

// A database that began at a checkpoint has no rows for what comes before it.
func TestAdoptOfADatabaseThatBeganAtACheckpoint(t *testing.T) {
	t.Parallel()
	const versions = `{"tool": "atlas", "versions": [{"version": "1", "revision": "a1"}, {"version": "2", "revision": "b2"},
		{"version": "2c", "revision": "b2", "checkpoint": true}, {"version": "3", "revision": "c3"}, {"version": "4c", "revision": "d4", "checkpoint": true}]}`
	row := func(version string) string { return "('" + version + "', '', 2, 1, 1, now(), 1, '', '')" }
	for _, c := range []struct{ name, rows, revisions, err string }{
		{"only the checkpoint", row("2c"), "a1 b2", ""},
		{"and what follows", row("2c") + ", " + row("3"), "a1 b2 c3", ""},
		{"an older database", row("1") + ", " + row("2"), "a1 b2", ""},
		{"a gap before another version", row("1") + ", " + row("3"), "", "b2 (add b2) precedes others"},
		{"a checkpoint of a revision that is not here", row("4c"), "", "version 4c is not a revision of this program: the map leads to d4, which does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, versionTables["Atlas"]+"; "+adoptInsert["Atlas"]+c.rows)
			var a migrator.Adopt
			if err := a.ReadMap(strings.NewReader(versions)); err != nil {
				t.Fatal(err)
			}
			files := projecttest.New(t).Add("a1", "", "SELECT 1;", "SELECT 1;").Add("b2", "a1", "SELECT 1;", "SELECT 1;").Add("c3", "b2", "SELECT 1;", "SELECT 1;")
			found, err := files.Migrator(migrator.Config{}).Adopt(context.Background(), projecttest.Config(t, url), a)
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case strings.Join(found.Revisions, " ") != c.revisions:
				t.Errorf("%v, want %s", found.Revisions, c.revisions)
			}
		})
	}
}
