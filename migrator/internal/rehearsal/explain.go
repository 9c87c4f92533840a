package rehearsal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// planned are the first words of statements that the server can explain and that may change rows.
var planned = []string{"UPDATE", "DELETE", "INSERT", "MERGE", "WITH"}

// node is a node of a plan.
type node struct {
	Type          string `json:"Node Type"`
	Relationship  string `json:"Parent Relationship"`
	Operation     string
	Schema        string
	Relation      string `json:"Relation Name"`
	Alias         string
	Filter        string
	IndexCond     string `json:"Index Cond"`
	TIDCond       string `json:"TID Cond"`
	RecheckCond   string `json:"Recheck Cond"`
	OneTimeFilter string `json:"One-Time Filter"`
	OnConflict    string `json:"Conflict Resolution"`
	// Targets are the partitions that a ModifyTable node changes.
	Targets []node `json:"Target Tables"`
	Plans   []node
}

// changedRows is what a statement does to the rows of a table, by its plan.
type changedRows struct {
	schema, table string
	kind          rehearse.WorkKind
	reason        string // of UpdateSome; "" if no index finds the rows
}

// explain returns the tables that a statement has to read as a whole to change their rows. The executor may not read an
// empty table, but the plan tells. Sequential scans are made as unattractive as possible, because the planner prefers them
// on small tables. It does not execute the statement, and leaves no lock. A statement that fails is not explained.
func explain(ctx context.Context, conn *pg.Conn, sql string) ([]changedRows, error) {
	// In a message of its own: the server parses a whole message before it runs any of it.
	if err := conn.Exec(ctx, "SAVEPOINT ambix_rehearsal"); err != nil {
		return nil, err
	}
	var plan strings.Builder
	_, err := conn.Send(ctx, pg.Message{SQL: "SET LOCAL enable_seqscan = off;\nEXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) " + sql + ";\n"}, pg.Handler{
		Row: func(_ int, fields [][]byte) { plan.Write(fields[0]) },
	})
	_, refused := errors.AsType[*pg.StatementError](err)
	if err != nil && !refused {
		return nil, err
	}
	if err := conn.Exec(ctx, "ROLLBACK TO SAVEPOINT ambix_rehearsal;\nRELEASE SAVEPOINT ambix_rehearsal"); err != nil || refused {
		return nil, err
	}
	var explained []struct{ Plan node }
	if json.Unmarshal([]byte(plan.String()), &explained) != nil {
		return nil, nil // a rule rewrites the statement into one that has no plan, or into several
	}
	var found []changedRows
	for _, e := range explained {
		e.Plan.find(&found)
	}
	return found, nil
}

// find collects the tables that a plan changes as a whole.
func (n node) find(found *[]changedRows) {
	switch {
	case n.Type != "ModifyTable":
	case n.Operation != "Insert":
		n.modified(found)
	case n.OnConflict == "UPDATE":
		n.upserted(found)
	}
	for _, child := range n.Plans {
		child.find(found)
	}
}

// modified collects the tables that a ModifyTable node changes as a whole.
func (n node) modified(found *[]changedRows) {
	kind, all := rehearse.UpdateSome, n.Operation != "Merge"
	for _, child := range n.Plans {
		all = all && (child.isSubquery() || child.passesAll())
	}
	switch {
	case all && n.Operation == "Delete":
		kind = rehearse.DeleteAll
	case all:
		kind = rehearse.UpdateAll
	}
	for _, scan := range n.scans(nil) {
		isTarget := scan.Alias == n.Alias || slices.ContainsFunc(n.Targets, func(t node) bool { return t.Alias == scan.Alias })
		cond := cmp.Or(scan.IndexCond, scan.RecheckCond)
		switch {
		case !isTarget || scan.TIDCond != "":
		case cond == "":
			*found = append(*found, changedRows{scan.Schema, scan.Relation, kind, ""})
		case isOpenRange(cond):
			*found = append(*found, changedRows{scan.Schema, scan.Relation, rehearse.UpdateSome, "a condition that is open at one end can be true for all rows"})
		}
	}
}

// upserted collects the table of an INSERT … ON CONFLICT DO UPDATE that takes its rows from all those of a table.
func (n node) upserted(found *[]changedRows) {
	for _, scan := range n.scans(nil) {
		if scan.Schema != "" && scan.IndexCond == "" && scan.TIDCond == "" && scan.RecheckCond == "" {
			*found = append(*found, changedRows{n.Schema, n.Relation, rehearse.UpdateSome, "there can be as many as " + schema.Qualify(scan.Schema, scan.Relation) + " has"})
			return
		}
	}
}

// isOpenRange reports whether a condition on the columns of an index has nothing but comparisons in one direction.
func isOpenRange(cond string) bool {
	less, greater := strings.Contains(cond, " < ") || strings.Contains(cond, " <= "), strings.Contains(cond, " > ") || strings.Contains(cond, " >= ")
	return less != greater && !strings.Contains(cond, " = ")
}

// isSubquery reports whether a node's rows are not those that its parent processes one by one.
func (n node) isSubquery() bool { return n.Relationship == "InitPlan" || n.Relationship == "SubPlan" }

// scans returns the nodes below n that read a table, except in subqueries.
func (n node) scans(list []node) []node {
	for _, child := range n.Plans {
		if child.isSubquery() {
			continue
		}
		if child.Relation != "" {
			list = append(list, child)
		}
		list = child.scans(list)
	}
	return list
}

// passesAll reports whether a node returns all rows of the tables that it reads.
func (n node) passesAll() bool {
	switch n.Type {
	case "Seq Scan", "Index Scan", "Index Only Scan", "Append", "Result", "Subquery Scan":
	default:
		return false
	}
	if n.Filter != "" || n.IndexCond != "" || n.OneTimeFilter != "" {
		return false
	}
	return !slices.ContainsFunc(n.Plans, func(child node) bool { return !child.isSubquery() && !child.passesAll() })
}

// isPlanned reports whether explain may say something about a statement.
func isPlanned(st sqltext.Statement) bool {
	first, _, _ := strings.Cut(st.Keywords, " ")
	return st.Class == sqltext.Ordinary && slices.Contains(planned, first)
}
