package catalog

import "testing"

// The rows of a catalog are not kept until the end: a large schema has tens of thousands.
func TestReaderKeepsTheRowsOfOneStatement(t *testing.T) {
	t.Parallel()
	const version = 150000
	r := NewReader(version)
	first := len(prologue(version))
	for i, q := range queries(version) {
		if q.catalog != "pg_namespace" {
			continue
		}
		names := []string{"a", "b", "c"}
		for n, name := range names {
			fields := make([][]byte, len(q.known(version)))
			for k, c := range q.known(version) {
				switch c.name {
				case "oid":
					fields[k] = []byte{'2', '0', '0', '0', byte('0' + n)}
				case "name":
					fields[k] = []byte(name)
				}
			}
			r.Row(first+i, fields)
		}
		if len(r.records) != len(names) {
			t.Fatalf("%d rows are kept of the statement that is read", len(r.records))
		}
		r.Row(first+i+1, make([][]byte, len(queries(version)[i+1].known(version))))
		if len(r.records) != 1 || len(r.reader.objects) != len(names) {
			t.Errorf("after the next statement began: %d rows, %d objects", len(r.records), len(r.reader.objects))
		}
		return
	}
	t.Fatal("no query of pg_namespace")
}
