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

// naming returns the first statement with the name of an object, or else with that of the object that it is part of.
func naming(src string, statements []sqltext.Statement, o *schema.Object) (sqltext.Statement, bool) {
	for ; o != nil; o = o.Parent {
		if o.Name == "" {
			continue
		}
		want := schema.QuoteIdent(o.Name)
		for _, st := range statements {
			if slices.ContainsFunc(sqltext.Names(src, st, namesRead), func(name string) bool {
				return name == want || strings.HasSuffix(name, "."+want)
			}) {
				return st, true
			}
		}
	}
	return sqltext.Statement{}, false
}
