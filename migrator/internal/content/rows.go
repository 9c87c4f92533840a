package content

import (
	"context"
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// Copy returns the rows of a table as a COPY statement with its rows, sorted by the primary key if there is one. The error is
// that of pg.Conn.Send.
func (t Table) Copy(ctx context.Context, conn *pg.Conn) (string, error) {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = schema.QuoteIdent(c)
	}
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM ONLY " + t.SQL()
	if len(t.key) > 0 {
		key := make([]string, len(t.key))
		for i, c := range t.key {
			key[i] = schema.QuoteIdent(c)
		}
		sql += " ORDER BY " + strings.Join(key, ", ")
	}
	var b strings.Builder
	_, err := conn.Send(ctx, pg.Message{SQL: sql}, pg.Handler{Row: func(_ int, fields [][]byte) {
		if len(columns) == 0 {
			b.WriteString("INSERT INTO " + t.SQL() + " DEFAULT VALUES;\n")
			return
		}
		writeRow(&b, fields)
	}})
	if err != nil || len(columns) == 0 {
		return b.String(), err
	}
	return fmt.Sprintf("COPY %s (%s) FROM stdin;\n%s\\.\n", t.SQL(), strings.Join(columns, ", "), b.String()), nil
}

// escaped are the characters that are not themselves in the text format of COPY (PostgreSQL manual, COPY, "Text Format").
var escaped = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, "\f", `\f`, "\b", `\b`)

func writeRow(b *strings.Builder, fields [][]byte) {
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('\t')
		}
		if f == nil {
			b.WriteString(`\N`)
			continue
		}
		_, _ = escaped.WriteString(b, string(f))
	}
	b.WriteByte('\n')
}

// SetPosition returns the statement that sets a sequence to where it is.
func (s Sequence) SetPosition() string {
	return fmt.Sprintf("SELECT pg_catalog.setval(%s::pg_catalog.regclass, %d, %t)", quote(s.SQL()), s.Last, s.Called)
}

func quote(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
