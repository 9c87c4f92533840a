package schema

import (
	"slices"
	"strings"
)

// renamedWith returns the target of a rename with all that the server renames together with it: the same columns and checks
// of children, and the columns of typed tables. A reason says why the server refuses the rename.
func (s *Schema) renamedWith(target *Object) (with map[*Object]bool, reason string) {
	with = map[*Object]bool{target: true}
	isCheck := target.Key.Kind == Constraint && target.Fact("type") == "check" && target.Parent.Key.Kind != Domain
	if target.Key.Kind != Column && !isCheck {
		return with, ""
	}
	list := []*Object{target}
	for i := 0; i < len(list); i++ {
		for _, child := range s.childrenOf(list[i].Parent) {
			if part := child.samePart(list[i]); part != nil && !with[part] && !list[i].isNotInherited() {
				with[part] = true
				list = append(list, part)
			}
		}
	}
	for _, o := range list {
		for _, from := range o.Parent.ancestors() {
			if part := from.samePart(o); part != nil && !with[part] && !part.isNotInherited() {
				return nil, "it is inherited from " + part.Key.String() + ", which has to be renamed"
			}
		}
	}
	return with, ""
}

// childrenOf returns the tables that inherit from a table, and those of a composite type.
func (s *Schema) childrenOf(parent *Object) []*Object {
	return slices.DeleteFunc(slices.Clone(s.Dependents(parent)), func(o *Object) bool {
		return !slices.Contains(o.ancestors(), parent)
	})
}

// ancestors returns the tables that a table inherits from, and the type that it is of.
func (o *Object) ancestors() []*Object {
	if !isTableKind(o.Key.Kind) {
		return nil
	}
	var list []*Object
	for _, n := range o.Needs {
		isType := n.On.Key.Kind == Type && o.Fact("of type") == n.On.Key.Name
		if n.On != o && (isType || isTableKind(n.On.Key.Kind) && o.Fact("parents") != "") {
			list = append(list, n.On)
		}
	}
	return list
}

// samePart returns the column or check of a table with the name of a part of another one, or nil.
func (o *Object) samePart(part *Object) *Object {
	for _, p := range o.Parts {
		if p.Key.Kind == part.Key.Kind && p.Name == part.Name && (p.Key.Kind == Column || p.Fact("type") == "check") {
			return p
		}
	}
	return nil
}

// isNotInherited reports whether a check is NO INHERIT.
func (o *Object) isNotInherited() bool {
	return o.Key.Kind == Constraint && strings.Contains(o.Fact("expression"), ") NO INHERIT")
}

// indexName returns the name of the index that is renamed, or "".
func (r renaming) indexName() string {
	switch r.target.Key.Kind {
	case Index:
		return r.target.Key.Name
	case Constraint:
		return r.target.Detail("index")
	}
	return ""
}

// tableOf returns the table with a renamed column that an object is, or is a part of, or nil.
func (r renaming) tableOf(o *Object) *Object {
	for ; o != nil; o = o.Parent {
		if table := r.tables[o.Key.Name]; table == o {
			return table
		}
	}
	return nil
}

// columnFact returns the value of a fact after a column was renamed.
func (r renaming) columnFact(o *Object, f Fact) string {
	table := r.tableOf(o)
	definition, references, isKey := strings.Cut(f.Value, " REFERENCES ")
	switch {
	case o.Key.Kind == Sequence && f.Name == "owned by":
		if name, found := strings.CutSuffix(f.Value, "."+r.from); found && r.tables[name] != nil {
			return name + "." + r.to
		}
	case o.Key.Kind == Publication:
		if _, name, _ := strings.Cut(f.Name, " "); r.tables[name] != nil {
			return r.rewriteColumn(f.Value, r.tables[name])
		}
	case o.Key.Kind == Constraint && isKey:
		// FOREIGN KEY (columns) REFERENCES table(columns) ON DELETE SET NULL (columns)
		columns, actions, _ := strings.Cut(references, ")")
		if name, list, _ := strings.Cut(columns, "("); r.tables[name] != nil {
			columns = name + r.rewriteColumn("("+list, r.tables[name])
		}
		if table != nil {
			definition, actions = r.rewriteColumn(definition, table), r.rewriteColumn(actions, table)
		}
		return definition + " REFERENCES " + columns + ")" + actions
	case table != nil && namesColumns(f.Name):
		names, rest := cutNames(o, f.Value)
		return names + r.rewriteColumn(rest, table)
	}
	return f.Value
}

// namesColumns reports whether the value of a fact is SQL that may contain names of columns.
func namesColumns(fact string) bool {
	return fact == "definition" || fact == "attributes" || IsText(fact) && fact != "partition bound"
}

// cutNames splits the definition of an object after its own name and that of the access method, which a column may have too.
func cutNames(o *Object, definition string) (names, rest string) {
	switch o.Key.Kind {
	case Index, Constraint:
		if before, after, found := strings.Cut(definition, " USING "); found && (o.Key.Kind == Index || before == "EXCLUDE") {
			method, rest, _ := strings.Cut(after, " ")
			return before + " USING " + method, " " + rest
		}
	case Trigger:
		if before, after, found := strings.Cut(definition, " "+QuoteIdent(o.Name)+" "); found {
			return before + " " + QuoteIdent(o.Name), " " + after
		}
	}
	return "", definition
}

// rewriteColumn changes the name where it cannot be that of a function or of another table's column.
func (r renaming) rewriteColumn(text string, table *Object) string {
	name := QuoteIdent(table.Name)
	return r.tokens(text, func(qualifier, token, after string) bool {
		known := qualifier == "" || qualifier == name || qualifier == "old" || qualifier == "new"
		return token == r.from && known && after != "." && after != "("
	})
}
