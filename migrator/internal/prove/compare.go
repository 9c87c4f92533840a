package prove

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// compare records how the state after a down script differs from that before the revision.
func (r *Reverted) compare(before, after state) {
	r.Left = before.schema.Compare(after.schema)
	r.Rows = changedRows(before, after)
	r.about = objects(r.Left, before.schema, after.schema)
	for _, n := range r.Rows {
		r.about = append(r.about, before.schema.Object(schema.Key{Kind: schema.Table, Name: n.Table}))
	}
	if len(r.Left) == 0 {
		r.Moved = movedColumns(before.schema, after.schema)
		return
	}
	statements, err := ddl.Change(after.schema, withLabels(before.schema, after.schema, r.Left), ddl.Options{Owners: true, Privileges: true, Destructive: true})
	if err != nil {
		return // the objects are named all the same
	}
	for _, s := range statements {
		if s.Object != (schema.Key{}) { // not a setting
			r.Missing = append(r.Missing, s.SQL)
		}
	}
}

// markRemoved marks the rows that are missing since the up script, which has left the state up.
func (r *Reverted) markRemoved(up state) {
	for i := range r.Rows {
		n := &r.Rows[i]
		n.Removed = up.rows != nil && n.After < n.Before && n.After >= min(n.Before, up.rows[n.Table])
	}
}

// withLabels returns the schema with the values that enum types have gained. To remove them would be to make the type anew,
// and with it every table that uses it.
func withLabels(s, after *schema.Schema, left []schema.Difference) *schema.Schema {
	s = s.Without(func(*schema.Object) bool { return false }) // a copy
	for _, d := range left {
		if len(newLabels(d)) == 0 {
			continue
		}
		facts := s.Object(d.Key).Facts
		for i := range facts {
			if facts[i].Name == "labels" {
				facts[i].Value = after.Object(d.Key).Fact("labels")
			}
		}
	}
	return s
}

// objects returns the object of each difference.
func objects(list []schema.Difference, before, after *schema.Schema) []*schema.Object {
	var found []*schema.Object
	for _, d := range list {
		o := before.Object(d.Key)
		if o == nil {
			o = after.Object(d.Key)
		}
		found = append(found, o)
	}
	return found
}

// changedRows returns the tables that exist on both sides with different numbers of rows, sorted.
func changedRows(before, after state) []RowCount {
	if before.rows == nil || after.rows == nil {
		return nil // they could not be counted
	}
	names := maps.Clone(before.rows)
	maps.Copy(names, after.rows)
	var changed []RowCount
	for _, name := range slices.Sorted(maps.Keys(names)) {
		table := schema.Key{Kind: schema.Table, Name: name}
		if before.rows[name] != after.rows[name] && before.schema.Object(table) != nil && after.schema.Object(table) != nil {
			changed = append(changed, RowCount{Table: name, Before: before.rows[name], After: after.rows[name]})
		}
	}
	return changed
}

// movedColumns returns the columns that are at another position among the others of their table.
func movedColumns(before, after *schema.Schema) []schema.Key {
	var moved []schema.Key
	for _, o := range before.Objects {
		if o.Key.Kind != schema.Table {
			continue
		}
		other := after.Object(o.Key)
		if other == nil {
			continue
		}
		rest := slices.Clone(other.Columns())
		for _, c := range o.Columns() {
			at := slices.IndexFunc(rest, func(r *schema.Object) bool { return r.Key == c.Key })
			if at > 0 {
				moved = append(moved, c.Key)
			}
			if at >= 0 {
				rest = slices.Delete(rest, at, at+1)
			}
		}
	}
	return moved
}

// decidesAtRunTime reports whether a script may do different things to equal schemas, because it looks at more than the
// schema: DO blocks, functions and queries can.
func decidesAtRunTime(script *revision.Script) (bool, error) {
	script, err := script.Loaded()
	if err != nil {
		return false, err
	}
	for _, st := range script.Statements() {
		first, _, _ := strings.Cut(st.Keywords, " ")
		switch first {
		case "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "SECURITY", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "COPY", "SET", "RESET", "REFRESH", "ANALYZE", "VACUUM", "REINDEX":
		default:
			return true, nil
		}
	}
	return false, nil
}

// scriptError returns the error of a script apart from those of the connection and the server, which stop the proof.
func (s *Setup) scriptError(err error) (*apply.RevisionError, error) {
	e, ok := errors.AsType[*apply.RevisionError](err)
	if !ok {
		return nil, err
	}
	switch e.Cause {
	case apply.ServerCondition, apply.Canceled, apply.Terminated, apply.ConnectionLost, apply.FileUnreadable, apply.LockTimeout:
		return nil, err
	}
	if s.Private {
		return e.WithoutValues(), nil
	}
	return e, nil
}
