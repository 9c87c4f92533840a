package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// A script does not know the generation of the database that it will run in. It reads it
// once, after it has checked that exactly the expected revisions are applied, and passes it
// from step to step in a setting of the session.

const generationSetting = "ambix.generation"

// Expect saves the generation, or fails with 22P02 unless exactly these revisions are
// applied and none is unfinished. from is where the script starts, for the message.
func (t Tables) Expect(applied []string, from string) string {
	fail := "('the script starts at " + strings.ReplaceAll(from, "'", "''") + ", and this database is not there'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(" + backend + "::pg_catalog.text, 1, 0))::pg_catalog.int4::pg_catalog.text"
	return fmt.Sprintf(`SELECT CASE WHEN COALESCE((SELECT pg_catalog.array_agg(revision ORDER BY revision) FROM %s), '{}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) %s
  AND NOT EXISTS (SELECT FROM %[1]s WHERE state OPERATOR(pg_catalog.<>) %[3]s)
  THEN pg_catalog.set_config('%[4]s', (SELECT generation::pg_catalog.text FROM %[5]s), false)
  ELSE %[6]s END`, t.Revisions(), Array(applied), sqltext.QuoteLiteral(string(Applied)), generationSetting, t.Meta(), fail)
}

// GuardSaved is Guard for the saved generation.
func (t Tables) GuardSaved() string {
	return t.guard("pg_catalog.current_setting('" + generationSetting + "')::pg_catalog.int8")
}

// SaveGeneration saves the current generation, after a reset of the session removed it.
func (t Tables) SaveGeneration() string {
	return fmt.Sprintf("SELECT pg_catalog.set_config('%s', (SELECT generation::pg_catalog.text FROM %s), false)", generationSetting, t.Meta())
}
