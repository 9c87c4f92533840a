package prove

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// position returns the position of the statement of a script that is most likely about an object: the first that contains
// its name, or else that of its table, or else the first statement. A script without statements gives its first line.
func position(script *revision.Script, about ...*schema.Object) revision.Pos {
	at := revision.Pos{File: script.File, Line: 1, Column: 1}
	loaded, err := script.Loaded()
	if err != nil {
		return at // it was read before; its name is enough
	}
	statements := loaded.Statements()
	if len(statements) == 0 {
		return at
	}
	found := statements[0]
	for _, o := range about {
		if st, ok := naming(loaded.Text, statements, o); ok {
			found = st
			break
		}
	}
	p := sqltext.PositionAt(loaded.Text, found.Start)
	return revision.Pos{File: script.File, Line: p.Line, Column: p.Column}
}

// namesRead limits how much of a statement is searched for names.
const namesRead = 10_000

// naming returns the first statement with the name of an object, or else with that of the object that it is part of. A name
// with another schema counts if there is no better one, and of several functions of one name the arguments decide.
func naming(src string, statements []sqltext.Statement, o *schema.Object) (sqltext.Statement, bool) {
	for ; o != nil; o = o.Parent {
		if o.Name == "" {
			continue
		}
		var found, elsewhere []sqltext.Statement
		for _, st := range statements {
			switch names, qualified := mentions(src, st, o); {
			case names:
				found = append(found, st)
			case qualified:
				elsewhere = append(elsewhere, st)
			}
		}
		if found = append(found, elsewhere...); len(found) > 0 {
			return bestSignature(src, found, o), true
		}
	}
	return sqltext.Statement{}, false
}

// mentions reports whether a statement has the name of an object, alone or after that of its schema, and whether it has it
// after another name.
func mentions(src string, st sqltext.Statement, o *schema.Object) (own, other bool) {
	quoted, plain := sqltext.QuoteName(o.Name), schema.QuoteIdent(o.Name)
	for _, name := range sqltext.Names(src, st, namesRead) {
		before, found := strings.CutSuffix(name, quoted)
		if !found {
			before, found = strings.CutSuffix(name, plain)
		}
		switch before = strings.TrimSuffix(before, "."); {
		case !found || before+"."+quoted != name && before+"."+plain != name && before != "":
		case before == "" || before == schema.QuoteIdent(o.Schema) || before == sqltext.QuoteName(o.Schema):
			return true, other
		default:
			other = true
		}
	}
	return false, other
}

// bestSignature returns the statement whose first list in parentheses is most like the arguments of a routine, or the first
// statement for any other object.
func bestSignature(src string, statements []sqltext.Statement, o *schema.Object) sqltext.Statement {
	best, most := statements[0], -1
	_, signature, routine := strings.Cut(o.Key.Name, "(")
	if !routine || o.Parent != nil || len(statements) == 1 {
		return best
	}
	want, n := firstList("(" + signature)
	for _, st := range statements {
		have, m := firstList(src[st.Start:st.End])
		score := 0
		for _, word := range want {
			if slices.Contains(have, word) {
				score++
			}
		}
		if m == n {
			score += len(want) + 1
		}
		if score > most {
			best, most = st, score
		}
	}
	return best
}

// firstList returns the words of the first list in parentheses, and the number of its elements.
func firstList(sql string) (words []string, elements int) {
	depth := 0
	for t := range sqltext.Tokens(sql) {
		switch text := sql[t.Start:t.End]; {
		case text == "(":
			depth++
		case text == ")":
			if depth--; depth == 0 {
				return words, elements
			}
		case depth == 0 || t.Kind == sqltext.Space || t.Kind == sqltext.Comment:
		case text == "," && depth == 1:
			elements++
		default:
			elements = max(elements, 1)
			words = append(words, strings.ToLower(text))
		}
	}
	return words, elements
}
