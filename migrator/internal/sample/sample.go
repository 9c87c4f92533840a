package sample

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// Options say which rows are copied.
type Options struct {
	From, To *pg.Conn // neither is used for anything else, and both have other settings afterwards
	Role     string   // that To works as, if its session may not turn off triggers and foreign keys; "": its own
	// Limit is the number of rows of each table that are copied at most. Zero: all.
	Limit int64
	// Skip reports whether a table, by its schema and name, is left out without a word: those of the ledger.
	Skip func(schema, name string) bool
	// Started is told which table is copied next. Nil: nobody is told.
	Started func(table string)
}

// Result is what was copied.
type Result struct {
	Tables int   // those with rows
	Rows   int64 // of all of them, without those that were removed again
	Left   []Left
}

// Left is what was left out of a table, or all of it.
type Left struct {
	Table  string // qualified, and quoted where necessary
	Reason Reason
	// Rows is how many rows were left out: the server's estimate if Reason is Limit, exact if it is References. Otherwise 0.
	Rows    int64
	Columns []string // of Columns: those that only one of the databases has
}

// Reason says why rows were left out.
type Reason string

// The reasons.
const (
	Limit      Reason = "limit"      // there are more rows than the limit
	References Reason = "references" // the rows that they refer to were left out, or do not exist
	NotMade    Reason = "not made"   // the revisions make no such table
	Privilege  Reason = "privilege"  // the role may not read the table
	Policies   Reason = "policies"   // row-level security would hide rows from the role
	Standby    Reason = "standby"    // an unlogged table cannot be read on a standby
	Columns    Reason = "columns"    // only these columns were left out
	Refresh    Reason = "refresh"    // a materialized view cannot be refreshed with the rows
)

// Copy copies rows. Errors: *Error, and those of pg.Conn.Send about a connection.
func Copy(ctx context.Context, o Options) (*Result, error) {
	c := &copier{Options: o, result: &Result{}, copied: map[string]int64{}}
	for _, do := range []func(context.Context) error{c.read, c.prepare, c.copyTables, c.dropDangling, c.setSequences, c.finish} {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	for _, n := range c.copied {
		if n > 0 {
			c.result.Tables++
		}
		c.result.Rows += n
	}
	sort.SliceStable(c.result.Left, func(i, j int) bool { return c.result.Left[i].Table < c.result.Left[j].Table })
	return c.result, nil
}

type copier struct {
	Options
	result *Result
	tables []table // that are copied
	// replica: the session of To may turn off triggers and foreign keys. Otherwise the foreign keys are dropped meanwhile.
	replica bool
	keys    []foreignKey
	restore []string // the statements that undo what was changed of the tables of To
	copied  map[string]int64
}

// pinned are settings on which the text of values depends, and those that a role or a database may have against long reads.
const pinned = `SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
SET LOCAL timezone = 'UTC'; SET LOCAL lc_monetary = 'C'; SET LOCAL xmloption = 'content'; SET LOCAL search_path = pg_catalog; SET LOCAL row_security = off;
SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`

// read begins to read, and decides which tables are copied.
func (c *copier) read(ctx context.Context) error {
	for _, conn := range []*pg.Conn{c.From, c.To} {
		if err := conn.EnsureUTF8(ctx); err != nil {
			return err
		}
	}
	if err := c.From.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; "+pinned); err != nil {
		return reading("", err)
	}
	from, err := listTables(ctx, c.From)
	if err != nil {
		return err
	}
	to, err := listTables(ctx, c.To)
	if err != nil {
		return err
	}
	made := map[string]table{}
	for _, t := range to {
		made[t.key()] = t
	}
	for _, t := range from {
		other, exists := made[t.key()]
		switch {
		case c.Skip(t.schema, t.name):
			continue
		case !exists:
			c.leave(Left{Table: t.title(), Reason: NotMade})
			continue
		case t.unreadable != "":
			c.leave(Left{Table: t.title(), Reason: t.unreadable})
			continue
		}
		var odd []string
		both := slices.DeleteFunc(slices.Clone(t.columns), func(name string) bool { return !slices.Contains(other.columns, name) })
		for _, name := range slices.Concat(t.columns, other.columns) {
			if !slices.Contains(both, name) {
				odd = append(odd, name)
			}
		}
		if len(odd) > 0 {
			c.leave(Left{Table: t.title(), Reason: Columns, Columns: odd})
		}
		t.columns = both
		c.tables = append(c.tables, t)
	}
	return nil
}

func (c *copier) leave(l Left) { c.result.Left = append(c.result.Left, l) }

// prepare empties the tables, and turns off what would see the rows.
func (c *copier) prepare(ctx context.Context) error {
	err := c.To.Exec(ctx, "SET session_replication_role = replica")
	if se := pg.ServerError(err); err != nil && se == nil {
		return err
	}
	if c.replica = err == nil; !c.replica && c.Role != "" {
		if err := c.To.Exec(ctx, "SET ROLE "+sqltext.QuoteName(c.Role)); err != nil {
			return loading("", err)
		}
	}
	if err := c.To.Exec(ctx, "BEGIN; "+pinned); err != nil {
		return loading("", err)
	}
	if c.keys, err = listKeys(ctx, c.To); err != nil {
		return err
	}
	statements, err := c.triggers(ctx)
	if err != nil {
		return err
	}
	if !c.replica {
		var drop []string
		for _, k := range c.keys {
			drop = append(drop, "ALTER TABLE "+k.table.sql()+" DROP CONSTRAINT "+schema.QuoteIdent(k.name))
			c.restore = append(c.restore, "ALTER TABLE "+k.table.sql()+" ADD CONSTRAINT "+schema.QuoteIdent(k.name)+" "+k.definition)
			if k.comment != "" {
				c.restore = append(c.restore, "COMMENT ON CONSTRAINT "+schema.QuoteIdent(k.name)+" ON "+k.table.sql()+" IS "+sqltext.QuoteLiteral(k.comment))
			}
		}
		statements = append(statements, drop...)
	}
	var names []string
	for _, t := range c.tables {
		names = append(names, "ONLY "+t.sql())
	}
	if len(names) > 0 {
		statements = append(statements, "TRUNCATE "+strings.Join(names, ", ")+" CASCADE")
	}
	if len(statements) == 0 {
		return nil
	}
	return loading("", c.To.Exec(ctx, strings.Join(statements, ";\n")))
}

// finish restores what prepare has changed, and makes what depends on the rows.
func (c *copier) finish(ctx context.Context) error {
	statements := append(c.restore, "COMMIT")
	if err := c.To.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
		return loading("", err)
	}
	if err := c.From.Exec(ctx, "ROLLBACK"); err != nil {
		return reading("", err)
	}
	if c.replica {
		if err := c.To.Exec(ctx, "RESET session_replication_role"); err != nil {
			return loading("", err)
		}
	}
	views, err := c.To.Query(ctx, populated)
	if err != nil {
		return loading("", err)
	}
	for _, v := range views {
		name := schema.Qualify(v[0].Text, v[1].Text)
		err := c.To.Exec(ctx, "REFRESH MATERIALIZED VIEW "+name)
		if err != nil && pg.ServerError(err) == nil {
			return err
		}
		if err != nil {
			c.leave(Left{Table: name, Reason: Refresh})
		}
	}
	return loading("", c.To.Exec(ctx, "ANALYZE"))
}

// dropDangling removes rows whose foreign keys refer to rows that are not there, and those that refer to them, and so on.
func (c *copier) dropDangling(ctx context.Context) error {
	if !slices.ContainsFunc(c.result.Left, func(l Left) bool { return l.Reason != Columns }) {
		return nil
	}
	removed := map[string]int64{}
	for again := true; again; {
		again = false
		for _, k := range c.keys {
			if k.unchecked {
				continue
			}
			rows, err := c.To.Query(ctx, k.deleteDangling())
			if err != nil {
				return loading(k.table.title(), err)
			}
			if n := number(rows[0][0].Text); n > 0 {
				again = true
				removed[k.table.title()] += n
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		c.leave(Left{Table: name, Reason: References, Rows: removed[name]})
		c.result.Rows -= removed[name]
	}
	return nil
}
