package ddl

import (
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// alteration collects the statements that change one object in place. Facts that no statement is written for mean that the
// object has to be made again.
type alteration struct {
	c          *change
	from, to   *schema.Object
	left       map[string]schema.FactChange // facts that differ and have no statement yet
	statements []Statement
}

// alter returns the statements that change an object, without its facets; ok is false if it has to be made again.
func (c *change) alter(from, to *schema.Object) (statements []Statement, ok bool) {
	a := &alteration{c: c, from: from, to: to, left: map[string]schema.FactChange{}}
	for name, f := range c.different[from.Key] {
		if schema.FacetOf(name) == 0 {
			a.left[name] = f
		}
	}
	if !a.write() {
		return nil, false
	}
	return a.statements, len(a.left) == 0
}

// write writes what can be altered, and reports whether that is possible at all.
func (a *alteration) write() bool {
	switch a.to.Key.Kind {
	case schema.Table, schema.ForeignTable, schema.MaterializedView:
		return a.relation()
	case schema.View:
		return a.view()
	case schema.Column:
		a.column()
	case schema.Default:
		a.defaultValue()
	case schema.Constraint:
		a.constraint()
	case schema.Index:
		a.index()
	case schema.Sequence:
		a.sequence()
	case schema.Type:
		return a.typeForm()
	case schema.Domain:
		a.domain()
	case schema.Function, schema.Procedure:
		return a.routine()
	case schema.Trigger, schema.Rule:
		a.enabled("ALTER "+a.to.Parent.Key.String()+" ", strings.ToUpper(a.to.Key.Kind.String())+" "+schema.QuoteIdent(a.to.Name))
	case schema.EventTrigger:
		a.enabled("ALTER "+a.to.Key.String()+" ", "")
	case schema.Statistics:
		if f, ok := a.take("target"); ok {
			a.add("ALTER STATISTICS " + a.to.Key.Name + " SET STATISTICS " + orDefault(f.To, "-1"))
		}
	default:
		a.other()
	}
	return true
}

// take returns a fact that differs; it counts as written.
//
//go:noinline // many calls: copies would take more room
func (a *alteration) take(name string) (f schema.FactChange, ok bool) {
	f, ok = a.left[name]
	delete(a.left, name)
	return f, ok
}

// add adds a statement that alters the object.
//
//go:noinline // many calls: copies would take more room
func (a *alteration) add(sql string, marks ...Mark) {
	a.statements = append(a.statements, Statement{SQL: sql, Object: a.to.Key, Does: Alters, Marks: marks})
}

// mark returns a mark that concerns the table of the object.
func (a *alteration) mark(e Effect) Mark {
	o := a.to
	for o.Parent != nil && o.Key.Kind != schema.Column {
		o = o.Parent
	}
	if o.Key.Kind == schema.Column && e != Destroys {
		o = o.Parent
	}
	return Mark{e, o.Key}
}

func orDefault(value, byDefault string) string {
	if value == "" {
		return byDefault
	}
	return value
}

// enabled changes the state of a trigger or a rule.
func (a *alteration) enabled(before, after string) {
	if f, ok := a.take("enabled"); ok {
		a.add(strings.TrimSpace(before + enabledSQL(orDefault(f.To, "enabled"), after)))
	}
}

// setOptions changes storage options, with a prefix such as "toast.".
func (a *alteration) setOptions(alter, fact, prefix string) {
	f, ok := a.take(fact)
	if !ok {
		return
	}
	a.changeOptions(alter, storageOptions(f.From, prefix), storageOptions(f.To, prefix))
}

// changeOptions changes storage options in the form of SQL: name='value'.
func (a *alteration) changeOptions(alter string, old, now []string) {
	var set, reset []string
	for _, o := range now {
		if !slices.Contains(old, o) {
			set = append(set, o)
		}
	}
	for _, o := range old {
		name, _, _ := strings.Cut(o, "=")
		if !slices.ContainsFunc(now, func(n string) bool { return strings.HasPrefix(n, name+"=") }) {
			reset = append(reset, name)
		}
	}
	if len(set) > 0 {
		a.add(alter + " SET (" + strings.Join(set, ", ") + ")")
	}
	if len(reset) > 0 {
		a.add(alter + " RESET (" + strings.Join(reset, ", ") + ")")
	}
}

// setForeignOptions changes OPTIONS.
func (a *alteration) setForeignOptions(alter, fact string) {
	f, ok := a.take(fact)
	if !ok {
		return
	}
	old, now := optionMap(f.From), optionMap(f.To)
	var items []string
	for _, o := range list(f.To) {
		name, value, _ := strings.Cut(o, "=")
		switch before, found := old[name]; {
		case !found:
			items = append(items, "ADD "+schema.QuoteIdent(name)+" "+sqltext.QuoteString(value))
		case before != value:
			items = append(items, "SET "+schema.QuoteIdent(name)+" "+sqltext.QuoteString(value))
		}
	}
	for _, o := range list(f.From) {
		name, _, _ := strings.Cut(o, "=")
		if _, found := now[name]; !found {
			items = append(items, "DROP "+schema.QuoteIdent(name))
		}
	}
	a.add(alter + " OPTIONS (" + strings.Join(items, ", ") + ")")
}

func optionMap(value string) map[string]string {
	options := map[string]string{}
	for _, o := range list(value) {
		name, setting, _ := strings.Cut(o, "=")
		options[name] = setting
	}
	return options
}

// alterKept writes the alterations of all objects that are kept, each with the unit that has them.
func (c *change) alterKept() {
	c.values, c.early, c.last = nil, nil, nil // what was written while deciding
	c.new.altered = map[*schema.Object]bool{}
	for _, to := range c.to.Objects {
		from := c.from.Object(to.Key)
		if from == nil || c.new.makes(to) {
			continue
		}
		_, differs := c.different[to.Key]
		column := c.column(from, to)
		if !differs && len(column) == 0 && !c.publishesAgain(from, to) && !c.renamesNotNull(from, to) {
			continue
		}
		statements, _ := c.alter(from, to)
		statements = slices.Concat(column, statements)
		statements = c.withFacets(from, to, statements)
		home := c.new.home(to)
		c.kept[home] = append(c.kept[home], statements...)
		c.new.altered[home] = true
	}
	for table := range c.new.untyped {
		c.last = append(c.last, Statement{SQL: "ALTER TABLE " + table.Key.Name + " OF " + table.Fact("of type"), Object: table.Key, Does: Alters})
	}
	sort.Slice(c.last, func(i, j int) bool { return c.last[i].Object.Compare(c.last[j].Object) < 0 })
}
