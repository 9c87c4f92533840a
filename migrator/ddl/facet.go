package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// withFacets adds owner, privileges, comments and labels to the alterations of an object. Privileges are revoked before
// the owner changes and granted afterwards: those of the new owner would be lost.
func (c *change) withFacets(from, to *schema.Object, alterations []Statement) []Statement {
	facts := c.different[to.Key]
	var before, after []string
	if c.options.Privileges {
		before, after = c.changePrivileges(from, to)
	}
	if to.Key.Kind == schema.Column && c.different[to.Parent.Key]["owner"].Name != "" {
		// The table's unit changes the owner before that of the column.
		c.early = append(c.early, statementsOf(to, Alters, before)...)
		before = nil
	}
	if f, ok := facts["owner"]; ok && c.options.Owners && !c.ownedWithTable(from, to) {
		before = append(before, "ALTER "+sqlName(to)+" OWNER TO "+schema.QuoteIdent(f.To))
	}
	for _, name := range sortedNames(facts) {
		facet := schema.FacetOf(name)
		if facet != schema.Comment && facet != schema.Label || name == "sequence comment" && to.Fact("identity") == "" {
			continue
		}
		if sql := commentSQL(to, name, facts[name].To); sql != "" {
			after = append(after, sql)
		}
	}
	return slices.Concat(statementsOf(to, Alters, before), alterations, statementsOf(to, Alters, after))
}

// ownedWithTable reports whether a sequence gets its owner together with the table that it belongs to.
func (c *change) ownedWithTable(from, to *schema.Object) bool {
	return to.Key.Kind == schema.Sequence && from.Fact("owned by") != "" && !c.disowned[from]
}

var oppositeSign = map[string]string{"+": "-", "-": "+"}

// changePrivileges returns what takes privileges away or gives back those of the default, and what makes the new ones.
func (c *change) changePrivileges(from, to *schema.Object) (before, after []string) {
	fact, sequence := c.different[to.Key]["privileges"], c.different[to.Key]["sequence privileges"]
	w := c.new
	for _, f := range []struct {
		schema.FactChange
		o  *schema.Object
		on string
	}{{fact, to, grantTarget(to)}, {sequence, to.Parent, "SEQUENCE " + identitySequence(to)}} {
		if f.Name == "" || f.Name == "sequence privileges" && (from.Fact("identity") == "" || to.Fact("identity") == "") {
			continue
		}
		old, now := strings.Split(f.From, "\n"), strings.Split(f.To, "\n")
		for _, line := range old {
			if sign, rest, found := strings.Cut(line, " "); found && !slices.Contains(now, line) {
				before = append(before, grantSQL(f.o, f.on, oppositeSign[sign]+" "+strings.Replace(rest, "*", "", 1), w.ownerSQL(from))...)
			}
		}
		for _, line := range now {
			if !slices.Contains(old, line) {
				after = append(after, grantSQL(f.o, f.on, line, w.ownerSQL(to))...)
			}
		}
	}
	if from.Fact("identity") == "" && to.Fact("identity") != "" {
		after = slices.Concat(after, w.undoDefaults(to), w.sequenceGrants(to))
	}
	if slices.ContainsFunc(before, func(sql string) bool { return strings.HasPrefix(sql, "REVOKE ") }) && to.Parent == nil {
		// REVOKE takes the privileges on columns too.
		for _, column := range to.Columns() {
			if !w.makes(column) && c.different[column.Key]["privileges"].Name == "" {
				after = append(after, w.grants(column)...)
			}
		}
	}
	return before, after
}

// ownerSQL returns the role that OWNER means in statements.
func (w *writer) ownerSQL(o *schema.Object) string {
	if o.Key.Kind == schema.DefaultPrivileges || !w.options.Owners {
		return "CURRENT_USER"
	}
	owner := ownerOf(o)
	if owner == w.options.Role {
		return "CURRENT_USER"
	}
	return schema.QuoteIdent(owner)
}

// forOwnRole writes default privileges of Options.Role as those of the role that runs the statement.
func (w *writer) forOwnRole(sql string) string {
	if w.options.Role == "" {
		return sql
	}
	return strings.Replace(sql, "ALTER DEFAULT PRIVILEGES FOR ROLE "+schema.QuoteIdent(w.options.Role)+" ", "ALTER DEFAULT PRIVILEGES ", 1)
}

// undoDefaults returns the statements that undo what default privileges of the database give to an object that is made.
// They apply to objects of one role; for those of others, the statements change nothing.
func (w *writer) undoDefaults(o *schema.Object) []string {
	kind, fact, on, target := defaultPrivilegesKind(o), "privileges", grantTarget(o), o
	if o.Key.Kind == schema.Column && o.Fact("identity") != "" {
		kind, fact, on, target = "SEQUENCES", "sequence privileges", "SEQUENCE "+identitySequence(o), o.Parent
	}
	var sql []string
	for _, d := range w.defaults {
		_, of, _ := cutLast(d.Key.Name, " ON ")
		if of != kind || d.Schema != "" && d.Schema != o.Schema {
			continue
		}
		for line := range strings.SplitSeq(d.Fact("privileges"), "\n") {
			sign, rest, found := strings.Cut(line, " ")
			if found && !w.isOwn(target, kind, line) && !slices.Contains(strings.Split(o.Fact(fact), "\n"), line) {
				sql = append(sql, grantSQL(target, on, oppositeSign[sign]+" "+strings.Replace(rest, "*", "", 1), w.ownerSQL(target))...)
			}
		}
	}
	return sql
}

// isOwn reports whether default privileges give what an object of the kind has without them: the owner's privileges, and
// those of PUBLIC on functions and types.
func (w *writer) isOwn(o *schema.Object, kind, line string) bool {
	owner := ""
	if w.options.Owners {
		owner = "+ " + schema.QuoteIdent(ownerOf(o)) + " "
	}
	return strings.HasPrefix(line, "+ OWNER ") || owner != "" && strings.HasPrefix(line, owner) ||
		kind == "FUNCTIONS" && strings.HasPrefix(line, "+ PUBLIC EXECUTE") || kind == "TYPES" && strings.HasPrefix(line, "+ PUBLIC USAGE")
}

// defaultPrivilegesKind returns the kind in ALTER DEFAULT PRIVILEGES, or "".
func defaultPrivilegesKind(o *schema.Object) string {
	switch o.Key.Kind {
	case schema.Table, schema.ForeignTable, schema.View, schema.MaterializedView:
		return "TABLES"
	case schema.Sequence:
		return "SEQUENCES"
	case schema.Function, schema.Procedure, schema.Aggregate:
		return "FUNCTIONS"
	case schema.Type, schema.Domain:
		return "TYPES"
	case schema.Namespace:
		return "SCHEMAS"
	}
	return ""
}
