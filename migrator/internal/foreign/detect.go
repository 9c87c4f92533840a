package foreign

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/sqltext"
)

// signature is how a version table is recognized: by its name and some of its columns.
type signature struct {
	tool, table string
	columns     string // comma-separated; all of them exist
	schema      string // "": any
	with        string // another table that exists in the same schema; "": none
}

// signatures are those of the tools, the more specific ones of a table first.
var signatures = []signature{
	{tool: "Alembic", table: "alembic_version", columns: "version_num"},
	{tool: "Atlas", table: "atlas_schema_revisions", columns: "version,executed_at"},
	{tool: "Bun", table: "bun_migrations", columns: "name,group_id"},
	{tool: "Diesel", table: "__diesel_schema_migrations", columns: "version,run_on"},
	{tool: "Django", table: "django_migrations", columns: "app,name,applied"},
	{tool: "Doctrine", table: "doctrine_migration_versions", columns: "version,executed_at"},
	{tool: "Drizzle", table: "__drizzle_migrations", columns: "hash,created_at"},
	{tool: "Entity Framework", table: "__EFMigrationsHistory", columns: "MigrationId,ProductVersion"},
	{tool: "Entity Framework", table: "__ef_migrations_history", columns: "migration_id,product_version"},
	{tool: "Flyway", table: "flyway_schema_history", columns: "installed_rank,version,script"},
	{tool: "Flyway", table: "schema_version", columns: "installed_rank,version,script"},
	{tool: "goose", table: "goose_db_version", columns: "version_id,is_applied"},
	{tool: "graphile-migrate", table: "migrations", columns: "hash,previous_hash,filename", schema: "graphile_migrate"},
	{tool: "Knex", table: "knex_migrations", columns: "name,batch,migration_time"},
	{tool: "Laravel", table: "migrations", columns: "migration,batch"},
	{tool: "Liquibase", table: "databasechangelog", columns: "id,author,filename,md5sum"},
	{tool: "MikroORM", table: "mikro_orm_migrations", columns: "name,executed_at"},
	{tool: "node-pg-migrate", table: "pgmigrations", columns: "name,run_on"},
	{tool: "pgroll", table: "migrations", columns: "name,migration,resulting_schema", schema: "pgroll"},
	{tool: "Phinx", table: "phinxlog", columns: "version,migration_name"},
	{tool: "Prisma", table: "_prisma_migrations", columns: "checksum,migration_name,applied_steps_count"},
	{tool: "Refinery", table: "refinery_schema_history", columns: "version,applied_on,checksum"},
	{tool: "SeaORM", table: "seaql_migrations", columns: "version,applied_at"},
	{tool: "Sequelize", table: "SequelizeMeta", columns: "name"},
	{tool: "sql-migrate", table: "gorp_migrations", columns: "id,applied_at"},
	{tool: "Sqitch", table: "changes", columns: "change_id,change,project,committed_at"},
	{tool: "SQLx", table: "_sqlx_migrations", columns: "version,installed_on,checksum"},
	{tool: "Supabase", table: "schema_migrations", columns: "version,statements", schema: "supabase_migrations"},
	{tool: "tern", table: "schema_version", columns: "version"},
	{tool: "TypeORM", table: "migrations", columns: "id,timestamp,name"},
	{tool: "TypeORM", table: "typeorm_migrations", columns: "id,timestamp,name"},
	{tool: "yoyo", table: "_yoyo_migration", columns: "migration_hash,migration_id"},
	{tool: "golang-migrate", table: "schema_migrations", columns: "version,dirty"},
	{tool: "Ecto", table: "schema_migrations", columns: "version,inserted_at"},
	{tool: "Rails", table: "schema_migrations", columns: "version", with: "ar_internal_metadata"},
	{tool: "dbmate", table: "schema_migrations", columns: "version"},
}

// Detect finds tables that may be version tables: rows of schema, name, qualified and quoted
// name, and column names, joined by commas. It reads only the system catalog. The tables of
// extensions, and those that Supabase keeps for its own services, do not count.
func Detect() string {
	var names []string
	for _, s := range signatures {
		for _, name := range []string{s.table, s.with} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.ReplaceAll(`SELECT n.nspname, c.relname, pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname),
  pg_catalog.array_to_string(ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped), ',')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[]) AND c.relname OPERATOR(pg_catalog.=) ANY (NAMES::pg_catalog.name[])
  AND NOT pg_catalog.starts_with(pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text, 'supabase_')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid OPERATOR(pg_catalog.=) c.oid AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) 'e')
ORDER BY 1, 2`, "NAMES", ledger.Array(names))
}

// Detected is a version table that was found.
type Detected struct {
	Table
	Schema string // unquoted
}

// Adopted returns the table as the tool that Known and Table.Query know.
func (d Detected) Adopted() Table { return Table{d.Name, strings.ToLower(d.Tool)} }

// Adoptable reports whether the versions of the table can be read; see Known.
func (d Detected) Adoptable() bool { return Known(strings.ToLower(d.Tool)) }

func (d Detected) String() string { return d.Name + " (" + d.Tool + ")" }

// Recognized returns the version tables among the rows of Detect.
func Recognized(rows [][]string) []Detected {
	exists := map[string]bool{}
	for _, row := range rows {
		exists[sqltext.QuoteName(row[0])+row[1]] = true
	}
	var found []Detected
	for _, row := range rows {
		columns := strings.Split(row[3], ",")
		i := slices.IndexFunc(signatures, func(s signature) bool {
			return s.table == row[1] && (s.schema == "" || s.schema == row[0]) && (s.with == "" || exists[sqltext.QuoteName(row[0])+s.with]) &&
				!slices.ContainsFunc(strings.Split(s.columns, ","), func(c string) bool { return !slices.Contains(columns, c) })
		})
		if i >= 0 {
			found = append(found, Detected{Table{row[2], signatures[i].tool}, row[0]})
		}
	}
	return found
}
