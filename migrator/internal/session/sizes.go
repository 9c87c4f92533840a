package session

import (
	"context"
	"errors"
	"strconv"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// sizesQuery reads the sizes of all tables and materialized views: schema, name, bytes and rows, and schema and name of the
// partitioned table to which it belongs in the end. bytes is an expression.
func sizesQuery(bytes string) string {
	return `SELECT n.nspname, c.relname, ` + bytes + `, CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN 0 ELSE c.reltuples END::pg_catalog.int8, rn.nspname, rc.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) c.reltoastrelid
LEFT JOIN pg_catalog.pg_class rc ON c.relispartition AND rc.oid OPERATOR(pg_catalog.=) pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid OPERATOR(pg_catalog.=) rc.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','m']::pg_catalog."char"[]) AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
  AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'`
}

const (
	// bytesOfFiles are exact, and wait for a table that is locked exclusively.
	bytesOfFiles = "CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN 0 ELSE COALESCE(pg_catalog.pg_relation_size(c.oid), 0) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.pg_relation_size(t.oid), 0) END"
	// bytesOfPages are those of the last VACUUM or ANALYZE.
	bytesOfPages = "(c.relpages::pg_catalog.int8 OPERATOR(pg_catalog.+) COALESCE(t.relpages, 0)) OPERATOR(pg_catalog.*) pg_catalog.current_setting('block_size')::pg_catalog.int8"
)

// Sizes reads the sizes of all tables. That of a partitioned table is the sum of its partitions. It locks nothing that others
// wait for. Errors: those of pg.Conn.Query.
func (s *Session) Sizes(ctx context.Context) (map[string]rehearse.Size, error) {
	rows, err := s.query(ctx, sizesQuery(bytesOfFiles))
	if e, ok := errors.AsType[*apply.LedgerError](err); ok && e.Locked {
		rows, err = s.query(ctx, sizesQuery(bytesOfPages))
	}
	if err != nil {
		return nil, err
	}
	sizes := map[string]rehearse.Size{}
	add := func(name string, row pg.Row) {
		size := sizes[name]
		bytes, _ := strconv.ParseInt(row[2].Text, 10, 64)
		tuples, _ := strconv.ParseInt(row[3].Text, 10, 64)
		size.Known = true
		size.Bytes += bytes
		size.Rows += max(tuples, 0) // -1: never analyzed
		sizes[name] = size
	}
	for _, row := range rows {
		name := schema.Qualify(row[0].Text, row[1].Text)
		add(name, row)
		if !row[5].Null {
			add(schema.Qualify(row[4].Text, row[5].Text), row)
		}
	}
	return sizes, nil
}
