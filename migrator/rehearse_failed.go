package migrator

import (
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// failedFinding returns the finding about a revision that failed. data: the rehearsal had rows. limited: some were left out.
func failedFinding(e *apply.RevisionError, data, limited bool) rehearse.Finding {
	f := rehearse.Finding{
		Rule: rehearse.Fails, Severity: rehearse.Danger, Revision: e.Revision, Down: e.Direction == plan.Down,
		Pos: revision.Pos{File: e.File, Line: e.Line, Column: e.Column}, Text: "it fails: " + e.Text, Why: strings.TrimRight(e.Hint, "\n"),
	}
	if e.SQLState != "" {
		f.Text += " (" + e.SQLState + ")"
	}
	switch {
	case e.Cause == apply.NewEnumValue:
		f.Rule, f.Why = rehearse.EnumValue, "a value that a transaction adds to an enum type cannot be used before that has committed"
		f.Safe = "use the value in the next revision"
	case e.Cause == apply.NeedsNonTransactional:
		f.Rule, f.Safe = rehearse.NonTransactional, "put the statement into a separate revision with transaction: off"
		f.Why = ""
	case ExistingRole(e) != "":
		f.Why = "roles belong to all databases of a server: this one may have been created for another database than the scratch database"
		f.Safe = "rehearse on a server that does not have the role, or create it only if it does not exist: " + CreateRoleOnce(ExistingRole(e))
	case !data && mayNeedRows(e.SQLState):
		f.Rule = rehearse.MissingData
		f.Why = "the tables of the scratch database have only the rows that the revisions insert; the real ones may have those that it needs"
		f.Safe = "rehearse it with rows"
	case limited && (e.SQLState == "23503" || strings.HasPrefix(e.SQLState, "P0")):
		f.Rule = rehearse.MissingData
		f.Why = "not all rows were copied, and it may need those that were left out"
		f.Safe = "rehearse it with more rows"
	}
	return f
}

// mayNeedRows reports whether a script that fails with this SQLSTATE may succeed with other rows: what a function raises,
// too few or too many rows, and rows that violate a constraint.
func mayNeedRows(code string) bool {
	return strings.HasPrefix(code, "23") || strings.HasPrefix(code, "P0") || strings.HasPrefix(code, "21") || strings.HasPrefix(code, "22")
}
