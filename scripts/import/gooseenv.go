package main

import (
	"regexp"
	"slices"
	"strings"
)

// gooseExpression finds what goose's ENVSUB replaces: $NAME, ${NAME} and ${NAME…} with an
// operator. $$ stands for a single dollar, \\ and \$ escape, and $( is left alone.
var gooseExpression = regexp.MustCompile(`\\\\|\\\$|\$\$|\$\(|\$\{[^}]*\}|\$\pL[\pL\pN_]*`)

var gooseName = regexp.MustCompile(`^\$\{?(\pL[\pL\pN_]*)(?::?-([^${}]*))?\}?$`)

// substitute does to a line what goose would with the data as its environment. What it
// cannot replace stays as it is and is returned: names that the data lacks and have no
// default, and the rarer operators.
func substitute(line string, data map[string]string) (string, []string) {
	var unknown []string
	line = gooseExpression.ReplaceAllStringFunc(line, func(word string) string {
		switch word {
		case `\\`, `$(`:
			return word
		case `\$`, `$$`:
			return "$"
		}
		parts := gooseName.FindStringSubmatch(word)
		if parts != nil {
			value, ok := data[parts[1]]
			if ok && (value != "" || !strings.Contains(word, ":-")) {
				return value
			}
			if strings.Contains(word, "-") {
				return parts[2]
			}
		}
		if !slices.Contains(unknown, word) {
			unknown = append(unknown, word)
		}
		return word
	})
	return line, unknown
}
