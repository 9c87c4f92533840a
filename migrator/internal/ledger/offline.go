package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// A script does not know the generation of the database it will run in. Its guard reads
// it once, after it has checked that exactly the expected revisions are applied, and
// carries it from step to step in a setting of the session.

const remembered = "ambix.generation"

// Expect fails with 22P02 unless exactly these revisions are applied and none is
// unfinished; it starts the carrying of the generation. The failure quotes where, in
// words, the script starts.
func (n Name) Expect(applied []string, where string) string {
	word := "('the script starts at " + strings.ReplaceAll(where, "'", "''") + ", and this database is elsewhere'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(" + backend + "::pg_catalog.text, 1, 0))::pg_catalog.int4::pg_catalog.text"
	return fmt.Sprintf(`SELECT CASE WHEN COALESCE((SELECT pg_catalog.array_agg(revision ORDER BY revision) FROM %s), '{}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) %s
  AND NOT EXISTS (SELECT FROM %[1]s WHERE state OPERATOR(pg_catalog.<>) %[3]s)
  THEN pg_catalog.set_config('%[4]s', (SELECT generation::pg_catalog.text FROM %[5]s), false)
  ELSE %[6]s END`, n.Revisions(), Array(applied), sqltext.QuoteLiteral(string(Applied)), remembered, n.Meta(), word)
}

// GuardRemembered is Guard for the generation that the session carries.
func (n Name) GuardRemembered() string {
	return n.guard("pg_catalog.current_setting('" + remembered + "')::pg_catalog.int8")
}

// Remember carries the generation on, after a reset of the session took it away.
func (n Name) Remember() string {
	return fmt.Sprintf("SELECT pg_catalog.set_config('%s', (SELECT generation::pg_catalog.text FROM %s), false)", remembered, n.Meta())
}

// CreateIfMissing is Create for a script: a database may have an empty ledger by then.
func (n Name) CreateIfMissing() []string {
	statements := n.Create(n.Schema() != "public")
	for i, s := range statements {
		statements[i] = strings.Replace(s, "CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)
	}
	statements[len(statements)-1] += " ON CONFLICT DO NOTHING"
	return statements
}
