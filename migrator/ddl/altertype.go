package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// typeForm alters an enum or a composite type.
func (a *alteration) typeForm() bool {
	switch a.to.Fact("form") {
	case "enum":
		if a.from.Fact("form") == "enum" {
			return a.enum()
		}
	case "base":
		a.baseType()
	case "composite":
		if a.from.Fact("form") == "composite" {
			return a.composite()
		}
	}
	return true
}

// enum adds values. No value can be removed or moved.
func (a *alteration) enum() bool {
	f, ok := a.take("labels")
	if !ok {
		return true
	}
	old, now := list(f.From), list(f.To)
	next := 0
	for _, label := range now {
		if next < len(old) && label == old[next] {
			next++
		}
	}
	if next < len(old) || a.c.options.NewEnums {
		return false
	}
	alter := "ALTER TYPE " + a.to.Key.Name + " ADD VALUE "
	for i, label := range now {
		switch {
		case slices.Contains(old, label):
			continue
		case i > 0:
			a.first(alter + sqltext.QuoteString(label) + " AFTER " + sqltext.QuoteString(now[i-1]))
		case len(old) > 0:
			a.first(alter + sqltext.QuoteString(label) + " BEFORE " + sqltext.QuoteString(old[0]))
		default:
			a.first(alter + sqltext.QuoteString(label))
		}
	}
	return true
}

// first adds the statement that makes an enum's value, which comes before all others.
func (a *alteration) first(sql string) {
	a.c.values = append(a.c.values, Statement{SQL: sql, Object: a.to.Key, Does: Alters, Marks: []Mark{{NeedsOwnTransaction, a.to.Key}}})
}

// composite changes attributes. The type of one cannot change if a column has the composite type.
func (a *alteration) composite() bool {
	a.take("attributes")
	from, to := a.from, a.to
	alter := "ALTER TYPE " + to.Key.Name
	kept := 0
	for _, c := range from.Columns() {
		now := columnNamed(to, c.Name)
		if now == nil {
			a.add(alter+" DROP ATTRIBUTE "+schema.QuoteIdent(c.Name)+" CASCADE", Mark{Destroys, to.Key})
			continue
		}
		if c.Fact("type") != now.Fact("type") || c.Fact("collation") != now.Fact("collation") {
			if a.c.isColumnType(from) {
				return false
			}
			a.add(alter + " ALTER ATTRIBUTE " + schema.QuoteIdent(c.Name) + " TYPE " + attributeType(now) + " CASCADE")
		}
		// New attributes are last, so those that remain must be the first, in their order.
		if to.Columns()[kept].Name != c.Name {
			return false
		}
		kept++
	}
	for _, c := range to.Columns()[kept:] {
		a.add(alter + " ADD ATTRIBUTE " + schema.QuoteIdent(c.Name) + " " + attributeType(c) + " CASCADE")
	}
	return true
}

func attributeType(c *schema.Object) string {
	return c.Fact("type") + clause(" COLLATE ", c, "collation")
}

func columnNamed(table *schema.Object, name string) *schema.Object {
	for _, c := range table.Columns() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// isColumnType reports whether a column of a table has the type, or an array of it, or one that contains it.
func (c *change) isColumnType(o *schema.Object) bool {
	return slices.ContainsFunc(c.from.Dependents(o), func(d *schema.Object) bool {
		switch d.Key.Kind {
		case schema.Column:
			if isTable(d.Parent) {
				return d.Parent.Fact("of type") != o.Key.Name
			}
			return c.isColumnType(d.Parent)
		case schema.Domain, schema.Type:
			return c.isColumnType(d)
		}
		return false
	})
}

func (a *alteration) domain() {
	alter := "ALTER DOMAIN " + a.to.Key.Name
	if f, ok := a.take("expression"); ok && f.To != "" {
		a.add(alter + " SET DEFAULT " + text(a.to, "expression"))
	} else if ok {
		a.add(alter + " DROP DEFAULT")
	}
	named, renamed := a.take("not null name")
	f, changed := a.take("not null")
	switch {
	case changed && f.To == "":
		a.add(alter + " DROP NOT NULL")
	case changed && a.c.version >= 170000 && named.To != "":
		a.add(alter+" ADD CONSTRAINT "+named.To+" NOT NULL", a.mark(Scans), a.mark(MayFail))
	case changed:
		a.add(alter+" SET NOT NULL", a.mark(Scans), a.mark(MayFail))
	case renamed && a.to.Fact("not null") != "":
		a.add(alter + " RENAME CONSTRAINT " + schema.QuoteIdent(a.from.Detail("not null name")) + " TO " + schema.QuoteIdent(a.to.Detail("not null name")))
	}
}

// routine replaces a function or procedure if callers cannot see a difference in its signature.
func (a *alteration) routine() bool {
	from, to := a.from, a.to
	if len(a.left) == 0 {
		return true
	}
	a.left = nil
	old, now := definition(from), definition(to)
	same := from.Detail("identity arguments") == to.Detail("identity arguments") && from.Detail("result") == to.Detail("result")
	if !same || defaults(old) > defaults(now) || isWindow(old) != isWindow(now) {
		return false
	}
	a.add(now)
	return true
}

// defaults counts the arguments with a default in a function's definition.
func defaults(definition string) int {
	n, depth := 0, 0
	for _, token := range tokens(definition) {
		switch token {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return n
			}
		case "DEFAULT":
			if depth == 1 {
				n++
			}
		}
	}
	return n
}

func isWindow(definition string) bool {
	head, _, _ := strings.Cut(definition, "\nAS ")
	return strings.Contains(head, "\n LANGUAGE") && strings.Contains(head, " WINDOW")
}
