package plan

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator/revision"
)

// However many problems the graph has in one file, they are located in linear time, and the first are listed.
func TestManyProblemsOfGraphAreLocated(t *testing.T) {
	t.Parallel()
	const n = 100_000
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, ", c0ffee%06d", i)
	}
	for name, header := range map[string]string{
		"dependencies": "-- revision: a\n-- down_revision:\n-- depends_on: x" + list.String() + "\n",
		"parents":      "-- revision: a\n-- down_revision: x" + list.String() + "\n",
	} {
		revs, problems, err := revision.Load(fstest.MapFS{"a.up.sql": {Data: []byte(header)}}, "sql")
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		if _, problems = NewFiles(revs); len(problems) != 51 || !strings.HasSuffix(problems[50].Text, fmt.Sprintf("and %d more problems in this file", n+1-50)) {
			t.Errorf("%s: %d problems, at last %v", name, len(problems), problems[len(problems)-1])
		}
	}
	files := fstest.MapFS{}
	for i := range 20_000 {
		files[fmt.Sprintf("%d.up.sql", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "-- revision: a%d\n-- down_revision:\n", i/2)}
	}
	revs, _, err := revision.Load(files, "sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := NewFiles(revs); len(problems) != 10_000 {
		t.Errorf("%d ids that are used twice", len(problems))
	}
}
