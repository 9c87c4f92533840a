package cli

// The JSON documents of commands that look at schemas: squash, drafts, schema, diff and rehearse.

// squashDocument is printed by squash.
type squashDocument struct {
	Revision string               `json:"revision"`
	Message  string               `json:"message"`           // its first line
	Replaces []string             `json:"replaces"`          // the replaced revisions, parents first
	Files    []string             `json:"files"`             // the up file, and the down file if there is one; empty with --dry-run
	Archive  string               `json:"archive,omitempty"` // the folder where the files of the replaced revisions are now
	Data     []squashDataDocument `json:"data"`              // what the replaced revisions leave besides the schema
	// the scripts name no schema, and work with any search_path
	Unqualified bool               `json:"unqualified"`
	Omissions   []omissionDocument `json:"omissions"`      // effects that the new revision does not have
	Version     int                `json:"version"`        // of the server of the scratch databases, in the form of server_version_num
	Up          string             `json:"up,omitempty"`   // with --dry-run: the up file
	Down        string             `json:"down,omitempty"` // with --dry-run: the down file
	Next        string             `json:"next,omitempty"` // the command to run next
}

// squashDataDocument is the rows of a table, or the position of a sequence.
type squashDataDocument struct {
	Name     string `json:"name"` // as SQL
	Kind     string `json:"kind"` // "table" or "sequence"
	Rows     *int64 `json:"rows,omitempty"`
	Position *int64 `json:"position,omitempty"`
	Kept     bool   `json:"kept"`
}

// omissionDocument is an effect outside of the schema.
type omissionDocument struct {
	File string `json:"file"` // "" if it was found in the database
	Line int    `json:"line"`
	What string `json:"what"` // such as "CREATE ROLE"
}

// draftDocument is printed by revision --autogenerate.
type draftDocument struct {
	Schema      string                  `json:"schema"`      // the desired one, as the command line names it
	Written     bool                    `json:"written"`     // the files exist now
	Revisions   []draftRevisionDocument `json:"revisions"`   // in the order in which they are applied; none if there is nothing to do
	Differences []differenceDocument    `json:"differences"` // from the schema of the revisions to the desired one
	Renames     []renamedDocument       `json:"renames"`
	Unsplit     string                  `json:"unsplit,omitempty"` // why there is one revision that blocks others
	Next        string                  `json:"next,omitempty"`    // the command to run after reading the SQL
}

// draftRevisionDocument is one drafted revision.
type draftRevisionDocument struct {
	Revision      string                 `json:"revision"`
	DownRevision  []string               `json:"down_revision"`
	Message       string                 `json:"message"`
	Transactional bool                   `json:"transactional"`
	Files         []string               `json:"files"` // the up file and the down file
	Up            string                 `json:"up"`    // the text of the up file
	Down          string                 `json:"down"`
	Effects       []markDocument         `json:"effects"` // what the up script does to rows
	Locks         []relationLockDocument `json:"locks"`   // the strongest lock that the up script takes on each relation that is there before it
}

// schemaDocument is printed by schema.
type schemaDocument struct {
	Version     int    `json:"version"`        // of the server, in the form of server_version_num
	Fingerprint string `json:"fingerprint"`    // of the schema, without owners and privileges
	Objects     int    `json:"objects"`        // the number of objects, columns and defaults included
	File        string `json:"file,omitempty"` // what --out named
	SQL         string `json:"sql,omitempty"`  // the schema, unless it was written to a file
}

// diffDocument is printed by diff, also if it exits with 3.
type diffDocument struct {
	From            string                 `json:"from"` // as the command line names it
	To              string                 `json:"to"`
	Equal           bool                   `json:"equal"`       // no object differs or has to be renamed; some may not be comparable
	Differences     []differenceDocument   `json:"differences"` // sorted by kind and name
	Renames         []renamedDocument      `json:"renames"`     // of --rename: they are still to be done
	PossibleRenames []renameDocument       `json:"possible_renames"`
	Statements      []statementDocument    `json:"statements,omitempty"` // of --sql: they turn from into to
	Locks           []relationLockDocument `json:"locks,omitempty"`      // of --locks: the strongest one that these statements take on each relation of from
}

// differenceDocument is an object that differs.
type differenceDocument struct {
	Change string         `json:"change"` // "removed" (only in from), "added" (only in to), "changed" or "not comparable"
	Kind   string         `json:"kind"`   // such as "table" or "materialized view"
	Name   string         `json:"name"`
	Facts  []factDocument `json:"facts"` // of a changed object
}

// factDocument is a property that differs. The default is "".
type factDocument struct {
	Name       string `json:"name"`
	From       string `json:"from"`
	To         string `json:"to"`
	Comparable bool   `json:"comparable"` // false: the servers print it in different ways
}

// renamedDocument is an object that has another name in the second schema.
type renamedDocument struct {
	Kind string `json:"kind"`
	From string `json:"from"`
	To   string `json:"to"` // the new name, without table; with the schema, as SQL writes it, if that is another one
}

// renameDocument is a pair of objects that may be one with a new name.
type renameDocument struct {
	From   string `json:"from"`
	To     string `json:"to"`     // the new name, without table; with the schema, as SQL writes it, if that is another one
	Rename string `json:"rename"` // the value for --rename
}

// statementDocument is one statement of a change.
type statementDocument struct {
	SQL   string                 `json:"sql"`
	Does  string                 `json:"does"` // to the object: "create", "alter", "drop", "replace" or "set"
	Kind  string                 `json:"kind"`
	Name  string                 `json:"name"`
	Marks []markDocument         `json:"marks"` // what it does to rows, and how it has to be run
	Locks []relationLockDocument `json:"locks"` // on relations of from, the strongest one first; ACCESS SHARE, which every query takes, is left out
}

// relationLockDocument is the lock of a statement on a relation.
type relationLockDocument struct {
	Mode   string `json:"mode"`             // as LOCK TABLE spells it, such as "ACCESS EXCLUSIVE"
	Blocks string `json:"blocks,omitempty"` // "writes" or "reads and writes"
	Kind   string `json:"kind"`             // of the relation: "table", "view", "materialized view", "sequence" or "foreign table"
	Name   string `json:"name"`
}

// markDocument is one effect of a statement.
type markDocument struct {
	Effect string `json:"effect"` // "destroys", "rewrites", "scans", "may fail on rows", "needs its own transaction" or "asks for USING"
	Kind   string `json:"kind"`
	Name   string `json:"name"` // of the object that it concerns
}

// rehearsalDocument is printed by rehearse.
type rehearsalDocument struct {
	From         []string                   `json:"from"`           // the revisions where it began
	Steps        []rehearsedDocument        `json:"steps"`          // what was carried out
	Findings     []rehearsalFindingDocument `json:"findings"`       // in the order of the steps
	NotRehearsed []string                   `json:"not_rehearsed"`  // the revisions after one that failed
	Reverted     int                        `json:"reverted"`       // the number of down scripts that were tried
	Orders       int                        `json:"orders"`         // the number of other orders of the revisions that were tried
	Modified     []string                   `json:"modified"`       // applied revisions whose files were modified since
	Unsized      []string                   `json:"unsized"`        // tables that the revisions touch, and that are not among the sizes
	Data         *copiedRowsDocument        `json:"data,omitempty"` // with --data URL
}

// copiedRowsDocument is what rehearse has copied from a database.
type copiedRowsDocument struct {
	Database string             `json:"database"`
	At       []string           `json:"at"`     // the maximal revisions that are applied there
	Tables   int                `json:"tables"` // with rows
	Rows     int64              `json:"rows"`
	Left     []leftRowsDocument `json:"left"`    // what was left out
	Differs  []string           `json:"differs"` // objects that are not as the revisions make them
}

type leftRowsDocument struct {
	Table   string   `json:"table"`
	Reason  string   `json:"reason"`         // "limit", "references", "not made", "privilege", "policies", "standby", "columns" or "refresh"
	Rows    int64    `json:"rows,omitempty"` // an estimate for "limit"
	Columns []string `json:"columns,omitempty"`
}

type rehearsedDocument struct {
	Direction     string                       `json:"direction"` // "up" or "down"
	Revision      string                       `json:"revision"`
	Message       string                       `json:"message"` // its first line
	Transactional bool                         `json:"transactional"`
	Statements    []rehearsedStatementDocument `json:"statements"`
}

type rehearsedStatementDocument struct {
	File       string         `json:"file"`
	Line       int            `json:"line"`
	Column     int            `json:"column"`
	DurationMS float64        `json:"duration_ms"`
	Locks      []lockDocument `json:"locks"` // those on what existed before the revision, unless it held them already
}

type lockDocument struct {
	Object string `json:"object"`
	Mode   string `json:"mode"`             // as LOCK TABLE spells it, such as "ACCESS EXCLUSIVE"
	Blocks string `json:"blocks,omitempty"` // "writes" or "reads and writes"
}

type rehearsalFindingDocument struct {
	Rule      string        `json:"rule"`
	Severity  string        `json:"severity"` // "note", "warning" or "danger"
	Revision  string        `json:"revision,omitempty"`
	Direction string        `json:"direction"` // "up" or "down"
	File      string        `json:"file,omitempty"`
	Line      int           `json:"line,omitempty"`
	Column    int           `json:"column,omitempty"`
	Object    string        `json:"object,omitempty"`
	Message   string        `json:"message"`
	Why       string        `json:"why,omitempty"`    // why it matters
	Safe      string        `json:"safe,omitempty"`   // what to write instead
	Accept    string        `json:"accept,omitempty"` // what acknowledges it in the accept key of the header
	Accepted  bool          `json:"accepted"`
	Lock      string        `json:"lock,omitempty"`
	Blocks    string        `json:"blocks,omitempty"`
	Table     string        `json:"table,omitempty"` // the table whose size decides
	Size      *sizeDocument `json:"size,omitempty"`  // its size, if it is known
}

type sizeDocument struct {
	Bytes int64 `json:"bytes"`
	Rows  int64 `json:"rows"` // an estimate, 0 if there is none
}

// sizesDocument is printed by rehearse --save-sizes.
type sizesDocument struct {
	File    string   `json:"file"`
	Applied []string `json:"applied"` // the current revisions
	Tables  int      `json:"tables"`
}
