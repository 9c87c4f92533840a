package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// outcome is what became of a statement that was sent without a mark.
type outcome uint8

const (
	notDone outcome = iota // it has to be sent
	done                   // it only has to be marked
)

// resolveOutcome looks in the system catalog before a statement is sent without a mark.
// sent: an earlier run sent it and did not see its end. What a failed concurrent statement
// left is repaired. Errors: *UndecidedError, *IndexBuildError, those of send.
func (n *nonTransactional) resolveOutcome(ctx context.Context, st sqltext.Statement, sent bool) (outcome, error) {
	e := sqltext.CatalogEffectOf(n.step.Script.Text, st)
	switch {
	case e.Verb == "CREATE INDEX":
		return n.resolveIndex(ctx, e, st, sent)
	case e.Verb == "REINDEX":
		return notDone, n.dropTransientIndexes(ctx, e)
	case e.Verb == "DETACH PARTITION":
		return n.resolveDetach(ctx, e, sent)
	case !sent:
		return notDone, nil
	case strings.HasSuffix(e.Verb, "PREPARED"):
		return n.resolvePrepared(ctx, e, st)
	case e.Name != "" && doneConditions[e.Verb] != "":
		return n.resolveByCatalog(ctx, e)
	case e.Verb == "" && st.Class == sqltext.NonTransactional:
		return notDone, nil // VACUUM, CLUSTER, ALTER SYSTEM and the like may run twice
	}
	return notDone, n.undecided(st)
}

func (n *nonTransactional) undecided(st sqltext.Statement) error {
	source := n.step.Script.Text
	return &UndecidedError{n.step.Revision, n.step.Message, n.step.Script.File, sqltext.PositionAt(source, st.Start).Line, text.FirstLine(source[st.Start:st.End])}
}

// doneConditions are SQL conditions under which a statement took effect, for an object's
// name. The search_path may be the body's.
var doneConditions = map[string]string{
	"CREATE DATABASE":     "EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"DROP DATABASE":       "NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"CREATE TABLESPACE":   "EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"DROP TABLESPACE":     "NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname OPERATOR(pg_catalog.=) %s::pg_catalog.name)",
	"CREATE SUBSCRIPTION": "EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.subdbid WHERE s.subname OPERATOR(pg_catalog.=) %s::pg_catalog.name AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())",
	"DROP INDEX":          "pg_catalog.to_regclass(%s) IS NULL",
}

// catalogName is an SQL expression for a name as the catalog has it.
func catalogName(name string) string {
	return "(pg_catalog.parse_ident(" + sqltext.QuoteLiteral(name) + "))[1]"
}

// regclass is an SQL expression for the OID of a relation, NULL if it does not exist.
func regclass(name string) string {
	return "pg_catalog.to_regclass(" + sqltext.QuoteLiteral(name) + ")"
}

func (n *nonTransactional) resolveByCatalog(ctx context.Context, e sqltext.CatalogEffect) (outcome, error) {
	name := catalogName(e.Name)
	if e.Verb == "DROP INDEX" {
		name = sqltext.QuoteLiteral(e.Name)
	}
	rows, err := n.queryCatalog(ctx, "SELECT "+fmt.Sprintf(doneConditions[e.Verb], name))
	if err != nil || rows[0][0].Text != "t" {
		return notDone, err
	}
	return done, nil
}

// resolvePrepared repeats COMMIT PREPARED or ROLLBACK PREPARED while the transaction still
// exists. If it does not, either may have ended it, here or elsewhere.
func (n *nonTransactional) resolvePrepared(ctx context.Context, e sqltext.CatalogEffect, st sqltext.Statement) (outcome, error) {
	rows, err := n.queryCatalog(ctx, "SELECT FROM pg_catalog.pg_prepared_xacts WHERE gid OPERATOR(pg_catalog.=) "+sqltext.QuoteLiteral(e.PlainName)+"::pg_catalog.text AND database OPERATOR(pg_catalog.=) pg_catalog.current_database()")
	if err == nil && len(rows) == 0 {
		err = n.undecided(st)
	}
	return notDone, err
}

// resolveDetach completes a DETACH PARTITION CONCURRENTLY that ended between its two
// transactions.
func (n *nonTransactional) resolveDetach(ctx context.Context, e sqltext.CatalogEffect, sent bool) (outcome, error) {
	if n.ServerVersion < 140000 {
		return notDone, nil // the server does not know the statement
	}
	rows, err := n.queryCatalog(ctx, fmt.Sprintf("SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid OPERATOR(pg_catalog.=) %s AND inhparent OPERATOR(pg_catalog.=) %s",
		regclass(e.Name), regclass(e.Table)))
	switch {
	case err != nil:
		return notDone, err
	case len(rows) == 0 && sent:
		return done, nil
	case len(rows) > 0 && rows[0][0].Text == "t":
		return done, n.repair(ctx, e.Name, "its detachment from "+e.Table+" is incomplete", "ALTER TABLE "+e.Table+" DETACH PARTITION "+e.Name+" FINALIZE")
	}
	return notDone, nil
}

// selectIndexes finds indexes by a condition on i (pg_index), c (the index's pg_class) and
// n (its schema): rows of qualified name, whether it is valid, and whether a session is
// building it. The indexes of partitioned tables are left out.
const selectIndexes = `SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname), i.indisvalid,
  EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid OPERATOR(pg_catalog.=) c.oid)
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'i' AND `

// resolveIndex decides by pg_index. An invalid index of that name was left by a failed
// build: it is dropped, so that the statement can build a valid one.
func (n *nonTransactional) resolveIndex(ctx context.Context, e sqltext.CatalogEffect, st sqltext.Statement, sent bool) (outcome, error) {
	if e.Name == "" {
		if sent {
			return notDone, n.undecided(st)
		}
		return notDone, nil
	}
	rows, err := n.queryCatalog(ctx, selectIndexes+"i.indrelid OPERATOR(pg_catalog.=) "+regclass(e.Table)+" AND c.relname OPERATOR(pg_catalog.=) "+catalogName(e.Name)+"::pg_catalog.name")
	switch {
	case err != nil || len(rows) == 0:
		return notDone, err
	case rows[0][1].Text == "t" && sent:
		return done, nil
	case rows[0][1].Text == "t":
		return notDone, nil // it existed before: the statement decides whether that is an error
	case rows[0][2].Text == "t":
		return notDone, &IndexBuildError{Revision: n.step.Revision, Message: n.step.Message, Index: rows[0][0].Text}
	}
	return notDone, n.dropInvalidIndex(ctx, rows[0][0].Text)
}

// IndexBuildError reports another session that is building the index that a revision
// builds. The statement was not run.
type IndexBuildError struct {
	Revision, Message, Index string
}

func (e *IndexBuildError) Error() string {
	return fmt.Sprintf("revision %s: another session is building the index %s; run again when it has finished", text.Named(e.Revision, e.Message), e.Index)
}

// dropInvalidIndex drops an index that a failed build left. On Citus, the workers that the
// build did not reach do not have it.
func (n *nonTransactional) dropInvalidIndex(ctx context.Context, index string) error {
	return n.repair(ctx, index, "the index is invalid: an earlier concurrent build failed", "DROP INDEX CONCURRENTLY IF EXISTS "+index)
}

// dropTransientIndexes drops the invalid copies that a failed REINDEX CONCURRENTLY left
// (PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently").
func (n *nonTransactional) dropTransientIndexes(ctx context.Context, e sqltext.CatalogEffect) error {
	var table string
	switch {
	case e.Table != "":
		table = regclass(e.Table)
	case e.Name != "":
		table = "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid OPERATOR(pg_catalog.=) " + regclass(e.Name) + ")"
	default:
		return nil
	}
	rows, err := n.queryCatalog(ctx, selectIndexes+"NOT i.indisvalid AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' AND i.indrelid OPERATOR(pg_catalog.=) "+table)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row[2].Text == "t" {
			continue // another session is building it
		}
		if err := n.dropInvalidIndex(ctx, row[0].Text); err != nil {
			return err
		}
	}
	return nil
}

// invalidIndexes returns what a failed build left. An index whose name the server chose is
// any invalid index of the table.
func (n *nonTransactional) invalidIndexes(ctx context.Context, e sqltext.CatalogEffect) string {
	if e.Verb != "CREATE INDEX" {
		return ""
	}
	condition := "NOT i.indisvalid AND i.indrelid OPERATOR(pg_catalog.=) " + regclass(e.Table)
	if e.Name != "" {
		condition += " AND c.relname OPERATOR(pg_catalog.=) " + catalogName(e.Name) + "::pg_catalog.name"
	}
	rows, err := n.queryCatalog(ctx, selectIndexes+condition)
	if err != nil {
		return ""
	}
	var names []string
	for _, row := range rows {
		names = append(names, row[0].Text)
	}
	return strings.Join(names, ", ")
}

// queryCatalog runs a query for the current statement, and reports its failure as that of
// the statement.
func (n *nonTransactional) queryCatalog(ctx context.Context, sql string) ([]pg.Row, error) {
	var rows []pg.Row
	err := n.send(ctx, parts{n.ownStatement(sql)}, func(_ int, fields [][]byte) {
		rows = append(rows, pg.NewRow(fields))
	})
	return rows, err
}

// ownStatement returns a statement of ours that counts as part of the body.
func (n *nonTransactional) ownStatement(sql string) part {
	return part{kind: body, sql: sql, script: n.step.Script, index: n.done}
}

// repair runs a statement that removes or completes what an interrupted one left.
func (n *nonTransactional) repair(ctx context.Context, object, problem, sql string) error {
	n.emit(Repaired{Step: n.step, Object: object, Problem: problem, Statement: sql})
	err := n.sendWithLongLockTimeout(ctx, n.statement(), n.ownStatement(sql))
	var failed *RevisionError
	if errors.As(err, &failed) {
		failed.Text = "cannot repair what an interrupted statement left: " + failed.Text
	}
	return err
}
