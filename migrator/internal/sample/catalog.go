package sample

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// relation names a table.
type relation struct {
	schema, name string
	partitioned  bool
}

func (r relation) key() string { return r.schema + "\x00" + r.name }

// title returns the name for a message.
func (r relation) title() string { return schema.Qualify(r.schema, r.name) }

func (r relation) sql() string { return schema.Qualify(r.schema, r.name) }

// only returns the name for a statement about its own rows, which a partitioned table does not have.
func (r relation) only() string {
	if r.partitioned {
		return r.sql()
	}
	return "ONLY " + r.sql()
}

// table is a table with rows of its own.
type table struct {
	relation
	columns    []string // that can be written
	rows       int64    // as the server estimates
	unreadable Reason   // "": it can be read
}

// notSystem is a condition on pg_namespace n and pg_class c: a relation of a user, and not of an extension.
const notSystem = `NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")`

const fromClass = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace\nWHERE "

const tablesQuery = `SELECT n.nspname, c.relname,
  (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
    AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND a.attgenerated OPERATOR(pg_catalog.=) ''::pg_catalog."char"),
  c.reltuples::pg_catalog.int8, pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.row_security_active(c.oid),
  c.relpersistence OPERATOR(pg_catalog.=) 'u'::pg_catalog."char" AND pg_catalog.pg_is_in_recovery()
` + fromClass + `c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char" AND ` + notSystem + "\nORDER BY 1, 2"

func listTables(ctx context.Context, conn *pg.Conn) ([]table, error) {
	rows, err := conn.Query(ctx, tablesQuery)
	if err != nil {
		return nil, reading("", err)
	}
	var tables []table
	for _, row := range rows {
		t := table{relation: relation{row[0].Text, row[1].Text, false}, columns: list(row[2].Text), rows: number(row[3].Text)}
		switch {
		case row[4].Text != "t":
			t.unreadable = Privilege
		case row[5].Text == "t":
			t.unreadable = Policies
		case row[6].Text == "t":
			t.unreadable = Standby
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// foreignKey is a foreign key of a table that is not inherited from a partitioned one.
type foreignKey struct {
	table, parent             relation
	name, definition, comment string
	unchecked                 bool // it is not enforced, or compares periods
	columns, keys, operators  []string
}

const keysQuery = `SELECT n.nspname, c.relname, c.relkind, pn.nspname, p.relname, p.relkind, f.conname, pg_catalog.pg_get_constraintdef(f.oid),
  COALESCE(pg_catalog.obj_description(f.oid, 'pg_constraint'::pg_catalog.name), ''),
  COALESCE(pg_catalog.to_jsonb(f) OPERATOR(pg_catalog.->>) 'conperiod', 'false') OPERATOR(pg_catalog.=) 'true'
    OR COALESCE(pg_catalog.to_jsonb(f) OPERATOR(pg_catalog.->>) 'conenforced', 'true') OPERATOR(pg_catalog.=) 'false',
  (SELECT pg_catalog.json_agg(a.attname ORDER BY k.position) FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k (number, position) JOIN pg_catalog.pg_attribute a
    ON a.attrelid OPERATOR(pg_catalog.=) f.conrelid AND a.attnum OPERATOR(pg_catalog.=) k.number),
  (SELECT pg_catalog.json_agg(a.attname ORDER BY k.position) FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY k (number, position) JOIN pg_catalog.pg_attribute a
    ON a.attrelid OPERATOR(pg_catalog.=) f.confrelid AND a.attnum OPERATOR(pg_catalog.=) k.number),
  (SELECT pg_catalog.json_agg(pg_catalog.quote_ident(os.nspname) OPERATOR(pg_catalog.||) '.'::pg_catalog.text OPERATOR(pg_catalog.||) o.oprname::pg_catalog.text ORDER BY k.position)
    FROM pg_catalog.unnest(f.conpfeqop) WITH ORDINALITY k (operator, position) JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) k.operator
    JOIN pg_catalog.pg_namespace os ON os.oid OPERATOR(pg_catalog.=) o.oprnamespace)
FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) f.conrelid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) f.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
WHERE f.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog."char" AND f.conparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid AND ` + notSystem + "\nORDER BY f.oid"

func listKeys(ctx context.Context, conn *pg.Conn) ([]foreignKey, error) {
	rows, err := conn.Query(ctx, keysQuery)
	if err != nil {
		return nil, loading("", err)
	}
	var keys []foreignKey
	for _, row := range rows {
		keys = append(keys, foreignKey{
			table: relation{row[0].Text, row[1].Text, row[2].Text == "p"}, parent: relation{row[3].Text, row[4].Text, row[5].Text == "p"},
			name: row[6].Text, definition: row[7].Text, comment: row[8].Text, unchecked: row[9].Text == "t",
			columns: list(row[10].Text), keys: list(row[11].Text), operators: list(row[12].Text),
		})
	}
	return keys, nil
}

// deleteDangling returns a statement that deletes the rows that refer to none, and returns how many.
func (k foreignKey) deleteDangling() string {
	var set, equal []string
	for i, column := range k.columns {
		set = append(set, "x."+schema.QuoteIdent(column)+" IS NOT NULL")
		equal = append(equal, "y."+schema.QuoteIdent(k.keys[i])+" OPERATOR("+k.operators[i]+") x."+schema.QuoteIdent(column))
	}
	return "WITH gone AS (DELETE FROM " + k.table.only() + " x WHERE " + strings.Join(set, " AND ") + " AND NOT EXISTS (SELECT FROM " + k.parent.only() + " y WHERE " +
		strings.Join(equal, " AND ") + ") RETURNING 1) SELECT pg_catalog.count(*) FROM gone"
}

const triggersQuery = `SELECT n.nspname, c.relname, t.tgname, t.tgenabled, t.tgparentid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char" AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[]) AND ` + notSystem + `
ORDER BY 5, t.oid`

// triggers returns the statements that turn off the triggers that would fire, and remembers those that turn them on again.
func (c *copier) triggers(ctx context.Context) ([]string, error) {
	rows, err := c.To.Query(ctx, triggersQuery)
	if err != nil {
		return nil, loading("", err)
	}
	var off []string
	for _, row := range rows {
		enable, fires := "ENABLE", !c.replica
		switch row[3].Text {
		case "A":
			enable, fires = "ENABLE ALWAYS", true
		case "R":
			enable, fires = "ENABLE REPLICA", c.replica
		}
		if !fires {
			continue
		}
		table := "ALTER TABLE "
		if row[4].Text == "t" {
			table += "ONLY "
		}
		table += schema.Qualify(row[0].Text, row[1].Text)
		off = append(off, table+" DISABLE TRIGGER "+schema.QuoteIdent(row[2].Text))
		c.restore = append(c.restore, table+" "+enable+" TRIGGER "+schema.QuoteIdent(row[2].Text))
	}
	return off, nil
}

const sequencesQuery = "SELECT n.nspname, c.relname, pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')\n" + fromClass + `c.relkind OPERATOR(pg_catalog.=) 'S'::pg_catalog."char" AND ` + notSystem + "\nORDER BY 1, 2"

const populated = "SELECT n.nspname, c.relname\n" + fromClass + `c.relkind OPERATOR(pg_catalog.=) 'm'::pg_catalog."char" AND c.relispopulated AND ` + notSystem + "\nORDER BY c.oid"

// list decodes a JSON array of strings; "" is an empty one.
func list(text string) []string {
	var items []string
	_ = json.Unmarshal([]byte(text), &items) // the catalogs give nothing else
	return items
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
