package cli

import (
	"regexp"
	"slices"
	"strings"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// glob returns what matches the pattern of a flag: * is any text, ? a character, [a-z] one of
// several, [!a-z] any other one, and \ takes the next character literally. The error is a
// *settings.UsageError.
func glob(flag, pattern string) (func(string) bool, error) {
	refuse := func(why string) (func(string) bool, error) {
		return nil, &settings.UsageError{Text: "--" + flag + " " + terminal.Quote(pattern) + " is not a pattern: " + why}
	}
	var expr strings.Builder
	expr.WriteString(`(?s)\A`)
	for rest := []rune(pattern); len(rest) > 0; rest = rest[1:] {
		switch c := rest[0]; c {
		case '*':
			expr.WriteString(".*")
		case '?':
			expr.WriteString(".")
		case '[':
			end := slices.Index(rest, ']')
			if end < 0 {
				return refuse(`[ is not closed; \[ is the character`)
			}
			set, negated := strings.CutPrefix(string(rest[1:end]), "!")
			if negated {
				set = "^" + regexp.QuoteMeta(set)
			} else {
				set = regexp.QuoteMeta(set)
			}
			if _, err := regexp.Compile("[" + set + "]"); err != nil { // such as [z-a] or []
				return refuse(string(rest[:end+1]) + " matches nothing")
			}
			expr.WriteString("[" + set + "]")
			rest = rest[end:]
		case '\\':
			if len(rest) == 1 {
				return refuse(`nothing follows \`)
			}
			rest = rest[1:]
			expr.WriteString(regexp.QuoteMeta(string(rest[0])))
		default:
			expr.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	matches, err := regexp.Compile(expr.String() + `\z`)
	if err != nil {
		return refuse("it is too long")
	}
	return matches.MatchString, nil
}

// globOf returns the pattern that matches a name only.
func globOf(name string) string {
	return strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`).Replace(name)
}
