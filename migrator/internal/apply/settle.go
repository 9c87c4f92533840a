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
	e := sqltext.CatalogEffectOf(text, st)
	switch {
	case e.Verb == "CREATE INDEX":
		return o.settleIndex(ctx, e, st, sent)
	case e.Verb == "REINDEX":
		return missing, o.dropTransient(ctx, e)
	case e.Verb == "DETACH PARTITION":
		return o.settleDetach(ctx, e, sent)
	case !sent:
		return missing, nil
	case e.Name != "" && catalog[e.Verb] != "":
		return o.settleByCatalog(ctx, e)
	case e.Verb == "" && st.Class == sqltext.NonTransactional:
		return missing, nil // VACUUM, CLUSTER, ALTER SYSTEM and the like do no harm twice
	}
	return missing, o.undecided(st)
}

func (o *outside) undecided(st sqltext.Statement) error {
	pos := sqltext.PositionAt(o.step.Script.Text, st.Start)
	return &UndecidedError{o.step.Revision, o.step.Message, o.step.Script.File, pos.Line, firstLine(o.step.Script.Text[st.Start:st.End])}
}

// catalog gives the condition under which a statement happened, for an object by its
// plain name. The session's search_path may be the body's: everything is qualified.
var catalog = map[string]string{
	"CREATE DATABASE":     "EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"DROP DATABASE":       "NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"CREATE TABLESPACE":   "EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"DROP TABLESPACE":     "NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"CREATE SUBSCRIPTION": "EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.subdbid WHERE s.subname OPERATOR(pg_catalog.=) %s::pg_catalog.name AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())",
	"DROP INDEX":          "pg_catalog.to_regclass(%s) IS NULL",
}

// plainName is a name as the catalog holds it.
func plainName(name string) string {
	return "(pg_catalog.parse_ident(" + sqltext.QuoteLiteral(name) + "))[1]"
}

func regclass(name string) string {
	return "pg_catalog.to_regclass(" + sqltext.QuoteLiteral(name) + ")"
}

func (o *outside) settleByCatalog(ctx context.Context, e sqltext.CatalogEffect) (verdict, error) {
	name := plainName(e.Name)
	if e.Verb == "DROP INDEX" {
		name = sqltext.QuoteLiteral(e.Name)
	}
	rows, err := o.look(ctx, "SELECT "+fmt.Sprintf(catalog[e.Verb], name))
	if err != nil || rows[0][0].Text != "t" {
		return missing, err
	}
	return happened, nil
}

// settleDetach finishes a detachment that was interrupted, or got no lock, between its
// two halves.
func (o *outside) settleDetach(ctx context.Context, e sqltext.CatalogEffect, sent bool) (verdict, error) {
	if o.ServerVersion < 140000 {
		return missing, nil // it knows no such statement
	}
	rows, err := o.look(ctx, fmt.Sprintf("SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid OPERATOR(pg_catalog.=) %s AND inhparent OPERATOR(pg_catalog.=) %s",
		regclass(e.Name), regclass(e.Table)))
	switch {
	case err != nil:
		return missing, err
	case len(rows) == 0 && sent:
		return happened, nil
	case len(rows) > 0 && rows[0][0].Text == "t":
		return happened, o.repair(ctx, e.Name, "its detachment from "+e.Table+" is half done", "ALTER TABLE "+e.Table+" DETACH PARTITION "+e.Name+" FINALIZE")
	}
	return missing, nil
}

// indexes finds indexes by a condition over the catalogs i (pg_index), c (the index's
// pg_class) and n (its schema): rows of the qualified name, whether it is valid, and
// whether some session is building it. Copies of a partitioned index are none.
const indexes = `SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname), i.indisvalid,
  EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid OPERATOR(pg_catalog.=) c.oid)
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'i' AND `

// settleIndex decides by pg_index. An invalid index of the name is what a failed build
// left: it is dropped, so that neither 42P07 nor IF NOT EXISTS stands in the way of a
// good one.
func (o *outside) settleIndex(ctx context.Context, e sqltext.CatalogEffect, st sqltext.Statement, sent bool) (verdict, error) {
	if e.Name == "" {
		if sent {
			return missing, o.undecided(st)
		}
		return missing, nil
	}
	rows, err := o.look(ctx, indexes+"i.indrelid OPERATOR(pg_catalog.=) "+regclass(e.Table)+" AND c.relname OPERATOR(pg_catalog.=) "+plainName(e.Name)+"::pg_catalog.name")
	switch {
	case err != nil || len(rows) == 0:
		return missing, err
	case rows[0][1].Text == "t" && sent:
		return happened, nil
	case rows[0][1].Text == "t":
		return missing, nil // it was there before us: the statement says whether that is right
	case rows[0][2].Text == "t":
		return missing, &IndexBuildError{Revision: o.step.Revision, Message: o.step.Message, Index: rows[0][0].Text}
	}
	return missing, o.dropInvalid(ctx, rows[0][0].Text)
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
	return o.repair(ctx, index, "the index is invalid: an earlier concurrent build failed", "DROP INDEX CONCURRENTLY "+index)
}

// dropTransient removes the invalid copies that a failed REINDEX CONCURRENTLY left
// (PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently").
func (o *outside) dropTransient(ctx context.Context, e sqltext.CatalogEffect) error {
	var table string
	switch {
	case e.Table != "":
		table = regclass(e.Table)
	case e.Name != "":
		table = "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid OPERATOR(pg_catalog.=) " + regclass(e.Name) + ")"
	default:
		return nil
	}
	rows, err := o.look(ctx, indexes+"NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' AND i.indrelid OPERATOR(pg_catalog.=) "+table)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row[2].Text == "t" {
			continue // somebody is at it
		}
		if err := o.dropInvalid(ctx, row[0].Text); err != nil {
			return err
		}
	}
	return nil
}

// invalidIndex names what a failed build left, for the message: one whose name the
// server chose is any invalid one of the table.
func (o *outside) invalidIndex(ctx context.Context, e sqltext.CatalogEffect) string {
	if e.Verb != "CREATE INDEX" {
		return ""
	}
	condition := "NOT i.indisvalid AND i.indrelid OPERATOR(pg_catalog.=) " + regclass(e.Table)
	if e.Name != "" {
		condition += " AND c.relname OPERATOR(pg_catalog.=) " + plainName(e.Name) + "::pg_catalog.name"
	}
	rows, err := o.look(ctx, indexes+condition)
	if err != nil {
		return ""
	}
	var names []string
	for _, row := range rows {
		names = append(names, row[0].Text)
	}
	return strings.Join(names, ", ")
}
