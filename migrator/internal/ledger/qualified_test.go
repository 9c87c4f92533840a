package ledger

import (
	"reflect"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/sqltest"
)

// argumentValues are values for the parameters of the methods of Tables.
var argumentValues = func() map[reflect.Type][]reflect.Value {
	sql := "SELECT 'x'"
	entry := Entry{Revision: "a", DownRevision: []string{"b"}, DownSQL: &sql}
	values := map[reflect.Type][]reflect.Value{}
	for _, v := range []any{
		"it's", 3, int64(3), true, false, []string(nil),
		[]string{"a", "b"},
		Applying, Reverting, (*string)(nil), &sql,
		Entry{Revision: "a"},
		entry,
		Author{},
		Was{},
		Event{},
		Event{Revision: "a", Duration: 1000},
		Fingerprints{Plain: "s1:15:0", Full: "s1p:15:0", Generation: 3},
		[]ReplacedRevision{{Revision: "a"}, {Revision: "b", Replaces: []ReplacedRevision{{Revision: "c"}}}},
		time.Second,
	} {
		values[reflect.TypeOf(v)] = append(values[reflect.TypeOf(v)], reflect.ValueOf(v))
	}
	return values
}()

// Every statement of the ledger, of every method of Tables, is independent of the
// search_path.
func TestStatementsAreQualified(t *testing.T) {
	t.Parallel()
	tables := reflect.ValueOf(Tables{})
	checked := 0
	for i := range tables.NumMethod() {
		name, method := tables.Type().Method(i).Name, tables.Method(i)
		for variant := range 2 {
			var args []reflect.Value
			for p := range method.Type().NumIn() {
				values := argumentValues[method.Type().In(p)]
				if len(values) == 0 {
					t.Fatalf("%s: add a value of type %s to argumentValues", name, method.Type().In(p))
				}
				args = append(args, values[variant%len(values)])
			}
			var statements []string
			switch result := method.Call(args)[0].Interface().(type) {
			case string:
				statements = []string{result}
			case []string:
				statements = result
			}
			for _, sql := range statements {
				checked++
				for _, problem := range sqltest.Unqualified(sql) {
					t.Errorf("%s: %s", name, problem)
				}
			}
		}
	}
	for _, problem := range sqltest.Unqualified(LockHolders("s.t")) {
		t.Errorf("LockHolders: %s", problem)
	}
	if checked < 60 {
		t.Errorf("checked %d statements", checked)
	}
}
