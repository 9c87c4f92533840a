package importer

import (
	"regexp"
	"strings"

	"example.com/ambix/migrator/revision"
)

const (
	psqlUnset  = "psql replaces these variables. Define them with -D and import again, or write the values into the file:"
	psqlCommit = "There is no BEGIN and COMMIT, so psql commits each statement by itself. The revision runs them in one transaction:"
)

var (
	// psqlToken matches what may be a variable, and what psql does not look into: comments,
	// strings, quoted names, casts. A dollar-quoted string is only matched at its beginning.
	psqlToken    = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|::|:=|:'\w+'|:"\w+"|:\w+|\$(?:[A-Za-z_]\w*)?\$`)
	psqlVariable = regexp.MustCompile(`^:(?:'(\w+)'|"(\w+)"|([A-Za-z_]\w*))$`)
)

// psqlScript returns a script that psql runs, with its variables replaced. psql's commands stay
// in it; the check of the revisions reports them.
func psqlScript(file, text string, variables map[string]string) script {
	s := script{}
	s.sql, s.findings = replacePsql(file, text, variables)
	r := revision.NewScript(s.sql)
	if inside, _ := withoutBlock(s.sql); inside == s.sql && len(r.Statements()) > 1 && !cannotBeTransactional(r) {
		s.findings = append(s.findings, finding{what: psqlCommit})
	}
	return s
}

// replacePsql replaces :name, :'name' and :"name". It leaves and reports the undefined ones.
func replacePsql(file, text string, variables map[string]string) (sql string, unset []finding) {
	var b strings.Builder
	rest := text
	for {
		at0 := psqlToken.FindStringIndex(rest)
		if at0 == nil {
			return b.String() + rest, unset
		}
		before, word := rest[:at0[0]], rest[at0[0]:at0[1]]
		b.WriteString(before)
		position := len(text) - len(rest) + at0[0]
		rest = rest[at0[1]:]
		switch {
		case strings.HasPrefix(word, "$"):
			body, after, ok := strings.Cut(rest, word)
			b.WriteString(word + body)
			if ok {
				b.WriteString(word)
			}
			rest = after
		case !psqlVariable.MatchString(word) || strings.HasSuffix(before, ":"):
			b.WriteString(word)
		default:
			name := strings.Trim(word, `:'"`)
			value, ok := variables[name]
			if !ok {
				unset = append(unset, finding{psqlUnset, at(file, text, position) + ": " + word})
				b.WriteString(word)
				continue
			}
			if quote := word[1:2]; quote == `'` || quote == `"` {
				value = quote + strings.ReplaceAll(value, quote, quote+quote) + quote
			}
			b.WriteString(value)
		}
	}
}
