package prove

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// inspection looks at what revisions have made.
type inspection struct {
	*made
	schema *schema.Schema
	by     map[schema.Key]*revision.Revision // what made or replaced an object; others are not looked at
	order  map[*revision.Revision]int
	sizes  *rehearse.Sizes
	found  []rehearse.Finding
}

// findings returns what is wrong with the objects of a schema that revisions have made. order is that of the revisions.
// Sizes may be nil.
func (m *made) findings(s *schema.Schema, by map[schema.Key]*revision.Revision, order map[*revision.Revision]int, sizes *rehearse.Sizes) []rehearse.Finding {
	i := &inspection{made: m, schema: s, by: by, order: order, sizes: sizes}
	for _, k := range m.foreignKeys {
		i.foreignKey(k)
	}
	for n, x := range m.indexes {
		if !x.valid {
			i.invalid(x)
		}
		i.duplicate(x, m.indexes[:n])
	}
	for _, f := range m.functions {
		i.function(f)
	}
	return i.found
}

// add adds a finding about an object that a revision has made.
func (i *inspection) add(by *revision.Revision, about schema.Key, f rehearse.Finding) {
	f.Revision, f.Object = by.ID, about.Name
	f.Pos = position(by.Up, i.schema.Object(about))
	i.found = append(i.found, f)
}

func (i *inspection) foreignKey(k foreignKey) {
	key := schema.Key{Kind: schema.Constraint, Name: schema.QuoteIdent(k.name) + " ON " + schema.Qualify(k.schema, k.table)}
	by := i.by[key]
	if by == nil {
		return
	}
	table, refers := schema.Qualify(k.schema, k.table), schema.Qualify(k.refSchema, k.refTable)
	why := "whenever a row of " + refers + " is deleted, or its key changes, all of " + table + " is read"
	if k.onDelete == "c" || k.onDelete == "n" {
		why = "whenever a row of " + refers + " is deleted, all of " + table + " is read for the rows that refer to it"
	}
	f := rehearse.Finding{
		Rule: rehearse.ForeignKeyIndex, Severity: rehearse.Note,
		Text: "no index of " + table + " begins with the columns of foreign key " + schema.QuoteIdent(k.name) + " (" + k.columns + ")",
		Why:  why,
	}
	f.Table = table
	if i.sizes != nil {
		f.Size = i.sizes.Tables[table]
	}
	large := f.Size.Known && f.Size.Bytes >= rehearse.Small // then the index is missed, and building it is noticed
	if large {
		f.Severity = rehearse.Warning
	}
	o := i.schema.Object(schema.Key{Kind: schema.Table, Name: table})
	switch {
	case o != nil && o.Fact("partition key") != "": // CONCURRENTLY is not for partitioned tables
		f.Safe = "create an index of " + table + " that begins with " + k.columns
	case large:
		f.Safe = "CREATE INDEX CONCURRENTLY ON " + table + " (" + k.columns + "), in a separate revision with transaction: off"
	default:
		f.Safe = "CREATE INDEX ON " + table + " (" + k.columns + ")"
	}
	i.add(by, key, f)
}

// keyOf returns the object that an index is, or belongs to.
func (i *inspection) keyOf(x index) schema.Key {
	name := schema.Qualify(x.schema, x.name)
	if key := (schema.Key{Kind: schema.Index, Name: name}); i.schema.Object(key) != nil {
		return key
	}
	for _, o := range i.schema.Objects {
		if o.Key.Kind == schema.Constraint && o.Detail("index") == name {
			return o.Key
		}
	}
	return schema.Key{}
}

func (i *inspection) invalid(x index) {
	key := i.keyOf(x)
	by := i.by[key]
	if by == nil {
		return
	}
	f := rehearse.Finding{
		Rule: rehearse.InvalidIndex, Severity: rehearse.Warning,
		Text: "index " + schema.Qualify(x.schema, x.name) + " is invalid", Why: "queries do not use it, and every write maintains it",
		Safe: "drop it, and build it again: REINDEX INDEX CONCURRENTLY " + schema.Qualify(x.schema, x.name),
	}
	if x.partitioned {
		f.Why = "not every partition has its part of it, so that it is not used for the table as a whole, and a constraint cannot be based on it"
		f.Safe = "create an index on each partition, and ALTER INDEX " + schema.Qualify(x.schema, x.name) + " ATTACH PARTITION for each"
	}
	i.add(by, key, f)
}

// duplicate reports an index that another one of the earlier ones makes superfluous, or that makes an earlier one so.
func (i *inspection) duplicate(x index, others []index) {
	for _, y := range others {
		if x.relation != y.relation || i.newer(x, y) == nil {
			continue
		}
		switch {
		case x.equals(y) && x.redundant() && (!y.redundant() || i.newer(x, y) == i.by[i.keyOf(x)]):
			i.superfluous(x, y, rehearse.Warning, " has the same definition as ")
		case x.equals(y) && y.redundant():
			i.superfluous(y, x, rehearse.Warning, " has the same definition as ")
		case x.isPrefixOf(y):
			i.superfluous(x, y, rehearse.Note, " has only the first columns of ")
		case y.isPrefixOf(x):
			i.superfluous(y, x, rehearse.Note, " has only the first columns of ")
		}
	}
}

// newer returns the later of the revisions that have made two indexes, or nil if none of them has.
func (i *inspection) newer(x, y index) *revision.Revision {
	one, other := i.by[i.keyOf(x)], i.by[i.keyOf(y)]
	if one == nil || other != nil && i.order[other] > i.order[one] {
		return other
	}
	return one
}

func (i *inspection) superfluous(less, more index, severity rehearse.Severity, words string) {
	by, key := i.newer(less, more), i.keyOf(less)
	if i.by[key] != by {
		key = i.keyOf(more)
	}
	name, other := schema.Qualify(less.schema, less.name), schema.Qualify(more.schema, more.name)
	i.add(by, key, rehearse.Finding{
		Rule: rehearse.DuplicateIndex, Severity: severity, Text: "index " + name + words + other,
		Why: "every write maintains both, and queries can use " + other + " alone", Safe: "do without " + name,
	})
}

// equals reports whether two indexes have the same rows in the same order.
func (x index) equals(y index) bool {
	return x.method == y.method && x.keyColumns == y.keyColumns && slices.Equal(x.keys, y.keys) && slices.Equal(x.classes, y.classes) &&
		slices.Equal(x.collations, y.collations) && slices.Equal(x.options, y.options) && x.predicate == y.predicate && x.expressions == y.expressions &&
		!x.excludes && !y.excludes
}

// redundant reports whether an index has no purpose if another one has the same rows.
func (x index) redundant() bool { return !x.unique && !x.excludes && !x.marked }

// isPrefixOf reports whether a query that can use x can use y.
func (x index) isPrefixOf(y index) bool {
	n := x.keyColumns
	return x.redundant() && x.valid && y.valid && x.method == "btree" && y.method == "btree" && n < y.keyColumns && n == len(x.keys) && x.expressions == "" && y.expressions == "" && x.predicate == y.predicate &&
		slices.Equal(x.keys, y.keys[:n]) && slices.Equal(x.classes, y.classes[:n]) && slices.Equal(x.collations, y.collations[:n]) && slices.Equal(x.options, y.options[:n])
}

func (i *inspection) function(f function) {
	key := schema.Key{Kind: schema.Function, Name: schema.Qualify(f.schema, f.name) + "(" + f.types + ")"}
	if i.schema.Object(key) == nil {
		key.Kind = schema.Procedure
	}
	by := i.by[key]
	if by == nil {
		return
	}
	kind := strings.ToUpper(key.Kind.String())
	set := "ALTER " + kind + " " + key.Name + " SET search_path = " + schema.QuoteIdent(f.schema) + ", pg_temp"
	switch {
	case f.definer && f.path.Null:
		severity := rehearse.Danger
		if !f.public {
			severity = rehearse.Warning
		}
		i.add(by, key, rehearse.Finding{
			Rule: rehearse.SearchPath, Severity: severity, Text: "SECURITY DEFINER " + strings.ToLower(kind) + " " + key.Name + " does not set search_path",
			Why:  "it has the privileges of its owner, and who calls it decides by search_path and by temporary objects which tables, functions and operators its names mean",
			Safe: set,
		})
	case f.definer && f.path.Text != `""` && !strings.Contains(f.path.Text, "pg_temp"):
		i.add(by, key, rehearse.Finding{
			Rule: rehearse.SearchPath, Severity: rehearse.Note, Text: "the search_path of SECURITY DEFINER " + strings.ToLower(kind) + " " + key.Name + " does not end with pg_temp",
			Why:  "temporary tables and types are found first if it is not named, and who calls it can create some with the names of its tables",
			Safe: "ALTER " + kind + " " + key.Name + " SET search_path = " + strings.TrimSuffix(f.path.Text, ", ") + ", pg_temp",
		})
	case f.usedBy != "" && f.path.Null:
		if name := i.unqualified(f.body); name != "" {
			i.add(by, key, rehearse.Finding{
				Rule: rehearse.SearchPath, Severity: rehearse.Warning, Text: strings.ToLower(kind) + " " + key.Name + " finds " + schema.QuoteIdent(name) + " by search_path, and " + f.usedBy + " uses it",
				Why:  "pg_restore, and since PostgreSQL 17 also REINDEX, ANALYZE, REFRESH and autovacuum, run it with a search_path that has pg_catalog only, and fail",
				Safe: "qualify the name, or " + set,
			})
		}
	}
}

// unqualified returns a name in the body of a function that only search_path leads to an object: that of a function that is
// called, or of a relation after FROM, JOIN, INTO or UPDATE. It returns "" if there is none.
func (i *inspection) unqualified(body string) string {
	var tokens []sqltext.Token
	for t := range sqltext.Tokens(body) {
		if t.Kind != sqltext.Space && t.Kind != sqltext.Comment {
			tokens = append(tokens, t)
		}
	}
	text := func(n int) string {
		if n < 0 || n >= len(tokens) {
			return ""
		}
		return body[tokens[n].Start:tokens[n].End]
	}
	for n, t := range tokens {
		name := ""
		switch t.Kind {
		case sqltext.Word:
			name = strings.ToLower(text(n))
		case sqltext.QuotedName:
			name = strings.ReplaceAll(strings.Trim(text(n), `"`), `""`, `"`)
		}
		if name == "" || text(n-1) == "." || text(n+1) == "." {
			continue
		}
		switch strings.ToUpper(text(n - 1)) {
		case "FROM", "JOIN", "INTO", "UPDATE":
			if i.relationNames[name] {
				return name
			}
		}
		if text(n+1) == "(" && i.functionNames[name] {
			return name
		}
	}
	return ""
}
