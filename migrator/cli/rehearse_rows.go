package cli

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
)

// noteData reports which rows were copied, and what was left out.
func (v *rehearsalView) noteData(from *pgconn.Config) {
	d := v.Data
	if d == nil {
		return
	}
	v.info(eventCopied, fmt.Sprintf("copied %s of %s from %s, at %s", text.Count(int(d.Rows), "row"), text.Count(d.Tables, "table"), dbenv.Describe(from), idsOrBase(d.At)),
		"copied_from", d.Database, "revisions", list(d.At), "tables", d.Tables, "rows", d.Rows)
	for _, l := range d.Left {
		v.warn(eventRowsLeft, "not copied: "+leftRows(l), "table", l.Table, "reason", string(l.Reason), "rows", l.Rows, "columns", list(l.Columns))
	}
	if len(d.Differs) == 0 {
		return
	}
	var objects []string
	for _, o := range d.Differs {
		objects = append(objects, strings.ToLower(o.Key.Kind.String())+" "+o.Key.Name)
	}
	v.warn(eventRowsSchema, "the schema of database "+text.Quote(d.Database)+" is not what its revisions make: "+text.List(objects, "and")+" "+terminal.Plural(len(objects), "differs", "differ"), "objects", objects)
}

// leftRows says what was left out of a table, and why.
func leftRows(l migrator.DataLeft) string {
	switch l.Reason {
	case migrator.DataLimit:
		if l.Rows == 0 {
			return "rows of " + l.Table + ", because there are more than --data-rows"
		}
		return fmt.Sprintf("about %s of %s, because there are more than --data-rows", text.Count(int(l.Rows), "row"), l.Table)
	case migrator.DataReferences:
		return fmt.Sprintf("%s of %s, because they refer to rows that were not copied", text.Count(int(l.Rows), "row"), l.Table)
	case migrator.DataNotMade:
		return l.Table + ", which the revisions do not make"
	case migrator.DataPrivilege:
		return l.Table + ", which the role may not read"
	case migrator.DataPolicies:
		return l.Table + ", because row-level security hides rows of it from the role"
	case migrator.DataStandby:
		return l.Table + ", because an unlogged table cannot be read on a standby"
	case migrator.DataColumns:
		return text.Count(len(l.Columns), "column") + " of " + l.Table + " that only one side has: " + text.List(l.Columns, "and")
	case migrator.DataRefresh:
		return "the rows of materialized view " + l.Table + ", because it cannot be refreshed"
	}
	return l.Table
}
