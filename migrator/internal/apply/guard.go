package apply

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// The guard stops a revision that reads or rewrites a whole table that is larger than a limit. Before the body the message
// remembers the file and the number of scans of every table, in a setting of the transaction. A check after each statement
// fails if a large table has another file or more scans. For a superuser an event trigger, which the transaction creates and
// drops, makes the same check before a table is rewritten. Nothing of this is sent without a guard.

// GuardError reports a revision that reads or rewrites a table that is larger than the guard. It was rolled back.
type GuardError struct {
	*RevisionError
	Table    string // as SQL, with its schema unless that is in the search_path
	Rewrites bool   // it rewrites the table; otherwise it reads it from beginning to end
	Before   bool   // it was stopped before it rewrote the table
	// Size is that of the table with its TOAST data, without indexes; of a partitioned table, of the partitions that were
	// read or rewritten. Limit is that of the guard.
	Size, Limit int64

	oid string // of the table
}

// Unwrap returns the *RevisionError.
func (e *GuardError) Unwrap() error { return e.RevisionError }

// guardSetting is the setting of the transaction with what the guard remembers. Its value begins with guardMark, so that a
// body that resets it is noticed.
const (
	guardSetting = "ambix.guard"
	guardMark    = "tables "
	guardName    = "ambix_guard" // of the prepared check and the function of the event trigger, which is called so with a suffix
	guardWord    = "ambix:guard/"
	guardLost    = "lost"
)

// guards reports whether the guard watches a step.
func (r *Runner) guards(offline bool) bool { return r.Guard > 0 && !offline }

// guardTriggerName returns a name that no other runner uses meanwhile: others that create one with the same name would wait.
func (r *Runner) guardTriggerName() string { return guardName + r.guardSuffix }

// renderGuard adds what comes before a body.
func (r *Runner) renderGuard(p *parts, s plan.Step, offline bool) {
	if !r.guards(offline) {
		return
	}
	p.add(watching, r.rememberTables(s))
	if !s.Script.Transactional {
		return
	}
	p.add(watching, "PREPARE "+guardName+" AS "+r.checkTables())
	if r.guardTrigger {
		p.add(watching,
			"CREATE FUNCTION pg_temp."+guardName+"() RETURNS pg_catalog.event_trigger LANGUAGE plpgsql AS "+sqltext.QuoteString(r.triggerBody()),
			"CREATE EVENT TRIGGER "+r.guardTriggerName()+" ON table_rewrite EXECUTE FUNCTION pg_temp."+guardName+"()")
	}
}

// renderGuardEnd adds what comes after a body, when the session's role is set again.
func (r *Runner) renderGuardEnd(p *parts, offline bool) {
	if r.guards(offline) && r.guardTrigger {
		// DISCARD TEMP has dropped both, unless there is a body that prevents it.
		p.add(resetting, "DROP EVENT TRIGGER IF EXISTS "+r.guardTriggerName())
	}
}

// checkedBody returns a statement of a body, and the check of what it did.
func (r *Runner) checkedBody(s plan.Step, i int, st sqltext.Statement, offline bool) parts {
	p := parts{bodyPart(s.Script, i, st)}
	if !r.guards(offline) {
		return p
	}
	switch {
	case sqltext.SettingName(s.Script.Text, st) == "all": // RESET ALL
		p.add(watching, r.rememberTables(s))
	case onlyChangesSetting(s.Script.Text, st):
	default:
		check := preparedCheck
		if !s.Script.Transactional {
			check = r.checkTables()
		}
		p = append(p, part{kind: checking, sql: check, script: s.Script, source: st, index: i})
	}
	return p
}

const preparedCheck = "EXECUTE " + guardName

// Expressions for the numbers of rows of a table that this session has written and not reported yet.
const (
	insertedRows = "pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)"
	updatedRows  = "pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)"
)

// writtenRow is an expression: whether the session itself has written a visible row of pg_class in its transaction.
const writtenRow = `CASE WHEN pg_catalog.age(c.xmin) OPERATOR(pg_catalog.<=) 0 THEN pg_catalog.pg_xact_status(((pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>>) 32 OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.+) c.xmin::pg_catalog.text::pg_catalog.int8)::pg_catalog.text::pg_catalog.xid8) OPERATOR(pg_catalog.=) 'in progress' ELSE false END`

// rememberTables returns the statement that remembers all tables but the ledger's: a JSON object with the OID of each, and in
// its value file, the numbers of scans and of written rows that are not reported yet, and what the header accepts of it.
func (r *Runner) rememberTables(s plan.Step) string {
	lit := sqltext.QuoteLiteral
	var ledger []string
	for _, table := range []string{r.Ledger.Meta(), r.Ledger.Revisions(), r.Ledger.Events()} {
		ledger = append(ledger, "c.oid OPERATOR(pg_catalog.<>) COALESCE(pg_catalog.to_regclass("+lit(table)+"), 0::pg_catalog.regclass)::pg_catalog.oid")
	}
	return "SELECT pg_catalog.length(pg_catalog.set_config(" + lit(guardSetting) + ", " + lit(guardMark) + " OPERATOR(pg_catalog.||) COALESCE(pg_catalog.json_object_agg(c.oid, " +
		"pg_catalog.concat(c.relfilenode, ':', pg_catalog.pg_stat_get_xact_numscans(c.oid), ':', " + insertedRows + ", ':', " + updatedRows + ", ':', " + acceptedWord(s.Accept) + "))::pg_catalog.text, '{}'), true))\n" +
		"FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog.\"char\"[]) AND c.relpersistence OPERATOR(pg_catalog.<>) 't'" +
		" AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND " + strings.Join(ledger, " AND ")
}

// acceptedWord returns an expression: "r" for a table of which rewriting is accepted, "s" for one of which reading is. A
// partition is accepted with any table that it is part of.
func acceptedWord(accept []revision.Acceptance) string {
	tables := func(word string) string {
		var list []string
		for _, a := range accept {
			if schema, table, ok := a.Table(); ok && a.Word == word {
				condition := "t.relname::pg_catalog.text OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(table)
				if schema != "" {
					condition += " AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(schema)
				}
				list = append(list, condition)
			}
		}
		if len(list) == 0 {
			return ""
		}
		return "EXISTS (SELECT FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace" +
			" WHERE t.oid OPERATOR(pg_catalog.=) ANY (pg_catalog.array_append(ARRAY(SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid)), c.oid))" +
			" AND (" + strings.Join(list, " OR ") + "))"
	}
	var cases string
	for _, w := range []struct{ word, letter string }{{revision.AcceptRewrites, "r"}, {revision.AcceptScans, "s"}} {
		if condition := tables(w.word); condition != "" {
			cases += " WHEN " + condition + " THEN '" + w.letter + "'"
		}
	}
	if cases == "" {
		return "''"
	}
	return "CASE" + cases + " END"
}

// largestTable returns a query for the largest table above the limit that the transaction has read or rewritten: one row of
// rewrites or scans, its OID and its size, with slashes in between; NULL if there is none. about is an expression for the OID
// of a table that is about to be rewritten. An UPDATE of nearly all rows counts as a rewrite. Partitions count as one table. What
// the transaction itself has added to a table is left out: the share of the rows that it has written. Only tables that this
// session has read, and those whose row in pg_class it has written, are looked up in what the guard remembers: what is visible
// although its transaction is in progress comes from the session itself.
func (r *Runner) largestTable(about string) string {
	return `WITH b AS (SELECT c.oid, c.relfilenode, c.reltuples, pg_catalog.string_to_array((SELECT CASE WHEN pg_catalog.starts_with(s.v, '` + guardMark + `') THEN pg_catalog.substr(s.v, ` + strconv.Itoa(len(guardMark)+1) + `)::pg_catalog.jsonb END FROM (SELECT pg_catalog.current_setting('` + guardSetting + `', true) AS v) s) OPERATOR(pg_catalog.->>) c.oid::pg_catalog.text, ':') AS f
FROM pg_catalog.pg_class c
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog."char"[]) AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
AND (pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) 0 OR ` + writtenRow + ` OR c.oid OPERATOR(pg_catalog.=) ` + about + `)),
c AS (SELECT oid, relfilenode, reltuples, f[1]::pg_catalog.oid AS file, f[2]::pg_catalog.int8 AS scans, f[3]::pg_catalog.int8 AS inserted, f[4]::pg_catalog.int8 AS updated, f[5] AS accepted FROM b WHERE f IS NOT NULL),
t AS (SELECT COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS root, pg_catalog.pg_table_size(c.oid) AS size, c.accepted,
CASE WHEN c.reltuples OPERATOR(pg_catalog.>) 0 THEN c.reltuples OPERATOR(pg_catalog./) (c.reltuples OPERATOR(pg_catalog.+) ` + insertedRows + ` OPERATOR(pg_catalog.-) c.inserted OPERATOR(pg_catalog.+) ` + updatedRows + ` OPERATOR(pg_catalog.-) c.updated) ELSE 1 END AS share,
c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) ` + about + `
OR c.reltuples OPERATOR(pg_catalog.>) 0 AND (` + updatedRows + ` OPERATOR(pg_catalog.-) c.updated) OPERATOR(pg_catalog.>=) (c.reltuples OPERATOR(pg_catalog.*) 0.9) AS rewritten FROM c
WHERE c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) ` + about + ` OR pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) c.scans),
g AS (SELECT root, pg_catalog.bool_or(rewritten) AS rewritten, pg_catalog.sum((size OPERATOR(pg_catalog.*) share)::pg_catalog.int8) AS size FROM t
WHERE NOT (accepted OPERATOR(pg_catalog.=) 'r' OR accepted OPERATOR(pg_catalog.=) 's' AND NOT rewritten) GROUP BY root)
SELECT pg_catalog.concat(CASE WHEN rewritten THEN 'rewrites' ELSE 'scans' END, '/', root, '/', size) FROM g
WHERE size OPERATOR(pg_catalog.>) ` + strconv.FormatInt(r.Guard, 10) + ` ORDER BY size DESC, root LIMIT 1`
}

// checkTables returns a statement that fails with 22P02 if there is such a table, or if what the guard remembers is lost.
func (r *Runner) checkTables() string {
	return "SELECT CASE WHEN COALESCE(pg_catalog.starts_with(pg_catalog.current_setting('" + guardSetting + "', true), '" + guardMark + "'), false) AND g.found IS NULL THEN 1\n" +
		"ELSE ('" + guardWord + "'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE(g.found, '" + guardLost + "'))::pg_catalog.int4 END FROM (SELECT (" + r.largestTable("0::pg_catalog.oid") + ") AS found) g"
}

// triggerBody is the body of the event trigger's function. Its SQLSTATE is one that EXCEPTION WHEN OTHERS in a body does not
// catch (PostgreSQL manual, section "Trapping Errors").
func (r *Runner) triggerBody() string {
	return "DECLARE\n  large pg_catalog.text := (" + r.largestTable("pg_catalog.pg_event_trigger_table_rewrite_oid()") + ");\nBEGIN\n  IF large IS NOT NULL THEN\n" +
		"    RAISE EXCEPTION USING MESSAGE = '" + guardWord + "' OPERATOR(pg_catalog.||) large, ERRCODE = '" + pg.AssertFailure + "';\n  END IF;\nEND"
}

// prepareGuard finds out whether the server counts scans, and whether the event trigger can be created: only by a superuser,
// and only where its creation does not call the event triggers of somebody else, also not one that a revision of the plan
// makes. Errors: *GuardUnavailableError, and those of pg.Conn.Query.
func (r *Runner) prepareGuard(ctx context.Context, p plan.Plan) error {
	role := "CURRENT_USER"
	if r.Role != "" {
		role = sqltext.QuoteLiteral(r.Role)
	}
	rows, err := r.Conn.Read(ctx, `SELECT pg_catalog.current_setting('track_counts'),
  EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) `+role+` AND rolsuper)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled OPERATOR(pg_catalog.<>) 'D')
  AND EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname OPERATOR(pg_catalog.=) 'plpgsql')`)
	if err != nil {
		return err
	}
	if rows[0][0].Text != "on" {
		return &GuardUnavailableError{Limit: r.Guard}
	}
	r.guardTrigger = rows[0][1].Text == "t" && !r.Citus && !slices.ContainsFunc(p.Steps, changesEventTriggers)
	if r.guardSuffix == "" {
		r.guardSuffix = fmt.Sprintf("_%08x", rand.Uint32())
	}
	return nil
}

func changesEventTriggers(s plan.Step) bool {
	// The look at the text saves splitting all scripts into statements.
	if s.Script == nil || !s.Script.InMemory() || !strings.Contains(strings.ToUpper(s.Script.Text), "EVENT") {
		return false
	}
	for _, st := range s.Script.All() {
		if strings.HasSuffix(st.Keywords, " EVENT TRIGGER") {
			return true
		}
	}
	return false
}

// GuardUnavailableError reports a server that does not count scans.
type GuardUnavailableError struct {
	Limit int64 // of the guard
}

func (e *GuardUnavailableError) Error() string {
	return "the guard needs the server to count scans, and its setting track_counts is off"
}

// guardMarked reports whether an error is one of the guard.
func (f *failure) guardMarked() bool {
	return f.Guard > 0 && strings.Contains(f.err.Message, guardWord)
}

// guardRemoved reports whether the body has removed the prepared check.
func (f *failure) guardRemoved() bool { return f.part.sql == preparedCheck }

// guardError returns the error for a failed check.
func (f *failure) guardError() error {
	_, found, _ := strings.Cut(f.err.Message, guardWord)
	found = strings.TrimRight(found, `"”»`)
	e := f.e
	e.SQLState, e.Err = "", nil
	if f.part.kind == checking && f.part.script != nil {
		e.pointAtStatement(bodyPart(f.part.script, f.part.index, f.part.source), f.err)
	}
	if found == "" || strings.HasPrefix(found, guardLost) {
		e.Text, e.Hint = "the revision resets the session, so that the guard cannot tell what it reads", "leave out DEALLOCATE ALL, and RESET ALL in functions, or run this revision without the guard"
		return e
	}
	words := append(strings.Split(found, "/"), "", "", "")
	g := &GuardError{RevisionError: e, Rewrites: words[0] == "rewrites", Before: f.part.kind == body, Limit: f.Guard}
	g.oid = words[1]
	digits := strings.IndexFunc(words[2]+" ", func(r rune) bool { return r < '0' || r > '9' })
	g.Size, _ = strconv.ParseInt(words[2][:digits], 10, 64)
	f.nameTable(g)
	return g
}

// nameTable completes an error with the name of the table, which existed before the revision. It is not known while a failed
// transaction is open.
func (r *Runner) nameTable(e *GuardError) {
	e.Table = "with OID " + e.oid
	if n, err := strconv.ParseUint(e.oid, 10, 32); err == nil {
		if rows := r.explain(fmt.Sprintf("SELECT %d::pg_catalog.oid::pg_catalog.regclass", n)); len(rows) == 1 {
			e.Table = rows[0][0].Text
		}
	}
	verb := "scans"
	if e.Rewrites {
		verb = "rewrites"
	}
	if e.Before {
		verb = "would " + strings.TrimSuffix(verb, "s")
	}
	e.Text = fmt.Sprintf("the statement %s table %s of %s, and the guard is %s", verb, e.Table, text.Size(e.Size), text.Size(e.Limit))
}

// checkNamed refuses a statement that cannot be checked afterwards, because it cannot run in a transaction, if it rewrites a
// table that is larger than the limit: VACUUM FULL and CLUSTER. What other such statements do is not known before.
func (n *nonTransactional) checkNamed(st sqltext.Statement) error {
	script := n.step.Script
	if n.Guard <= 0 || !rewritesNamed(script.Text, st) {
		return nil
	}
	quoted := []string{"NULL"}
	for _, name := range sqltext.Names(script.Text, st, maxLockNames) {
		quoted = append(quoted, "pg_catalog.to_regclass("+sqltext.QuoteLiteral(name)+")")
	}
	named := "(ARRAY(SELECT COALESCE(p.relid, n.oid)::pg_catalog.oid FROM pg_catalog.unnest(ARRAY[" + strings.Join(quoted, ", ") + "]::pg_catalog.oid[]) n(oid)" +
		" LEFT JOIN LATERAL pg_catalog.pg_partition_tree(n.oid::pg_catalog.regclass) p ON true WHERE n.oid IS NOT NULL))"
	const blockSize = " OPERATOR(pg_catalog.*) pg_catalog.current_setting('block_size')::pg_catalog.int8"
	all := "true" // without names
	if word, _, _ := strings.Cut(st.Keywords, " "); word == "CLUSTER" {
		all = "EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisclustered)"
	}
	// The size by the catalog: to ask for the size of files waits for locks.
	rows := n.explain("SELECT c.oid, (c.relpages::pg_catalog.int8 OPERATOR(pg_catalog.+) COALESCE(t.relpages, 0))" + blockSize + ", COALESCE(" + acceptedWord(n.step.Accept) + ", '') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) c.reltoastrelid" +
		" WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog.\"char\"[]) AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid" +
		" AND (c.oid OPERATOR(pg_catalog.=) ANY " + named + " OR pg_catalog.cardinality(" + named + ") OPERATOR(pg_catalog.=) 0 AND " + all + ") ORDER BY 2 DESC")
	for _, row := range rows {
		size, _ := strconv.ParseInt(row[1].Text, 10, 64)
		if size <= n.Guard || row[2].Text == "r" {
			continue
		}
		e := &RevisionError{Direction: n.step.Direction, Revision: n.step.Revision, Message: n.step.Message, File: script.File}
		e.pointAt(bodyPart(script, n.done, st), 0)
		g := &GuardError{RevisionError: e, oid: row[0].Text, Rewrites: true, Before: true, Size: size, Limit: n.Guard}
		n.nameTable(g)
		return g
	}
	return nil
}

// rewritesNamed reports whether a statement is a VACUUM FULL or CLUSTER.
func rewritesNamed(source string, st sqltext.Statement) bool {
	word, _, _ := strings.Cut(st.Keywords, " ")
	if word != "VACUUM" {
		return word == "CLUSTER"
	}
	var words []string
	for t := range sqltext.Tokens(source[st.Start:st.End]) {
		if t.Kind == sqltext.Word || t.Kind == sqltext.Number {
			words = append(words, strings.ToLower(source[st.Start+t.Start:st.Start+t.End]))
		}
	}
	i := slices.Index(words, "full")
	return i >= 0 && (i+1 == len(words) || !slices.Contains([]string{"false", "off", "0"}, words[i+1]))
}
