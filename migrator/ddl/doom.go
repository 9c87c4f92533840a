package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

func isTable(o *schema.Object) bool {
	return o.Key.Kind == schema.Table || o.Key.Kind == schema.ForeignTable
}

// doom drops an object with everything that depends on it.
func (c *change) doom(o *schema.Object, reason string) {
	if c.dropped[o] {
		return
	}
	if isGenerated(o) && !c.dropped[o.Parent] {
		c.doom(o.Parent, reason)
		return
	}
	c.dropped[o] = true
	c.reasons[o] = reason
	if parent := c.parentIndex(o); parent != nil {
		c.doom(parent, "the index of a partition cannot be dropped alone")
	}
	for _, part := range o.Parts {
		c.doom(part, reason)
	}
	becomes := "dropped"
	if c.to.Object(o.Key) != nil {
		becomes = "made again"
	}
	for _, dependent := range c.from.Dependents(o) {
		if !c.spare(o, dependent) {
			c.doom(dependent, "it depends on "+o.Key.String()+", which is "+becomes)
		}
	}
}

// spare reports whether an object that depends on one that is dropped remains, and arranges for that.
func (c *change) spare(o, dependent *schema.Object) bool {
	if dependent == o.Parent {
		return true
	}
	to := c.to.Object(dependent.Key)
	switch kind := dependent.Key.Kind; {
	case c.isAlteredAttribute(dependent, to) && o.Key.Kind != schema.Column:
		c.late[o] = true
		return true
	case kind == schema.Publication:
		return to != nil && dependent.Fact("all tables") == ""
	case to == nil:
		return false
	case kind == schema.Sequence:
		return o.Key.Kind == schema.Column || o.Key.Kind == schema.Table
	case isTable(dependent) && isTable(o):
		// It leaves its parent before.
		return dependent.Fact("partition") != "" || !slices.Contains(list(to.Fact("parents")), o.Key.Name) || c.to.Object(o.Key) == nil
	case isTable(dependent) && dependent.Fact("of type") == o.Key.Name && o.Key.Kind == schema.Type:
		if now := c.to.Object(o.Key); now != nil && now.Fact("attributes") != o.Fact("attributes") {
			return false // columns would have another order than the attributes
		}
		c.untyped[dependent] = true
		return true
	case kind == schema.Column:
		return c.spareColumn(o, dependent)
	case kind == schema.Index || kind == schema.Constraint && !isForeignKey(dependent):
		return (o.Key.Kind == schema.Index || o.Key.Kind == schema.Constraint) && c.leavesParent(dependent.Parent) && dependent.Parent != o.Parent
	}
	return false
}

// parentIndex returns the index that an index of a partition belongs to, and goes with; nil if there is none, or if the
// partition is dropped or detached before.
func (c *change) parentIndex(o *schema.Object) *schema.Object {
	if o.Fact("parent") == "" || c.dropped[o.Parent] || c.leavesParent(o.Parent) {
		return nil
	}
	i := slices.IndexFunc(o.Needs, func(n schema.Need) bool {
		return n.Kind == 'P' && (n.On.Key.Kind == schema.Index || n.On.Key.Kind == schema.Constraint)
	})
	if i < 0 {
		return nil
	}
	return o.Needs[i].On
}

// isAlteredAttribute reports whether an attribute of a composite type that is kept is dropped or gets another type, both
// of which alters the composite type.
func (c *change) isAlteredAttribute(from, to *schema.Object) bool {
	if from.Key.Kind != schema.Column || from.Parent.Key.Kind != schema.Type || c.dropped[from.Parent] || c.to.Object(from.Parent.Key) == nil {
		return false
	}
	return to == nil || from.Fact("type") != to.Fact("type")
}

// spareColumn decides about a column that depends on an object that is dropped. One of a dropped type gets another.
func (c *change) spareColumn(o, column *schema.Object) bool {
	switch kind := o.Key.Kind; {
	case !isTable(column.Parent):
		return c.dropped[column.Parent] || c.doomParent(column)
	case kind == schema.Type || kind == schema.Domain || kind == schema.Extension || kind == schema.Collation:
		c.retype(column)
		c.late[o] = true
		return true
	case column.Fact("generated") != "":
		return false
	case kind == schema.Table || kind == schema.View:
		return column.Parent.Fact("partition") != ""
	}
	return true
}

func (c *change) doomParent(column *schema.Object) bool {
	c.doom(column.Parent, "a column depends on an object that is made again")
	return true
}

// retype drops what prevents a column from getting another type. The server rebuilds indexes, constraints and statistics.
func (c *change) retype(column *schema.Object) {
	if c.retyped[column] || c.dropped[column] || c.to.Object(column.Key) == nil {
		return
	}
	if isPartitionKey(column) {
		c.doom(column.Parent, "the type of its partition key changes")
		return
	}
	c.retyped[column] = true
	for _, part := range column.Parts {
		if part.Key.Kind == schema.Default && !isGenerated(part) {
			c.doom(part, "the type of its column changes")
		}
	}
	reason := "the type of " + column.Key.Name + " changes"
	for _, dependent := range c.from.Dependents(column) {
		switch dependent.Key.Kind {
		case schema.View, schema.MaterializedView, schema.Rule, schema.Policy, schema.Trigger, schema.Function, schema.Procedure:
			c.doom(dependent, reason)
		case schema.Default:
			if isGenerated(dependent) && dependent.Parent != column {
				c.doom(dependent.Parent, reason)
			}
		case schema.Column:
			if dependent.Fact("generated") != "" {
				c.doom(dependent, reason)
			}
		case schema.Constraint:
			rebuiltNotValid := c.old.validatesInherited(dependent) // the server copies the check of the parent
			if rebuiltNotValid || isForeignKey(dependent) && typeName(column) != typeName(c.to.Object(column.Key)) {
				c.doom(dependent, reason)
			}
		}
	}
}

// isPartitionKey reports whether a column is part of the partition key of its table.
func isPartitionKey(column *schema.Object) bool {
	return slices.Contains(tokens(column.Parent.Fact("partition key")), schema.QuoteIdent(column.Name))
}

// typeName returns the type of a column without its modifier.
func typeName(column *schema.Object) string {
	name, _, _ := strings.Cut(column.Fact("type"), "(")
	return name
}

// doomForeignKeys drops the foreign keys from and to a table, because a logged table cannot reference an unlogged one.
func (c *change) doomForeignKeys(table *schema.Object) {
	for _, o := range slices.Concat(table.Parts, c.from.Dependents(table)) {
		if isForeignKey(o) {
			c.doom(o, "its table changes between logged and unlogged")
		}
	}
	for _, part := range table.Parts {
		for _, o := range c.from.Dependents(part) {
			if isForeignKey(o) {
				c.doom(o, "its table changes between logged and unlogged")
			}
		}
	}
}

// canBeLate reports whether an object can have another name while one with its name is made.
func canBeLate(o *schema.Object) bool {
	return o.Key.Kind == schema.Domain || o.Key.Kind == schema.Collation || o.Fact("form") == "enum" || o.Fact("form") == "composite"
}

// makeLateWithNeeds drops what late objects need after them.
func (c *change) makeLateWithNeeds() {
	var visit func(o *schema.Object)
	visit = func(o *schema.Object) {
		for _, n := range o.Needs {
			if on := n.On; c.dropped[on] && !c.late[on] && on.Parent != o && (c.to.Object(on.Key) == nil || canBeLate(on)) {
				c.late[on] = true
				visit(on)
			}
		}
		for _, part := range o.Parts {
			visit(part)
		}
	}
	for _, o := range c.from.Objects {
		if c.late[o] {
			visit(o)
		}
	}
}
