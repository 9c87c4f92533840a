package session

import (
	"context"
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/foreign"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// surroundings is what a database without a ledger has instead. All of it is read in one
// round trip, and only when there is no ledger.
type surroundings struct {
	ledgers []ledger.Tables    // elsewhere
	foreign []foreign.Detected // version tables of other tools
}

// look reads the surroundings, after a read that found no ledger, and refuses a server that is
// not PostgreSQL.
func (s *Session) look(ctx context.Context) error {
	statements := []string{s.Ledger.HasSchema(), s.Ledger.Others(), foreign.Detect(), "SELECT " + ledger.HasCitus + ", pg_catalog.version(), NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled OPERATOR(pg_catalog.<>) 'D')"}
	if s.TargetSchema != "" {
		statements = append(statements, ledger.HasSchema(s.TargetSchema))
	}
	results := make([][][]string, len(statements))
	first := len(s.limits())
	_, err := s.conn.Send(ctx, pg.Message{SQL: s.withLimits(statements...)}, pg.Handler{Row: func(statement int, fields [][]byte) {
		row := make([]string, len(fields))
		for i, f := range fields {
			row[i] = string(f)
		}
		results[statement-first] = append(results[statement-first], row)
	}})
	if se := pg.ServerError(err); se != nil && !s.conn.Closed() {
		if other := s.conn.Identify(ctx); other != nil {
			return other
		}
	}
	if err != nil {
		return err
	}
	if err := s.conn.CheckVersion(results[3][0][1]); err != nil {
		return err
	}
	if s.TargetSchema != "" && results[4][0][0] != "t" {
		return &SchemaError{s.TargetSchema}
	}
	s.runner.CreateSchema, s.runner.Citus = results[0][0][0] != "t", results[3][0][0] == "t"
	s.runner.Unwatched = results[3][0][2] == "t"
	s.around = surroundings{foreign: foreign.Recognized(results[2])}
	for _, row := range results[1] {
		if other, ok := ledger.ParseOther(row[0], row[1]); ok && other.Revisions() != s.Ledger.Revisions() {
			s.around.ledgers = append(s.around.ledgers, other)
		}
	}
	return nil
}

// checkTables refuses a ledger that lacks some of its tables. found are those that exist. The
// error is an *apply.LedgerError.
func (s *Session) checkTables(found []string) error {
	missing := ledger.Missing(s.Ledger, found)
	if missing == nil {
		return nil
	}
	e := &apply.LedgerError{Ledger: s.Ledger, Text: "the table " + missing[0] + " does not exist", Hint: "restore it from a backup"}
	if len(missing) > 1 {
		e.Text, e.Hint = "the tables "+text.List(missing, "and")+" do not exist", "restore them from a backup"
	}
	if missing[0] == s.Ledger.Meta() { // perhaps there never was a ledger
		e.Hint += "; if " + text.List(found, "and") + " is not part of a ledger, rename it, or use a ledger with another name"
	}
	return e
}

// checkOtherLedgers refuses to start a second history in a database that has a ledger in
// another place, unless the ledger was named on purpose. It relies on look. The error is an
// *OtherLedgerError.
func (s *Session) checkOtherLedgers() error {
	if s.LedgerNamed || len(s.around.ledgers) == 0 {
		return nil
	}
	e := &OtherLedgerError{Ledger: s.Ledger.String()}
	for _, other := range s.around.ledgers {
		e.Others = append(e.Others, other.String())
	}
	return e
}

// CheckForeign refuses to run scripts in a database that another tool has migrated, unless
// the policy allows it. A database that has another ledger may have been adopted into that
// one: then only version tables in the schema of this ledger count, if it has no other one.
// It relies on a read. The error is a *plan.PolicyError.
func (s *Session) CheckForeign(v *plan.View, verb plan.Verb) error {
	if v.State.Exists || verb == plan.VerbStamp || verb == plan.VerbPurge || s.Ahead == plan.OK {
		return nil
	}
	e := &plan.PolicyError{Policy: "ahead", Ledger: s.Ledger.String()}
	for _, table := range s.around.foreign {
		if s.TargetSchema != "" && table.Schema != s.TargetSchema {
			continue
		}
		if len(s.around.ledgers) > 0 && (table.Schema != s.Ledger.Schema() || slices.ContainsFunc(s.around.ledgers, func(other ledger.Tables) bool { return other.Schema() == table.Schema })) {
			continue
		}
		e.Foreign = append(e.Foreign, table.String())
		e.Adoptable = e.Adoptable || table.Adoptable()
	}
	if e.Foreign == nil {
		return nil
	}
	return e
}

// SchemaError reports that the schema of Settings does not exist. Nothing was run.
type SchemaError struct {
	Schema string
}

func (e *SchemaError) Error() string {
	return "schema " + sqltext.QuoteName(e.Schema) + " does not exist"
}

// OtherLedgerError reports a database that has no ledger where one was expected, but has
// one elsewhere. Nothing was run.
type OtherLedgerError struct {
	Ledger string
	Others []string
}

func (e *OtherLedgerError) Error() string {
	return fmt.Sprintf("the database has no ledger %s, but it has %s", text.Visible(e.Ledger), text.Visible(text.List(e.Others, "and")))
}
