package schema

// Kind is a kind of object. Kinds are in the order in which objects are created if nothing else decides.
type Kind uint8

// The kinds of objects.
const (
	Namespace Kind = iota + 1 // a schema
	Language
	Collation
	Extension
	Type // enum, composite, range, base or shell type
	Domain
	Function // also a window function
	Procedure
	Aggregate
	AccessMethod
	Operator
	OperatorFamily
	OperatorClass
	Cast
	Transform
	Conversion
	SearchParser
	SearchTemplate
	SearchDictionary
	SearchConfiguration
	DataWrapper
	Server
	UserMapping
	Sequence
	Table // also a partitioned table
	ForeignTable
	View
	MaterializedView
	Column // of a table, a view or a composite type
	Default
	Index
	Constraint // of a table or a domain
	Statistics
	Rule
	Trigger
	Policy
	Publication
	Subscription
	EventTrigger
	DefaultPrivileges
)

// kindInfo is what is known about a kind.
type kindInfo struct {
	word  string // as in COMMENT ON
	facet Facet  // the facet that all objects of the kind belong to
}

var kinds = [...]kindInfo{
	Namespace:           {word: "SCHEMA"},
	Language:            {word: "LANGUAGE"},
	Collation:           {word: "COLLATION"},
	Extension:           {word: "EXTENSION"},
	Type:                {word: "TYPE"},
	Domain:              {word: "DOMAIN"},
	Function:            {word: "FUNCTION"},
	Procedure:           {word: "PROCEDURE"},
	Aggregate:           {word: "AGGREGATE"},
	AccessMethod:        {word: "ACCESS METHOD"},
	Operator:            {word: "OPERATOR"},
	OperatorFamily:      {word: "OPERATOR FAMILY"},
	OperatorClass:       {word: "OPERATOR CLASS"},
	Cast:                {word: "CAST"},
	Transform:           {word: "TRANSFORM"},
	Conversion:          {word: "CONVERSION"},
	SearchParser:        {word: "TEXT SEARCH PARSER"},
	SearchTemplate:      {word: "TEXT SEARCH TEMPLATE"},
	SearchDictionary:    {word: "TEXT SEARCH DICTIONARY"},
	SearchConfiguration: {word: "TEXT SEARCH CONFIGURATION"},
	DataWrapper:         {word: "FOREIGN DATA WRAPPER"},
	Server:              {word: "SERVER"},
	UserMapping:         {word: "USER MAPPING"},
	Sequence:            {word: "SEQUENCE"},
	Table:               {word: "TABLE"},
	ForeignTable:        {word: "FOREIGN TABLE"},
	View:                {word: "VIEW"},
	MaterializedView:    {word: "MATERIALIZED VIEW"},
	Column:              {word: "COLUMN"},
	Default:             {word: "DEFAULT"},
	Index:               {word: "INDEX"},
	Constraint:          {word: "CONSTRAINT"},
	Statistics:          {word: "STATISTICS"},
	Rule:                {word: "RULE"},
	Trigger:             {word: "TRIGGER"},
	Policy:              {word: "POLICY"},
	Publication:         {word: "PUBLICATION"},
	Subscription:        {word: "SUBSCRIPTION"},
	EventTrigger:        {word: "EVENT TRIGGER"},
	DefaultPrivileges:   {word: "DEFAULT PRIVILEGES", facet: Privileges},
}

// String returns the words that COMMENT ON uses for the kind, such as "MATERIALIZED VIEW". Column defaults, user mappings
// and default privileges cannot have a comment; theirs are DEFAULT, USER MAPPING and DEFAULT PRIVILEGES.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kinds) {
		return "OBJECT"
	}
	return kinds[k].word
}

// Facet is a group of facts that a comparison can leave out. Facets are bits and can be combined.
type Facet uint8

// The facets. Facts of no facet are the structure of an object.
const (
	Owner Facet = 1 << iota
	Privileges
	Comment
	Label // security labels
)

// AllFacets is everything but the structure.
const AllFacets = Owner | Privileges | Comment | Label

// FacetOf returns the facet of a fact, or 0 for the structure.
func FacetOf(fact string) Facet {
	switch fact {
	case "owner":
		return Owner
	case "privileges", "sequence privileges":
		return Privileges
	case "comment", "index comment", "sequence comment":
		return Comment
	}
	if len(fact) > 6 && fact[:6] == "label " {
		return Label
	}
	return 0
}
