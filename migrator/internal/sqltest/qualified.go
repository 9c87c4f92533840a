package sqltest

import (
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// Unqualified returns what a statement looks up in the search_path: functions, operators,
// types and tables that are named without their schema, and constructs that use operators
// implicitly.
func Unqualified(sql string) []string {
	c := &nameChecker{sql: sql, ctes: map[string]bool{}}
	for t := range sqltext.Tokens(sql) {
		if t.Kind == sqltext.Space || t.Kind == sqltext.Comment || t.Kind == sqltext.Semicolon {
			continue
		}
		text := sql[t.Start:t.End]
		if t.Kind == sqltext.Word {
			text = strings.ToLower(text)
		}
		c.tokens = append(c.tokens, token{t.Kind, text})
	}
	if len(c.tokens) == 0 || slices.Contains(withoutExpressions, c.tokens[0].text) {
		return nil
	}
	c.check()
	return c.problems
}

// withoutExpressions begin statements that look up nothing that we name.
var withoutExpressions = []string{
	"set", "reset", "begin", "commit", "rollback", "savepoint", "release", "close", "discard", "deallocate", "execute", "unlisten", "grant", "show",
	"lock",          // of tables with their schema
	"drop", "alter", // of an object whose name the catalog or the revision has
}

// beforeParenthesis are keywords that may precede a parenthesis.
var beforeParenthesis = []string{
	"all", "and", "any", "array", "as", "by", "check", "coalesce", "else", "exists", "extract", "from", "greatest", "key", "lateral", "least", "not", "on", "or",
	"returning", "select", "some", "then", "union", "values", "when", "where", "with",
}

// keywordTypes are types that the parser resolves without the search_path.
var keywordTypes = []string{"bigint", "boolean", "integer", "interval", "smallint", "timestamp"}

type token struct {
	kind sqltext.Kind
	text string
}

// isName reports whether the token is a name or a keyword.
func (t token) isName() bool { return t.kind == sqltext.Word || t.kind == sqltext.QuotedName }

type nameChecker struct {
	sql      string
	tokens   []token
	ctes     map[string]bool
	problems []string
	depth    int
	sources  [64]bool // by depth: a FROM list, in which a comma precedes another table
	assigns  [64]bool // by depth: the SET list of an UPDATE
}

// at returns a token, or a zero token outside the statement.
func (c *nameChecker) at(i int) token {
	if i < 0 || i >= len(c.tokens) {
		return token{}
	}
	return c.tokens[i]
}

func (c *nameChecker) report(problem string, i int) {
	from, to := max(0, i-4), min(len(c.tokens), i+5)
	var near []string
	for _, t := range c.tokens[from:to] {
		near = append(near, t.text)
	}
	c.problems = append(c.problems, fmt.Sprintf("%s near: %s", problem, strings.Join(near, " ")))
}

func (c *nameChecker) check() {
	for i := 0; i < len(c.tokens); i++ {
		switch t := c.tokens[i]; {
		case t.text == "operator" && c.at(i+1).text == "(":
			if c.at(i+2).text != "pg_catalog" || c.at(i+3).text != "." || c.at(i+5).text != ")" {
				c.report("unqualified operator", i)
			}
			i += 5
		case t.isName():
			c.checkName(i)
		case t.kind == sqltext.Operator:
			c.checkOperator(i)
		}
	}
}

func (c *nameChecker) checkName(i int) {
	t, next := c.tokens[i], c.at(i+1)
	if next.text == "as" && c.at(i+2).text == "(" {
		c.ctes[t.text] = true
	}
	if t.kind == sqltext.Word {
		c.checkKeyword(i)
	}
	if next.text != "(" || slices.Contains(beforeParenthesis, t.text) {
		return
	}
	switch before := c.at(i - 1); {
	case before.text == ".":
		if !slices.Contains([]string{"pg_catalog", "pg_temp"}, c.at(i-2).text) && !c.isTarget(i-2) {
			c.report("function outside pg_catalog", i)
		}
	case before.text == ")" || before.isName() && !slices.Contains(beforeParenthesis, before.text) && before.text != "case":
		// the alias of a function in FROM, with its columns
	default:
		c.report("unqualified function", i)
	}
}

// isTarget reports whether the name at i is that of a table with a list of columns.
func (c *nameChecker) isTarget(i int) bool {
	return slices.Contains([]string{"into", "table", "exists"}, c.at(i-1).text)
}

func (c *nameChecker) checkKeyword(i int) {
	switch word, next := c.tokens[i].text, c.at(i+1); word {
	case "in", "like", "ilike", "similar", "between", "nullif", "natural":
		c.report(strings.ToUpper(word)+", which looks up an operator,", i)
	case "distinct":
		if next.text == "from" {
			c.report("IS DISTINCT FROM, which looks up an operator,", i)
		}
	case "using":
		if next.text == "(" {
			c.report("USING, which looks up an operator,", i)
		}
	case "case":
		if next.text != "when" {
			c.report("CASE with an operand, which looks up an operator,", i)
		}
	case "cast":
		c.report("CAST in place of ::", i)
	case "collate":
		c.checkQualified("collation", i+1)
	case "from":
		if c.at(i-3).text != "extract" {
			c.sources[c.depth] = true
			c.checkTable(i + 1)
		}
	case "join":
		c.checkTable(i + 1)
	case "into":
		c.checkQualified("table", i+1)
	case "update":
		if i == 0 || c.at(i-1).text == "(" {
			c.checkTable(i + 1)
		}
	case "table":
		if next.text == "if" {
			i += 3 // IF NOT EXISTS
		}
		c.checkQualified("table", i+1)
	case "set":
		c.assigns[c.depth] = true
	case "where", "order", "group", "limit", "returning", "union", "select":
		c.sources[c.depth], c.assigns[c.depth] = false, false
	}
	if c.tokens[0].text == "create" && c.depth == 1 && (c.at(i-1).text == "(" || c.at(i-1).text == ",") && !slices.Contains([]string{"constraint", "check"}, c.tokens[i].text) {
		c.checkType(i + 1) // of a column
	}
}

// checkTable checks a FROM item, or the target of an UPDATE.
func (c *nameChecker) checkTable(i int) {
	if c.at(i).text == "only" {
		i++
	}
	switch t := c.at(i); {
	case !t.isName(), t.text == "lateral", c.at(i+1).text == "(", c.ctes[t.text]:
	default:
		c.checkQualified("table", i)
	}
}

func (c *nameChecker) checkQualified(what string, i int) {
	if c.at(i+1).text != "." {
		c.report("unqualified "+what, i)
	}
}

func (c *nameChecker) checkType(i int) {
	if t := c.at(i); !slices.Contains(keywordTypes, t.text) && (t.text != "pg_catalog" || c.at(i+1).text != ".") {
		c.report("unqualified type", i)
	}
}

func (c *nameChecker) checkOperator(i int) {
	before, next := c.at(i-1), c.at(i+1)
	switch c.tokens[i].text {
	case "(":
		c.depth++
		c.sources[c.depth], c.assigns[c.depth] = false, false
	case ")":
		c.depth--
	case ",":
		if c.sources[c.depth] {
			c.checkTable(i + 1)
		}
	case ".", "[", "]":
	case "::":
		c.checkType(i + 1)
	case "*":
		if before.text != "select" && before.text != "(" && before.text != "." {
			c.report("unqualified operator *", i)
		}
	case "-":
		if next.kind != sqltext.Number || before.text != "(" && before.text != "," {
			c.report("unqualified operator -", i)
		}
	case "=":
		if first := c.at(i - 2).text; !c.assigns[c.depth] || !before.isName() || first != "set" && first != "," {
			c.report("unqualified operator =", i)
		}
	default:
		c.report("unqualified operator "+c.tokens[i].text, i)
	}
}
