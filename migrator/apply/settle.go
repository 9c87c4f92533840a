package apply

import (
	"context"
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// verdict says what became of a statement that was sent alone.
type verdict uint8

const (
	missing  verdict = iota // it has to be sent
	happened                // it has only to be marked
)

// settle looks in the catalog before a statement is sent alone. sent says that an
// earlier run sent it and did not see its end. What a failed concurrent build left is
// repaired here. The error is an *UndecidedError or the server's.
func (o *outside) settle(ctx context.Context, st sqltext.Statement, sent bool) (verdict, error) {
	text := o.step.Script.Text
	e := sqltext.EffectOf(text, st)
	switch {
	case e.Verb == "CREATE INDEX":
		return o.settleIndex(ctx, e, st, sent)
	case e.Verb == "REINDEX":
		return missing, o.dropTransient(ctx, e)
	case !sent:
		return missing, nil
	case e.Name != "" && catalog[e.Verb] != "":
		return o.settleByCatalog(ctx, e)
	case e.Verb == "DETACH PARTITION":
		return o.settleDetach(ctx, e)
	case e.Verb == "" && st.Class == sqltext.NoTransaction:
		return missing, nil // VACUUM, CLUSTER, ALTER SYSTEM and the like do no harm twice
	}
	return missing, o.undecided(st)
}

func (o *outside) undecided(st sqltext.Statement) error {
	pos := sqltext.PositionAt(o.step.Script.Text, st.Start)
	return &UndecidedError{o.step.Revision, o.step.Message, o.step.Script.File, pos.Line, firstLine(o.step.Script.Text[st.Start:st.End])}
}

// catalog gives the query that counts an object by its plain name, and whether one is
// there when the statement happened.
var catalog = map[string]string{
	"CREATE DATABASE":     "SELECT count(*) = 1 FROM pg_catalog.pg_database WHERE datname = %s",
	"DROP DATABASE":       "SELECT count(*) = 0 FROM pg_catalog.pg_database WHERE datname = %s",
	"CREATE TABLESPACE":   "SELECT count(*) = 1 FROM pg_catalog.pg_tablespace WHERE spcname = %s",
	"DROP TABLESPACE":     "SELECT count(*) = 0 FROM pg_catalog.pg_tablespace WHERE spcname = %s",
	"CREATE SUBSCRIPTION": "SELECT count(*) = 1 FROM pg_catalog.pg_subscription WHERE subname = %s",
	"DROP INDEX":          "SELECT pg_catalog.to_regclass(%s) IS NULL",
}

func (o *outside) settleByCatalog(ctx context.Context, e sqltext.Effect) (verdict, error) {
	name := "(pg_catalog.parse_ident(" + sqltext.QuoteLiteral(e.Name) + "))[1]"
	if e.Verb == "DROP INDEX" {
		name = sqltext.QuoteLiteral(e.Name)
	}
	rows, err := o.Conn.Query(ctx, fmt.Sprintf(catalog[e.Verb], name))
	if err != nil || rows[0][0] != "t" {
		return missing, err
	}
	return happened, nil
}

// settleDetach finishes a detachment that was interrupted between its two halves.
func (o *outside) settleDetach(ctx context.Context, e sqltext.Effect) (verdict, error) {
	rows, err := o.Conn.Query(ctx, fmt.Sprintf("SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid = pg_catalog.to_regclass(%s) AND inhparent = pg_catalog.to_regclass(%s)",
		sqltext.QuoteLiteral(e.Name), sqltext.QuoteLiteral(e.Table)))
	switch {
	case err != nil:
		return missing, err
	case len(rows) == 0:
		return happened, nil
	case rows[0][0] == "t":
		repair := "ALTER TABLE " + e.Table + " DETACH PARTITION " + e.Name + " FINALIZE"
		o.emit(Repaired{Step: o.step, Object: e.Name, Problem: "its detachment from " + e.Table + " is half done", Statement: repair})
		return happened, o.Conn.Exec(ctx, repair)
	}
	return missing, nil
}

// settleIndex decides by pg_index. An invalid index of the name is what a failed build
// left: it is dropped, so that neither 42P07 nor IF NOT EXISTS stands in the way of a
// good one.
func (o *outside) settleIndex(ctx context.Context, e sqltext.Effect, st sqltext.Statement, sent bool) (verdict, error) {
	if e.Name == "" {
		if sent {
			return missing, o.undecided(st)
		}
		return missing, nil
	}
	rows, err := o.Conn.Query(ctx, fmt.Sprintf(`SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), i.indisvalid,
  EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
FROM pg_catalog.pg_class t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.oid = pg_catalog.to_regclass(%s) AND c.relname = (pg_catalog.parse_ident(%s))[1]`, sqltext.QuoteLiteral(e.Table), sqltext.QuoteLiteral(e.Name)))
	switch {
	case err != nil || len(rows) == 0:
		return missing, err
	case rows[0][1] == "t" && sent:
		return happened, nil
	case rows[0][1] == "t":
		return missing, nil // it was there before us: the statement says whether that is right
	case rows[0][2] == "t":
		return missing, &IndexBuildError{Revision: o.step.Revision, Message: o.step.Message, Index: rows[0][0]}
	}
	return missing, o.dropInvalid(ctx, rows[0][0])
}

// IndexBuildError says that somebody else is building the index that a revision wants
// to build. Nothing was run.
type IndexBuildError struct {
	Revision, Message, Index string
}

func (e *IndexBuildError) Error() string {
	return fmt.Sprintf("revision %s (%s): another session is building the index %s right now; run again when it has ended", e.Revision, e.Message, e.Index)
}

func (o *outside) dropInvalid(ctx context.Context, index string) error {
	repair := "DROP INDEX CONCURRENTLY " + index
	o.emit(Repaired{Step: o.step, Object: index, Problem: "the index is invalid: an earlier concurrent build failed", Statement: repair})
	return o.Conn.Exec(ctx, repair)
}

// dropTransient removes the invalid copies that a failed REINDEX CONCURRENTLY left
// (PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently").
func (o *outside) dropTransient(ctx context.Context, e sqltext.Effect) error {
	var table string
	switch {
	case e.Table != "":
		table = "pg_catalog.to_regclass(" + sqltext.QuoteLiteral(e.Table) + ")"
	case e.Name != "":
		table = "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(" + sqltext.QuoteLiteral(e.Name) + "))"
	default:
		return nil
	}
	rows, err := o.Conn.Query(ctx, `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
  AND i.indrelid = `+table)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := o.dropInvalid(ctx, row[0]); err != nil {
			return err
		}
	}
	return nil
}

// invalidIndexes names the invalid indexes of a failed statement's table, for the
// message.
func (o *outside) invalidIndexes(ctx context.Context, e sqltext.Effect) string {
	if e.Verb != "CREATE INDEX" {
		return ""
	}
	rows, err := o.Conn.Query(ctx, "SELECT indexrelid::pg_catalog.regclass FROM pg_catalog.pg_index WHERE NOT indisvalid AND indrelid = pg_catalog.to_regclass("+sqltext.QuoteLiteral(e.Table)+")")
	if err != nil {
		return ""
	}
	var names []string
	for _, row := range rows {
		names = append(names, row[0])
	}
	return strings.Join(names, ", ")
}
