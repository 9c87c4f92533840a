package ddl

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// view replaces the query of a view. Columns can only be added at the end.
func (a *alteration) view() bool {
	if !sameColumnsInOrder(a.from, a.to, false) {
		return false
	}
	_, changed := a.take("query")
	if changed || len(a.from.Columns()) != len(a.to.Columns()) {
		a.take("options")
		a.add(viewSQL("CREATE OR REPLACE", a.to))
	}
	a.setOptions("ALTER "+a.to.Key.String(), "options", "")
	return true
}

// defaultValue sets a default. That of a generated column can be changed from version 17 on.
func (a *alteration) defaultValue() {
	column := a.to.Parent
	switch {
	case isGenerated(a.from) != isGenerated(a.to):
		if isGenerated(a.to) || column.Parent.Key.Kind == schema.View {
			return
		}
		// DROP EXPRESSION of the column takes the expression away.
		a.take("expression")
		a.statements = statementsOf(a.to, Alters, a.c.new.setDefault(a.to))
	case !isGenerated(a.to):
		a.take("expression")
		a.statements = statementsOf(a.to, Alters, a.c.new.setDefault(a.to))
	case a.c.version >= 170000:
		if _, ok := a.take("expression"); ok {
			var marks []Mark
			if column.Fact("generated") == "stored" {
				marks = []Mark{{Rewrites, column.Parent.Key}}
			}
			a.add("ALTER "+onlyTable(column.Parent)+" ALTER COLUMN "+schema.QuoteIdent(column.Name)+" SET EXPRESSION AS ("+text(a.to, "expression")+")", marks...)
		}
	}
}

// sequence changes the options of a sequence, all of them in one statement.
func (a *alteration) sequence() {
	to := a.to
	a.take("owned by") // a step of its own
	if f, ok := a.take("unlogged"); ok {
		a.c.last = append(a.c.last, Statement{SQL: "ALTER SEQUENCE " + to.Key.Name + " SET " + loggedWord(f.To), Object: to.Key, Does: Alters})
	}
	changed := false
	for _, fact := range []string{"type", "start", "increment", "minimum", "maximum", "cache", "cycle"} {
		_, ok := a.take(fact)
		changed = changed || ok
	}
	if changed {
		kind := orDefault(to.Fact("type"), "bigint")
		var marks []Mark
		if a.from.Fact("type") != to.Fact("type") || a.from.Fact("maximum") != to.Fact("maximum") || a.from.Fact("minimum") != to.Fact("minimum") {
			marks = []Mark{{MayFail, to.Key}}
		}
		a.add("ALTER SEQUENCE "+to.Key.Name+" AS "+kind+allSequenceOptions(to.Fact, kind)+restart(a.from.Fact, to.Fact, orDefault(a.from.Fact("type"), "bigint"), kind), marks...)
	}
}

// sequenceRange returns the lowest and the highest value of a sequence, and the one that it starts with by default.
func sequenceRange(fact func(string) string, kind string) (low, high, start string) {
	low, high = "1", orDefault(map[string]string{"smallint": "32767", "integer": "2147483647"}[kind], "9223372036854775807")
	if !strings.HasPrefix(fact("increment"), "-") {
		low, high = orDefault(fact("minimum"), low), orDefault(fact("maximum"), high)
		return low, high, low
	}
	low, high = orDefault(map[string]string{"smallint": "-32768", "integer": "-2147483648"}[kind], "-9223372036854775808"), "-1"
	low, high = orDefault(fact("minimum"), low), orDefault(fact("maximum"), high)
	return low, high, high
}

// allSequenceOptions returns every option, those with their default value too.
func allSequenceOptions(fact func(string) string, kind string) string {
	low, high, start := sequenceRange(fact, kind)
	sql := " INCREMENT BY " + orDefault(fact("increment"), "1") + " MINVALUE " + low + " MAXVALUE " + high +
		" START WITH " + orDefault(fact("start"), start) + " CACHE " + orDefault(fact("cache"), "1")
	if fact("cycle") != "" {
		return sql + " CYCLE"
	}
	return sql + " NO CYCLE"
}

// restart returns what lets a sequence start again if its values, old and new, have none in common.
func restart(old, now func(string) string, oldKind, kind string) string {
	oldLow, oldHigh, _ := sequenceRange(old, oldKind)
	low, high, _ := sequenceRange(now, kind)
	less := func(a, b string) bool {
		x, _ := strconv.ParseInt(a, 10, 64) // the catalogs have nothing else
		y, _ := strconv.ParseInt(b, 10, 64)
		return x < y
	}
	if less(oldHigh, low) || less(high, oldLow) {
		return " RESTART"
	}
	return ""
}

// index changes what an index or the index of a constraint has besides its definition.
func (a *alteration) index() {
	from, to := a.from, a.to
	for _, fact := range []string{"definition", "expression"} {
		if f, ok := a.left[fact]; ok && f.From != "" && f.To != "" {
			old, oldOptions := cutOptions(f.From)
			now, newOptions := cutOptions(f.To)
			if schema.NormalText(old) == schema.NormalText(now) && to.Parent.Fact("partition key") == "" {
				a.take(fact)
				a.changeOptions("ALTER INDEX "+indexName(to), oldOptions, newOptions)
			}
		}
	}
	a.indexDetails(from, to)
}

func (a *alteration) indexDetails(from, to *schema.Object) {
	name := indexName(to)
	if to.Parent.Fact("partition key") == "" { // the server cannot alter those of a partitioned index
		a.setOptions("ALTER INDEX "+name, "options", "")
	}
	if f, ok := a.take("clustered"); ok && f.To != "" {
		a.add("ALTER " + to.Parent.Key.String() + " CLUSTER ON " + schema.QuoteIdent(to.Name))
	} else if ok && !slices.ContainsFunc(to.Parent.Parts, func(p *schema.Object) bool { return p.Fact("clustered") != "" }) {
		a.add("ALTER " + to.Parent.Key.String() + " SET WITHOUT CLUSTER")
	}
	if f, ok := a.take("replica identity"); ok && f.To != "" { // otherwise the table or another index sets it
		a.add("ALTER TABLE ONLY " + to.Parent.Key.Name + " REPLICA IDENTITY USING INDEX " + schema.QuoteIdent(to.Name))
	}
	if f, ok := a.take("tablespace"); ok {
		a.add("ALTER INDEX "+name+" SET TABLESPACE "+schema.QuoteIdent(orDefault(f.To, "pg_default")), a.mark(Scans))
	}
	if f, ok := a.take("column statistics"); ok {
		old, now := optionMap(f.From), optionMap(f.To)
		for _, number := range sortedKeys(old, now) {
			if old[number] != now[number] {
				a.add("ALTER INDEX " + name + " ALTER COLUMN " + number + " SET STATISTICS " + orDefault(now[number], "-1"))
			}
		}
	}
	if f, ok := a.left["parent"]; ok && (f.From == "" || a.c.moves(from.Parent)) {
		a.take("parent")
		if f.To != "" {
			a.c.new.attachesIndex[to] = true
		}
	}
}

func sortedKeys(maps ...map[string]string) []string {
	var keys []string
	for _, m := range maps {
		for k := range m {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// cutOptions takes WITH (options) out of the definition of an index.
func cutOptions(definition string) (rest string, options []string) {
	depth, start := 0, -1
	for t := range sqltext.Tokens(definition) {
		switch token := definition[t.Start:t.End]; {
		case token == "(":
			depth++
		case token == ")":
			depth--
			if start >= 0 && depth == 0 {
				list := definition[start:t.Start]
				_, list, _ = strings.Cut(list, "(")
				return definition[:start-1] + definition[t.End:], strings.Split(list, ", ")
			}
		case depth == 0 && token == "WITH":
			start = t.Start
		case depth == 0 && token == "WHERE":
			return definition, nil
		}
	}
	return definition, nil
}

// constraint changes what can be changed without dropping the constraint.
func (a *alteration) constraint() {
	from, to := a.from, a.to
	alter := "ALTER " + to.Parent.Key.String()
	name := schema.QuoteIdent(to.Name)
	fact := "definition"
	if to.Fact("expression") != "" {
		fact = "expression"
	}
	if f, ok := a.left[fact]; ok && f.From != "" && f.To != "" {
		old, now := constraintStates(schema.NormalText(f.From)), constraintStates(schema.NormalText(f.To))
		switch {
		case old.definition != now.definition:
		case old.invalid && !now.invalid && old.deferrable == now.deferrable && old.unenforced == now.unenforced:
			a.take(fact)
			if to.Fact("local") != "false" || a.c.new.isAlone(to.Parent) {
				a.add(alter+" VALIDATE CONSTRAINT "+name, a.mark(Scans), a.mark(MayFail))
			}
		case isForeignKey(to) && old.invalid == now.invalid && old.unenforced == now.unenforced:
			a.take(fact)
			a.add(alter + " ALTER CONSTRAINT " + name + orDefault(now.deferrable, " NOT DEFERRABLE"))
		case isForeignKey(to) && a.c.version >= 180000 && old.deferrable == now.deferrable && old.invalid == now.invalid:
			a.take(fact)
			if now.unenforced {
				a.add(alter + " ALTER CONSTRAINT " + name + " NOT ENFORCED")
			} else {
				a.add(alter+" ALTER CONSTRAINT "+name+" ENFORCED", a.mark(Scans), a.mark(MayFail))
			}
		}
	}
	if f, ok := a.left["local"]; ok {
		switch {
		case a.c.becomesLocal(from, to):
			a.take("local")
		case f.To == "": // ADD CONSTRAINT declares what was inherited
			a.take("local")
			a.statements = append(a.statements, statementsOf(to, Alters, a.c.new.constraint(to))...)
		}
	}
	if from.Parent.Key.Kind != schema.Domain {
		a.indexDetails(from, to)
	}
	for _, name := range sortedNames(a.left) {
		if table, found := strings.CutPrefix(name, "triggers on "); found {
			f, _ := a.take(name)
			a.add(triggerState(to, table, orDefault(f.To, "enabled")))
		}
	}
}

// constraintState is a definition without the properties that can change.
type constraintState struct {
	definition, deferrable string
	invalid, unenforced    bool
}

func constraintStates(definition string) constraintState {
	s := constraintState{definition: definition}
	s.definition, s.invalid = strings.CutSuffix(s.definition, " NOT VALID")
	s.definition, s.unenforced = strings.CutSuffix(s.definition, " NOT ENFORCED")
	rest, deferred := strings.CutSuffix(s.definition, " INITIALLY DEFERRED")
	if rest, deferrable := strings.CutSuffix(rest, " DEFERRABLE"); deferrable {
		s.definition, s.deferrable = rest, " DEFERRABLE INITIALLY IMMEDIATE"
		if deferred {
			s.deferrable = " DEFERRABLE INITIALLY DEFERRED"
		}
	}
	return s
}
