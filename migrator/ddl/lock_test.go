package ddl_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// lockCheck runs the statements of a script, each in its own transaction, and compares the locks that they say they take with
// those that the server shows.
type lockCheck struct {
	*testing.T
	conn   *pg.Conn
	before map[string]bool // the relations that existed before the script, by oid
}

func newLockCheck(t *testing.T, conn *pg.Conn) *lockCheck {
	t.Helper()
	c := &lockCheck{t, conn, map[string]bool{}}
	rows, err := conn.Query(t.Context(), "SELECT oid FROM pg_catalog.pg_class")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		c.before[row[0].Text] = true
	}
	return c
}

const (
	lockNames = `SELECT c.oid, n.nspname, c.relname, c.relkind, COALESCE(i.indrelid, 0) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema)'`
	lockModes = `SELECT l.relation, l.mode FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND l.relation IS NOT NULL`
)

var lockKinds = map[string]schema.Kind{
	"r": schema.Table, "p": schema.Table, "v": schema.View, "m": schema.MaterializedView, "f": schema.ForeignTable, "S": schema.Sequence,
}

// execute returns the error of the statement.
func (c *lockCheck) execute(st ddl.Statement) error {
	c.Helper()
	type relation struct {
		key   schema.Key
		table string // of an index
	}
	relations := map[string]relation{}
	modes := map[schema.Key]schema.LockMode{}
	take := func(key schema.Key, mode schema.LockMode) {
		if mode.Strength() > modes[key].Strength() && mode != schema.AccessShare {
			modes[key] = mode
		}
	}
	_, err := c.conn.Send(c.Context(), pg.Message{SQL: strings.Join([]string{"BEGIN", lockNames, st.SQL, lockModes, "COMMIT"}, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		row := pg.NewRow(fields)
		oid := row[0].Text
		switch {
		case statement == 1 && c.before[oid]:
			relations[oid] = relation{schema.Key{Kind: lockKinds[row[3].Text], Name: schema.Qualify(row[1].Text, row[2].Text)}, row[4].Text}
		case statement == 3:
			r, mode := relations[oid], schema.LockMode(row[1].Text)
			switch table, ok := relations[r.table]; {
			case !ok && r.key.Name != "":
				take(r.key, mode)
			case ok && mode == schema.AccessExclusive:
				take(table.key, mode)
			}
		}
	}})
	if err != nil {
		_ = c.conn.Exec(c.Context(), "ROLLBACK")
		return err
	}
	claimed := map[schema.Key]schema.LockMode{}
	for _, l := range st.Locks {
		claimed[l.Object] = l.Mode
	}
	if !maps.Equal(claimed, modes) {
		c.Errorf("%s\nclaims %s\ntakes  %s", st.SQL, describeLocks(claimed), describeLocks(modes))
	}
	return nil
}

func describeLocks(locks map[schema.Key]schema.LockMode) string {
	var list []string
	for key, mode := range locks {
		list = append(list, mode.String()+" on "+key.String())
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// thereAndBack makes a change and undoes it.
func (c *lockCheck) thereAndBack(before, after *schema.Schema, o ddl.Options) {
	c.Helper()
	for _, pair := range [][2]*schema.Schema{{before, after}, {after, before}} {
		statements, err := ddl.Change(pair[0], pair[1], o)
		if err != nil {
			c.Error(err)
			return
		}
		check := newLockCheck(c.T, c.conn)
		for _, st := range statements {
			if err := check.execute(st); err != nil {
				c.Errorf("%v\n%s", err, st.SQL)
			}
		}
	}
}

// unchanged fails the test if the database does not have the schema that it had.
func (c *lockCheck) unchanged(before *schema.Schema) {
	c.Helper()
	if d := before.Compare(schematest.Read(c.T, c.conn)); len(d) > 0 {
		c.Errorf("was not undone:\n%s", schematest.Describe(d))
	}
}

// Each statement that a change consists of takes the locks that it says. All tests that make changes check that too; see apply.
func TestLocksAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for _, sql := range mutations(t, conn, schematest.RoleName(t, databaseURL)) {
		newLockCheck(t, conn).thereAndBack(before, schematest.ReadAfter(t, conn, sql), changeEverything)
	}
	newLockCheck(t, conn).unchanged(before)
}

const lockSetup = `CREATE TYPE pair AS (l int, r text);
CREATE DOMAIN low AS int; CREATE DOMAIN lower AS low; CREATE DOMAIN unused AS text;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE city (id int PRIMARY KEY, code varchar(10) UNIQUE);
CREATE TABLE town (id serial PRIMARY KEY, code varchar(10) REFERENCES city (code), city int, d low, note text, boss int REFERENCES town, CONSTRAINT positive CHECK (city > 0));
CREATE INDEX town_note ON town USING gin (to_tsvector('simple', note)); CREATE INDEX town_brin ON town USING brin (id); CREATE INDEX town_city ON town (city);
CREATE TABLE parent (x int, y lower); CREATE TABLE child (z int) INHERITS (parent); CREATE TABLE grandchild () INHERITS (child);
ALTER TABLE parent ADD CONSTRAINT small CHECK (x < 10);
CREATE TABLE big (k int NOT NULL, v text, city int, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE big1 PARTITION OF big FOR VALUES FROM (1) TO (100) PARTITION BY LIST (k);
CREATE TABLE big11 PARTITION OF big1 FOR VALUES IN (1); CREATE TABLE big_rest PARTITION OF big DEFAULT; CREATE TABLE big2 (k int NOT NULL, v text, city int);
CREATE INDEX big_v ON big (v);
ALTER TABLE big ADD CONSTRAINT in_city FOREIGN KEY (city) REFERENCES city;
CREATE TABLE plain (k int, w int, city int REFERENCES city) PARTITION BY LIST (k); CREATE TABLE plain1 PARTITION OF plain FOR VALUES IN (1, 2) PARTITION BY LIST (k); CREATE TABLE plain11 PARTITION OF plain1 FOR VALUES IN (1);
CREATE TABLE to_big (k int, i int GENERATED ALWAYS AS IDENTITY);
CREATE TRIGGER big_trg AFTER INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TRIGGER big_stm AFTER INSERT ON big EXECUTE FUNCTION trg(); CREATE TRIGGER parent_trg AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TRIGGER town_trg AFTER UPDATE ON town EXECUTE FUNCTION trg();
CREATE TABLE typed OF pair; CREATE TABLE log (id int);
CREATE VIEW v AS SELECT id, code FROM town; CREATE MATERIALIZED VIEW mv AS SELECT id, d FROM town; CREATE INDEX mv_id ON mv (id);
CREATE SEQUENCE s; CREATE STATISTICS st ON city, code FROM town;
CREATE RULE logged AS ON DELETE TO town DO ALSO INSERT INTO log VALUES (1);
CREATE POLICY mine ON town USING (city > 0);
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (x int) SERVER srv;
CREATE PUBLICATION pub FOR TABLE town;`

var lockChanges = []string{
	"ALTER TABLE city ALTER code TYPE varchar(20)", "DROP VIEW v; ALTER TABLE town ALTER code TYPE varchar(20); CREATE VIEW v AS SELECT id, code FROM town", "DROP POLICY mine ON town; ALTER TABLE town ALTER city TYPE bigint; CREATE POLICY mine ON town USING (city > 0)",
	"ALTER TABLE town ADD FOREIGN KEY (city) REFERENCES city", "ALTER TABLE town ADD FOREIGN KEY (city) REFERENCES city NOT VALID", "ALTER TABLE town ADD UNIQUE (city)",
	"ALTER TABLE town ADD CHECK (id > 0) NOT VALID", "ALTER TABLE town DROP CONSTRAINT town_boss_fkey", "ALTER TABLE town ALTER CONSTRAINT town_boss_fkey DEFERRABLE",
	"ALTER TABLE town ALTER CONSTRAINT town_code_fkey DEFERRABLE INITIALLY DEFERRED", "DROP VIEW v; DROP MATERIALIZED VIEW mv; ALTER TABLE town DROP CONSTRAINT town_boss_fkey; ALTER TABLE town DROP id", "ALTER TABLE town ALTER id DROP DEFAULT; DROP SEQUENCE town_id_seq",
	"ALTER TABLE town ALTER note SET NOT NULL", "ALTER TABLE town ALTER note SET STORAGE EXTERNAL", "ALTER TABLE town ALTER note SET STATISTICS 10", "ALTER TABLE town ALTER note SET (n_distinct = 5)",
	"ALTER TABLE town SET (fillfactor = 50, autovacuum_enabled = off, toast.autovacuum_enabled = off)", "ALTER TABLE town SET (user_catalog_table = true)", "ALTER TABLE town SET (parallel_workers = 1)",
	"ALTER TABLE town CLUSTER ON town_city", "ALTER TABLE town REPLICA IDENTITY FULL", "ALTER TABLE town ENABLE ROW LEVEL SECURITY", "ALTER TABLE town DISABLE TRIGGER town_trg", "ALTER TABLE town DISABLE RULE logged",
	"ALTER TABLE town OWNER TO pg_monitor", "ALTER PUBLICATION pub DROP TABLE town; ALTER TABLE town DROP CONSTRAINT town_code_fkey; ALTER TABLE town SET UNLOGGED", "ALTER TABLE town DISABLE TRIGGER ALL",
	"ALTER INDEX town_note SET (fastupdate = off)", "ALTER INDEX town_brin SET (autosummarize = on)", "ALTER INDEX town_city SET (fillfactor = 50)", "ALTER INDEX town_city SET (deduplicate_items = off)",
	"DROP INDEX town_city", "CREATE UNIQUE INDEX town_new ON town (city, id)", "ALTER INDEX town_city RENAME TO other",
	"ALTER TABLE parent ADD z2 int", "ALTER TABLE parent ADD z2 int DEFAULT 5 NOT NULL", "ALTER TABLE parent ALTER x TYPE bigint", "ALTER TABLE parent ALTER x SET NOT NULL", "ALTER TABLE parent ALTER x SET DEFAULT 1",
	"ALTER TABLE parent DROP CONSTRAINT small", "ALTER TABLE parent DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (x < 10) NOT VALID", "ALTER TABLE parent ADD PRIMARY KEY (x)", "ALTER TABLE parent ADD UNIQUE (x)",
	"ALTER TABLE child NO INHERIT parent", "CREATE TABLE other_child () INHERITS (parent, log)", "DROP TABLE grandchild", "ALTER TABLE parent ALTER x SET STORAGE PLAIN, ALTER x SET STATISTICS 5",
	"ALTER TABLE parent OWNER TO pg_monitor", "ALTER TABLE parent SET UNLOGGED", "CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION trg()",
	"ALTER TABLE big ADD w int", "ALTER TABLE big ALTER v TYPE varchar(100)", "ALTER TABLE big ALTER v SET NOT NULL", "ALTER TABLE big ADD CHECK (k > 0)", "ALTER TABLE big ADD UNIQUE (k, v)",
	"ALTER TABLE big DROP CONSTRAINT in_city", "ALTER TABLE big1 ADD FOREIGN KEY (k) REFERENCES city", "ALTER TABLE big ADD FOREIGN KEY (k) REFERENCES city DEFERRABLE", "ALTER TABLE big ALTER CONSTRAINT in_city DEFERRABLE",
	"ALTER TABLE to_big ADD FOREIGN KEY (k) REFERENCES big", "DROP INDEX big_v", "CREATE INDEX big_city ON big (city)", "DROP TRIGGER big_trg ON big", "CREATE TRIGGER other AFTER INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg()",
	"CREATE TRIGGER other AFTER INSERT ON big EXECUTE FUNCTION trg()", "ALTER TABLE big DISABLE TRIGGER big_trg", "ALTER TABLE big DISABLE TRIGGER big_stm", "ALTER TABLE parent DISABLE TRIGGER parent_trg", "DROP TRIGGER big_stm ON big", "CREATE TYPE c2 AS (a int); CREATE TABLE typed2 OF c2", "ALTER TABLE big1 DISABLE TRIGGER big_trg", "ALTER TABLE big OWNER TO pg_monitor",
	"ALTER TABLE big DETACH PARTITION big1", "ALTER TABLE big1 DETACH PARTITION big11", "ALTER TABLE big DETACH PARTITION big_rest", "ALTER TABLE big ATTACH PARTITION big2 FOR VALUES FROM (200) TO (300)", "DROP TABLE big11", "DROP TABLE big_rest",
	"ALTER TABLE big2 ADD FOREIGN KEY (city) REFERENCES city; ALTER TABLE big ATTACH PARTITION big2 FOR VALUES FROM (200) TO (300)", "COMMENT ON TABLE big IS 'x'", "COMMENT ON COLUMN big.v IS 'x'", "DROP TABLE big",
	"ALTER TABLE to_big ALTER i DROP IDENTITY", "ALTER TABLE to_big ALTER i SET GENERATED BY DEFAULT", "ALTER TABLE to_big ALTER i SET INCREMENT 5", "DROP TABLE to_big", "ALTER TABLE to_big DROP i", "ALTER TABLE to_big ADD j int GENERATED ALWAYS AS IDENTITY", "ALTER TABLE to_big ADD j serial",
	"ALTER DOMAIN low ADD CHECK (VALUE > 0)", "ALTER DOMAIN lower ADD CHECK (VALUE > 0)", "ALTER DOMAIN low ADD CHECK (VALUE > 0) NOT VALID", "ALTER DOMAIN low SET NOT NULL", "ALTER DOMAIN low SET DEFAULT 1", "ALTER DOMAIN unused SET NOT NULL",
	"ALTER TYPE pair ADD ATTRIBUTE x int CASCADE", "ALTER TYPE pair DROP ATTRIBUTE r CASCADE", "ALTER TABLE typed NOT OF", "ALTER TYPE pair OWNER TO pg_monitor",
	"CREATE OR REPLACE VIEW v AS SELECT id, code FROM town WHERE id > 0", "ALTER VIEW v SET (security_barrier)", "ALTER VIEW v ALTER id SET DEFAULT 1", "DROP VIEW v", "DROP MATERIALIZED VIEW mv", "ALTER MATERIALIZED VIEW mv SET (fillfactor = 50)", "ALTER VIEW v OWNER TO pg_monitor", "COMMENT ON VIEW v IS 'x'", "COMMENT ON COLUMN v.id IS 'x'", "ALTER MATERIALIZED VIEW mv OWNER TO pg_monitor", "COMMENT ON COLUMN mv.id IS 'x'", "CREATE VIEW locking AS SELECT id FROM town FOR UPDATE",
	"ALTER SEQUENCE s INCREMENT 2", "ALTER SEQUENCE s OWNED BY log.id", "ALTER SEQUENCE s OWNER TO pg_monitor", "DROP SEQUENCE s", "COMMENT ON SEQUENCE s IS 'x'", "ALTER SEQUENCE town_id_seq OWNED BY NONE", "CREATE SEQUENCE other OWNED BY log.id",
	"DROP STATISTICS st", "ALTER STATISTICS st SET STATISTICS 5", "COMMENT ON STATISTICS st IS 'x'", "CREATE STATISTICS other ON id, note FROM town", "CREATE STATISTICS mvst ON id, d FROM mv",
	"DROP RULE logged ON town", "CREATE RULE other AS ON UPDATE TO v DO INSTEAD (UPDATE log SET id = 1; DELETE FROM ONLY child)", "COMMENT ON RULE logged ON town IS 'x'", "DROP POLICY mine ON town", "COMMENT ON POLICY mine ON town IS 'x'", "COMMENT ON TRIGGER town_trg ON town IS 'x'", "COMMENT ON CONSTRAINT positive ON town IS 'x'", "COMMENT ON INDEX town_city IS 'x'", "COMMENT ON DOMAIN low IS 'x'", "COMMENT ON COLUMN pair.l IS 'x'",
	"ALTER PUBLICATION pub ADD TABLE big", "ALTER PUBLICATION pub ADD TABLE parent", "ALTER PUBLICATION pub DROP TABLE town", "DROP PUBLICATION pub", "CREATE PUBLICATION allp FOR ALL TABLES", "ALTER PUBLICATION pub SET (publish = 'insert')",
	"ALTER FOREIGN TABLE ft ADD y int", "ALTER FOREIGN TABLE ft OPTIONS (a 'b')", "DROP FOREIGN TABLE ft", "COMMENT ON FOREIGN TABLE ft IS 'x'", "CREATE FOREIGN TABLE ft2 (z int) INHERITS (parent) SERVER srv",
	"GRANT SELECT ON town TO pg_monitor", "GRANT SELECT (id) ON town TO pg_monitor", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor", "GRANT USAGE ON SEQUENCE s TO pg_monitor", "ALTER FUNCTION trg() OWNER TO pg_monitor",
	"CREATE OR REPLACE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "CREATE SCHEMA other; CREATE TABLE other.t (id int REFERENCES town, big int REFERENCES big)",
	"since 14: CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO log VALUES (1); UPDATE town SET city = 1; DELETE FROM big; END",
	"since 15: ALTER PUBLICATION pub ADD TABLES IN SCHEMA public", "since 15: ALTER SEQUENCE s SET UNLOGGED", "since 15: ALTER VIEW v SET (security_invoker)", "since 14: ALTER TABLE town ALTER note SET COMPRESSION pglz",
	"since 15: CREATE FUNCTION m() RETURNS void BEGIN ATOMIC MERGE INTO log USING town ON log.id = town.id WHEN MATCHED THEN DELETE; END",
	"since 18: ALTER TABLE town ADD CONSTRAINT nn NOT NULL note NOT VALID", "since 18: ALTER TABLE parent ADD CONSTRAINT nn NOT NULL x", "since 18: ALTER TABLE town ALTER CONSTRAINT town_code_fkey NOT ENFORCED", "since 18: ALTER TABLE big ALTER CONSTRAINT in_city NOT ENFORCED",
	"ALTER TABLE big DROP CONSTRAINT big_pkey", "ALTER TABLE plain DETACH PARTITION plain1", "ALTER TABLE plain DROP CONSTRAINT plain_city_fkey", "ALTER TABLE plain DROP CONSTRAINT plain_city_fkey; ALTER TABLE plain DETACH PARTITION plain1", "ALTER TABLE plain1 DETACH PARTITION plain11",
}

// Objects that are connected with others in the ways that make a statement lock these too.
func TestLocksOfConnectedRelations(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, lockSetup)
	conn := schematest.Connect(t, databaseURL)
	before := schematest.Read(t, conn)
	for _, sql := range lockChanges {
		if version, rest, found := strings.Cut(strings.TrimPrefix(sql, "since "), ": "); found && strings.HasPrefix(sql, "since ") {
			if since, _ := strconv.Atoi(version); conn.ServerVersion()/10000 < since {
				continue
			}
			sql = rest
		}
		after := schematest.ReadAfter(t, conn, sql)
		if after == nil {
			continue
		}
		t.Run(sql, func(t *testing.T) {
			newLockCheck(t, conn).thereAndBack(before, after, changeEverything)
		})
	}
	newLockCheck(t, conn).unchanged(before)
}

func TestLocksOfRenames(t *testing.T) {
	t.Parallel()
	for sql, key := range map[string]schema.Key{
		"ALTER TABLE town RENAME TO x1; ALTER TABLE x1 ADD y int":                           {Kind: schema.Table, Name: "public.town"},
		"ALTER TABLE parent RENAME y TO x1; ALTER TABLE parent ALTER x SET DEFAULT 1":       {Kind: schema.Column, Name: "public.parent.y"},
		"ALTER TABLE parent RENAME CONSTRAINT small TO x1":                                  {Kind: schema.Constraint, Name: "small ON public.parent"},
		"ALTER TABLE town RENAME CONSTRAINT town_boss_fkey TO x1":                           {Kind: schema.Constraint, Name: "town_boss_fkey ON public.town"},
		"ALTER TABLE town RENAME CONSTRAINT town_pkey TO x1":                                {Kind: schema.Constraint, Name: "town_pkey ON public.town"},
		"ALTER TABLE plain RENAME w TO x1":                                                  {Kind: schema.Column, Name: "public.plain.w"},
		"ALTER VIEW v RENAME TO x1; ALTER VIEW x1 ALTER id SET DEFAULT 1":                   {Kind: schema.View, Name: "public.v"},
		"ALTER SEQUENCE s RENAME TO x1; ALTER SEQUENCE x1 INCREMENT 5":                      {Kind: schema.Sequence, Name: "public.s"},
		"ALTER INDEX town_city RENAME TO x1; ALTER INDEX x1 SET (fillfactor = 50)":          {Kind: schema.Index, Name: "public.town_city"},
		"ALTER MATERIALIZED VIEW mv RENAME TO x1; DROP INDEX mv_id":                         {Kind: schema.MaterializedView, Name: "public.mv"},
		"ALTER TYPE pair RENAME ATTRIBUTE l TO x1 CASCADE":                                  {Kind: schema.Column, Name: "public.pair.l"},
		"ALTER TABLE parent RENAME TO x1; ALTER TABLE x1 ADD z2 int; DROP TABLE grandchild": {Kind: schema.Table, Name: "public.parent"},
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			databaseURL := pgtest.Database(t)
			pgtest.Exec(t, databaseURL, lockSetup)
			conn := schematest.Connect(t, databaseURL)
			before := schematest.Read(t, conn)
			after := schematest.ReadAfter(t, conn, sql)
			options := changeEverything
			options.Renames = []schema.Renaming{{Key: key, Name: "x1"}}
			applyWith(t, conn, before, after, options)
		})
	}
}

func TestLocksOfMoves(t *testing.T) {
	t.Parallel()
	for sql, key := range map[string]schema.Key{
		"TABLE town SET SCHEMA app; DROP INDEX app.town_city; ALTER SEQUENCE app.town_id_seq INCREMENT 2": {Kind: schema.Table, Name: "public.town"},
		"TABLE parent SET SCHEMA app; ALTER TABLE app.parent ALTER x SET DEFAULT 1":                       {Kind: schema.Table, Name: "public.parent"},
		"TABLE big SET SCHEMA app; ALTER TABLE app.big ADD w int":                                         {Kind: schema.Table, Name: "public.big"},
		"TABLE to_big SET SCHEMA app; ALTER TABLE app.to_big ALTER i SET INCREMENT 5":                     {Kind: schema.Table, Name: "public.to_big"},
		"VIEW v SET SCHEMA app; ALTER VIEW app.v ALTER id SET DEFAULT 1":                                  {Kind: schema.View, Name: "public.v"},
		"MATERIALIZED VIEW mv SET SCHEMA app; DROP INDEX app.mv_id":                                       {Kind: schema.MaterializedView, Name: "public.mv"},
		"SEQUENCE s SET SCHEMA app; ALTER SEQUENCE app.s INCREMENT 5":                                     {Kind: schema.Sequence, Name: "public.s"},
		"FOREIGN TABLE ft SET SCHEMA app":                                                                 {Kind: schema.ForeignTable, Name: "public.ft"},
		"TYPE pair SET SCHEMA app; ALTER TYPE app.pair DROP ATTRIBUTE r CASCADE":                          {Kind: schema.Type, Name: "public.pair"},
		"DOMAIN low SET SCHEMA app; ALTER DOMAIN app.low ADD CHECK (VALUE > 0)":                           {Kind: schema.Domain, Name: "public.low"},
		"FUNCTION trg() SET SCHEMA app":                                                                   {Kind: schema.Function, Name: "public.trg()"},
		"STATISTICS st SET SCHEMA app":                                                                    {Kind: schema.Statistics, Name: "public.st"},
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			databaseURL := pgtest.Database(t)
			pgtest.Exec(t, databaseURL, lockSetup)
			conn := schematest.Connect(t, databaseURL)
			before := schematest.Read(t, conn)
			after := schematest.ReadAfter(t, conn, "CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'x'; GRANT USAGE ON SCHEMA app TO PUBLIC; ALTER "+sql)
			options := changeEverything
			options.Renames = []schema.Renaming{{Key: key, Schema: "app"}}
			applyWith(t, conn, before, after, options)
			options.Renames[0] = schema.Renaming{Key: schema.Key{Kind: key.Kind, Name: "app" + strings.TrimPrefix(key.Name, "public")}, Schema: "public"}
			applyWith(t, conn, after, before, options)
		})
	}
}
