package sqltext

import "strings"

// Unqualify returns a script without a schema in front of the names in it, also in constants of the types regclass, regproc
// and similar. Other strings, dollar-quoted bodies and rows of COPY stay as they are. named reports whether the schema is
// still named, as in CREATE EXTENSION … SCHEMA. Names are as the server writes them: an unquoted one is in lower case, so that
// PUBLIC is the pseudo-role.
func Unqualify(src, schema string) (sql string, named bool) {
	u := unqualifier{src: src, schema: schema}
	for t := range Tokens(src) {
		u.tokens = append(u.tokens, t)
	}
	for i, t := range u.tokens {
		u.add(i, t)
	}
	return u.out.String(), u.named
}

type unqualifier struct {
	src, schema string
	tokens      []Token
	skip        int // tokens before this one are left out
	out         strings.Builder
	named       bool
}

func (u *unqualifier) text(i int) string {
	if i < 0 || i >= len(u.tokens) {
		return ""
	}
	return u.src[u.tokens[i].Start:u.tokens[i].End]
}

func (u *unqualifier) add(i int, t Token) {
	if i < u.skip {
		return
	}
	switch {
	case t.Kind == Word || t.Kind == QuotedName:
		if !u.isSchema(u.text(i)) || u.text(i-1) == "." {
			break
		}
		if u.text(i+1) == "." {
			u.skip = i + 2
			return
		}
		u.named = true
	case t.Kind == String && u.isCastToName(i+1):
		u.out.WriteString(u.unqualifyString(u.text(i)))
		return
	}
	u.out.WriteString(u.text(i))
}

// isSchema reports whether an identifier is the name of the schema.
func (u *unqualifier) isSchema(word string) bool {
	if strings.HasPrefix(word, `"`) {
		return word == `"`+strings.ReplaceAll(u.schema, `"`, `""`)+`"`
	}
	return word == u.schema
}

// isCastToName reports whether a cast to a type that is written as a name begins at a token.
func (u *unqualifier) isCastToName(i int) bool {
	if u.text(i) != "::" {
		return false
	}
	if lower(u.text(i+1)) == "pg_catalog" && u.text(i+2) == "." {
		i += 2
	}
	switch lower(u.text(i + 1)) {
	case "regclass", "regproc", "regprocedure", "regoper", "regoperator", "regtype", "regcollation", "regconfig", "regdictionary":
		return true
	}
	return false
}

// unqualifyString takes the schema off the beginning of a plain string.
func (u *unqualifier) unqualifyString(text string) string {
	for _, prefix := range []string{u.schema + ".", `"` + strings.ReplaceAll(u.schema, `"`, `""`) + `".`} {
		if rest, found := strings.CutPrefix(text, "'"+strings.ReplaceAll(prefix, "'", "''")); found {
			return "'" + rest
		}
	}
	return text
}
