package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// relation alters a table or a materialized view.
func (a *alteration) relation() bool {
	to := a.to
	alter := "ALTER " + to.Key.String()
	if to.Key.Kind == schema.MaterializedView && !sameColumnsInOrder(a.from, to, true) {
		return false
	}
	a.setOptions(alter, "options", "")
	a.setOptions(alter, "toast options", "toast.")
	a.switchWord("row security", alter+" ENABLE ROW LEVEL SECURITY", alter+" DISABLE ROW LEVEL SECURITY")
	a.switchWord("force row security", alter+" FORCE ROW LEVEL SECURITY", alter+" NO FORCE ROW LEVEL SECURITY")
	if f, ok := a.take("replica identity"); ok && f.To != "index" { // the index sets that
		a.add("ALTER TABLE ONLY " + to.Key.Name + " REPLICA IDENTITY " + strings.ToUpper(orDefault(f.To, "default")))
	}
	if f, ok := a.take("tablespace"); ok {
		a.add(alter+" SET TABLESPACE "+schema.QuoteIdent(orDefault(f.To, "pg_default")), a.mark(Rewrites))
	}
	if _, ok := a.left["access method"]; ok && a.c.version >= 150000 && to.Fact("partition key") == "" {
		f, _ := a.take("access method")
		a.add(alter+" SET ACCESS METHOD "+schema.QuoteIdent(orDefault(f.To, "heap")), a.mark(Rewrites))
	}
	if to.Fact("partition key") == "" && to.Key.Kind == schema.Table {
		if f, ok := a.take("unlogged"); ok {
			a.add(alter+" SET "+loggedWord(f.To), a.mark(Rewrites))
		}
	}
	a.setForeignOptions(alter, "foreign options")
	a.links()
	return true
}

func loggedWord(unlogged string) string {
	if unlogged == "true" {
		return "UNLOGGED"
	}
	return "LOGGED"
}

func (a *alteration) switchWord(fact, on, off string) {
	if f, ok := a.take(fact); ok && f.To != "" {
		a.add(on)
	} else if ok {
		a.add(off)
	}
}

// links are the facts that connect a table with others. Parents are left and joined in steps of their own.
func (a *alteration) links() {
	if a.to.Key.Kind == schema.MaterializedView {
		return
	}
	if a.to.Fact("of type") == "" || keepsFirstColumns(a.from, a.to) {
		a.take("of type") // OF and NOT OF are steps of their own
	}
	for _, fact := range []string{"parents", "partition", "partition bound"} {
		a.take(fact)
	}
	for _, name := range sortedNames(a.left) {
		if trigger, found := strings.CutPrefix(name, "trigger "); found {
			f, _ := a.take(name)
			state := f.To
			if state == "" {
				state = a.stateOfOriginal(trigger)
			}
			if state != "" {
				a.c.last = append(a.c.last, Statement{SQL: "ALTER TABLE " + a.to.Key.Name + " " + enabledSQL(state, "TRIGGER "+trigger), Object: a.to.Key, Does: Alters})
			}
		}
	}
}

// stateOfOriginal returns the state of the trigger that the server copied to a partition, or "" if there is none.
func (a *alteration) stateOfOriginal(trigger string) string {
	for table := a.to; table != nil && table.Fact("partition") != ""; {
		table = tableNamed(a.c.to, list(table.Fact("parents"))[0])
		if table == nil {
			break
		}
		if o := a.c.to.Object(schema.Key{Kind: schema.Trigger, Name: trigger + " ON " + table.Key.Name}); o != nil {
			return orDefault(o.Fact("enabled"), "enabled")
		}
	}
	return ""
}

func sortedNames(facts map[string]schema.FactChange) []string {
	var names []string
	for name := range facts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sameColumnsInOrder reports whether the first columns of to are those of from, and there are no others if exact.
func sameColumnsInOrder(from, to *schema.Object, exact bool) bool {
	old, now := from.Columns(), to.Columns()
	if len(old) > len(now) || exact && len(old) != len(now) {
		return false
	}
	for i, c := range old {
		if c.Name != now[i].Name || c.Fact("type") != now[i].Fact("type") || c.Fact("collation") != now[i].Fact("collation") {
			return false
		}
	}
	return true
}

// keepsFirstColumns reports whether the columns that remain are the first of to, in their order. Added ones follow them.
func keepsFirstColumns(from, to *schema.Object) bool {
	n := 0
	for _, c := range from.Columns() {
		if columnNamed(to, c.Name) == nil {
			continue
		}
		if to.Columns()[n].Name != c.Name {
			return false
		}
		n++
	}
	return true
}

// column changes what is altered in place in a column of a table.
func (a *alteration) column() {
	to := a.to
	if to.Parent.Key.Kind == schema.Type || to.Parent.Key.Kind == schema.View {
		for _, fact := range []string{"type", "collation", "local"} {
			a.take(fact)
		}
		return
	}
	alter := "ALTER " + onlyTable(to.Parent) + " ALTER COLUMN " + schema.QuoteIdent(to.Name)
	a.take("type") // written before; a materialized view is made again
	a.take("collation")
	if a.c.becomesLocal(a.from, to) {
		a.take("local")
	}
	if f, ok := a.left["generated"]; ok && f.From == "stored" && f.To == "" {
		a.take("generated")
		a.add("ALTER " + to.Parent.Key.String() + " ALTER COLUMN " + schema.QuoteIdent(to.Name) + " DROP EXPRESSION")
	}
	if f, ok := a.left["identity"]; ok && f.To == "" {
		a.take("identity")
		a.forget("sequence", "sequence options", "sequence unlogged", "sequence comment")
		if a.to.Parent.Fact("partition") == "" || !a.recurses() || a.c.version < 170000 {
			// Before anything is made, because that may have the name of the sequence.
			drop := Statement{SQL: alter + " DROP IDENTITY", Object: to.Key, Does: Alters}
			if !a.c.continues(to.Key) {
				drop.Marks = []Mark{{Destroys, to.Key}} // the position of the sequence
			}
			a.c.early = append(a.c.early, drop)
		}
	}
	a.notNull()
	a.identity(alter)
	if f, ok := a.take("storage"); ok {
		value := strings.ToUpper(f.To)
		if value == "" {
			value = a.defaultStorage()
		}
		a.add(alter + " SET STORAGE " + value)
	}
	if f, ok := a.take("compression"); ok {
		a.add(alter + " SET COMPRESSION " + orDefault(f.To, "default"))
	}
	if f, ok := a.take("statistics target"); ok {
		a.add(alter + " SET STATISTICS " + orDefault(f.To, "-1"))
	}
	a.setOptions(alter, "options", "")
	a.setForeignOptions("ALTER "+to.Parent.Key.String()+" ALTER COLUMN "+schema.QuoteIdent(to.Name), "foreign options")
}

func (a *alteration) forget(facts ...string) {
	for _, fact := range facts {
		a.take(fact)
	}
}

// defaultStorage returns the storage of a column's type, which ALTER cannot name before version 16.
func (a *alteration) defaultStorage() string {
	if a.c.version >= 160000 {
		return "DEFAULT"
	}
	name := typeName(a.to)
	switch {
	case strings.HasSuffix(a.to.Fact("type"), "[]"):
		return "EXTENDED"
	case name == "numeric" || name == "inet" || name == "cidr":
		return "MAIN"
	case strings.HasSuffix(name, "range") && !strings.Contains(name, "."), a.isVariable(name):
		return "EXTENDED"
	}
	return "PLAIN"
}

func (a *alteration) isVariable(name string) bool {
	if o := a.c.to.Object(schema.Key{Kind: schema.Domain, Name: name}); o != nil {
		base, _, _ := strings.Cut(o.Fact("base type"), "(")
		return base != "numeric" && a.isVariable(base)
	}
	if o := a.c.to.Object(schema.Key{Kind: schema.Type, Name: name}); o != nil {
		return o.Fact("form") == "composite" || o.Fact("form") == "range" || o.Fact("storage") == "extended"
	}
	return slices.Contains([]string{
		"text", "character varying", "character", "bytea", "json", "jsonb", "xml", "bit", "bit varying", "path", "polygon", "tsvector", "jsonpath", "txid_snapshot",
		"pg_snapshot",
	}, name) || a.c.to.Object(schema.Key{Kind: schema.Table, Name: name}) != nil
}

// recurses reports whether ALTER of the same column of a parent changes this one.
func (a *alteration) recurses() bool { return a.c.new.inheritsChange(a.to) }

func (a *alteration) addUnlessInherited(sql string, marks ...Mark) {
	if a.to.Parent.Fact("partition") == "" || !a.recurses() || a.c.version < 170000 {
		a.add(sql, marks...)
	}
}

// identity changes an identity column or makes one.
func (a *alteration) identity(alter string) {
	to := a.to
	if f, ok := a.left["identity"]; ok && f.From == "" {
		a.forget("identity", "sequence", "sequence options", "sequence unlogged", "sequence comment")
		a.addUnlessInherited(alter + " ADD" + identity(to))
		if unlogged := to.Fact("sequence unlogged"); unlogged != "" {
			a.add("ALTER SEQUENCE " + identitySequence(to) + " SET " + loggedWord(unlogged))
		}
		return
	}
	if f, ok := a.take("identity"); ok {
		a.addUnlessInherited(alter + " SET GENERATED " + strings.ToUpper(f.To))
	}
	if a.to.Fact("identity") == "" {
		return
	}
	old := identitySequence(a.from)
	if _, ok := a.take("sequence"); ok {
		if a.from.Detail("sequence schema") != to.Detail("sequence schema") {
			a.add("ALTER SEQUENCE " + old + " SET SCHEMA " + schema.QuoteIdent(to.Detail("sequence schema")))
			old = schema.Qualify(to.Detail("sequence schema"), a.from.Detail("sequence name"))
		}
		if a.from.Detail("sequence name") != to.Detail("sequence name") {
			a.add("ALTER SEQUENCE " + old + " RENAME TO " + schema.QuoteIdent(to.Detail("sequence name")))
		}
		old = identitySequence(to)
	}
	if f, ok := a.take("sequence options"); ok {
		a.add("ALTER SEQUENCE " + old + allSequenceOptions(optionFacts(f.To), typeName(to)) + restart(optionFacts(f.From), optionFacts(f.To), typeName(a.from), typeName(to)))
	}
	if f, ok := a.take("sequence unlogged"); ok {
		unlogged := orDefault(f.To, orDefault(to.Parent.Fact("unlogged"), "false"))
		a.c.last = append(a.c.last, Statement{SQL: "ALTER SEQUENCE " + old + " SET " + loggedWord(unlogged), Object: to.Key, Does: Alters})
	}
}

// identitySequence returns the name of an identity column's sequence.
func identitySequence(column *schema.Object) string {
	return schema.Qualify(column.Detail("sequence schema"), column.Detail("sequence name"))
}

// optionFacts reads the list of options of an identity column's sequence.
func optionFacts(value string) func(string) string {
	return func(fact string) string {
		for _, option := range strings.Split(value, ", ") {
			if name, setting, _ := strings.Cut(option, " "); name == fact {
				return setting
			}
		}
		return ""
	}
}
