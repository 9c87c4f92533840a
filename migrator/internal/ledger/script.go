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

// GuardSaved is Guard for the saved generation, which the steps of the script have raised
// since: a step after one that failed is refused, also by a client that ignores errors.
func (t Tables) GuardSaved(raised int) string { return t.guard(saved(raised)) }

// RaiseSaved is Raise in the same way.
func (t Tables) RaiseSaved(raised int) string { return t.raise(saved(raised)) }

func saved(raised int) string {
	return fmt.Sprintf("(pg_catalog.current_setting('%s')::pg_catalog.int8 OPERATOR(pg_catalog.+) %d)", generationSetting, raised)
}

// RecordSaved is Record after RaiseSaved. It does not compare the generation: a reset of the
// session has removed the setting.
func (t Tables) RecordSaved(e Entry, statements int, applied string, a Author) string {
	return t.record(literals(e, statements), "", quotedOrNone(applied), a)
}

// SaveGeneration saves the generation that the script started at, after a reset of the
// session removed it. The steps have raised it since.
func (t Tables) SaveGeneration(raised int) string {
	return fmt.Sprintf("SELECT pg_catalog.set_config('%s', (SELECT (generation OPERATOR(pg_catalog.-) %d)::pg_catalog.text FROM %s), false)", generationSetting, raised, t.Meta())
}

// StopUnless ends the session unless a revision is in a state with a number of statements
// done: what follows must not run in any client, also in one that ignores errors.
func (t Tables) StopUnless(revision string, state RowState, done int) string {
	return fmt.Sprintf("SELECT CASE WHEN EXISTS (SELECT FROM %s WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d) THEN true ELSE pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) END",
		t.Revisions(), sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(state)), done)
}
