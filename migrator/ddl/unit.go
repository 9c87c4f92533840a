package ddl

import (
	"fmt"
	"slices"
	"strings"
	"sync"

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

var ranks = sync.OnceValue(func() map[any]int {
	ranks := map[any]int{}
	for i, group := range order {
		for _, what := range group {
			ranks[what] = i
		}
	}
	return ranks
})

func isForeignKey(o *schema.Object) bool { return o.Fact("type") == "foreign key" }

// newUnit returns the unit of a step of an object.
func newUnit(o *schema.Object, s step) *unit {
	u := &unit{object: o, step: s, needs: map[*unit]bool{}}
	switch {
	case s != stepCreate:
		u.rank = ranks()[s]
	case isForeignKey(o):
		u.rank = ranks()[foreignKeys]
	default:
		u.rank = ranks()[o.Key.Kind]
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
	g.orderPartitions()
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
