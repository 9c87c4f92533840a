package ddl

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

// leavesParent reports whether a table that is kept leaves its partitioned table, possibly to come back.
func (c *change) leavesParent(table *schema.Object) bool {
	to := c.to.Object(table.Key)
	if table.Fact("partition") == "" || to == nil {
		return false
	}
	parent := tableNamed(c.from, list(table.Fact("parents"))[0])
	facts := c.different[table.Key]
	_, bound := facts["partition bound"]
	_, parents := facts["parents"]
	_, partition := facts["partition"]
	return bound || parents || partition || c.dropped[parent]
}

// separateTables writes DETACH and NO INHERIT for tables that are kept, and notes which get a parent.
func (c *change) separateTables() {
	for _, from := range c.from.Objects {
		to := c.to.Object(from.Key)
		if !isTable(from) || to == nil || c.dropped[from] {
			continue
		}
		if from.Fact("partition") != "" || to.Fact("partition") != "" {
			c.separatePartition(from, to)
			continue
		}
		old, now := list(from.Fact("parents")), list(to.Fact("parents"))
		same := 0
		for same < len(old) && same < len(now) && old[same] == now[same] && !c.dropped[tableNamed(c.from, old[same])] {
			same++
		}
		for _, parent := range old[same:] {
			c.detached[from] = true
			c.separate = append(c.separate, Statement{SQL: "ALTER " + from.Key.String() + " NO INHERIT " + parent, Object: from.Key, Does: Alters})
		}
		for _, parent := range now[same:] {
			c.attached[to] = true
			c.new.inherit[to] = append(c.new.inherit[to], parent)
		}
	}
	c.separateTypedTables()
	c.old.separated, c.new.separated = c.detached, c.attached
}

// separateTypedTables writes NOT OF for tables that are kept, before their types change, and notes which are OF a type
// afterwards.
func (c *change) separateTypedTables() {
	c.old.untyped, c.new.untyped = c.untyped, map[*schema.Object]bool{}
	for _, from := range c.from.Objects {
		to := c.to.Object(from.Key)
		if !isTable(from) || to == nil || c.dropped[from] {
			continue
		}
		f, changed := c.different[from.Key]["of type"]
		if changed && f.From != "" {
			c.untyped[from] = true
		}
		if to.Fact("of type") != "" && (changed || c.untyped[from]) {
			c.new.untyped[to] = true
		}
		if c.untyped[from] {
			c.separate = append(c.separate, Statement{SQL: "ALTER " + from.Key.String() + " NOT OF", Object: from.Key, Does: Alters})
		}
	}
}

func (c *change) separatePartition(from, to *schema.Object) {
	leaves := c.leavesParent(from)
	if leaves {
		c.detached[from] = true
		parent := list(from.Fact("parents"))[0]
		c.separate = append(c.separate, Statement{SQL: "ALTER TABLE " + parent + " DETACH PARTITION " + from.Key.Name, Object: from.Key, Does: Alters})
	} else {
		for _, parent := range list(from.Fact("parents")) {
			if from.Fact("partition") == "" {
				c.detached[from] = true
				c.separate = append(c.separate, Statement{SQL: "ALTER " + from.Key.String() + " NO INHERIT " + parent, Object: from.Key, Does: Alters})
			}
		}
	}
	switch {
	case to.Fact("partition") == "":
		for _, parent := range list(to.Fact("parents")) {
			c.attached[to] = true
			c.new.inherit[to] = append(c.new.inherit[to], parent)
		}
	case leaves || from.Fact("partition") == "":
		c.attached[to] = true
		c.new.joins[to] = true
		for _, part := range to.Parts {
			if part.Fact("parent") != "" && !c.new.makes(part) {
				c.new.attachesIndex[part] = true
			}
		}
	}
	if leaves {
		c.keepForeignKeys(from, to)
	}
}

// keepForeignKeys deals with the copies that a table has of its parent's foreign keys: DETACH makes them its own.
func (c *change) keepForeignKeys(from, to *schema.Object) {
	parent := tableNamed(c.from, list(from.Fact("parents"))[0])
	for parent != nil {
		for _, fk := range parent.Parts {
			if !isForeignKey(fk) {
				continue
			}
			copied := c.to.Object(schema.Key{Kind: schema.Constraint, Name: schema.QuoteIdent(fk.Name) + " ON " + to.Key.Name})
			switch {
			case copied != nil && copied.Fact("definition") == fk.Fact("definition"):
				delete(c.new.made, copied)
			case copied == nil || !c.attached[to]:
				sql := "ALTER TABLE " + from.Key.Name + " DROP CONSTRAINT IF EXISTS " + schema.QuoteIdent(fk.Name)
				c.separate = append(c.separate, Statement{SQL: sql, Object: from.Key, Does: Alters})
			}
		}
		parents := list(parent.Fact("parents"))
		if parent.Fact("partition") == "" || len(parents) == 0 {
			return
		}
		parent = tableNamed(c.from, parents[0])
	}
}

// moves reports whether the facts of a table say that it leaves a parent or gets one.
func (c *change) moves(from *schema.Object) bool {
	facts := c.different[from.Key]
	for _, name := range []string{"parents", "partition", "partition bound"} {
		if _, ok := facts[name]; ok {
			return true
		}
	}
	return false
}

// becomesLocal reports whether a column or a check stops to be one of a parent, or becomes one, together with its table:
// NO INHERIT and DETACH make it local, and ATTACH makes it one of the parent.
func (c *change) becomesLocal(from, to *schema.Object) bool {
	if to.Fact("local") == "" {
		return c.moves(from.Parent) && from.Parent.Fact("parents") != ""
	}
	return c.moves(from.Parent) && to.Parent.Fact("partition") != ""
}

// separateSequences writes OWNED BY NONE for sequences that are kept and whose column is dropped or changes.
func (c *change) separateSequences() {
	for _, from := range c.from.Objects {
		to := c.to.Object(from.Key)
		if from.Key.Kind != schema.Sequence || to == nil || c.dropped[from] {
			continue
		}
		owner := c.from.Object(schema.Key{Kind: schema.Column, Name: from.Fact("owned by")})
		_, changed := c.different[from.Key]["owned by"]
		if from.Fact("owned by") != "" && (changed || c.dropped[owner]) {
			c.disowned[from] = true
			c.separate = append(c.separate, Statement{SQL: "ALTER SEQUENCE " + from.Key.Name + " OWNED BY NONE", Object: from.Key, Does: Alters})
		}
		if to.Fact("owned by") != "" && (changed || c.disowned[from]) {
			c.new.owns[to] = true
		}
	}
}

// isAlone reports whether a table of the second schema takes no part in the changes of its parents, because it is new or
// has none or another one.
func (w *writer) isAlone(table *schema.Object) bool {
	return w.makes(table) || w.separated[table]
}

// inheritsChange reports whether a part of a table that is kept changes with the same part of its parents.
func (w *writer) inheritsChange(part *schema.Object) bool {
	return part.Fact("local") == "false" && !w.isAlone(part.Parent)
}

// attaches reports whether a partition is attached.
func (w *writer) attaches(o *schema.Object) bool {
	return w.makes(o) || w.joins[o]
}

// before returns parts of parents that have to be written before an object that inherits from them.
func (w *writer) before(o *schema.Object) []*schema.Object {
	switch {
	case isTable(o) && w.made != nil && w.makes(o) && o.Fact("partition") == "":
		var parts []*schema.Object
		for _, parent := range w.parentsOf(o) {
			if !w.makes(parent) {
				for _, column := range parent.Columns() {
					parts = append(append(parts, column), column.Parts...)
				}
			}
		}
		return parts
	case o.Key.Kind == schema.Column && isTable(o.Parent) && !w.isAlone(o.Parent):
		return slices.DeleteFunc(w.sameColumns(o), func(p *schema.Object) bool { return w.makes(p.Parent) })
	case w.validatesInherited(o) || o.Key.Kind == schema.Constraint && !w.isAlone(o.Parent):
		return w.sameChecks(o)
	}
	return nil
}
