package prove

import (
	"context"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// tablesWithRows finds the tables that have rows, or had some, but for large ones, which scratch databases only have if rows
// were loaded into them: rows of a table's schema and name.
const tablesWithRows = `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND pg_relation_size(c.oid) BETWEEN 1 AND 16777216`

// countRows returns the number of rows of each table of a schema that has some, by the name of its key. Partitions count,
// and the tables that they are partitions of do not. A row that the reading role may not see is not
// counted. It returns nil if the role may not read one of the tables.
func countRows(ctx context.Context, conn *pg.Conn, s *schema.Schema) (map[string]int64, error) {
	rows := map[string]int64{}
	found, err := conn.Query(ctx, fixedPath+tablesWithRows)
	if err != nil || len(found) == 0 {
		return rows, err
	}
	var names []string
	var sql strings.Builder
	for _, row := range found {
		name := schema.Qualify(row[0].Text, row[1].Text)
		if s.Object(schema.Key{Kind: schema.Table, Name: name}) == nil {
			continue // of the ledger, or of an extension
		}
		names = append(names, name)
		sql.WriteString("SELECT count(*) FROM ONLY " + sqltext.QuoteName(row[0].Text) + "." + sqltext.QuoteName(row[1].Text) + ";\n")
	}
	if len(names) == 0 {
		return rows, nil
	}
	counts, err := conn.Query(ctx, fixedPath+sql.String())
	if se := pg.ServerError(err); se != nil && se.Code == pg.InsufficientPrivilege {
		return nil, nil // of a table that belongs to another role
	}
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if n, _ := strconv.ParseInt(counts[i][0].Text, 10, 64); n > 0 {
			rows[name] = n
		}
	}
	return rows, nil
}
