package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// other alters the kinds that have few properties.
func (a *alteration) other() {
	to := a.to
	alter := "ALTER " + to.Key.String()
	switch to.Key.Kind {
	case schema.Extension:
		if f, ok := a.take("installed in"); ok {
			a.add(alter + " SET SCHEMA " + f.To)
		}
	case schema.Language, schema.Transform:
		if len(a.left) > 0 {
			a.left = nil
			a.add("CREATE OR REPLACE" + strings.TrimPrefix(createGlobal(to)[0], "CREATE"))
		}
	case schema.DataWrapper:
		for _, fact := range []string{"handler", "validator"} {
			if f, ok := a.take(fact); ok && f.To == "" {
				a.add(alter + " NO " + strings.ToUpper(fact))
			} else if ok {
				a.add(alter + " " + strings.ToUpper(fact) + " " + f.To)
			}
		}
		a.setForeignOptions(alter, "options")
	case schema.Server:
		if f := a.left["version"]; f.To != "" {
			a.take("version")
			a.add(alter + " VERSION " + sqltext.QuoteString(f.To))
		}
		a.setForeignOptions(alter, "options")
	case schema.Operator:
		a.attributes(alter, attribute{"RESTRICT", "restrict"}, attribute{"JOIN", "join"})
	case schema.OperatorFamily:
		a.familyMembers(alter)
	case schema.SearchDictionary:
		a.dictionary(alter)
	case schema.SearchConfiguration:
		a.mappings(alter)
	case schema.Publication:
		a.publication(alter)
	}
}

// attributes changes attributes that can be NONE.
func (a *alteration) attributes(alter string, names ...attribute) {
	var items []string
	for _, n := range names {
		if f, ok := a.take(n.fact); ok {
			items = append(items, n.name+" = "+orDefault(f.To, "NONE"))
		}
	}
	if len(items) > 0 {
		a.add(alter + " SET (" + strings.Join(items, ", ") + ")")
	}
}

// baseType changes what can be changed in a base type.
func (a *alteration) baseType() {
	a.attributes("ALTER TYPE "+a.to.Key.Name, attribute{"RECEIVE", "receive"}, attribute{"SEND", "send"}, attribute{"TYPMOD_IN", "modifier input"},
		attribute{"TYPMOD_OUT", "modifier output"}, attribute{"ANALYZE", "analyze"}, attribute{"SUBSCRIPT", "subscript"})
}

func (a *alteration) familyMembers(alter string) {
	for _, name := range sortedNames(a.left) {
		words, types, _ := strings.Cut(name, " (")
		if !strings.HasPrefix(name, "operator ") && !strings.HasPrefix(name, "function ") || types == "" {
			continue
		}
		f, _ := a.take(name)
		if f.From != "" {
			a.add(alter + " DROP " + strings.ToUpper(words) + " (" + types)
		}
		if f.To != "" {
			a.add(alter + " ADD " + member(name, f.To))
		}
	}
}

// dictionary changes the options of a text search dictionary.
func (a *alteration) dictionary(alter string) {
	f, ok := a.take("options")
	if !ok {
		return
	}
	old, now := dictionaryOptions(f.From), dictionaryOptions(f.To)
	var items []string
	for _, name := range sortedKeys(old, now) {
		switch {
		case now[name] == "":
			items = append(items, name)
		case now[name] != old[name]:
			items = append(items, name+" = "+now[name])
		}
	}
	a.add(alter + " (" + strings.Join(items, ", ") + ")")
}

// dictionaryOptions reads a list such as stopwords = 'english', accept = 'false'.
func dictionaryOptions(text string) map[string]string {
	options := map[string]string{}
	words := tokens(text)
	for i := 0; i+2 < len(words); i++ {
		if words[i+1] == "=" {
			options[words[i]] = words[i+2]
		}
	}
	return options
}

// tokens returns the tokens of a text that are not white space or comments.
func tokens(text string) []string {
	var list []string
	for t := range sqltext.Tokens(text) {
		if token := strings.TrimSpace(text[t.Start:t.End]); token != "" {
			list = append(list, token)
		}
	}
	return list
}

func (a *alteration) mappings(alter string) {
	for _, name := range sortedNames(a.left) {
		token, found := strings.CutPrefix(name, "mapping ")
		if !found {
			continue
		}
		f, _ := a.take(name)
		switch token = schema.QuoteIdent(token); {
		case f.To == "":
			a.add(alter + " DROP MAPPING FOR " + token)
		case f.From == "":
			a.add(alter + " ADD MAPPING FOR " + token + " WITH " + f.To)
		default:
			a.add(alter + " ALTER MAPPING FOR " + token + " WITH " + f.To)
		}
	}
}

// publication changes what is published. Tables leave in a step before, because columns that a filter uses may be dropped.
func (a *alteration) publication(alter string) {
	from, to := a.from, a.to
	options := []string{"insert", "update", "delete", "truncate", "via partition root", "generated columns"}
	if slices.ContainsFunc(options, func(name string) bool { _, ok := a.left[name]; return ok }) {
		a.forget(options...)
		a.add(alter + " SET (" + strings.Join(publicationOptions(to, a.c.version), ", ") + ")")
	}
	for _, name := range sortedNames(a.left) {
		if namespace, found := strings.CutPrefix(name, "schema "); found {
			f, _ := a.take(name)
			verb := " ADD"
			if f.To == "" {
				verb = " DROP"
			}
			if from.Fact(name) != "" && a.c.dropped[a.c.from.Object(schema.Key{Kind: schema.Namespace, Name: namespace})] {
				continue
			}
			a.add(alter + verb + " TABLES IN SCHEMA " + namespace)
		}
		if strings.HasPrefix(name, "table ") || strings.HasPrefix(name, "filter ") {
			a.take(name)
		}
	}
	for _, f := range to.Facts {
		if table, found := strings.CutPrefix(f.Name, "table "); found && a.c.publishes(from, table) != a.c.publishes(to, table) || found && a.c.leavesPublication(from, table) {
			a.add(alter + publishedTable(to, table))
		}
	}
}

// publishes returns how a publication publishes a table.
func (c *change) publishes(publication *schema.Object, table string) string {
	return publication.Fact("table "+table) + "\x00" + publication.Fact("filter "+table)
}

// leavesPublication reports whether a table has to leave a publication before anything is dropped, or leaves it by being
// dropped.
func (c *change) leavesPublication(from *schema.Object, table string) bool {
	to := c.to.Object(from.Key)
	if from.Fact("table "+table) == "" || to == nil {
		return false
	}
	o := tableNamed(c.from, table)
	if c.publishes(from, table) != c.publishes(to, table) || c.dropped[o] {
		return true
	}
	return slices.ContainsFunc(from.Needs, func(n schema.Need) bool {
		return c.dropped[n.On] && (n.On.Parent == o || n.On.Parent == nil && from.Fact("filter "+table) != "") || c.retyped[n.On] && n.On.Parent == o
	})
}

// publishesAgain reports whether a publication needs a statement although its facts are equal.
func (c *change) publishesAgain(from, to *schema.Object) bool {
	if from.Key.Kind != schema.Publication {
		return false
	}
	return slices.ContainsFunc(from.Facts, func(f schema.Fact) bool {
		table, found := strings.CutPrefix(f.Name, "table ")
		return found && c.leavesPublication(from, table)
	})
}

func (c *change) separatePublications() {
	for _, from := range c.from.Objects {
		if from.Key.Kind != schema.Publication || c.dropped[from] || c.to.Object(from.Key) == nil {
			continue
		}
		for _, f := range from.Facts {
			table, found := strings.CutPrefix(f.Name, "table ")
			if found && c.leavesPublication(from, table) && !c.dropped[tableNamed(c.from, table)] {
				c.separate = append(c.separate, Statement{SQL: "ALTER " + from.Key.String() + " DROP TABLE ONLY " + table, Object: from.Key, Does: Alters})
			}
		}
	}
}
