package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// Read decodes the answer to [Message] as a [Reader] does. results[i] has the rows of statement i of the message, in any
// order; version is that of the message.
func Read(version int, results [][]Row) (*schema.Schema, error) {
	r := NewReader(version)
	for i, rows := range results {
		for _, row := range rows {
			addRow(r, i, row)
		}
	}
	return r.Schema()
}

// Reader decodes the answer to [Message] while it arrives: it keeps objects, and of the rows those of one statement.
type Reader struct {
	reader  *reader
	queries []query
	first   int     // the statement of the message that is the first query
	decoded int     // how many queries are decoded
	result  *result // of the next one
	records []record
	err     error
}

// NewReader returns a reader of the answer to the message for a version.
func NewReader(version int) *Reader {
	r := &Reader{
		reader: &reader{
			version: version, classes: map[string]string{}, claimed: map[address]claim{}, columns: map[columnAddress]*schema.Object{},
			members: map[address]string{}, internal: map[address]address{},
			arrays: map[string]string{}, rowTypes: map[string]string{}, multiranges: map[string]string{},
		},
		queries: queries(version), first: len(prologue(version)), result: &result{words: map[string]string{}},
	}
	r.begin()
	return r
}

// begin prepares for the rows of the next query.
func (r *Reader) begin() {
	r.records = nil
	if r.decoded == len(r.queries) {
		r.result = nil
	} else {
		q := r.queries[r.decoded]
		r.result = &result{catalog: q.catalog, columns: q.known(r.reader.version), words: r.result.words}
	}
}

// Row reads a row of a statement of the message. Statements are in order, and their rows in any order; the fields are as
// the driver passes them, and nil is NULL.
func (r *Reader) Row(statement int, fields [][]byte) { addRow(r, statement, fields) }

func addRow[T string | []byte](r *Reader, statement int, row []T) {
	i := statement - r.first
	if r.err != nil || i < 0 || i >= len(r.queries) {
		return
	}
	r.decodeBefore(i)
	if len(row) != len(r.result.columns) {
		r.err = &ResultError{Statement: statement, Columns: len(row), Want: len(r.result.columns)}
		return
	}
	r.records = append(r.records, record{r.result, len(r.result.packed)})
	for _, field := range row {
		r.result.packed = append(binary.AppendUvarint(r.result.packed, uint64(len(field))), field...)
	}
}

// decodeBefore decodes the queries before query i.
func (r *Reader) decodeBefore(i int) {
	for r.decoded < i {
		q := r.queries[r.decoded]
		q.decode(r.reader, r.records)
		r.decoded++
		r.begin()
		if q.catalog == "pg_class" {
			r.reader.claimMadeTypes() // row types are known with their relations
		}
	}
}

// Schema returns the schema once all rows are read. Errors:
//   - *UnknownError: there are rows of a kind that this program does not know;
//   - *ChangingError: an object was dropped while the message ran, and it should be sent again;
//   - *ResultError: these are not the results of the message;
//   - *schema.ACLError, *schema.DuplicateError.
func (r *Reader) Schema() (*schema.Schema, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.decodeBefore(len(r.queries))
	return r.reader.finish()
}

func (r *reader) finish() (*schema.Schema, error) {
	if len(r.unknownRows) > 0 {
		slices.Sort(r.unknownRows)
		r.errs = append(r.errs, &UnknownError{Version: r.version, Rows: slices.Compact(r.unknownRows)})
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	r.addNeeds()
	return schema.New(r.version, r.objects, r.refused, r.memberRows)
}

// UnknownError reports rows of the catalogs that are neither an object of a known kind nor a part of one.
type UnknownError struct {
	Version int      // of the server, in the form of server_version_num
	Rows    []string // such as "public.x (pg_proc 16423)", or catalog and oid if nothing else is known; sorted
}

func (e *UnknownError) Error() string {
	is := " is of a kind"
	if len(e.Rows) > 1 {
		is = " are of kinds"
	}
	return strings.Join(e.Rows, ", ") + is + " that this version does not know"
}

// ChangingError reports an object that was dropped or changed while the catalogs were read.
type ChangingError struct{ Key schema.Key }

func (e *ChangingError) Error() string {
	return e.Key.String() + " was changed while the catalogs were read: try again"
}

// ResultError reports rows that do not have the columns of their statement.
type ResultError struct {
	Statement     int // index in the message
	Columns, Want int
}

func (e *ResultError) Error() string {
	return fmt.Sprintf("statement %d of the message returned %d columns, not %d", e.Statement, e.Columns, e.Want)
}

// address is how the catalogs refer to a row.
type address struct{ class, oid string }

type columnAddress struct{ relation, number string }

// claim is the object that a row belongs to, and which part of it the row is; "" is the object itself.
type claim struct {
	object *schema.Object
	part   string
}

// reader collects objects.
type reader struct {
	version  int
	classes  map[string]string // names of the known catalogs by oid
	claimed  map[address]claim
	columns  map[columnAddress]*schema.Object
	members  map[address]string  // members of extensions, and the oid of the extension
	internal map[address]address // what the server made for a type or an operator class, and that

	arrays, rowTypes, multiranges map[string]string // types that the server made, and the element, relation, range

	dependencies []record
	objects      []*schema.Object
	refused      []schema.Refusal
	memberRows   int
	unknownRows  []string
	errs         []error
}

func (rec record) address() address { return address{rec.catalog, rec.get("oid")} }

// add adds the object of a row, or returns nil if the row is a member of an extension.
func (r *reader) add(rec record, kind schema.Kind, name string) *schema.Object {
	if r.isMember(rec.address()) {
		r.memberRows++
		return nil
	}
	o := &schema.Object{Key: schema.Key{Kind: kind, Name: name}, Schema: rec.get("schema"), Name: rec.get("name")}
	r.objects = append(r.objects, o)
	r.claim(rec.address(), o, "")
	r.addFacts(o, rec)
	r.setPrivileges(o, "privileges", r.acl(rec))
	if o.Schema == "pg_catalog" || o.Schema == "information_schema" {
		r.refuse(o, "is in a schema of the system: move it to another schema")
	}
	return o
}

// part adds an object that belongs to another one, as a part of it.
func (r *reader) part(rec record, parent *schema.Object, kind schema.Kind, name string) *schema.Object {
	o := &schema.Object{Key: schema.Key{Kind: kind, Name: name}, Schema: rec.get("schema"), Name: rec.get("name"), Parent: parent}
	if o.Schema == "" {
		o.Schema = parent.Schema
	}
	if o.Name == "" {
		o.Name = parent.Name
	}
	parent.Parts = append(parent.Parts, o)
	r.objects = append(r.objects, o)
	if rec.get("oid") != "" {
		r.claim(rec.address(), o, "")
	}
	r.addFacts(o, rec)
	return o
}

// owner returns the object that a row belongs to. It returns nil, and accounts for the row, if the row or its owner is a
// member of an extension, or if the object does not exist.
func (r *reader) owner(rec record, class, oid string) *schema.Object {
	if r.isMember(rec.address()) || r.isMember(address{class, oid}) {
		r.memberRows++
		return nil
	}
	o := r.at(class, oid)
	if o == nil {
		r.unknown(rec)
	}
	return o
}

// at returns the object that a row belongs to, or nil.
func (r *reader) at(class, oid string) *schema.Object { return r.claimed[address{class, oid}].object }

func (r *reader) claim(a address, o *schema.Object, part string) {
	if a.oid != "" && a.oid != "0" && (o != nil || part == "") {
		r.claimed[a] = claim{o, part}
	}
}

// claimMade assigns a row to the type that the server created it for, and reports whether there is one.
func (r *reader) claimMade(rec record) bool {
	owner, ok := r.internal[rec.address()]
	if !ok || owner.class != "pg_type" {
		return false
	}
	r.claim(rec.address(), r.at(owner.class, owner.oid), "made")
	return true
}

func (r *reader) isMember(a address) bool {
	_, ok := r.members[a]
	return ok
}

// addFacts adds the columns that are facts or details.
func (r *reader) addFacts(o *schema.Object, rec record) {
	rest := rec.packed[rec.start:]
	for i := range rec.columns {
		c := &rec.columns[i]
		var field []byte
		if field, rest = cut(rest); c.use == internal || len(field) == 0 {
			continue
		}
		value := rec.text(field)
		switch c.use {
		case isFact:
			if schema.IsText(c.name) || c.name == "definition" {
				value = trimmed(value)
			}
			o.AddFact(c.name, value)
		case isDetail:
			o.AddDetail(c.name, value)
		}
	}
}

func (r *reader) refuse(o *schema.Object, reason string) {
	r.refused = append(r.refused, schema.Refusal{Object: strings.ToLower(o.Key.Kind.String()) + " " + o.Key.Name, Name: o.QualifiedName(), Reason: reason})
}

func (r *reader) changing(o *schema.Object) { r.errs = append(r.errs, &ChangingError{o.Key}) }

// unknown records a row that is of an unknown kind or belongs to nothing.
func (r *reader) unknown(rec record) {
	name := schema.Qualify(rec.get("schema"), rec.get("name"))
	if name == `""` {
		name = "row"
	}
	r.unknownRows = append(r.unknownRows, fmt.Sprintf("%s (%s %s)", name, rec.catalog, rec.get("oid")))
}
