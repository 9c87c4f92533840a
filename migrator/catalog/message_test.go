package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/sqltext"
)

// Names without a schema and operators without OPERATOR(pg_catalog.…) would depend on search_path.
func TestEverythingInTheMessageIsQualified(t *testing.T) {
	t.Parallel()
	for version := 130000; version <= 190000; version += 10000 {
		for _, statement := range strings.Split(catalog.Message(version), ";\n") {
			if strings.HasPrefix(statement, "SELECT") {
				checkQualified(t, statement)
			}
		}
	}
}

// beforeParenthesis are keywords that a parenthesis may follow.
var beforeParenthesis = []string{"AND", "ANY", "ARRAY", "AS", "BY", "COALESCE", "ELSE", "EXISTS", "IN", "JOIN", "LATERAL", "NOT", "ON", "OPERATOR", "OR", "SELECT", "THEN", "WHEN", "WHERE"}

func checkQualified(t *testing.T, statement string) {
	t.Helper()
	var tokens []string
	for token := range sqltext.Tokens(statement) {
		if token.Kind != sqltext.Space {
			tokens = append(tokens, statement[token.Start:token.End])
		}
	}
	at := func(i int) string {
		if i < 0 || i >= len(tokens) {
			return ""
		}
		return tokens[i]
	}
	fail := func(i int) {
		t.Errorf("not qualified: %s in %.60s", strings.Join(tokens[max(0, i-4):min(len(tokens), i+4)], " "), statement)
	}
	for i, token := range tokens {
		qualified := at(i-1) == "." && at(i-2) == "pg_catalog"
		switch {
		case strings.ContainsAny(token[:1], "=<>~!|+-*/%@#&") && !qualified:
			fail(i)
		case token == "(" && isName(at(i-1)) && !slices.Contains(beforeParenthesis, at(i-1)) && !(at(i-2) == "." && at(i-3) == "pg_catalog"):
			fail(i)
		case (at(i-1) == "FROM" || at(i-1) == "JOIN" || at(i-1) == "::") && token != "pg_catalog" && token != "(" && token != "LATERAL":
			fail(i)
		case slices.Contains([]string{"IN", "NULLIF", "BETWEEN", "LIKE", "DISTINCT", "USING"}, token):
			fail(i) // uses an operator that it does not name
		case token == "CASE" && at(i+1) != "WHEN":
			fail(i) // likewise
		}
	}
}

func isName(token string) bool {
	return token != "" && strings.IndexFunc(token, func(c rune) bool {
		return c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	}) < 0
}

func TestMessageDependsOnTheMajorVersionOnly(t *testing.T) {
	t.Parallel()
	if catalog.Message(150000) != catalog.Message(150020) {
		t.Error("minor versions have the same catalogs")
	}
	if catalog.Message(180000) != catalog.Message(990000) {
		t.Error("a newer version is read as the newest known one")
	}
}
