package ddl

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// after returns what is set once an object is there: details of columns, the owner, privileges, comments and labels of the
// object and of the parts that are written inside it.
func (w *writer) after(o *schema.Object) []string {
	var sql []string
	switch o.Key.Kind {
	case schema.Table, schema.ForeignTable, schema.MaterializedView:
		sql = tableDetails(o)
	case schema.Column:
		sql = columnDetails(o.Parent, o)
	}
	if owner := o.Fact("owner"); owner != "" && w.options.Owners && owner != w.options.Role {
		sql = append(sql, "ALTER "+sqlName(o)+" OWNER TO "+schema.QuoteIdent(owner))
	}
	sql = append(sql, w.privileges(o)...)
	sql = append(sql, comments(o)...)
	for _, p := range o.Parts {
		if w.home(p) == o {
			sql = append(sql, w.privileges(p)...)
			sql = append(sql, comments(p)...)
		}
	}
	return sql
}

// comments returns comments and security labels.
func comments(o *schema.Object) []string {
	var sql []string
	for _, f := range o.Facts {
		if comment := commentSQL(o, f.Name, f.Value); comment != "" {
			sql = append(sql, comment)
		}
	}
	return sql
}

// commentSQL returns the statement for a comment or a label, which is removed if the text is "". The comment of a part
// that the server made is a fact with the part in front. Other facts have no such statement.
func commentSQL(o *schema.Object, fact, text string) string {
	value := "NULL"
	if text != "" {
		value = sqltext.QuoteString(text)
	}
	on := sqlName(o)
	switch fact {
	case "comment":
	case "index comment":
		on = "INDEX " + indexName(o)
	case "sequence comment":
		on = "SEQUENCE " + identitySequence(o)
	default:
		if provider, found := strings.CutPrefix(fact, "label "); found {
			return "SECURITY LABEL FOR " + provider + " ON " + on + " IS " + value
		}
		return ""
	}
	return "COMMENT ON " + on + " IS " + value
}

// privileges returns GRANT and REVOKE for an object that is made.
func (w *writer) privileges(o *schema.Object) []string {
	if !w.options.Privileges {
		return nil
	}
	return append(w.undoDefaults(o), w.grants(o)...)
}

// grants returns GRANT and REVOKE for an object, and for the sequence of an identity column.
func (w *writer) grants(o *schema.Object) []string {
	owner := w.ownerSQL(o)
	var sql []string
	for grant := range strings.SplitSeq(o.Fact("privileges"), "\n") {
		sql = append(sql, grantSQL(o, grantTarget(o), grant, owner)...)
	}
	return append(sql, w.sequenceGrants(o)...)
}

// sequenceGrants returns GRANT and REVOKE for the sequence of an identity column.
func (w *writer) sequenceGrants(o *schema.Object) []string {
	var sql []string
	for grant := range strings.SplitSeq(o.Fact("sequence privileges"), "\n") {
		sql = append(sql, grantSQL(o.Parent, "SEQUENCE "+identitySequence(o), grant, w.ownerSQL(o))...)
	}
	return sql
}

// ownerOf returns the role that OWNER means in a list of privileges.
func ownerOf(o *schema.Object) string {
	for ; o != nil; o = o.Parent {
		if owner := o.Fact("owner"); owner != "" {
			return owner
		}
	}
	return ""
}

// grantTarget returns what follows ON in GRANT.
func grantTarget(o *schema.Object) string {
	switch o.Key.Kind {
	case schema.Table, schema.ForeignTable, schema.View, schema.MaterializedView:
		return "TABLE " + o.Key.Name
	case schema.Column:
		return "TABLE " + o.Parent.Key.Name
	case schema.Server:
		return "FOREIGN SERVER " + o.Key.Name
	case schema.Aggregate:
		return "FUNCTION " + strings.Replace(o.Key.Name, "(*)", "()", 1)
	case schema.DefaultPrivileges:
		_, kind, _ := cutLast(o.Key.Name, " ON ")
		return kind
	}
	return sqlName(o)
}

// sqlName is what follows ALTER and COMMENT ON. Procedures are named with the modes of their arguments: from 14 on, the
// types alone may be those of two procedures.
func sqlName(o *schema.Object) string {
	if o.Key.Kind == schema.Procedure {
		return "PROCEDURE " + schema.Qualify(o.Schema, o.Name) + "(" + o.Detail("identity arguments") + ")"
	}
	return o.Key.String()
}

// grantSQL returns the statements for one line of privileges: + or -, role, privilege, and the grantor unless that is the
// owner.
func grantSQL(o *schema.Object, on, grant, owner string) []string {
	sign, rest, found := strings.Cut(grant, " ")
	if !found {
		return nil
	}
	role, rest := cutRole(rest)
	privilege, grantor, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(rest, "ALTER SYSTEM") {
		privilege, grantor = "ALTER SYSTEM", strings.TrimPrefix(rest, "ALTER SYSTEM")
	}
	privilege, option := strings.CutSuffix(privilege, "*")
	if role == "OWNER" {
		role = owner
	}
	prefix := ""
	switch o.Key.Kind {
	case schema.Column:
		privilege += " (" + schema.QuoteIdent(o.Name) + ")"
	case schema.DefaultPrivileges:
		scope, _, _ := cutLast(o.Key.Name, " ON ")
		prefix = "ALTER DEFAULT PRIVILEGES " + scope + " "
		if role == owner {
			_, role, _ = strings.Cut(scope, "FOR ROLE ")
			role, _ = cutRole(role)
		}
	}
	sql := prefix + "GRANT " + privilege + " ON " + on + " TO " + role
	if sign == "-" {
		sql = prefix + "REVOKE " + privilege + " ON " + on + " FROM " + role
	} else if option {
		sql += " WITH GRANT OPTION"
	}
	if grantor != "" {
		return []string{"SET SESSION AUTHORIZATION " + grantor, sql, "RESET SESSION AUTHORIZATION"}
	}
	return []string{sql}
}

// cutRole cuts a role, which may be quoted, off the beginning.
func cutRole(s string) (role, rest string) {
	if !strings.HasPrefix(s, `"`) {
		role, rest, _ = strings.Cut(s, " ")
		return role, rest
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return s[:i+1], strings.TrimPrefix(s[i+1:], " ")
	}
	return s, ""
}
