package rehearsal

import (
	"maps"
	"testing"

	"example.com/ambix/migrator/schema"
)

// The exclusive lock on an index counts only together with a lock on its table that others wait for. Whether the second
// session sees the last lock of DROP INDEX CONCURRENTLY depends on how fast the machine is.
func TestLocksOnDeadIndexes(t *testing.T) {
	t.Parallel()
	before := &catalog{relations: map[string]*relation{
		"1": {oid: "1", kind: "r", parent: "0"}, "2": {oid: "2", kind: "i", parent: "1"}, "3": {oid: "3", kind: "i", parent: "1"},
	}}
	type locks = map[string]schema.LockMode
	for name, test := range map[string]struct{ seen, want locks }{
		"DROP INDEX CONCURRENTLY":    {locks{"1": schema.ShareUpdateExclusive, "2": schema.AccessExclusive}, locks{"1": schema.ShareUpdateExclusive}},
		"REINDEX TABLE CONCURRENTLY": {locks{"1": schema.ShareUpdateExclusive, "2": schema.AccessExclusive, "3": schema.ShareUpdateExclusive}, locks{"1": schema.ShareUpdateExclusive}},
		"REINDEX SCHEMA":             {locks{"1": schema.Share, "2": schema.AccessExclusive}, nil},
		"VACUUM FULL":                {locks{"1": schema.AccessExclusive, "2": schema.AccessExclusive}, nil},
		"the index alone":            {locks{"2": schema.AccessExclusive}, nil},
		"a relation that is new":     {locks{"4": schema.AccessExclusive}, nil},
	} {
		want := test.want
		if want == nil {
			want = test.seen
		}
		if got := withoutDeadIndexes(before, test.seen); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
