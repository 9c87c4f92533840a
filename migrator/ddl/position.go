package ddl

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// feed is a sequence that gives a column that is kept its values from now on.
type feed struct {
	sequence string
	options  func(string) string // of the sequence
	column   *schema.Object      // of to
	isKept   bool                // the sequence was there before, for other columns
}

// newFeeds returns the sequences that columns get that are kept: identities that they become, and sequences in defaults. Each has
// the values of one column, or of several.
func (c *change) newFeeds() (feeds []feed) {
	for _, to := range c.to.Objects {
		from := c.from.Object(to.Key)
		if to.Key.Kind != schema.Column || from == nil || c.new.makes(to) || !isTable(to.Parent) || !isInteger(c.base(c.to, to.Fact("type")).name) {
			continue
		}
		if to.Fact("identity") != "" {
			if from.Fact("identity") == "" && (to.Parent.Fact("partition") == "" || c.version < 170000) {
				feeds = append(feeds, feed{identitySequence(to), optionFacts(to.Fact("sequence options")), to, false})
			}
			continue
		}
		if s := defaultSequence(to); s != nil && (c.new.makes(s) || defaultSequence(from) == nil || defaultSequence(from).Key != s.Key) {
			feeds = append(feeds, feed{s.Key.Name, s.Fact, to, !c.new.makes(s)})
		}
	}
	return feeds
}

// defaultSequence returns the sequence that a column's default takes the next value of, or nil.
func defaultSequence(column *schema.Object) *schema.Object {
	d := defaultOf(column)
	if d == nil {
		return nil
	}
	for _, need := range d.Needs {
		if need.On.Key.Kind == schema.Sequence && strings.HasPrefix(d.Fact("expression"), "nextval(") {
			return need.On
		}
	}
	return nil
}

// positions lets new sequences continue after the values that columns have. They would begin at their start, and give
// values that exist, such as those of a serial column that becomes an identity column. Which values the sequence before
// gave to rows that are gone is not known any more.
func (c *change) positions() []Statement {
	var statements []Statement
	feeds := c.newFeeds()
	done := map[string]bool{}
	for _, f := range feeds {
		if done[f.sequence] {
			continue
		}
		done[f.sequence] = true
		last, beyond, start, later := "max", ">=", orDefault(f.options("start"), orDefault(f.options("minimum"), "1")), "greatest"
		if strings.HasPrefix(f.options("increment"), "-") {
			last, beyond, start, later = "min", "<=", orDefault(f.options("start"), orDefault(f.options("maximum"), "-1")), "least"
		}
		var sources []string
		var marks []Mark
		for _, other := range feeds {
			if other.sequence == f.sequence {
				sources = append(sources, "SELECT "+last+"("+schema.QuoteIdent(other.column.Name)+") AS last FROM "+other.column.Parent.Key.Name)
				if !isIndexed(other.column) {
					marks = append(marks, Mark{Scans, other.column.Parent.Key})
				}
			}
		}
		value, source := last+"(last)", "("+strings.Join(sources, " UNION ALL ")+") AS v"
		if len(sources) == 1 {
			value, source = last+"("+schema.QuoteIdent(f.column.Name)+")", f.column.Parent.Key.Name
		}
		set := "SELECT setval(" + sqltext.QuoteString(f.sequence) + ", " + value + ")\nFROM " + source + "\nHAVING " + value + " " + beyond + " " + start
		if f.isKept { // it never goes back
			set = "SELECT setval(" + sqltext.QuoteString(f.sequence) + ", " + later + "(" + value + ", (SELECT last_value FROM " + f.sequence + ")))\nFROM " + source
		}
		statements = append(statements, Statement{SQL: set, Object: f.column.Key, Does: Alters, Marks: marks})
	}
	return statements
}

// continues reports whether another sequence continues with the values of a column.
func (c *change) continues(column schema.Key) bool {
	for _, f := range c.newFeeds() {
		if f.column.Key == column {
			return true
		}
	}
	return false
}

// isIndexed reports whether the largest value of a column is found without reading all rows.
func isIndexed(column *schema.Object) bool {
	name := schema.QuoteIdent(column.Name)
	for _, p := range column.Parent.Parts {
		for _, kind := range []string{"PRIMARY KEY (", "UNIQUE (", "UNIQUE NULLS NOT DISTINCT ("} {
			list, ok := strings.CutPrefix(definition(p), kind)
			if p.Key.Kind == schema.Constraint && ok && (strings.HasPrefix(list, name+",") || strings.HasPrefix(list, name+")")) {
				return true
			}
		}
	}
	return false
}

func isInteger(kind string) bool { return kind == "smallint" || kind == "integer" || kind == "bigint" }
