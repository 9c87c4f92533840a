package schema

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxName is the length of the longest name in bytes.
const maxName = 63

// ClipName returns a name without its end, so that the given number of bytes can be appended to it.
func ClipName(name string, room int) string { return clip(name, maxName-room) }

// clip cuts a name to a number of bytes, without splitting a character.
func clip(name string, size int) string {
	if len(name) <= size {
		return name
	}
	for size > 0 && !utf8.RuneStart(name[size]) {
		size--
	}
	return name[:size]
}

// madeName is the name that the server makes, by the rule of its makeObjectName: if it is too long, the longer of the two
// names is cut.
func madeName(table, column, label string) string {
	room := maxName - len(label) - 1
	if column != "" {
		room--
	}
	t, c := len(table), len(column)
	for t+c > room {
		if t > c {
			t--
		} else {
			c--
		}
	}
	name := clip(table, t)
	if column != "" {
		name += "_" + clip(column, c)
	}
	return name + "_" + label
}

// IsMadeName reports whether the server can have made the name of an object that belongs to a table and a column, such as
// account_id_not_null with the label not_null; column may be "". If that name was taken, the server adds a number.
func IsMadeName(name, table, column, label string) bool {
	number := name[len(strings.TrimRight(name, "0123456789")):]
	return name == madeName(table, column, label) || number != "" && name == madeName(table, column, label+number)
}

// IsMadeMultirange reports whether the server made the name of the multirange of a range type.
func IsMadeMultirange(name, rangeName string) bool {
	if before, after, found := strings.Cut(rangeName, "range"); found {
		return name == clip(before+"multirange"+after, maxName)
	}
	return name == clip(rangeName, maxName-len("_multirange"))+"_multirange"
}

// setMadeNames sets the facts that are absent while the server made a name, after the object or its table was renamed.
func (o *Object) setMadeNames() {
	set := func(fact string, made bool, value string) {
		o.Facts = slices.DeleteFunc(o.Facts, func(f Fact) bool { return f.Name == fact })
		if !made {
			o.AddFact(fact, value)
		}
	}
	if name := o.Detail("sequence name"); name != "" && o.Parent != nil {
		made := o.Detail("sequence schema") == o.Parent.Schema && IsMadeName(name, o.Parent.Name, o.Name, "seq")
		set("sequence", made, Qualify(o.Detail("sequence schema"), name))
	}
	if name := o.Detail("not null name"); name != "" && o.Detail("not null local") != "false" {
		table, column := o.Name, ""
		if o.Parent != nil {
			table, column = o.Parent.Name, o.Name
		}
		set("not null name", IsMadeName(name, table, column, "not_null"), QuoteIdent(name))
	}
	if name := o.Detail("multirange name"); name != "" {
		set("multirange", IsMadeMultirange(name, o.Name), Qualify(o.Schema, name))
	}
}

// RelationName returns the name, with the schema, that an object has among the relations of that schema: tables, views,
// sequences, composite types and indexes. That of a constraint is the one of its index, and that of an identity column the one of
// its sequence. "": it has none.
func (o *Object) RelationName() string {
	switch o.Key.Kind {
	case Constraint:
		return o.Detail("index")
	case Index, Table, ForeignTable, View, MaterializedView, Sequence:
		return o.Key.Name
	case Type:
		if o.Fact("form") == "composite" {
			return o.Key.Name
		}
	case Column:
		if name := o.Detail("sequence name"); name != "" {
			return Qualify(o.Detail("sequence schema"), name)
		}
	}
	return ""
}

// typeName returns the name, with the schema, that an object has among the types of that schema, or "".
func (o *Object) typeName() string {
	switch o.Key.Kind {
	case Type, Domain, Table, ForeignTable, View, MaterializedView:
		return o.Key.Name
	}
	return ""
}

// Holders returns the objects that have a name which a renaming would give, so that it fails.
func (s *Schema) Holders(r Renaming) []*Object {
	target := s.Object(r.Key)
	if target == nil {
		return nil
	}
	name, namespace := cmp.Or(r.Name, target.Name), cmp.Or(r.Schema, target.Schema)
	key, names := Key{}, []string{Qualify(namespace, name)}
	if namespace == target.Schema {
		key = Key{r.Key.Kind, newRenaming(target, name, map[*Object]bool{target: true}).key(target)}
	} else {
		m := s.newMoving(target, namespace)
		for o := range m.moved {
			if relation := o.RelationName(); relation != "" && o != target {
				names = append(names, m.rewrite(relation))
			}
		}
	}
	relation, kind := target.RelationName() != "" && target.Key.Kind != Column, target.typeName() != ""
	var holders []*Object
	for _, o := range s.Objects {
		if o != target && (o.Key == key || relation && slices.Contains(names, o.RelationName()) || kind && slices.Contains(names, o.typeName())) {
			holders = append(holders, o)
		}
	}
	return holders
}

// isTaken reports whether an object cannot get a name, because another one has it among the relations or types of the schema.
func (s *Schema) isTaken(o *Object, name string) bool {
	relation, kind := o.RelationName() != "" && o.Key.Kind != Column, o.typeName() != ""
	return slices.ContainsFunc(s.Objects, func(other *Object) bool {
		return other != o && (relation && other.RelationName() == name || kind && other.typeName() == name)
	})
}
