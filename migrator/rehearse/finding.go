package rehearse

import (
	"slices"
	"sort"
	"time"

	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Severity is how much a finding matters. The zero value is none.
type Severity uint8

// The severities.
const (
	Note    Severity = iota + 1 // worth knowing: it is over in an instant, or the table is small
	Warning                     // it may block, fail or break others; or the size of the table is not known
	Danger                      // it would block, fail or destroy
)

var severityNames = []string{"", "note", "warning", "danger"}

// String returns note, warning or danger, and "" for the zero value.
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// ParseSeverity returns the severity with a name. ok is false if there is none.
func ParseSeverity(name string) (s Severity, ok bool) {
	i := slices.Index(severityNames[1:], name)
	return Severity(i + 1), i >= 0
}

// Rule is a kind of finding. A rule that an author can acknowledge has the same name in the accept key of a header.
type Rule string

// The rules.
const (
	Locks            Rule = "locks"             // blocks others for a moment, or for as long as later statements take
	Scans            Rule = "scans"             // reads a whole table while others are blocked
	Rewrites         Rule = "rewrites"          // writes a whole table anew, or changes all of its rows
	Destroys         Rule = "destroys"          // removes a table, a column or rows
	Renames          Rule = "renames"           // takes away a name that a running program may use
	Access           Rule = "access"            // takes away a privilege or rows that a running program may use
	MayFail          Rule = "may-fail"          // fails if rows are not as the statement expects
	Irreversible     Rule = "irreversible"      // there is no down script
	NotInverse       Rule = "not-inverse"       // the down script does not restore what was there before
	Order            Rule = "order"             // another order of the revisions gives another schema
	LockOrder        Rule = "lock-order"        // another pending revision, or a foreign key, locks the same tables in another order
	NonTransactional Rule = "non-transactional" // a statement needs, or does not need, `transaction: off`
	EnumValue        Rule = "enum-value"        // uses an enum value in the transaction that adds it
	SearchPath       Rule = "search-path"       // depends on the search_path
	ForeignKeyIndex  Rule = "foreign-key-index" // no index supports a foreign key
	InvalidIndex     Rule = "invalid-index"
	DuplicateIndex   Rule = "duplicate-index"
	CutName          Rule = "cut-name"     // an identifier of more than 63 bytes
	Notice           Rule = "notice"       // a message of the server
	MissingData      Rule = "missing-data" // fails in the rehearsal because the schema has no rows
	Fails            Rule = "fails"        // fails in the rehearsal
	Accept           Rule = "accept"       // a word of the accept key that has no reason
)

// Finding is one thing that a revision does, or fails to do.
type Finding struct {
	Rule
	Severity
	Revision string // "" if it is not about one revision
	Down     bool   // it is about the down script
	// Pos is the position of the statement. Line is 0 if the finding is not about one, and File is "" if there is none.
	revision.Pos
	// Object is what it is about, qualified and quoted as schema.Key names it, such as public.account or
	// public.account.nickname; "" if there is none.
	Object string
	// Text says what happens, Why why it matters here, and Safe how to write it so that it does not. Why and Safe are "" if
	// there is nothing to say.
	Text, Why, Safe string
	// Accept acknowledges the finding in the header of the revision. The zero value: nothing does.
	Accept   revision.Acceptance
	Accepted bool // the header has it
	Facts
}

// Facts are what a finding is based on. Zero values do not apply.
type Facts struct {
	Lock   schema.LockMode
	Blocks schema.Blocks
	// Took is how long the statement took in the rehearsal, which says little without rows.
	Took time.Duration
	// Table is the table whose size decides, and Size is that size in the real database.
	Table string
	Size  Size
}

// Counts reports whether the finding is at or above a severity, and not accepted.
func (f Finding) Counts(from Severity) bool { return !f.Accepted && f.Severity >= from }

// Sort sorts findings by severity, the worst first, and keeps the order of the revisions otherwise.
func Sort(found []Finding) {
	sort.SliceStable(found, func(i, j int) bool { return found[i].Severity > found[j].Severity })
}
