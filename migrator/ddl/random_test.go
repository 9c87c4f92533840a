package ddl_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// Random cases are the same in each run, so that a test passes or fails with the code and not by chance. To search for new
// ones, give another seed:
//
//	go test ./migrator/ddl -run Random -rapid.seed=7 -rapid.checks=300
func TestMain(m *testing.M) {
	flag.Parse()
	values := map[string]string{"rapid.seed": "1", "rapid.checks": "5", "rapid.nofailfile": "true", "rapid.shrinktime": "15s"}
	if schematest.All() {
		values["rapid.checks"] = "500"
	}
	flag.Visit(func(f *flag.Flag) { delete(values, f.Name) })
	for name, value := range values {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// Two random schemas with the same names are made from each other, there and back.
func TestChangeBetweenRandomSchemas(t *testing.T) {
	t.Parallel()
	conn := schematest.Connect(t, pgtest.Database(t))
	major := conn.ServerVersion() / 10000
	rapid.Check(t, func(r *rapid.T) {
		a, b := randomSchema(r, major), randomSchema(r, major)
		for _, sql := range []string{a, b} {
			if err := try(t, conn, sql); err != nil {
				r.Skipf("not valid: %v", err)
			}
		}
		from, to := mustReadAfter(t, r, conn, a), mustReadAfter(t, r, conn, b)
		there, back := mustChange(r, from, to), mustChange(r, to, from)
		if made := mustReadAfter(t, r, conn, a+there); len(to.Compare(made)) > 0 {
			r.Fatalf("%s\nTO\n%s\nTHERE\n%s\n%s", a, b, there, describe(to, made))
		}
		if made := mustReadAfter(t, r, conn, a+there+back); len(from.Compare(made)) > 0 {
			r.Fatalf("%s\nTO\n%s\nTHERE\n%s\nBACK\n%s\n%s", a, b, there, back, describe(from, made))
		}
		if nothing := mustChange(r, from, from); nothing != "" {
			r.Fatalf("%s\nchange to itself:\n%s", a, nothing)
		}
		created, err := ddl.Create(to, everything)
		if err != nil {
			r.Fatal(err)
		}
		made := mustReadAfter(t, r, conn, ddl.Script(created))
		again, err := ddl.Create(made, everything)
		if err != nil {
			r.Fatal(err)
		}
		if ddl.Script(created) != ddl.Script(again) {
			r.Fatalf("%s\ncreated:\n%s\nagain:\n%s", b, ddl.Script(created), ddl.Script(again))
		}
	})
}

func mustChange(r *rapid.T, from, to *schema.Schema) string {
	statements, err := ddl.Change(from, to, changeEverything)
	if err != nil {
		r.Fatal(err)
	}
	return ddl.Script(statements)
}

// mustReadAfter fails the random case, not the test, so that rapid finds a smaller one.
func mustReadAfter(t *testing.T, r *rapid.T, conn *pg.Conn, sql string) *schema.Schema {
	if err := try(t, conn, sql); err != nil {
		r.Fatalf("%v\n%s", err, sql)
	}
	return schematest.ReadAfter(t, conn, sql)
}

// try runs statements and rolls them back.
func try(t *testing.T, conn *pg.Conn, sql string) error {
	err := conn.Exec(t.Context(), "BEGIN; SET LOCAL client_min_messages = error; "+sql+"; ROLLBACK")
	if err != nil {
		_ = conn.Exec(t.Context(), "ROLLBACK")
	}
	return err
}

// generator writes the statements that make a random schema.
type generator struct {
	*rapid.T
	major   int
	sql     strings.Builder
	tables  map[string][]string // columns
	labels  []string            // of the enum
	keys    map[string]string   // columns of the primary key
	typesOf map[string]string   // of columns
}

func (g *generator) add(format string, arguments ...any) {
	fmt.Fprintf(&g.sql, format+";\n", arguments...)
}

func (g *generator) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(g.T, "chance") < percent
}

func (g *generator) pick(from ...string) string { return rapid.SampledFrom(from).Draw(g.T, "pick") }

func randomSchema(r *rapid.T, major int) string {
	g := &generator{T: r, major: major, tables: map[string][]string{}, keys: map[string]string{}, typesOf: map[string]string{}}
	g.add("CREATE SCHEMA app")
	g.types()
	g.functions()
	for _, name := range []string{"t1", "t2", "t3", "t4"} {
		if g.chance(75) {
			g.table("app." + name)
		}
	}
	g.partitions()
	for _, name := range []string{"app.t1", "app.t2", "app.t3", "app.t4"} {
		if g.tables[name] != nil {
			g.parts(name)
		}
	}
	g.views()
	return g.sql.String()
}

func (g *generator) types() {
	for _, label := range []string{"a", "b", "c", "d"} {
		if g.chance(60) || label == "b" {
			g.labels = append(g.labels, label)
		}
	}
	if g.chance(20) {
		slices.Reverse(g.labels)
	}
	g.add("CREATE TYPE app.e AS ENUM ('%s')", strings.Join(g.labels, "', '"))
	g.add("CREATE DOMAIN app.d AS %s%s%s", g.pick("int", "bigint", "text"), g.pick("", " NOT NULL"), g.pick("", " CHECK (VALUE IS NOT NULL)", " CONSTRAINT d CHECK (VALUE::text <> 'x')"))
	g.add("CREATE TYPE app.c AS (%s)", g.pick("x int", "x int, y text", "x bigint", "y text, x int", "x int, e app.e"))
	g.add("CREATE SEQUENCE app.s %s", g.pick("", "AS int", "INCREMENT -1", "START 5 CACHE 3 CYCLE"))
}

func (g *generator) functions() {
	g.add("CREATE FUNCTION app.f(%s int%s) RETURNS %s LANGUAGE sql IMMUTABLE AS 'SELECT 1'", g.pick("x", "y"), g.pick("", " DEFAULT 1", " DEFAULT 2"), g.pick("int", "bigint"))
	g.add("CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN %s; END'", g.pick("NEW", "NULL"))
	if g.chance(50) {
		g.add("CREATE FUNCTION app.over(%s) RETURNS int LANGUAGE sql AS 'SELECT 1'", g.pick("app.e", "app.c", "app.d", "app.e[]"))
	}
	if g.chance(30) {
		g.add("COMMENT ON FUNCTION app.f(int) IS '%s'", g.pick("one", "two"))
	}
	if g.chance(30) {
		g.add("REVOKE EXECUTE ON FUNCTION app.f(int) FROM PUBLIC")
	}
}

var columnTypes = []string{"int", "bigint", "text", "varchar(10)", "varchar(20)", "numeric(8,2)", "date", "timestamptz", "boolean", "app.e", "app.d", "app.c", "jsonb", "int[]", "app.e[]"}

func (g *generator) table(name string) {
	var items []string
	for _, column := range []string{"id", "a", "b", "c", "d", "g"} {
		if !g.chance(80) && column != "id" {
			continue
		}
		kind := g.pick(columnTypes...)
		switch column {
		case "id":
			kind = g.pick("int", "bigint")
		case "g":
			if !slices.Contains(g.tables[name], "a") || !g.chance(50) || g.typesOf[name+".a"] == "app.d" {
				continue
			}
			items = append(items, "g boolean GENERATED ALWAYS AS ("+g.pick("a IS NULL", "a IS NOT NULL")+") STORED")
			g.tables[name] = append(g.tables[name], column)
			continue
		}
		g.tables[name] = append(g.tables[name], column)
		g.typesOf[name+"."+column] = kind
		items = append(items, column+" "+kind+g.columnTail(column, kind))
	}
	if g.chance(80) {
		g.keys[name] = g.typesOf[name+".id"]
		items = append(items, g.pick("PRIMARY KEY (id)", "CONSTRAINT key_"+strings.TrimPrefix(name, "app.")+" PRIMARY KEY (id)"))
	}
	unlogged := ""
	if g.chance(10) {
		unlogged = "UNLOGGED "
	}
	g.add("CREATE %sTABLE %s (%s)%s", unlogged, name, strings.Join(items, ", "), g.pick("", "", " WITH (fillfactor = 70)"))
}

func (g *generator) columnTail(column, kind string) string {
	switch {
	case column == "id":
		return g.pick("", " GENERATED ALWAYS AS IDENTITY", " GENERATED BY DEFAULT AS IDENTITY (START 7)", " DEFAULT nextval('app.s')", " DEFAULT app.f(1)")
	case kind == "int" || kind == "bigint":
		return g.pick("", " DEFAULT 1", " DEFAULT app.f(1) + 1", " NOT NULL", " NOT NULL DEFAULT 2")
	case kind == "app.e":
		return g.pick("", " DEFAULT 'b'", " NOT NULL")
	case kind == "text":
		return g.pick("", " DEFAULT 'x'", ` COLLATE "C"`, " NOT NULL")
	}
	return g.pick("", "", " NOT NULL")
}

func (g *generator) partitions() {
	if !g.chance(50) {
		return
	}
	g.add("CREATE TABLE app.p (k int%s, v %s) PARTITION BY LIST (k)", g.pick("", " NOT NULL"), g.pick("int", "text", "app.e"))
	for _, leaf := range []string{"1", "2"} {
		switch g.pick("partition", "alone", "none") {
		case "partition":
			g.add("CREATE TABLE app.p%s PARTITION OF app.p FOR VALUES IN (%s, %s)", leaf, leaf, g.pick(leaf+"0", leaf+"1"))
		case "alone":
			g.add("CREATE TABLE app.p%s (k int, v int)", leaf)
		}
	}
	if g.chance(40) {
		g.add("CREATE INDEX pv ON app.p (v)")
	}
	if g.chance(40) {
		g.add("ALTER TABLE app.p ADD CONSTRAINT kk CHECK (k %s 0)", g.pick(">", "<>"))
	}
}

// parts adds what belongs to a table.
func (g *generator) parts(name string) {
	columns := g.tables[name]
	short := strings.TrimPrefix(name, "app.")
	for i, column := range columns {
		if g.chance(30) && !strings.Contains(g.typesOf[name+"."+column], "app.c") && g.typesOf[name+"."+column] != "jsonb" {
			g.add("CREATE %sINDEX %s_i%d ON %s (%s%s)%s", g.pick("", "", "UNIQUE "), short, i, name, column, g.pick("", " DESC"), g.pick("", " WHERE id > 0", " WITH (fillfactor = 80)"))
		}
	}
	if g.chance(40) {
		g.add("ALTER TABLE %s ADD CONSTRAINT positive CHECK (%s)%s", name, g.pick("id > 0", "id >= 0", "app.f(1) > 0"), g.pick("", " NOT VALID"))
	}
	for _, other := range []string{"app.t1", "app.t2"} {
		if g.keys[other] != "" && g.chance(30) && !g.isUnlogged(other) && !g.isUnlogged(name) {
			g.add("ALTER TABLE %s ADD CONSTRAINT fk_%s FOREIGN KEY (id) REFERENCES %s%s%s", name, strings.TrimPrefix(other, "app."), other, g.pick("", " ON DELETE CASCADE"), g.pick("", " DEFERRABLE"))
		}
	}
	if g.chance(30) {
		g.add("CREATE TRIGGER trg BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION app.trg()", g.pick("UPDATE", "INSERT", "UPDATE OF id"), name)
	}
	if g.chance(20) {
		g.add("CREATE POLICY pol ON %s USING (%s)", name, g.pick("id > 0", "true"))
		g.add("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", name)
	}
	if g.chance(30) {
		g.add("COMMENT ON %s IS '%s'", g.pick("TABLE "+name, "COLUMN "+name+".id"), g.pick("one", "two"))
	}
	if g.chance(30) {
		g.add("GRANT %s ON %s TO PUBLIC", g.pick("SELECT", "SELECT, UPDATE (id)", "ALL"), name)
	}
	if g.chance(20) && len(columns) > 2 {
		g.add("CREATE STATISTICS app.st_%s ON id, %s FROM %s", short, columns[len(columns)-1], name)
	}
	if g.chance(15) {
		g.add("CREATE TABLE app.child_%s (%s) INHERITS (%s)", short, g.pick("", "extra int", "extra text"), name)
	}
}

func (g *generator) isUnlogged(name string) bool {
	return strings.Contains(g.sql.String(), "UNLOGGED TABLE "+name+" ")
}

func (g *generator) views() {
	previous := ""
	for _, name := range []string{"app.v1", "app.v2"} {
		table := g.pick("app.t1", "app.t2", "app.t3")
		columns := g.tables[table]
		if columns == nil || !g.chance(70) {
			continue
		}
		list := strings.Join(columns[:rapid.IntRange(1, len(columns)).Draw(g.T, "columns")], ", ")
		g.add("CREATE VIEW %s AS SELECT %s FROM %s", name, list, table)
		if previous != "" && g.chance(50) {
			g.add("CREATE VIEW app.joined AS SELECT count(*) AS n FROM %s, %s", previous, name)
		}
		previous = name
	}
	if previous != "" && g.chance(40) {
		g.add("CREATE MATERIALIZED VIEW app.m AS SELECT * FROM %s", previous)
		g.add("CREATE INDEX m_i ON app.m (id)")
	}
	if g.major >= 14 && g.tables["app.t1"] != nil && g.chance(40) {
		g.add("CREATE FUNCTION app.body() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(%s) FROM app.t1; END", g.pick(g.tables["app.t1"]...))
	}
}
