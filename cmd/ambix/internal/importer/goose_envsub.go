package importer

import (
	"regexp"
	"slices"
	"strings"
)

// gooseExpression matches what goose's ENVSUB replaces: $NAME, ${NAME} and ${NAME…} with an
// operator. $$ is a single dollar, \\ and \$ are escapes, and $( is left alone.
var gooseExpression = regexp.MustCompile(`\\\\|\\\$|\$\$|\$\(|\$\{[^}]*\}|\$\pL[\pL\pN_]*`)

var gooseName = regexp.MustCompile(`^\$\{?(\pL[\pL\pN_]*)(?::?-([^${}]*))?\}?$`)

// substitute replaces expressions as goose does, with data as the environment. It leaves
// and returns those that it cannot replace: undefined names without a default, and the
// less common operators.
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
