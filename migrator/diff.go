package migrator

import (
	"context"
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// DiffOptions say what Diff compares.
type DiffOptions struct {
	Owners     bool // compare owners
	Privileges bool // compare privileges, default privileges included
	// Ignore are patterns for the names of objects that are left out on both sides; see WithoutMatches.
	Ignore []string
	// Renames are applied to the first schema before it is compared: "public.account.nick:nickname" for a column, and
	// "public.customer:client" for a table or another object. The part before the colon is the name as a difference shows it.
	Renames []string
}

// SchemaDiff is the difference between two schemas.
type SchemaDiff struct {
	From, To *schema.Schema // without what is ignored, and From with the renames
	// Differences are sorted by kind and name. An object that is part of a new or a removed one is not listed.
	Differences []schema.Difference
	// PossibleRenames are pairs among the differences that look like one object with a new name. They are never assumed.
	PossibleRenames []PossibleRename
}

// PossibleRename is an object that is only in the first schema, and one that is only in the second.
type PossibleRename struct {
	From, To schema.Key
	Rename   string // for DiffOptions.Renames
}

// Equal reports whether no difference was found. Objects that cannot be compared, because the servers print them in
// different ways, are no differences.
func (d *SchemaDiff) Equal() bool {
	return !slices.ContainsFunc(d.Differences, func(o schema.Difference) bool { return o.Change != schema.NotComparable })
}

// Diff compares two schemas. Nothing is written. Errors: those of Schema, *SchemaError for objects that are not as they
// should be, and *ConfigError for a pattern or a rename.
func (m *Migrator) Diff(ctx context.Context, from, to SchemaSource, o DiffOptions) (*SchemaDiff, error) {
	if _, err := matcher("ignore", o.Ignore); err != nil {
		return nil, err
	}
	for _, r := range o.Renames {
		if _, _, err := cutRename(r); err != nil {
			return nil, err
		}
	}
	found, err := m.schemas(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return DiffSchemas(found[0], found[1], o)
}

// DiffSchemas is Diff for schemas that were read before.
func DiffSchemas(from, to *schema.Schema, o DiffOptions) (*SchemaDiff, error) {
	d := &SchemaDiff{}
	var err error
	for _, side := range []struct {
		result *(*schema.Schema)
		schema *schema.Schema
	}{{&d.From, from}, {&d.To, to}} {
		if *side.result, err = WithoutMatches(side.schema, o.Ignore...); err != nil {
			return nil, err
		}
		if damaged := (*side.result).Damaged(); len(damaged) > 0 {
			return nil, &SchemaError{Problem: SchemaDamaged, Refused: damaged}
		}
	}
	for _, r := range o.Renames {
		if d.From, err = rename(d.From, r); err != nil {
			return nil, err
		}
	}
	except := map[bool]schema.Facet{false: schema.Owner | schema.Privileges, true: schema.Privileges}[o.Owners]
	if o.Privileges {
		except &^= schema.Privileges
	}
	d.Differences = d.From.Compare(d.To, except)
	d.PossibleRenames = possibleRenames(d)
	return d, nil
}

// rename applies OLD:NEW to a schema. The error is a *ConfigError.
func rename(s *schema.Schema, text string) (*schema.Schema, error) {
	wrong := func(reason string) error { return &ConfigError{Setting: "rename", Value: text, Reason: reason} }
	old, name, err := cutRename(text)
	if err != nil {
		return nil, err
	}
	var found []*schema.Object
	for _, o := range s.Objects {
		if o.Key.Name == old && o.Key.Kind != schema.Default {
			found = append(found, o)
		}
	}
	switch {
	case len(found) == 0:
		return nil, wrong("the first schema has no object " + old + "; its name is as the differences show it")
	case len(found) > 1:
		return nil, wrong("the first schema has several objects with that name: " + found[0].Key.String() + " and " + found[1].Key.String())
	}
	renamed, err := s.Rename(found[0].Key, unquoted(name))
	if err != nil {
		return nil, wrong(err.Error())
	}
	return renamed, nil
}

// cutRename splits OLD:NEW. The error is a *ConfigError.
func cutRename(text string) (old, name string, err error) {
	i := strings.LastIndex(text, ":")
	if i <= 0 || i == len(text)-1 {
		return "", "", &ConfigError{Setting: "rename", Value: text, Reason: "an old and a new name are required, such as public.account.nick:nickname"}
	}
	return text[:i], text[i+1:], nil
}

// unquoted returns a name without its double quotes.
func unquoted(name string) string {
	if len(name) > 2 && strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) {
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}

// maxRenameTries limits the work for schemas that have nothing to do with each other.
const maxRenameTries = 200

// possibleRenames finds pairs that look like renames: a column that was removed from a table, and one of the same type that
// was added to it; and other objects that are equal once the first has the name of the second.
func possibleRenames(d *SchemaDiff) []PossibleRename {
	var list []PossibleRename
	tries := 0
	for _, removed := range d.Differences {
		if removed.Change != schema.Removed {
			continue
		}
		from := d.From.Object(removed.Key)
		for _, added := range d.Differences {
			if added.Change != schema.Added || added.Key.Kind != removed.Key.Kind || tries == maxRenameTries {
				continue
			}
			if to := d.To.Object(added.Key); isAlike(from, to) {
				tries++
				if from.Key.Kind == schema.Column || isRename(d, from, to) {
					list = append(list, PossibleRename{from.Key, to.Key, from.Key.Name + ":" + schema.QuoteIdent(to.Name)})
				}
			}
		}
	}
	return list
}

// isAlike reports whether two objects of a kind may be one with two names, as far as can be told at a glance.
func isAlike(from, to *schema.Object) bool {
	switch {
	case from.Name == "" || from.Name == to.Name || from.Schema != to.Schema:
		return false
	case (from.Parent == nil) != (to.Parent == nil), from.Parent != nil && from.Parent.Key != to.Parent.Key:
		return false
	case from.Key.Kind == schema.Column:
		return from.Fact("type") == to.Fact("type")
	}
	return len(from.Facts) == len(to.Facts) && len(from.Parts) == len(to.Parts)
}

// isRename reports whether an object is equal to another once it has its name.
func isRename(d *SchemaDiff, from, to *schema.Object) bool {
	renamed, err := d.From.Rename(from.Key, to.Name)
	if err != nil {
		return false
	}
	for _, left := range renamed.Compare(d.To, schema.AllFacets) {
		for o := d.To.Object(left.Key); o != nil; o = o.Parent {
			if o == to {
				return false
			}
		}
		for o := renamed.Object(left.Key); o != nil; o = o.Parent {
			if o.Key == to.Key {
				return false
			}
		}
	}
	return true
}
