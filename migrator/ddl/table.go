package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// table returns CREATE TABLE, and the changes to columns that come from a parent.
func (w *writer) table(o *schema.Object) []string {
	partition := o.Fact("partition") != ""
	typed := o.Fact("of type") != "" && !partition
	var b strings.Builder
	b.WriteString("CREATE ")
	if o.Fact("unlogged") != "" {
		b.WriteString("UNLOGGED ")
	}
	b.WriteString(o.Key.String())
	if typed {
		b.WriteString(" OF " + o.Fact("of type"))
	}
	items, later := w.tableItems(o, typed, partition)
	if len(items) > 0 || !typed {
		b.WriteString(" " + block(items))
	}
	if parents := list(o.Fact("parents")); len(parents) > 0 && !partition {
		b.WriteString("\nINHERITS (" + strings.Join(parents, ", ") + ")")
	}
	b.WriteString(clause("\nPARTITION BY ", o, "partition key"))
	if method := o.Fact("access method"); method != "" {
		b.WriteString("\nUSING " + schema.QuoteIdent(method))
	}
	if server := o.Fact("server"); server != "" {
		b.WriteString("\nSERVER " + schema.QuoteIdent(server) + foreignOptions(o.Fact("foreign options")))
	}
	if options := with(relationOptions(o)); options != "" {
		b.WriteString("\n" + strings.TrimPrefix(options, " "))
	}
	if space := o.Fact("tablespace"); space != "" {
		b.WriteString("\nTABLESPACE " + schema.QuoteIdent(space))
	}
	return append([]string{b.String()}, later...)
}

// tableItems returns the columns and constraints of CREATE TABLE, and the statements for columns that are declared by a
// parent. A partition is made with all of its columns and attached later.
func (w *writer) tableItems(o *schema.Object, typed, partition bool) (items, later []string) {
	for _, c := range o.Columns() {
		switch {
		case typed:
			if tail := w.columnTail(c); tail != "" {
				items = append(items, schema.QuoteIdent(c.Name)+" WITH OPTIONS"+tail)
			}
		case c.Fact("local") == "false" && !partition:
			later = append(later, w.inheritedColumn(o, c)...)
		default:
			items = append(items, w.column(c))
		}
	}
	for _, p := range o.Parts {
		if p.Key.Kind == schema.Constraint && w.inline[p] && (p.Fact("local") != "false" || partition) {
			items = append(items, "CONSTRAINT "+schema.QuoteIdent(p.Name)+" "+text(p, "expression"))
		}
	}
	return items, later
}

// column returns a column as CREATE TABLE declares it.
func (w *writer) column(c *schema.Object) string {
	return schema.QuoteIdent(c.Name) + " " + c.Fact("type") + foreignOptions(c.Fact("foreign options")) + clause(" COLLATE ", c, "collation") + w.columnTail(c)
}

// columnTail returns the constraints of a column.
func (w *writer) columnTail(c *schema.Object) string {
	tail := ""
	if d := defaultOf(c); d != nil && w.inline[d] {
		switch generated := c.Fact("generated"); {
		case generated == "":
			tail = " DEFAULT " + text(d, "expression")
		case w.schema.Version >= 160000 || !w.inheritsGeneration(c, d): // before, it must not be repeated
			tail = " GENERATED ALWAYS AS (" + text(d, "expression") + ") " + strings.ToUpper(generated)
		}
	}
	return tail + identity(c) + notNull(c)
}

func defaultOf(c *schema.Object) *schema.Object {
	for _, p := range c.Parts {
		if p.Key.Kind == schema.Default {
			return p
		}
	}
	return nil
}

func identity(c *schema.Object) string {
	name := c.Detail("sequence name")
	if c.Fact("identity") == "" || name == "" {
		return ""
	}
	options := "SEQUENCE NAME " + schema.Qualify(c.Detail("sequence schema"), name)
	for _, option := range strings.Split(c.Fact("sequence options"), ", ") {
		fact, value, _ := strings.Cut(option, " ")
		options += sequenceOption(fact, value)
	}
	return " GENERATED " + strings.ToUpper(c.Fact("identity")) + " AS IDENTITY (" + options + ")"
}

// notNull returns the NOT NULL of a column. One that is not valid is added later. The name of an inherited one is that of
// the parent's.
func notNull(c *schema.Object) string {
	if c.Fact("not null") == "" || c.Fact("not null not valid") != "" {
		return ""
	}
	sql := " NOT NULL"
	name := c.Fact("not null name")
	if c.Detail("not null local") == "false" && !schema.IsMadeName(c.Detail("not null name"), c.Parent.Name, c.Name, "not_null") {
		name = schema.QuoteIdent(c.Detail("not null name"))
	}
	if name != "" {
		sql = " CONSTRAINT " + name + sql
	}
	if c.Fact("not null no inherit") != "" {
		sql += " NO INHERIT"
	}
	return sql
}

// parentsOf returns the tables that o inherits from.
func (w *writer) parentsOf(o *schema.Object) []*schema.Object {
	var parents []*schema.Object
	names := list(o.Fact("parents"))
	for _, n := range o.Needs {
		if slices.Contains(names, n.On.Key.Name) && (n.On.Key.Kind == schema.Table || n.On.Key.Kind == schema.ForeignTable) {
			parents = append(parents, n.On)
		}
	}
	return parents
}

// sameColumns returns the columns of the parents that have the name of c.
func (w *writer) sameColumns(c *schema.Object) []*schema.Object {
	var columns []*schema.Object
	for _, p := range w.parentsOf(c.Parent) {
		for _, column := range p.Columns() {
			if column.Name == c.Name {
				columns = append(columns, column)
			}
		}
	}
	return columns
}

// inheritedExpression returns the default of a column's parents, or "".
func (w *writer) inheritedExpression(c *schema.Object) string {
	for _, column := range w.sameColumns(c) {
		if d := defaultOf(column); d != nil {
			return text(d, "expression")
		}
	}
	return ""
}

func (w *writer) inheritsGeneration(c, d *schema.Object) bool {
	if c.Parent.Fact("partition") != "" {
		return false
	}
	return slices.ContainsFunc(w.sameColumns(c), func(column *schema.Object) bool {
		parent := defaultOf(column)
		return parent != nil && column.Fact("generated") != "" && text(parent, "expression") == text(d, "expression")
	})
}

// inheritedColumn returns what differs from the parents in a column that only they declare.
func (w *writer) inheritedColumn(o, c *schema.Object) []string {
	alter := "ALTER TABLE ONLY " + o.Key.Name
	column := schema.QuoteIdent(c.Name)
	var later []string
	inherited := w.inheritedExpression(c)
	switch d := defaultOf(c); {
	case d == nil && inherited != "":
		later = append(later, alter+" ALTER COLUMN "+column+" DROP DEFAULT")
	case d != nil && text(d, "expression") != inherited && !isGenerated(d) && w.inline[d]:
		later = append(later, alter+" ALTER COLUMN "+column+" SET DEFAULT "+text(d, "expression"))
	}
	if c.Fact("not null") == "" {
		return later
	}
	required := slices.ContainsFunc(w.sameColumns(c), func(p *schema.Object) bool { return p.Fact("not null") != "" })
	switch {
	case c.Fact("not null name") != "" && c.Detail("not null local") == "":
		later = append(later, alter+" ADD"+strings.Replace(notNull(c), "NOT NULL", "NOT NULL "+column, 1))
	case !required:
		later = append(later, alter+" ALTER COLUMN "+column+" SET NOT NULL")
	}
	return later
}

// setDefault sets a default that is not written inside its table.
func (w *writer) setDefault(o *schema.Object) []string {
	column := o.Parent
	table := column.Parent
	return line("ALTER %s ALTER COLUMN %s SET DEFAULT %s", onlyTable(table), schema.QuoteIdent(column.Name), text(o, "expression"))
}

// onlyTable returns what follows ALTER to change a relation without its children.
func onlyTable(o *schema.Object) string {
	if isTable(o) {
		return o.Key.Kind.String() + " ONLY " + o.Key.Name
	}
	return o.Key.String()
}

// addColumn adds a column to a table that is kept. One that comes from a parent, or from the type of the table, is there.
func (w *writer) addColumn(c *schema.Object) []string {
	table := c.Parent
	if w.inheritsChange(c) || w.comesFromType(c) {
		return w.inheritedColumn(table, c)
	}
	return line("ALTER %s ADD COLUMN %s", table.Key, w.column(c))
}

// comesFromType reports whether a column of a table that is kept is added or dropped with the attribute of its type.
func (w *writer) comesFromType(c *schema.Object) bool {
	return c.Parent.Fact("of type") != "" && c.Parent.Fact("partition") == "" && !w.makes(c.Parent) && !w.untyped[c.Parent]
}

// tableDetails returns what ALTER TABLE has to set.
func tableDetails(o *schema.Object) []string {
	var sql []string
	for _, c := range o.Columns() {
		sql = append(sql, columnDetails(o, c)...)
	}
	if identity := o.Fact("replica identity"); identity == "full" || identity == "nothing" {
		sql = append(sql, "ALTER TABLE ONLY "+o.Key.Name+" REPLICA IDENTITY "+strings.ToUpper(identity))
	}
	if o.Fact("row security") != "" {
		sql = append(sql, "ALTER TABLE "+o.Key.Name+" ENABLE ROW LEVEL SECURITY")
	}
	if o.Fact("force row security") != "" {
		sql = append(sql, "ALTER TABLE ONLY "+o.Key.Name+" FORCE ROW LEVEL SECURITY")
	}
	return sql
}

func columnDetails(o, c *schema.Object) []string {
	column := schema.QuoteIdent(c.Name)
	alter := "ALTER " + onlyTable(o) + " ALTER COLUMN " + column
	var sql []string
	if storage := c.Fact("storage"); storage != "" {
		sql = append(sql, alter+" SET STORAGE "+strings.ToUpper(storage))
	}
	if method := c.Fact("compression"); method != "" {
		sql = append(sql, alter+" SET COMPRESSION "+method)
	}
	if target := c.Fact("statistics target"); target != "" {
		sql = append(sql, alter+" SET STATISTICS "+target)
	}
	if options := storageOptions(c.Fact("options"), ""); len(options) > 0 {
		sql = append(sql, alter+" SET ("+strings.Join(options, ", ")+")")
	}
	if c.Fact("not null not valid") != "" {
		sql = append(sql, "ALTER TABLE ONLY "+o.Key.Name+" ADD CONSTRAINT "+schema.QuoteIdent(c.Detail("not null name"))+" NOT NULL "+column+" NOT VALID")
	}
	if unlogged := c.Fact("sequence unlogged"); unlogged != "" {
		logged := map[string]string{"true": "UNLOGGED", "false": "LOGGED"}[unlogged]
		sql = append(sql, "ALTER SEQUENCE "+schema.Qualify(c.Detail("sequence schema"), c.Detail("sequence name"))+" SET "+logged)
	}
	return sql
}
