package ddl

import (
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// unit is what is written at one place: an object with its parts that are written inside it, or a later step of one.
type unit struct {
	object *schema.Object
	step   step
	sql    string // of a later step
	rank   int
	key    string
	needs  map[*unit]bool
}

// step distinguishes the units of one object.
type step string

const (
	stepCreate      step = ""
	stepShell       step = "shell"
	stepViewBody    step = "view body"
	stepAttach      step = "attach"
	stepAttachIndex step = "attach index"
	stepOwnedBy     step = "owned by"
)

// order has the kinds and steps in the order in which they are written if nothing else decides; those in one list are
// sorted by name together.
var order = [][]any{
	{schema.Namespace},
	{schema.Language},
	{schema.Collation},
	{schema.Extension},
	{stepShell},
	{schema.Type, schema.Domain},
	{schema.Function, schema.Procedure, schema.Aggregate},
	{schema.AccessMethod},
	{schema.Operator},
	{schema.OperatorFamily},
	{schema.OperatorClass},
	{schema.Cast, schema.Transform},
	{schema.Conversion},
	{schema.SearchParser},
	{schema.SearchTemplate},
	{schema.SearchDictionary},
	{schema.SearchConfiguration},
	{schema.DataWrapper},
	{schema.Server},
	{schema.UserMapping},
	{schema.Sequence},
	{schema.Table, schema.ForeignTable},
	{schema.Column}, // of a table that is kept
	{stepAttach},
	{schema.View, schema.MaterializedView},
	{schema.Default},
	{stepOwnedBy, stepViewBody},
	{schema.Index},
	{schema.Constraint},
	{stepAttachIndex},
	{schema.Statistics},
	{schema.Rule},
	{schema.Trigger},
	{foreignKeys},
	{schema.Policy},
	{schema.Publication},
	{schema.EventTrigger},
	{schema.DefaultPrivileges},
}

const foreignKeys step = "foreign key"

var ranks = func() map[any]int {
	ranks := map[any]int{}
	for i, group := range order {
		for _, what := range group {
			ranks[what] = i
		}
	}
	return ranks
}()

func isForeignKey(o *schema.Object) bool { return o.Fact("type") == "foreign key" }

// newUnit returns the unit of a step of an object.
func newUnit(o *schema.Object, s step) *unit {
	u := &unit{object: o, step: s, needs: map[*unit]bool{}}
	switch {
	case s != stepCreate:
		u.rank = ranks[s]
	case isForeignKey(o):
		u.rank = ranks[foreignKeys]
	default:
		u.rank = ranks[o.Key.Kind]
	}
	root := o
	for root.Parent != nil {
		root = root.Parent
	}
	name := o.Key.String()
	if o.Key.Kind == schema.Column {
		name = fmt.Sprintf("%05d", slices.Index(o.Parent.Parts, o)) // in their order
	}
	u.key = strings.Join([]string{root.Schema, root.Name, name, string(s)}, "\x00")
	return u
}

// home returns the object whose unit writes o: the table of a column, unless the table is kept.
func (w *writer) home(o *schema.Object) *schema.Object {
	switch {
	case o.Key.Kind == schema.Column && (w.makes(o.Parent) || !isTable(o.Parent)):
		return o.Parent
	case o.Key.Kind == schema.Default && w.inline[o] && (w.makes(o.Parent) || isGenerated(o)):
		return w.home(o.Parent)
	case o.Key.Kind == schema.Constraint && w.inline[o] && w.makes(o.Parent):
		return o.Parent
	}
	return o
}

// writes reports whether an object has a unit.
func (w *writer) writes(o *schema.Object) bool {
	if o.Key.Kind == schema.DefaultPrivileges && !w.options.Privileges {
		return false
	}
	return w.home(o) == o && (w.makes(o) || w.altered[o])
}

// graph is the units of a schema.
type graph struct {
	w     *writer
	units []*unit
	of    map[*schema.Object]*unit // that creates the object
	shell map[*schema.Object]*unit
	body  map[*schema.Object]*unit
}

func (g *graph) add(o *schema.Object, s step, needs ...*schema.Object) *unit {
	u := newUnit(o, s)
	g.units = append(g.units, u)
	for _, n := range needs {
		g.need(u, n)
	}
	return u
}

// need lets a unit follow the one that creates an object.
func (g *graph) need(u *unit, o *schema.Object) { u.follow(g.of[g.w.home(o)]) }

func (u *unit) follow(other *unit) {
	if other != nil && other != u {
		u.needs[other] = true
	}
}

// units returns the units of all objects, with what each has to follow.
func (w *writer) units() []*unit {
	g := &graph{w, nil, map[*schema.Object]*unit{}, map[*schema.Object]*unit{}, map[*schema.Object]*unit{}}
	for _, o := range w.schema.Objects {
		if w.writes(o) {
			g.of[o] = g.add(o, stepCreate)
		}
	}
	for _, o := range w.schema.Objects {
		if w.shell[o] && w.makes(o) {
			g.shell[o] = g.add(o, stepShell)
			g.of[o].follow(g.shell[o])
		}
		if w.stub[o] && w.writes(o) {
			g.body[o] = g.add(o, stepViewBody, o)
		}
	}
	for _, o := range w.schema.Objects {
		g.addEdges(o)
	}
	for _, o := range w.schema.Objects {
		g.addLaterSteps(o)
	}
	g.putForeignKeysLast()
	return g.units
}

// addEdges turns the dependencies of an object into those of its unit.
func (g *graph) addEdges(o *schema.Object) {
	u := g.of[g.w.home(o)]
	if u == nil {
		return
	}
	if o.Parent != nil {
		g.need(u, o.Parent)
	}
	for _, before := range g.w.before(o) {
		g.need(u, before)
	}
	for _, n := range o.Needs {
		if g.body[u.object] != nil {
			g.addBodyEdge(u, n.On)
			continue
		}
		if !inAttach(o, n) {
			g.addEdge(u, n.On)
		}
	}
}

func (g *graph) addEdge(u *unit, on *schema.Object) {
	// A function that a type needs follows the type's shell.
	shell := g.shell[on]
	if shell != nil && u.object.Key.Kind == schema.Function && slices.ContainsFunc(on.Needs, func(n schema.Need) bool { return n.On == u.object }) {
		u.follow(shell)
		return
	}
	g.need(u, on)
}

// addBodyEdge is for a view that is made in two steps: the first needs the types of its columns only.
func (g *graph) addBodyEdge(u *unit, on *schema.Object) {
	switch on.Key.Kind {
	case schema.Type, schema.Domain, schema.Namespace, schema.Extension, schema.Collation:
		g.need(u, on)
	default:
		g.need(g.body[u.object], on)
	}
}

// inAttach reports whether an edge is for a later step: ATTACH PARTITION, OWNED BY.
func inAttach(o *schema.Object, n schema.Need) bool {
	on := n.On
	isTable := on.Key.Kind == schema.Table
	isIndex := on.Key.Kind == schema.Index || on.Key.Kind == schema.Constraint
	switch o.Key.Kind {
	case schema.Sequence:
		return n.Kind == 'a' && on.Key.Kind == schema.Column
	case schema.Table, schema.ForeignTable:
		return o.Fact("partition") != "" && isTable && n.Kind == 'a'
	case schema.Column:
		return o.Parent.Fact("partition") != "" && on.Key.Kind == schema.Column
	case schema.Index, schema.Constraint:
		return (n.Kind == 'P' || n.Kind == 'S') && on != o.Parent && (isIndex || on.Fact("partition key") != "")
	}
	return false
}

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
	if g.w.makes(table) {
		return u
	}
	for _, part := range table.Columns() {
		g.need(u, part)
	}
	for _, part := range o.Parts {
		switch {
		case part.Key.Kind == schema.Column || part.Fact("type") == "check":
			g.need(u, part)
		case part.Key.Kind == schema.Index || part.Key.Kind == schema.Constraint && !isForeignKey(part):
			if !slices.ContainsFunc(part.Needs, func(n schema.Need) bool { return n.Kind == 'P' && g.w.makes(n.On) }) {
				g.need(u, part)
			}
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

// putForeignKeysLast lets foreign keys follow whole partition trees, and indexes of partitions follow their tables.
func (g *graph) putForeignKeysLast() {
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
	for _, u := range g.units {
		if u.step == stepAttachIndex {
			u.follow(tables[u.object.Parent])
		}
		for _, a := range attached {
			if u.step == stepCreate && (isForeignKey(u.object) || g.isIndexOfParent(u.object, a)) {
				u.follow(a)
			}
		}
	}
}

// isIndexOfParent reports whether an index is made for the partitioned table that another unit attaches a partition to.
// ATTACH would make indexes for those that are there.
func (g *graph) isIndexOfParent(o *schema.Object, attach *unit) bool {
	return o.Key.Kind == schema.Index && attach.step == stepAttach && g.w.makes(o) && !g.w.makes(o.Parent) &&
		attach.object.Fact("partition") != "" && list(attach.object.Fact("parents"))[0] == o.Parent.Key.Name
}
