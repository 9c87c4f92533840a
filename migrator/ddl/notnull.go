package ddl

import (
	"strings"

	"example.com/ambix/migrator/schema"
)

// notNull changes whether a column may be null, and since version 18 the constraint for that.
func (a *alteration) notNull() {
	from, to := a.from, a.to
	was, is := from.Fact("not null") != "", to.Fact("not null") != ""
	_, changed := a.left["not null"]
	_, named := a.left["not null name"]
	_, inherits := a.left["not null no inherit"]
	_, valid := a.left["not null not valid"]
	a.forget("not null", "not null name", "not null no inherit", "not null not valid")
	if !changed && !named && !inherits && !valid && !a.c.renamesNotNull(from, to) || a.notNullOfParent() {
		return
	}
	table := "ALTER " + to.Parent.Key.String()
	column := schema.QuoteIdent(to.Name)
	switch {
	case was && !is:
		a.add(table + " ALTER COLUMN " + column + " DROP NOT NULL")
	case is && !was && (to.Fact("not null name") != "" || to.Fact("not null no inherit") != "" || to.Fact("not null not valid") != ""):
		sql := table + " ADD CONSTRAINT " + schema.QuoteIdent(to.Detail("not null name")) + " NOT NULL " + column
		if to.Fact("not null no inherit") != "" {
			sql += " NO INHERIT"
		}
		if to.Fact("not null not valid") != "" {
			a.add(sql + " NOT VALID")
			return
		}
		a.add(sql, a.mark(Scans), a.mark(MayFail))
	case is && !was:
		a.add(table+" ALTER COLUMN "+column+" SET NOT NULL", a.mark(Scans), a.mark(MayFail))
	default:
		a.notNullConstraint(table)
	}
}

// notNullConstraint changes a NOT NULL constraint that remains.
func (a *alteration) notNullConstraint(table string) {
	from, to := a.from, a.to
	if to.Fact("not null not valid") != "" && from.Fact("not null not valid") == "" {
		a.add(table + " ALTER COLUMN " + schema.QuoteIdent(to.Name) + " DROP NOT NULL")
		sql := table + " ADD CONSTRAINT " + schema.QuoteIdent(to.Detail("not null name")) + " NOT NULL " + schema.QuoteIdent(to.Name)
		if to.Fact("not null no inherit") != "" {
			sql += " NO INHERIT"
		}
		a.add(sql + " NOT VALID")
		return
	}
	old, now := from.Detail("not null name"), to.Detail("not null name")
	if (from.Fact("not null name") != to.Fact("not null name") || a.c.renamesNotNull(from, to)) && old != now && now != "" {
		a.add(table + " RENAME CONSTRAINT " + schema.QuoteIdent(old) + " TO " + schema.QuoteIdent(now))
		old = now
	}
	if from.Fact("not null not valid") != to.Fact("not null not valid") {
		a.add(table+" VALIDATE CONSTRAINT "+schema.QuoteIdent(old), a.mark(Scans), a.mark(MayFail))
	}
	if from.Fact("not null no inherit") != to.Fact("not null no inherit") {
		inherit := " INHERIT"
		if to.Fact("not null no inherit") != "" {
			inherit = " NO INHERIT"
		}
		a.add(table + " ALTER CONSTRAINT " + schema.QuoteIdent(old) + inherit)
	}
}

// renamesNotNull reports whether a NOT NULL constraint that remains must get its new name although it is compared in neither
// schema, or only in one, because a parent names it: when the table leaves that parent it keeps the name, which can be changed
// between DETACH and ATTACH.
func (c *change) renamesNotNull(from, to *schema.Object) bool {
	old, now := from.Detail("not null name"), to.Detail("not null name")
	return to.Key.Kind == schema.Column && old != now && old != "" && now != "" && (c.detached[from.Parent] || c.attached[to.Parent])
}

// notNullOfParent reports whether the change of a parent's column does the same here.
func (a *alteration) notNullOfParent() bool {
	if a.c.new.isAlone(a.to.Parent) {
		return false
	}
	if a.c.version >= 180000 {
		if a.to.Detail("not null local") == "false" {
			return true
		}
		if a.from.Detail("not null local") != "false" || a.to.Fact("not null") != "" {
			return false
		}
	}
	for _, parent := range a.c.new.sameColumns(a.to) {
		if _, changed := a.c.different[parent.Key]["not null"]; changed && parent.Fact("not null") == a.to.Fact("not null") {
			return true
		}
	}
	return false
}

// column gives a column another type.
func (c *change) column(from, to *schema.Object) []Statement {
	if !c.retyped[from] || to.Key.Kind != schema.Column || c.new.inheritsChange(to) || c.new.comesFromType(to) {
		return nil
	}
	sql := "ALTER " + to.Parent.Key.String() + " ALTER COLUMN " + schema.QuoteIdent(to.Name) + " TYPE " + to.Fact("type")
	if collation := to.Fact("collation"); collation != "" {
		sql += " COLLATE " + collation
	}
	conversion := c.convert(from, to)
	if conversion.explicit && to.Fact("generated") == "" && to.Parent.Key.Kind == schema.Table {
		using := schema.QuoteIdent(to.Name)
		if conversion.throughText {
			using += "::pg_catalog.text"
			if strings.HasSuffix(from.Fact("type"), "[]") && strings.HasSuffix(to.Fact("type"), "[]") {
				using += "[]"
			}
		}
		sql += " USING " + using + "::" + to.Fact("type")
	}
	var marks []Mark
	if to.Parent.Key.Kind == schema.Table {
		table := to.Parent.Key
		if conversion.rewrites {
			marks = append(marks, Mark{Rewrites, table})
		}
		if conversion.mayFail {
			marks = append(marks, Mark{MayFail, table})
		}
		if conversion.asks {
			marks = append(marks, Mark{AsksUsing, to.Key})
		}
	}
	return []Statement{{SQL: sql, Object: to.Key, Does: Alters, Marks: marks}}
}
