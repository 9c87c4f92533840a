package ddl

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

// addLaterSteps adds the units that link two objects.
func (g *graph) addLaterSteps(o *schema.Object) {
	switch {
	case o.Fact("partition") != "" && g.w.attaches(o):
		parent := list(o.Fact("parents"))[0]
		g.addAttach(o, parent, "ALTER TABLE ONLY "+parent+" ATTACH PARTITION "+o.Key.Name+" "+o.Fact("partition bound"))
	case o.Fact("owned by") != "" && (g.w.makes(o) || g.w.owns[o]):
		u := g.add(o, stepOwnedBy, o)
		u.sql = "ALTER SEQUENCE " + o.Key.Name + " OWNED BY " + o.Fact("owned by")
		if column := g.w.schema.Object(schema.Key{Kind: schema.Column, Name: o.Fact("owned by")}); column != nil {
			g.need(u, column)
			g.need(u, column.Parent)
		}
	case o.Fact("parent") != "" && (g.w.makes(o) || g.w.attachesIndex[o]):
		u := g.add(o, stepAttachIndex, o)
		u.sql = "ALTER INDEX " + o.Fact("parent") + " ATTACH PARTITION " + indexName(o)
		for _, n := range o.Needs {
			if n.Kind == 'P' || n.Kind == 'S' {
				g.need(u, n.On)
			}
		}
	}
	for _, parent := range g.w.inherit[o] {
		u := g.addAttach(o, parent, "ALTER "+o.Key.String()+" INHERIT "+parent)
		u.key += "\x00" + parent
	}
}

// addAttach adds the unit that makes a table a partition or a child. It follows all that the table must have before: its
// columns and checks, and those indexes that the server would otherwise make for an index that the parent has.
func (g *graph) addAttach(o *schema.Object, parent, sql string) *unit {
	u := g.add(o, stepAttach, o)
	u.sql = sql
	table := g.table(parent)
	if table == nil {
		return u
	}
	g.need(u, table)
	for _, part := range slices.Concat(table.Columns(), o.Parts) {
		if part.Key.Kind == schema.Column || part.Fact("type") == "check" {
			g.need(u, part)
		}
	}
	for _, part := range o.Parts {
		isIndex := part.Key.Kind == schema.Index || part.Key.Kind == schema.Constraint && !isForeignKey(part)
		if isIndex && !g.w.makes(table) && !slices.ContainsFunc(part.Needs, func(n schema.Need) bool { return n.Kind == 'P' && g.w.makes(n.On) }) {
			g.need(u, part)
		}
	}
	return u
}

// table returns the table with this name.
func (g *graph) table(name string) *schema.Object { return tableNamed(g.w.schema, name) }

func tableNamed(s *schema.Schema, name string) *schema.Object {
	if o := s.Object(schema.Key{Kind: schema.Table, Name: name}); o != nil {
		return o
	}
	return s.Object(schema.Key{Kind: schema.ForeignTable, Name: name})
}

// orderPartitions lets foreign keys follow whole partition trees, indexes of partitioned tables their partitions, and
// partitioned partitions what makes their indexes valid.
func (g *graph) orderPartitions() {
	var attached []*unit
	tables := map[*schema.Object]*unit{}
	for _, u := range g.units {
		switch u.step {
		case stepAttach:
			tables[u.object] = u
			attached = append(attached, u)
		case stepAttachIndex:
			attached = append(attached, u)
		}
	}
	g.attachIndexesBelowFirst()
	for _, u := range g.units {
		if u.step == stepAttachIndex {
			u.follow(tables[u.object.Parent])
			g.completeBefore(u, tables)
		}
		for _, a := range attached {
			if u.step == stepCreate && (isForeignKey(u.object) || g.isIndexOfParent(u.object, a)) {
				u.follow(a)
			}
		}
	}
}

// completeBefore lets the partitioned partitions that an index is in be attached after the index is. Without the indexes of
// its partitions, that of a partitioned table is invalid, and ATTACH to a table with the same index would make another one.
func (g *graph) completeBefore(attachesIndex *unit, tables map[*schema.Object]*unit) {
	for table := attachesIndex.object.Parent; table != nil && table.Fact("partition") != ""; {
		table = g.table(list(table.Fact("parents"))[0])
		if above := tables[table]; above != nil {
			if parent := g.table(list(table.Fact("parents"))[0]); parent != nil && !g.w.makes(parent) {
				above.follow(attachesIndex)
			}
		}
	}
}

// attachIndexesBelowFirst lets an index follow those that become its parts: the last part completes it, and if it is a part itself
// by then, newer servers lock the table above too, and older ones leave the index there incomplete.
func (g *graph) attachIndexesBelowFirst() {
	units := map[string]*unit{} // by the name of their index
	for _, u := range g.units {
		if u.step == stepAttachIndex {
			units[indexName(u.object)] = u
		}
	}
	for _, u := range units {
		if above := units[u.object.Fact("parent")]; above != nil {
			above.follow(u)
		}
	}
}

// isIndexOfParent reports whether an index is made for the partitioned table that another unit attaches a partition to.
// ATTACH would make indexes for those that are there.
func (g *graph) isIndexOfParent(o *schema.Object, attach *unit) bool {
	isIndex := o.Key.Kind == schema.Index || o.Key.Kind == schema.Constraint && o.Detail("index") != ""
	return isIndex && attach.step == stepAttach && g.w.makes(o) &&
		attach.object.Fact("partition") != "" && list(attach.object.Fact("parents"))[0] == o.Parent.Key.Name
}
