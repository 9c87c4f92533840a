package ddl

import (
	"iter"
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// decide finds out what is dropped, what is altered, and which tables and sequences change hands.
func (c *change) decide() {
	differences := c.differences()
	for _, d := range differences {
		if d.Change != schema.Changed {
			continue
		}
		facts := map[string]schema.FactChange{}
		for _, f := range d.Facts {
			if !f.NotComparable {
				facts[f.Name] = f
			}
		}
		c.different[d.Key] = facts
	}
	for _, d := range differences {
		if d.Change == schema.Removed {
			c.remove(c.from.Object(d.Key))
		}
	}
	for _, d := range differences {
		switch d.Change {
		case schema.Changed:
			c.decideAlter(c.from.Object(d.Key), c.to.Object(d.Key))
		case schema.Added:
			c.decideAdded(c.to.Object(d.Key))
		}
	}
	c.doomIndexesOfSomePartitions()
	c.doomReferencesToPartitions()
	c.doomValidatedChecks()
	c.old.made = c.dropped
	c.new.made = map[*schema.Object]bool{}
	for _, o := range c.to.Objects {
		if from := c.from.Object(o.Key); from == nil || c.dropped[from] {
			c.new.made[o] = true
		}
	}
	c.separateTables()
	c.separateSequences()
	c.separatePublications()
	for _, o := range c.from.Objects {
		if o.Key.Kind == schema.DefaultPrivileges && !c.dropped[o] && c.options.Privileges {
			c.new.defaults = append(c.new.defaults, o)
		}
	}
	c.makeLateWithNeeds()
}

// remove dooms an object that is not in the second schema. A column of a view or a composite type is an alteration of that.
func (c *change) remove(o *schema.Object) {
	if o.Key.Kind == schema.Column && !isTable(o.Parent) && c.to.Object(o.Parent.Key) != nil {
		c.decideParts(o.Parent)
		return
	}
	c.doom(o, "")
}

func (c *change) decideAdded(o *schema.Object) {
	if o.Key.Kind == schema.Column && !isTable(o.Parent) {
		if parent := c.from.Object(o.Parent.Key); parent != nil {
			c.decideParts(parent)
		}
	}
}

// decideParts dooms a view or a composite type if its new columns do not allow it to be altered.
func (c *change) decideParts(from *schema.Object) {
	to := c.to.Object(from.Key)
	if c.different[from.Key] == nil {
		c.different[from.Key] = map[string]schema.FactChange{}
	}
	if _, ok := c.alter(from, to); !ok {
		c.doom(from, "its columns differ")
	}
}

// decideAlter dooms an object that cannot be altered.
func (c *change) decideAlter(from, to *schema.Object) {
	if c.dropped[from] {
		return
	}
	if from.Key.Kind == schema.Column && isTable(from.Parent) {
		facts := c.different[from.Key]
		_, retyped := facts["type"]
		_, collated := facts["collation"]
		if retyped || collated {
			c.retype(from)
		}
	} else if from.Key.Kind == schema.Column {
		c.decideParts(from.Parent)
		return
	}
	if isTable(from) {
		if _, changed := c.different[from.Key]["unlogged"]; changed {
			c.doomForeignKeys(from)
		}
	}
	if _, ok := c.alter(from, to); ok {
		return
	}
	var names []string
	for name := range c.different[from.Key] {
		names = append(names, name)
	}
	slices.Sort(names)
	if isGenerated(from) || isGenerated(to) {
		from = from.Parent
	}
	if _, ok := c.different[from.Key]["local"]; ok && !c.becomesLocal(from, to) && from.Parent != nil && isTable(from.Parent) {
		// Only CREATE TABLE … INHERITS decides whether a child declares a column itself.
		c.doom(from.Parent, "whether "+from.Key.String()+" is inherited cannot be altered")
		return
	}
	c.doom(from, strings.Join(names, ", ")+" cannot be altered")
}

// doomValidatedChecks makes checks of children again that are valid although that of the parent, which is made, is not:
// they get that of the parent and have to be validated.
func (c *change) doomValidatedChecks() {
	for _, to := range c.to.Objects {
		from := c.from.Object(to.Key)
		if from == nil || to.Key.Kind != schema.Constraint || !c.new.validatesInherited(to) {
			continue
		}
		if slices.ContainsFunc(c.new.sameChecks(to), func(check *schema.Object) bool {
			old := c.from.Object(check.Key)
			return old == nil || c.dropped[old]
		}) {
			c.doom(from, "the check of its parent is made again")
		}
	}
}

// doomIndexesOfSomePartitions makes indexes of partitioned tables again that a new partition has no index for: ATTACH would
// make one.
func (c *change) doomIndexesOfSomePartitions() {
	for _, to := range c.to.Objects {
		from := c.from.Object(to.Key)
		if to.Fact("partition") == "" || !isTable(to) || from != nil && !c.dropped[from] && !c.moves(from) {
			continue
		}
		parent := tableNamed(c.from, list(to.Fact("parents"))[0])
		if parent == nil || c.dropped[parent] {
			continue
		}
		for _, index := range parent.Parts {
			has := slices.ContainsFunc(to.Parts, func(p *schema.Object) bool { return p.Fact("parent") == index.Key.Name })
			if index.Key.Kind == schema.Index && !has && c.to.Object(index.Key) != nil {
				c.doom(index, "partition "+to.Key.Name+" has no index for it")
			}
		}
	}
}

// doomReferencesToPartitions makes foreign keys again that reference a partitioned table of which a partition leaves, to come
// back: a partition with rows that are referenced cannot leave.
func (c *change) doomReferencesToPartitions() {
	for _, table := range c.from.Objects {
		if !isTable(table) || c.dropped[table] || !c.leavesParent(table) || c.to.Object(table.Key).Fact("partition") == "" {
			continue
		}
		for above := range c.above(table) {
			for _, fk := range c.referencesTo(above) {
				c.doom(fk, "a partition leaves "+above.Key.String()+" for a moment")
			}
		}
	}
}

// above yields the partitioned tables that a table of the first schema is a partition of, from the nearest one on.
func (c *change) above(table *schema.Object) iter.Seq[*schema.Object] {
	return func(yield func(*schema.Object) bool) {
		for table.Fact("partition") != "" {
			table = tableNamed(c.from, list(table.Fact("parents"))[0])
			if table == nil || !yield(table) {
				return
			}
		}
	}
}

// referencesTo returns the foreign keys that reference a table.
func (c *change) referencesTo(table *schema.Object) []*schema.Object {
	var keys []*schema.Object
	for _, part := range table.Parts {
		for _, o := range c.from.Dependents(part) {
			if isForeignKey(o) && part.Key.Kind != schema.Column && !slices.Contains(keys, o) {
				keys = append(keys, o)
			}
		}
	}
	return keys
}

// refusals returns the tables that would be lost, and the user mappings whose options would be.
func (c *change) refusals() []schema.Refusal {
	var refused []schema.Refusal
	for _, o := range c.from.Objects {
		if !c.dropped[o] || c.to.Object(o.Key) == nil {
			continue
		}
		name := strings.ToLower(o.Key.Kind.String()) + " " + o.Key.Name
		switch {
		case o.Key.Kind == schema.Table && !c.options.Destructive && !c.keepsRows(o):
			refused = append(refused, schema.Refusal{Object: name, Reason: "would be dropped and made again, without its rows (" + c.reasons[o] + "): write this change by hand", Destructive: true})
		case c.late[o] && !canBeLate(o):
			refused = append(refused, schema.Refusal{Object: name, Reason: "would be made again while columns have it (" + c.reasons[o] + "): write this change by hand"})
		case o.Key.Kind == schema.UserMapping && o.Detail("options") != "":
			refused = append(refused, schema.Refusal{Object: name, Reason: "would be made again without its options, which are not read (" + c.reasons[o] + "): write this change by hand"})
		}
	}
	// A table that becomes another kind of relation has another key.
	for _, o := range c.from.Objects {
		if o.Key.Kind == schema.Table && c.to.Object(o.Key) == nil && c.to.Object(schema.Key{Kind: schema.ForeignTable, Name: o.Key.Name}) != nil && !c.options.Destructive {
			refused = append(refused, schema.Refusal{Object: "table " + o.Key.Name, Reason: "would be dropped and made again as a foreign table, without its rows: write this change by hand", Destructive: true})
		}
	}
	return refused
}

// keepsRows reports whether a table has no rows of its own: its partitions leave it, and come back.
func (c *change) keepsRows(o *schema.Object) bool {
	key := o.Fact("partition key")
	return key != "" && c.to.Object(o.Key).Fact("partition key") == key
}
