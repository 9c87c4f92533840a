package content

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// Content is what a database contains besides its schema.
type Content struct {
	Role       string // that has read it
	SearchPath string // with which a script begins, as a function's definition has it
	Tables     []Table
	Sequences  []Sequence // those that are not where they start
	Populated  []string   // materialized views, qualified and quoted
	Public     Public
	// Other is what no statement of this package writes, each in words.
	Other []string
}

// Table is a table that can have rows.
type Table struct {
	Schema, Name string
	Rows         int64
	// Partitioned are the tables that it is a partition of, directly or not, as Name returns them.
	Partitioned []string
	columns     []string // that COPY writes
	key         []string // those of the primary key
}

// FullName returns the name with the schema, without quotes.
func (t Table) FullName() string { return t.Schema + "." + t.Name }

// SQL returns the name, qualified and quoted.
func (t Table) SQL() string { return schema.Qualify(t.Schema, t.Name) }

// Sequence is a sequence that is not where it starts.
type Sequence struct {
	Schema, Name string
	Last         int64
	Called       bool     // Last was returned
	Tables       []string // whose columns own it or have it in their default, as Table.FullName
}

// FullName returns the name with the schema, without quotes.
func (s Sequence) FullName() string { return s.Schema + "." + s.Name }

// SQL returns the name, qualified and quoted.
func (s Sequence) SQL() string { return schema.Qualify(s.Schema, s.Name) }

// pinned are settings on which the text of values depends.
const pinned = "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET timezone = 'UTC'; SET search_path = pg_catalog; SET row_security = off; SET lock_timeout = '30s'"

// notSystem is a condition on pg_namespace n and pg_class c: a relation of a user, and not of an extension.
const notSystem = `NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")`

const fromClass = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace\nWHERE "

func relkind(kind string) string {
	return "c.relkind OPERATOR(pg_catalog.=) '" + kind + "'::pg_catalog.\"char\" AND "
}

var (
	tables = `SELECT n.nspname, c.relname,
  (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
    AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND a.attgenerated OPERATOR(pg_catalog.=) ''::pg_catalog."char"),
  (SELECT pg_catalog.json_agg(a.attname ORDER BY k.position) FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY k (number, position), pg_catalog.pg_attribute a
    WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisprimary AND a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.=) k.number),
  (SELECT pg_catalog.json_agg(pn.nspname OPERATOR(pg_catalog.||) '.'::pg_catalog.text OPERATOR(pg_catalog.||) p.relname) FROM pg_catalog.pg_partition_ancestors(c.oid) x
    JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) x.relid JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
    WHERE p.oid OPERATOR(pg_catalog.<>) c.oid)
` + fromClass + relkind("r") + notSystem + "\nORDER BY 1, 2"

	sequences = `SELECT n.nspname, c.relname, s.seqstart,
  (SELECT pg_catalog.json_agg(DISTINCT tn.nspname OPERATOR(pg_catalog.||) '.'::pg_catalog.text OPERATOR(pg_catalog.||) t.relname) FROM (
      SELECT d.refobjid AS used FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) c.oid
        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}'::pg_catalog."char"[])
      UNION ALL SELECT ad.adrelid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef ad ON ad.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) c.oid) u
    JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) u.used JOIN pg_catalog.pg_namespace tn ON tn.oid OPERATOR(pg_catalog.=) t.relnamespace)
` + strings.Replace(fromClass, "\nWHERE", "\nJOIN pg_catalog.pg_sequence s ON s.seqrelid OPERATOR(pg_catalog.=) c.oid\nWHERE", 1) + notSystem + "\nORDER BY 1, 2"

	views = "SELECT n.nspname, c.relname\n" + fromClass + relkind("m") + "c.relispopulated AND " + notSystem + "\nORDER BY c.oid"

	others = `SELECT 'setting ' OPERATOR(pg_catalog.||) x.setting OPERATOR(pg_catalog.||) ' of the database'
FROM pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) x (setting)
WHERE r.setdatabase OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
UNION ALL SELECT 'privileges on the database' FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND d.datacl IS NOT NULL
UNION ALL SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ' large objects' FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
ORDER BY 1`
)

// Read reads the content. skip reports whether a table, as Table.FullName returns it, is left out. The connection has other settings afterwards, and must
// not be used for anything but this package. Errors: those of pg.Conn.Send.
func Read(ctx context.Context, conn *pg.Conn, skip func(table string) bool) (*Content, error) {
	c := &Content{}
	path, err := conn.Query(ctx, searchPath)
	if err != nil {
		return nil, err
	}
	c.SearchPath = path[0][0].Text
	if err := conn.Exec(ctx, pinned); err != nil {
		return nil, err
	}
	var starts []int64
	_, err = conn.Send(ctx, pg.Message{SQL: strings.Join([]string{tables, sequences, views, others, publicSQL, "SELECT CURRENT_USER"}, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		f := pg.NewRow(fields)
		switch statement {
		case 0:
			t := Table{Schema: f[0].Text, Name: f[1].Text, columns: list(f[2].Text), key: list(f[3].Text), Partitioned: list(f[4].Text)}
			if !skip(t.FullName()) {
				c.Tables = append(c.Tables, t)
			}
		case 1:
			s := Sequence{Schema: f[0].Text, Name: f[1].Text, Tables: list(f[3].Text)}
			if !slices.ContainsFunc(s.Tables, skip) {
				c.Sequences = append(c.Sequences, s)
				start, _ := strconv.ParseInt(f[2].Text, 10, 64)
				starts = append(starts, start)
			}
		case 2:
			c.Populated = append(c.Populated, schema.Qualify(f[0].Text, f[1].Text))
		case 3:
			c.Other = append(c.Other, f[0].Text)
		case 4:
			c.Public.add(f)
		case 5:
			c.Role = f[0].Text
		}
	}})
	if err != nil {
		return nil, err
	}
	return c, c.count(ctx, conn, starts)
}

// searchPath splits the setting at its commas, as pg_get_functiondef writes it.
const searchPath = `SELECT COALESCE(pg_catalog.string_agg(pg_catalog.quote_literal(pg_catalog.btrim(pg_catalog.btrim(x.name), '"')), ', ' ORDER BY x.position), '')
FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), ',')) WITH ORDINALITY x (name, position)`

// list decodes a JSON array of strings; "" is an empty one.
func list(text string) []string {
	var items []string
	_ = json.Unmarshal([]byte(text), &items) // the catalogs give nothing else
	return items
}

// count reads the number of rows of each table, and where each sequence is. starts is where the sequences start.
func (c *Content) count(ctx context.Context, conn *pg.Conn, starts []int64) error {
	var sql []string
	for _, t := range c.Tables {
		sql = append(sql, "SELECT pg_catalog.count(*) FROM ONLY "+t.SQL())
	}
	for _, s := range c.Sequences {
		sql = append(sql, "SELECT last_value, is_called FROM "+s.SQL())
	}
	if len(sql) == 0 {
		return nil
	}
	_, err := conn.Send(ctx, pg.Message{SQL: strings.Join(sql, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
		if statement < len(c.Tables) {
			c.Tables[statement].Rows = n
			return
		}
		s := &c.Sequences[statement-len(c.Tables)]
		s.Last, s.Called = n, string(fields[1]) == "t"
	}})
	i := -1
	c.Sequences = slices.DeleteFunc(c.Sequences, func(s Sequence) bool {
		i++
		return !s.Called && s.Last == starts[i]
	})
	return err
}
