package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// dropMarks says what dropping an object does to rows.
func (c *change) dropMarks(u *unit) []Mark {
	o := u.object
	if u.step != stepCreate {
		return nil
	}
	switch o.Key.Kind {
	case schema.Table, schema.MaterializedView, schema.Sequence:
		if o.Fact("partition key") != "" {
			return nil // the rows are those of its partitions
		}
		return []Mark{{Destroys, o.Key}}
	case schema.Column:
		if isTable(o.Parent) && o.Parent.Key.Kind == schema.Table && o.Fact("generated") == "" {
			return []Mark{{Destroys, o.Key}}
		}
	}
	return nil
}

// createMarks says what making an object does to the rows of a table that is kept.
func (c *change) createMarks(u *unit) []Mark {
	o := u.object
	if u.step != stepCreate || o.Parent == nil || c.new.makes(o.Parent) || c.new.home(o) != o {
		return nil
	}
	table := o.Parent.Key
	if table.Kind != schema.Table && table.Kind != schema.MaterializedView && table.Kind != schema.Domain {
		return nil
	}
	switch o.Key.Kind {
	case schema.Column:
		return columnMarks(o)
	case schema.Index:
		if o.Parent.Fact("partition key") != "" {
			return nil // made without those of the partitions
		}
		if strings.HasPrefix(definition(o), "CREATE UNIQUE ") {
			return []Mark{{Scans, table}, {MayFail, table}}
		}
		return []Mark{{Scans, table}}
	case schema.Constraint:
		state := constraintStates(definition(o))
		if !state.invalid && !state.unenforced && !(o.Parent.Fact("partition key") != "" && !isForeignKey(o) && o.Fact("type") != "check") {
			return []Mark{{Scans, table}, {MayFail, table}}
		}
	}
	return nil
}

// columnMarks says what adding a column does. A constant default is stored once, and any other is computed for each row.
func columnMarks(column *schema.Object) []Mark {
	table := column.Parent.Key
	d := defaultOf(column)
	switch {
	case column.Fact("generated") == "virtual":
		return nil
	case column.Fact("generated") != "" || column.Fact("identity") != "":
		return []Mark{{Rewrites, table}}
	case d == nil && column.Fact("not null") != "" && column.Fact("not null not valid") == "":
		return []Mark{{MayFail, table}}
	case d != nil && isVolatile(d.Fact("expression")):
		return []Mark{{Rewrites, table}}
	}
	return nil
}

// isVolatile reports whether an expression calls a function that may return something else for each row. Functions that
// are not known are taken for volatile.
func isVolatile(expression string) bool {
	words := tokens(expression)
	for i, word := range words {
		if i+1 < len(words) && words[i+1] == "(" && isName(word) && !slices.Contains(stableFunctions, word) && (i == 0 || words[i-1] != "::") {
			return true
		}
	}
	return false
}

func isName(word string) bool {
	c := word[0]
	return c >= 'a' && c <= 'z' || c == '_' || c == '"'
}

// stableFunctions return one value within a statement.
var stableFunctions = []string{
	"now", "transaction_timestamp", "statement_timestamp", "timezone", "current_setting", "to_timestamp", "date_trunc", "date_part", "lower", "upper", "concat", "round",
	"floor", "abs", "coalesce", "make_interval", "to_char", "to_tsvector", "jsonb_build_object", "jsonb_build_array", "json_build_object", "decode", "encode", "md5",
	"numeric", "varying", "character", "bit", "timestamp", "time", "interval",
}

// attachMarks says what linking a kept object does.
func (c *change) attachMarks(u *unit) []Mark {
	if u.step == stepAttach && u.object.Fact("partition") != "" {
		return []Mark{{Scans, u.object.Key}, {MayFail, u.object.Key}}
	}
	return nil
}
