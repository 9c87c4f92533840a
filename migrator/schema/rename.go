package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Renaming gives an object a new name. The key is that of the object before, with the renames before it applied.
type Renaming struct {
	Key  Key
	Name string // not quoted
}

// RenameError reports a rename that cannot be applied.
type RenameError struct {
	Key    Key
	Name   string
	Reason string
}

func (e *RenameError) Error() string {
	return fmt.Sprintf("rename %s to %s: %s", e.Key, QuoteIdent(e.Name), e.Reason)
}

// Rename returns the schema as it is after ALTER … RENAME TO. name is not quoted. Keys change with the object: those of a
// table's columns, constraints and triggers, and those of functions with a renamed type among their arguments. Texts of
// the server change where it prints the new name by itself: in the definitions of everything that refers to a relation,
// type or function; and, for a column, in the constraints, indexes, defaults, statistics, triggers and policies of its
// table. Views and functions that use a renamed column are left as they are, because the server then prints both names:
// they compare as changed. s itself does not change. The error is a *RenameError.
func (s *Schema) Rename(key Key, name string) (*Schema, error) {
	target := s.Object(key)
	switch {
	case target == nil:
		return nil, &RenameError{key, name, "no such object"}
	case target.Name == "" || key.Kind == Default || key.Kind == UserMapping || key.Kind == Extension:
		return nil, &RenameError{key, name, "objects of this kind cannot be renamed"}
	case name == "":
		return nil, &RenameError{key, name, "the new name is empty"}
	}
	r := renaming{target: target, from: QuoteIdent(target.Name), to: QuoteIdent(name), name: name}
	objects := r.copy(s.Objects)
	renamed, err := New(s.Version, objects, s.Refused, s.Members)
	if err != nil {
		return nil, &RenameError{key, name, "that name is already in use"}
	}
	return renamed, nil
}

// renaming rewrites keys and facts.
type renaming struct {
	target   *Object
	from, to string // quoted if they have to be
	name     string
	related  bool // the object that is rewritten depends on the target, so that name.column is a column of that
}

// copy returns copies of all objects with the new name in them.
func (r renaming) copy(objects []*Object) []*Object {
	copies := make(map[*Object]*Object, len(objects))
	list := make([]*Object, len(objects))
	for i, o := range objects {
		list[i] = &Object{Key: Key{o.Key.Kind, r.key(o)}, Schema: o.Schema, Name: o.Name, Facts: r.facts(o), Details: r.details(o)}
		copies[o] = list[i]
		switch {
		case o == r.target || o.Key.Kind == Default && o.Parent == r.target:
			list[i].Name = r.name
		case r.target.Key.Kind == Namespace && o.Schema == r.target.Name:
			list[i].Schema = r.name
		}
	}
	for i, o := range objects {
		list[i].Parent = copies[o.Parent]
		for _, p := range o.Parts {
			list[i].Parts = append(list[i].Parts, copies[p])
		}
		for _, n := range o.Needs {
			list[i].Needs = append(list[i].Needs, Need{copies[n.On], n.Kind})
		}
		if o == r.target || o.Parent == r.target {
			list[i].setMadeNames()
		}
	}
	return list
}

// isLocal reports whether the name of the target occurs in its own key and definition only: those of a constraint, a
// trigger and the like.
func (r renaming) isLocal() bool {
	switch r.target.Key.Kind {
	case Index, Statistics, Constraint, Trigger, Rule, Policy:
		return true
	}
	return false
}

func (r renaming) key(o *Object) string {
	switch kind := r.target.Key.Kind; {
	case kind == Column && (o == r.target || o.Parent == r.target):
		return r.target.Parent.Key.Name + "." + r.to
	case kind == Column:
		return o.Key.Name
	case r.isLocal() && o != r.target:
		return o.Key.Name
	case r.isLocal():
		return r.rewriteFirst(o.Key.Name)
	}
	if r.target.Key.Kind == Namespace && (o == r.target || o.Key.Kind == DefaultPrivileges && o.Schema == r.target.Name) {
		before, after, _ := strings.Cut(o.Key.Name, " IN SCHEMA "+r.from+" ")
		if o == r.target {
			return r.to
		}
		return before + " IN SCHEMA " + r.to + " " + after
	}
	return r.rewrite(o.Key.Name)
}

// namesObject reports whether the name of a fact ends with the name of another object, such as "triggers on app.account".
func namesObject(fact string) bool {
	return slices.ContainsFunc([]string{"triggers on ", "table ", "filter ", "operator ", "function "}, func(prefix string) bool {
		return strings.HasPrefix(fact, prefix)
	})
}

func (r renaming) details(o *Object) []Fact {
	details := slices.Clone(o.Details)
	for i, d := range details {
		switch {
		case d.Name == "index" && o == r.target:
			details[i].Value = Qualify(o.Parent.Schema, r.name) // named like its constraint
		case r.isLocal() || r.target.Key.Kind == Column:
		case d.Name == "sequence schema" && r.target.Key.Kind == Namespace && d.Value == r.target.Name:
			details[i].Value = r.name
		case slices.Contains([]string{"index", "identity arguments", "result", "left", "right"}, d.Name):
			details[i].Value = r.rewrite(d.Value)
		}
	}
	return details
}

func (r renaming) facts(o *Object) []Fact {
	r.related = slices.ContainsFunc(o.Needs, func(n Need) bool { return n.On == r.target || n.On.Parent == r.target }) || o.Parent == r.target
	facts := slices.Clone(o.Facts)
	for i, f := range facts {
		if FacetOf(f.Name) != 0 || f.Name == "labels" {
			continue
		}
		switch {
		case r.target.Key.Kind == Namespace && o.Key.Kind == Extension && f.Name == "installed in" && f.Value == r.from:
			facts[i].Value = r.to
		case r.target.Key.Kind == Namespace && o.Key.Kind == Publication && f.Name == "schema "+r.from:
			facts[i].Name = "schema " + r.to
		case r.target.Key.Kind == Trigger && isTableKind(o.Key.Kind) && f.Name == "trigger "+r.from && o.inherits(r.target.Parent):
			facts[i].Name = "trigger " + r.to // the copy on a partition
		case r.target.Key.Kind == Column:
			facts[i].Value = r.columnFact(o, f)
		case r.isLocal() && o == r.target:
			facts[i].Value = r.rewriteFirst(f.Value)
		case !r.isLocal():
			facts[i].Value = r.rewrite(f.Value)
			if namesObject(f.Name) {
				facts[i].Name = r.rewrite(f.Name)
			}
		}
	}
	return facts
}

func isTableKind(k Kind) bool { return k == Table || k == ForeignTable }

// inherits reports whether a table is a partition of another one, possibly through others.
func (o *Object) inherits(ancestor *Object) bool {
	return slices.ContainsFunc(o.Needs, func(n Need) bool {
		return isTableKind(n.On.Key.Kind) && n.On != o && o.Fact("partition") != "" && (n.On == ancestor || n.On.inherits(ancestor))
	})
}

// columnFact returns the value of a fact after a column was renamed.
func (r renaming) columnFact(o *Object, f Fact) string {
	table := r.target.Parent
	isPart := o.Parent == table || o.Parent != nil && o.Parent.Parent == table
	definition, references, isKey := strings.Cut(f.Value, " REFERENCES ")
	switch {
	case o == r.target:
		return f.Value
	case f.Name == "owned by" && f.Value == r.target.Key.Name:
		return table.Key.Name + "." + r.to
	case o.Key.Kind == Constraint && isKey:
		// FOREIGN KEY (columns) REFERENCES table(columns) ON DELETE SET NULL (columns)
		if isPart {
			definition = r.rewriteColumn(definition)
		}
		columns, actions, _ := strings.Cut(references, ")")
		if strings.HasPrefix(columns, table.Key.Name+"(") {
			columns = table.Key.Name + r.rewriteColumn(strings.TrimPrefix(columns, table.Key.Name))
		}
		if isPart {
			actions = r.rewriteColumn(actions)
		}
		return definition + " REFERENCES " + columns + ")" + actions
	case isPart || o == table || strings.HasSuffix(f.Name, " "+table.Key.Name):
		return r.rewriteColumn(f.Value)
	}
	return f.Value
}

// rewrite changes qualified names: schema.name for an object in a schema, schema.anything for a schema, and columns of a
// relation, which views call name.column.
func (r renaming) rewrite(text string) string {
	schemaName := QuoteIdent(r.target.Schema)
	return r.tokens(text, func(qualifier, token, after string) bool {
		switch {
		case token != r.from:
			return false
		case r.target.Key.Kind == Namespace:
			return qualifier == "" && after == "."
		case r.target.Schema == "":
			return qualifier == ""
		}
		return qualifier == schemaName || qualifier == "" && after == "." && r.related
	})
}

// rewriteColumn changes the name where it cannot be that of a function or of another table's column.
func (r renaming) rewriteColumn(text string) string {
	table := QuoteIdent(r.target.Parent.Name)
	return r.tokens(text, func(qualifier, token, after string) bool {
		known := qualifier == "" || qualifier == table || qualifier == "old" || qualifier == "new"
		return token == r.from && known && after != "." && after != "("
	})
}

// rewriteFirst changes the first occurrence, which is the name in a key or after CREATE.
func (r renaming) rewriteFirst(text string) string {
	done := false
	return r.tokens(text, func(qualifier, token, after string) bool {
		if done || token != r.from || after == "." {
			return false
		}
		done = true
		return true
	})
}

// tokens replaces the tokens for which match returns true. match gets the name before the token and its dot, or "", and
// the token after it. Texts in quotes that consist of qualified names are rewritten too: those of regclass constants, and
// JSON.
func (r renaming) tokens(text string, match func(qualifier, token, after string) bool) string {
	if !strings.Contains(text, r.from) {
		return text
	}
	tokens := tokenize(text)
	var b strings.Builder
	for i, token := range tokens {
		qualifier, after := "", ""
		if i >= 2 && tokens[i-1] == "." {
			qualifier = tokens[i-2]
		}
		if i+1 < len(tokens) {
			after = tokens[i+1]
		}
		switch {
		case i > 0 && tokens[i-1] == "::" && r.target.Key.Kind == Column: // a type
			b.WriteString(token)
		case match(qualifier, token, after):
			b.WriteString(r.to)
		case isQuotedPath(token):
			b.WriteString(token[:1] + r.tokens(token[1:len(token)-1], match) + token[len(token)-1:])
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

// isQuotedPath reports whether a token is a string or a quoted name that contains a dot between plain names.
func isQuotedPath(token string) bool {
	if len(token) < 3 || token[0] != '\'' && token[0] != '"' {
		return false
	}
	inner := tokenize(token[1 : len(token)-1])
	return len(inner) == 3 && inner[1] == "." && isPlainIdent(inner[0]) && isPlainIdent(inner[2])
}
