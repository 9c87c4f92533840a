package prove

import (
	"context"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// countedSize is the largest table whose rows are counted, in bytes. Tables of scratch databases are much smaller, unless
// rows were loaded into them.
const countedSize = 16 << 20

// tablesWithRows finds the tables that are not empty on disk: rows of a table's schema and name.
const tablesWithRows = `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relpersistence OPERATOR(pg_catalog.<>) 't' AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema,pg_toast}'::pg_catalog.name[])
AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.>) 0 AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.<=) ` + countedSizeText

const countedSizeText = "16777216"

// countRows returns the number of rows of each table of a schema that has some, by the name of its key. Partitions count,
// and the tables that they are partitions of do not. A row that the reading role may not see is not counted.
func countRows(ctx context.Context, conn *pg.Conn, s *schema.Schema) (map[string]int64, error) {
	found, err := conn.Query(ctx, tablesWithRows)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var names []string
	var sql strings.Builder
	for _, row := range found {
		name := schema.Qualify(row[0].Text, row[1].Text)
		if s.Object(schema.Key{Kind: schema.Table, Name: name}) == nil {
			continue // of the ledger, or of an extension
		}
		names = append(names, name)
		sql.WriteString("SELECT pg_catalog.count(*) FROM ONLY " + sqltext.QuoteName(row[0].Text) + "." + sqltext.QuoteName(row[1].Text) + ";\n")
	}
	if len(names) == 0 {
		return nil, nil
	}
	counts, err := conn.Query(ctx, sql.String())
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for i, name := range names {
		if n, _ := strconv.ParseInt(counts[i][0].Text, 10, 64); n > 0 {
			rows[name] = n
		}
	}
	return rows, nil
}
