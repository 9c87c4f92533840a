package migrator

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/draft"
	"example.com/ambix/migrator/internal/text"
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
	// "public.customer:sales.customer" moves an object to another schema, and "public.customer:sales.client" also renames it.
	Renames []string
	// Destructive lets Statements drop and make again a table that cannot be altered, with all its rows. Otherwise such a
	// table is refused.
	Destructive bool
}

// SchemaDiff is the difference between two schemas.
type SchemaDiff struct {
	From, To *schema.Schema // without what is ignored, and From with the renames
	// Differences are sorted by kind and name. An object that is part of a new or a removed one is not listed.
	Differences []schema.Difference
	// PossibleRenames are pairs among the differences that look like one object with a new name. They are never assumed.
	PossibleRenames []PossibleRename

	// Unused are the patterns of Ignore that match no object of either schema.
	Unused []string

	options DiffOptions
	first   string            // what the error about a rename calls the first schema; "" if it has no other name
	before  *schema.Schema    // From without the renames
	renames []schema.Renaming // of options.Renames
}

// PossibleRename is an object that is only in the first schema, and may have another name in the second; see
// schema.RenameCandidates.
type PossibleRename struct {
	schema.Renaming
	Rename string // for DiffOptions.Renames
	// Likeness is how much alike the two names are, from 0 to 1.
	Likeness float64

	owned bool // a sequence of a column
}

// Equal reports whether no difference was found, and nothing has to be renamed. Objects that cannot be compared, because the
// servers print them in different ways, are no differences.
func (d *SchemaDiff) Equal() bool {
	return len(d.renames) == 0 && !slices.ContainsFunc(d.Differences, func(o schema.Difference) bool { return o.Change != schema.NotComparable })
}

// Diff compares two schemas. Nothing is written. Errors: those of Schema, *SchemaError for objects that are not as they
// should be, and *ConfigError for a pattern or a rename.
func (m *Migrator) Diff(ctx context.Context, from, to SchemaSource, o DiffOptions) (*SchemaDiff, error) {
	if err := checkDiffOptions(o.Ignore, o.Renames); err != nil {
		return nil, err
	}
	found, err := m.schemas(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return DiffSchemas(found[0], found[1], o)
}

// DiffSchemas is Diff for schemas that were read before.
func DiffSchemas(from, to *schema.Schema, o DiffOptions) (*SchemaDiff, error) {
	d := &SchemaDiff{options: o, Unused: UnusedPatterns(o.Ignore, from, to)}
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
	d.before = d.From
	for _, r := range o.Renames {
		if _, err := d.rename(r); err != nil {
			return nil, err
		}
	}
	d.compare()
	return d, nil
}

// checkDiffOptions checks patterns and the form of renames. The error is a *ConfigError.
func checkDiffOptions(ignore, renames []string) error {
	_, err := matcher("ignore", ignore)
	for _, r := range renames {
		if err == nil {
			_, _, err = cutRename(r)
		}
	}
	return err
}

// compare finds the differences between the schemas as they are now.
func (d *SchemaDiff) compare() {
	d.Differences, d.PossibleRenames = d.From.Compare(d.To, d.options.except()...), nil
	for _, r := range d.From.RenameCandidates(d.To) {
		from := d.From.Object(r.Key)
		d.PossibleRenames = append(d.PossibleRenames, PossibleRename{r, r.Key.Name + ":" + r.To(), text.Likeness(from.Name, r.Name), from.Fact("owned by") != ""})
	}
	sort.SliceStable(d.PossibleRenames, func(i, j int) bool {
		a, b := d.PossibleRenames[i], d.PossibleRenames[j]
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(b.Likeness, a.Likeness)) < 0
	})
}

// except returns what is not compared.
func (o DiffOptions) except() []schema.Facet {
	var except []schema.Facet
	if !o.Owners {
		except = append(except, schema.Owner)
	}
	if !o.Privileges {
		except = append(except, schema.Privileges)
	}
	return except
}

// Renames returns the renames of DiffOptions, which are still to be done in a database with the first schema.
func (d *SchemaDiff) Renames() []schema.Renaming { return d.renames }

// Statements returns the statements that turn a database with the first schema into one with the second, in order; none if
// they are equal. Their marks say what becomes of rows. The error is a *SchemaError.
func (d *SchemaDiff) Statements() ([]ddl.Statement, error) {
	o := ddl.Options{Owners: d.options.Owners, Privileges: d.options.Privileges, Destructive: d.options.Destructive, Renames: d.renames}
	statements, err := ddl.Change(d.before, d.To, o)
	return statements, newError(err)
}

// Locks returns the strongest lock that one of the statements takes on each relation which is there before them, the strongest
// one first. The error is a *SchemaError.
func (d *SchemaDiff) Locks() ([]ddl.Lock, error) {
	statements, err := d.Statements()
	return ddl.StrongestLocks(statements), err
}

// SQL returns the statements as a script, with a comment before each statement that needs attention. The error is a
// *SchemaError.
func (d *SchemaDiff) SQL() (string, error) {
	statements, err := d.Statements()
	if err != nil {
		return "", err
	}
	return draft.Script(statements), nil
}

// rename applies OLD:NEW to the first schema, and returns the key of the object after it. The error is a *ConfigError.
func (d *SchemaDiff) rename(text string) (schema.Key, error) {
	wrong := func(reason string) (schema.Key, error) {
		return schema.Key{}, &ConfigError{Setting: "rename", Value: text, Reason: reason}
	}
	old, parts, err := cutRename(text)
	if err != nil {
		return schema.Key{}, err
	}
	var found []*schema.Object
	for _, o := range d.From.Objects {
		if o.Key.Name == old && o.Key.Kind != schema.Default {
			found = append(found, o)
		}
	}
	switch {
	case len(found) == 0:
		return wrong(cmp.Or(d.first, "the first schema") + " has no object " + old + "; its name is as the differences show it")
	case len(found) > 1:
		return wrong(cmp.Or(d.first, "the first schema") + " has several objects with that name: " + found[0].Key.String() + " and " + found[1].Key.String())
	}
	name := parts[len(parts)-1]
	r := schema.Renaming{Key: found[0].Key, Name: name}
	isPart := found[0].Parent != nil && found[0].Key.Kind != schema.Statistics
	switch {
	case len(parts) > 1 && isPart || len(parts) > 2:
		return wrong("the new name comes without schema and table: " + old + ":" + schema.QuoteIdent(name))
	case len(parts) == 2:
		r.Schema = parts[0]
	}
	renamed, key, err := d.From.Renamed(r)
	if err != nil {
		return wrong(err.Error())
	}
	d.From, d.renames = renamed, append(d.renames, r)
	return key, nil
}

// apply applies a rename to the first schema.
func (d *SchemaDiff) apply(r schema.Renaming) error {
	renamed, _, err := d.From.Renamed(r)
	if err == nil {
		d.From, d.renames = renamed, append(d.renames, r)
	}
	return err
}

// cutRename splits OLD:NEW, and NEW at its dots. The error is a *ConfigError.
func cutRename(text string) (old string, parts []string, err error) {
	i := colonOfRename(text)
	if i > 0 {
		parts = splitName(text[i+1:])
	}
	if i <= 0 || len(parts) == 0 {
		return "", nil, &ConfigError{Setting: "rename", Value: text, Reason: "an old and a new name are required, such as public.account.nick:nickname"}
	}
	return text[:i], parts, nil
}

// colonOfRename returns the index of the last colon outside of quotes, or -1.
func colonOfRename(text string) int {
	colon, quoted := -1, false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ':' && !quoted:
			colon = i
		}
	}
	return colon
}

// splitName splits a name at its dots, and takes the double quotes away. It returns nil if a part is empty.
func splitName(text string) []string {
	var parts []string
	quoted, start := false, 0
	for i := range len(text) + 1 {
		switch {
		case i < len(text) && text[i] == '"':
			quoted = !quoted
		case i == len(text) || text[i] == '.' && !quoted:
			part := text[start:i]
			if len(part) > 2 && strings.HasPrefix(part, `"`) && strings.HasSuffix(part, `"`) {
				part = strings.ReplaceAll(part[1:len(part)-1], `""`, `"`)
			}
			if part == "" {
				return nil
			}
			parts, start = append(parts, part), i+1
		}
	}
	return parts
}
