package draft

import (
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// placeUnique builds the index of a constraint concurrently. If it takes the place of another one, that serves until the index
// is built.
func (s *splitter) placeUnique(st ddl.Statement, o *schema.Object) bool {
	name := schema.QuoteIdent(o.Name)
	alter, definition, found := strings.Cut(st.SQL, "ADD CONSTRAINT "+name+" ")
	u, ok := cutUnique(definition)
	follows := s.follows(o)
	if !found || !ok || o.Parent.Fact("partition key") != "" || s.dropped[st.Object] && !follows || s.losesUnique(o) || !s.builtWithParent(o) {
		return false
	}
	index := name
	if !s.isFree(schema.Qualify(o.Parent.Schema, o.Name)) {
		index = schema.QuoteIdent(s.unusedName(o.Parent.Schema, o.Name))
	}
	build := st
	build.SQL, build.Marks = "CREATE UNIQUE INDEX CONCURRENTLY "+index+" ON "+o.Parent.Key.Name+" "+u.index, onlyMayFail(st.Marks)
	use := st
	use.SQL, use.Marks = alter+"ADD CONSTRAINT "+name+" "+u.keyword+" USING INDEX "+index+u.deferrable, nil
	usePhase := buildPhase
	if follows {
		usePhase = followPhase
	}
	s.phase[st.Object] = usePhase
	s.add(buildPhase, build)
	s.add(usePhase, use)
	return true
}

// uniqueConstraint is the definition of a UNIQUE or PRIMARY KEY constraint.
type uniqueConstraint struct {
	keyword    string
	index      string // what follows the table in CREATE INDEX
	deferrable string
}

func cutUnique(definition string) (u uniqueConstraint, ok bool) {
	distinct := ""
	for _, keyword := range []string{"UNIQUE NULLS NOT DISTINCT", "UNIQUE", "PRIMARY KEY"} {
		if rest, found := strings.CutPrefix(definition, keyword+" ("); found {
			u.keyword, definition = strings.TrimSuffix(keyword, " NULLS NOT DISTINCT"), "("+rest
			if keyword != u.keyword {
				distinct = " NULLS NOT DISTINCT"
			}
			break
		}
	}
	if u.keyword == "" {
		return u, false
	}
	options, deferrable, end := len(definition), len(definition), len(definition)
	depth := 0
	for t := range sqltext.Tokens(definition) {
		switch token := definition[t.Start:t.End]; {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case t.Kind == sqltext.Word && token == "WITHOUT":
			return u, false // OVERLAPS needs an exclusion constraint
		case depth == 0 && t.Kind == sqltext.Word && token == "WITH":
			options = min(options, t.Start)
		case depth == 0 && t.Kind == sqltext.Word && (token == "DEFERRABLE" || token == "INITIALLY"):
			deferrable = min(deferrable, t.Start)
		}
	}
	options = min(options, deferrable)
	columns, with := strings.TrimSpace(definition[:options]), strings.TrimSpace(definition[options:deferrable])
	u.index = columns + distinct
	if with != "" {
		u.index += " " + with
	}
	if deferrable < end {
		u.deferrable = " " + definition[deferrable:]
	}
	return u, true
}
