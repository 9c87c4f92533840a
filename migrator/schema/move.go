package schema

import (
	"slices"
	"strings"
)

// Renamed returns the schema as it is after a renaming, and the key that the object has then. The error is a *RenameError.
func (s *Schema) Renamed(r Renaming) (*Schema, Key, error) {
	steps, err := s.RenameSteps(r)
	for _, step := range steps {
		if s, r.Key, err = s.step(step); err != nil {
			return nil, Key{}, err
		}
	}
	return s, r.Key, err
}

// RenameSteps returns a renaming as those of single ALTER statements: a new name or another schema, or both in an order in which
// no other object has the name between them. The error is a *RenameError.
func (s *Schema) RenameSteps(r Renaming) ([]Renaming, error) {
	o := s.Object(r.Key)
	switch {
	case r.Schema == "" || o != nil && r.Schema == o.Schema:
		return []Renaming{{Key: r.Key, Name: r.Name}}, nil
	case o == nil || r.Name == "" || r.Name == o.Name:
		return []Renaming{{Key: r.Key, Schema: r.Schema}}, nil
	}
	var first error
	for _, one := range []Renaming{{Key: r.Key, Schema: r.Schema}, {Key: r.Key, Name: r.Name}} {
		between, key, err := s.step(one)
		if err == nil {
			other := Renaming{Key: key, Name: r.Name}
			if one.Schema == "" {
				other = Renaming{Key: key, Schema: r.Schema}
			}
			if _, _, err = between.step(other); err == nil {
				return []Renaming{one, other}, nil
			}
		}
		first = cmpErr(first, err)
	}
	return nil, first
}

func cmpErr(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

// step applies a new name or another schema.
func (s *Schema) step(r Renaming) (*Schema, Key, error) {
	if r.Schema == "" {
		return s.rename(r.Key, r.Name)
	}
	return s.move(r.Key, r.Schema)
}

// move returns the schema as it is after ALTER … SET SCHEMA, which takes along the indexes of a table and the sequences of its
// columns. A schema that does not exist is added, without any properties.
func (s *Schema) move(key Key, to string) (*Schema, Key, error) {
	target := s.Object(key)
	wrong := func(reason string) (*Schema, Key, error) { return nil, Key{}, &RenameError{key, to, reason, true} }
	switch {
	case target == nil:
		return wrong("no such object")
	case !canMove(target.Key.Kind):
		return wrong("objects of this kind have no schema of their own")
	case target.Fact("form") == "range":
		return wrong("the multirange type of a range type does not move with it")
	case target.Fact("owned by") != "":
		return wrong("it belongs to a column, with whose table it moves")
	}
	m := s.newMoving(target, to)
	for o := range m.moved {
		if name := o.RelationName(); name != "" && o != target && s.isTaken(o, m.rewrite(name)) {
			return wrong(m.rewrite(name) + " already exists")
		}
	}
	if s.isTaken(target, Qualify(to, target.Name)) {
		return wrong("it has an object with that name")
	}
	objects, moved := m.copy(s)
	after, err := New(s.Version, objects, s.Refused, s.Members)
	if err != nil {
		return wrong("it has an object with that name")
	}
	return after, moved.Key, nil
}

// canMove reports whether there is ALTER … SET SCHEMA.
func canMove(k Kind) bool {
	switch k {
	case Table, ForeignTable, View, MaterializedView, Sequence, Type, Domain, Function, Procedure, Aggregate, Operator, OperatorClass, OperatorFamily,
		Collation, Conversion, Statistics, SearchParser, SearchTemplate, SearchDictionary, SearchConfiguration:
		return true
	}
	return false
}

// moving rewrites keys and facts.
type moving struct {
	target     *Object
	to         string           // the schema, not quoted
	moved      map[*Object]bool // the target, its parts, and the sequences of its columns
	names      map[string]bool  // qualified names of what is moved
	overloaded bool             // there are routines with the same name and other arguments
}

func (s *Schema) newMoving(target *Object, to string) *moving {
	m := &moving{target: target, to: to, moved: map[*Object]bool{}, names: map[string]bool{Qualify(target.Schema, target.Name): true}}
	if target.Key.Kind == Operator {
		m.names[QuoteIdent(target.Schema)+"."+target.Name] = true
	}
	m.add(s, target)
	m.overloaded = slices.ContainsFunc(s.Objects, func(o *Object) bool {
		return o != target && o.Parent == nil && isRoutine(o.Key.Kind) && isRoutine(target.Key.Kind) && o.Schema == target.Schema && o.Name == target.Name
	})
	return m
}

func isRoutine(k Kind) bool { return k == Function || k == Procedure || k == Aggregate }

// add adds an object with what goes along.
func (m *moving) add(s *Schema, o *Object) {
	m.moved[o] = true
	if name := o.RelationName(); name != "" {
		m.names[name] = true
	}
	for _, p := range o.Parts {
		if p.Key.Kind != Statistics {
			m.add(s, p)
		}
	}
	if o.Key.Kind == Column && o.Parent.Key.Kind == Table {
		for _, sequence := range s.Dependents(o) {
			if sequence.Key.Kind == Sequence && sequence.Fact("owned by") == o.Key.Name {
				m.add(s, sequence)
			}
		}
	}
}

// copy returns copies of all objects, and the one of the target.
func (m *moving) copy(s *Schema) (list []*Object, target *Object) {
	copies := make(map[*Object]*Object, len(s.Objects))
	for _, o := range s.Objects {
		c := &Object{Key: Key{o.Key.Kind, m.key(o)}, Schema: o.Schema, Name: o.Name, Facts: m.facts(o), Details: m.details(o)}
		if m.moved[o] {
			c.Schema = m.to
		}
		copies[o] = c
		list = append(list, c)
	}
	namespace := copies[s.Object(Key{Namespace, QuoteIdent(m.to)})]
	if namespace == nil && m.to != "public" { // public is not an object
		namespace = &Object{Key: Key{Namespace, QuoteIdent(m.to)}, Name: m.to}
		list = append(list, namespace)
	}
	for o, c := range copies {
		c.Parent = copies[o.Parent]
		for _, p := range o.Parts {
			c.Parts = append(c.Parts, copies[p])
		}
		for _, n := range o.Needs {
			if !m.moved[o] || n.On.Key.Kind != Namespace {
				c.Needs = append(c.Needs, Need{copies[n.On], n.Kind})
			}
		}
		isIdentity := o.Key.Kind == Column && o.Detail("sequence name") != ""
		if m.moved[o] && namespace != nil && (o == m.target || o.Key.Kind == Sequence || isIdentity) {
			c.Needs = append(c.Needs, Need{namespace, 'n'})
		}
	}
	for o := range m.moved {
		copies[o].setMadeNames()
	}
	return list, copies[m.target]
}

func (m *moving) key(o *Object) string {
	if m.moved[o] {
		return m.rewrite(o.Key.Name)
	}
	if o.Parent != nil || !strings.ContainsAny(o.Key.Name, "( ") {
		return o.Key.Name
	}
	// Its own name stays; those of its arguments may change.
	name, arguments, _ := strings.Cut(o.Key.Name, "(")
	return name + m.rewrite(o.Key.Name[len(name):len(o.Key.Name)-len(arguments)]+arguments)
}

func (m *moving) details(o *Object) []Fact {
	details := slices.Clone(o.Details)
	for i, d := range details {
		switch d.Name {
		case "sequence schema":
			if m.moved[o] {
				details[i].Value = m.to
			}
		case "index", "identity arguments", "result", "left", "right":
			if d.Name != "index" || m.moved[o] {
				details[i].Value = m.rewrite(d.Value)
			}
		}
	}
	return details
}

func (m *moving) facts(o *Object) []Fact {
	facts := slices.Clone(o.Facts)
	if m.overloaded && o != m.target && !slices.ContainsFunc(o.Needs, func(n Need) bool { return n.On == m.target }) {
		return facts // it means another one
	}
	for i, f := range facts {
		if FacetOf(f.Name) != 0 || f.Name == "labels" {
			continue
		}
		facts[i].Value = m.rewrite(f.Value)
		if namesObject(f.Name) {
			facts[i].Name = m.rewrite(f.Name)
		}
	}
	return facts
}

// rewrite changes the schema of qualified names.
func (m *moving) rewrite(text string) string {
	if !strings.Contains(text, QuoteIdent(m.target.Schema)+".") {
		return text
	}
	tokens := tokenize(text)
	var b strings.Builder
	for i := 0; i < len(tokens); i++ {
		token := tokens[i]
		switch {
		case hasTokens(tokens, i+1, ".") && i+2 < len(tokens) && (i == 0 || tokens[i-1] != ".") && m.names[token+"."+tokens[i+2]]:
			b.WriteString(QuoteIdent(m.to) + "." + tokens[i+2])
			i += 2
		case isQuotedPath(token):
			b.WriteString(token[:1] + m.rewrite(token[1:len(token)-1]) + token[len(token)-1:])
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}
