package ddl

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

// renamer renames objects, with the schema that is there after each.
type renamer struct {
	from, to   *schema.Schema
	statements []Statement
}

func (r *renamer) rename(one schema.Renaming) error {
	steps, err := r.from.RenameSteps(one)
	for _, step := range steps {
		after, _, failed := r.from.Renamed(step)
		if failed != nil {
			return failed
		}
		o := r.from.Object(step.Key)
		sql := renameSQL(o, step.Name)
		if step.Schema != "" {
			r.createSchema(after, step.Schema)
			sql = "ALTER " + sqlName(o) + " SET SCHEMA " + schema.QuoteIdent(step.Schema)
		}
		r.statements = append(r.statements, Statement{SQL: sql, Object: step.Key, Does: Alters})
		r.from = after
	}
	return err
}

// createSchema creates a schema that does not exist yet, for what moves there. What belongs to it is altered later.
func (r *renamer) createSchema(after *schema.Schema, name string) {
	key := schema.Key{Kind: schema.Namespace, Name: schema.QuoteIdent(name)}
	if o := after.Object(key); o != nil && r.from.Object(key) == nil {
		r.statements = append(r.statements, Statement{SQL: "CREATE SCHEMA " + key.Name, Object: key, Does: Creates})
	}
}

func renameSQL(o *schema.Object, name string) string {
	quoted := schema.QuoteIdent(name)
	switch o.Key.Kind {
	case schema.Column:
		if o.Parent.Key.Kind == schema.Type {
			return "ALTER TYPE " + o.Parent.Key.Name + " RENAME ATTRIBUTE " + schema.QuoteIdent(o.Name) + " TO " + quoted + " CASCADE"
		}
		return "ALTER " + o.Parent.Key.String() + " RENAME COLUMN " + schema.QuoteIdent(o.Name) + " TO " + quoted
	case schema.Constraint:
		return "ALTER " + o.Parent.Key.String() + " RENAME CONSTRAINT " + schema.QuoteIdent(o.Name) + " TO " + quoted
	}
	return "ALTER " + sqlName(o) + " RENAME TO " + quoted
}

// renameIndexesOfPartitions gives indexes and keys of partitions the names of the second schema, at all levels. The server
// names them after the table and the columns, so that they differ once one of those was renamed, and a partition has one
// index for each of its parent, which cannot be dropped alone.
func (r *renamer) renameIndexesOfPartitions() {
	for {
		one, found := r.nextIndex()
		if !found || r.rename(one) != nil {
			return
		}
	}
}

// nextIndex returns the rename of an index whose parent is the same in both schemas, and that of no other index.
func (r *renamer) nextIndex() (one schema.Renaming, found bool) {
	indexes := indexesByName(r.from)
	for _, o := range r.from.Objects {
		parent := indexes[o.Fact("parent")]
		if parent == nil || r.to.Object(o.Key) != nil {
			continue
		}
		now, table := r.to.Object(parent.Key), r.to.Object(o.Parent.Key)
		if now == nil || table == nil || definition(now) != definition(parent) {
			continue
		}
		i := slices.IndexFunc(table.Parts, func(p *schema.Object) bool { return p.Fact("parent") == o.Fact("parent") && p.Key.Kind == o.Key.Kind })
		if i >= 0 && r.from.Object(table.Parts[i].Key) == nil {
			return schema.Renaming{Key: o.Key, Name: table.Parts[i].Name}, true
		}
	}
	return one, false
}

// indexesByName returns the indexes, and the constraints that have one.
func indexesByName(s *schema.Schema) map[string]*schema.Object {
	indexes := map[string]*schema.Object{}
	for _, o := range s.Objects {
		if o.Key.Kind == schema.Index || o.Key.Kind == schema.Constraint && o.Detail("index") != "" {
			indexes[indexName(o)] = o
		}
	}
	return indexes
}
