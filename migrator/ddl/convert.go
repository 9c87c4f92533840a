package ddl

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/schema"
)

// conversion is what ALTER COLUMN TYPE does to the values of a column.
type conversion struct {
	explicit    bool // there is no assignment cast, so USING is needed
	throughText bool // there is no cast, so the text of the value is read as the other type
	asks        bool // that is a guess, because neither type is text
	rewrites    bool
	mayFail     bool
}

// convert returns how values of a column become those of another type.
func (c *change) convert(from, to *schema.Object) conversion {
	old, now := from.Fact("type"), to.Fact("type")
	if old == now {
		again := slices.ContainsFunc(from.Needs, func(n schema.Need) bool {
			return c.late[n.On] && (n.On.Key.Kind == schema.Type || n.On.Key.Kind == schema.Domain)
		})
		return conversion{explicit: again, throughText: again, rewrites: again, mayFail: again}
	}
	a, b := c.base(c.from, old), c.base(c.to, now)
	if strings.HasSuffix(a.name, "[]") && strings.HasSuffix(b.name, "[]") {
		a.name, b.name = strings.TrimSuffix(a.name, "[]"), strings.TrimSuffix(b.name, "[]")
	}
	castable := c.castable(a.name, b.name)
	if slices.ContainsFunc(from.Needs, func(n schema.Need) bool { return c.late[n.On] && c.to.Object(n.On.Key) != nil }) {
		castable = false // the old type is not the one that the casts are for
	}
	widens := a.widensTo(b)
	return conversion{
		explicit:    !castable || !c.assignable(a.name, b.name),
		throughText: !castable,
		asks:        !castable && !isString(a.name) && !isString(b.name),
		rewrites:    !(widens && a.storedAs(b)),
		mayFail:     !widens || b.checked && !a.checked,
	}
}

// typeText is a type without domains around it.
type typeText struct {
	name    string
	limits  []int // the numbers of the modifier
	checked bool  // a domain has checks or NOT NULL
}

// base resolves domains and reads the modifier.
func (c *change) base(s *schema.Schema, text string) typeText {
	var t typeText
	for {
		name, rest, _ := strings.Cut(text, "(")
		modifier, after, _ := strings.Cut(rest, ")")
		t.name = name + after
		t.limits = nil
		for number := range strings.SplitSeq(modifier, ",") {
			if n, err := strconv.Atoi(number); err == nil {
				t.limits = append(t.limits, n)
			}
		}
		domain := s.Object(schema.Key{Kind: schema.Domain, Name: strings.TrimSuffix(t.name, "[]")})
		if domain == nil {
			return t
		}
		t.checked = t.checked || domain.Fact("not null") != "" || len(domain.Parts) > 0
		text = domain.Fact("base type") + t.name[len(strings.TrimSuffix(t.name, "[]")):]
	}
}

// widensTo reports whether every value is one of the other type.
func (t typeText) widensTo(other typeText) bool {
	switch {
	case t.name == other.name && len(other.limits) == 0:
		return true
	case t.name == other.name && len(t.limits) == len(other.limits) && t.name == "numeric" && len(t.limits) == 2:
		return other.limits[1] == t.limits[1] && other.limits[0] >= t.limits[0]
	case t.name == other.name && len(t.limits) == 1 && len(other.limits) == 1 && t.name != "bit":
		return other.limits[0] >= t.limits[0]
	case len(other.limits) > 0 && !(t.name == "character" && other.name == "character varying" && len(t.limits) == 1 && other.limits[0] >= t.limits[0]):
		return false
	case other.name == "text" || other.name == "character varying":
		return true
	}
	return slices.Contains(widened[t.name], other.name)
}

var widened = map[string][]string{
	"smallint": {"integer", "bigint", "numeric", "real", "double precision"},
	"integer":  {"bigint", "numeric", "double precision"},
	"bigint":   {"numeric"},
	"real":     {"double precision"},
	"date":     {"timestamp without time zone", "timestamp with time zone"},
	"cidr":     {"inet"},
	"jsonb":    {"json"},
}

// storedAs reports whether the stored form of the values is the same, if the other type is wider.
func (t typeText) storedAs(other typeText) bool {
	if t.name == other.name {
		return t.name != "character" && t.name != "bit" && !other.checked
	}
	variable := func(name string) bool { return name == "text" || name == "character varying" }
	return !other.checked && (variable(t.name) && variable(other.name) || t.name == "cidr" && other.name == "inet" || t.name == "xml" && variable(other.name))
}

func isString(name string) bool {
	return slices.Contains([]string{"text", "character varying", "character", "name", `"char"`}, name)
}

// castGroups have the built-in types between which there are assignment casts in both directions (PostgreSQL 13 and newer).
var castGroups = [][]string{
	{"smallint", "integer", "bigint", "numeric", "real", "double precision"},
	{"date", "timestamp without time zone", "timestamp with time zone"},
	{"time without time zone", "time with time zone"},
	{"time without time zone", "interval"},
	{"json", "jsonb"},
	{"inet", "cidr"},
	{"bit", "bit varying"},
	{"numeric", "money"},
	{"oid", "regclass"},
	{"oid", "regproc"},
	{"oid", "regtype"},
	{"oid", "integer"},
	{"oid", "bigint"},
	{"macaddr", "macaddr8"},
}

// assigned has assignment casts that exist in one direction only.
var assigned = map[string][]string{
	"timestamp without time zone": {"time without time zone"},
	"timestamp with time zone":    {"time without time zone"},
}

// oneWay has casts that exist in one direction only, or that are explicit.
var oneWay = map[string][]string{
	"boolean":                  {"integer"},
	"jsonb":                    {"boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision"},
	"integer":                  {"money", "bit", "boolean"},
	"bigint":                   {"money", "bit"},
	"bit":                      {"integer", "bigint"},
	"timestamp with time zone": {"time with time zone"},
	"xml":                      {"text"},
}

// castable reports whether there is an explicit cast. All types can be cast to and from text.
func (c *change) castable(from, to string) bool {
	return c.assignable(from, to) || isString(from) || slices.Contains(oneWay[from], to) || c.cast(from, to) != nil
}

// assignable reports whether there is an assignment cast. In contrast to an explicit one, it fails on values that are too
// long, where the explicit one cuts them.
func (c *change) assignable(from, to string) bool {
	if from == to || isString(to) || slices.Contains(assigned[from], to) {
		return true
	}
	for _, group := range castGroups {
		if slices.Contains(group, from) && slices.Contains(group, to) {
			return true
		}
	}
	cast := c.cast(from, to)
	return cast != nil && cast.Fact("context") != "explicit"
}

func (c *change) cast(from, to string) *schema.Object {
	return c.to.Object(schema.Key{Kind: schema.Cast, Name: "(" + from + " AS " + to + ")"})
}
