package plan

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

func up(id, down, labels string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- revision: " + id + "\n-- down_revision:" + down + "\n-- branch_labels:" + labels + "\n")}
}

// An id or a label that is used twice is reported once, in the later of the files.
func TestNewFilesLocatesProblemsOfGraph(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"id in two files", fstest.MapFS{"a.up.sql": up("a1", "", ""), "b.up.sql": up("a1", " a2", ""), "c.up.sql": up("a2", "", "")}, []string{
			`sql/b.up.sql:1:14: revision: id "a1" is already used by sql/a.up.sql`,
		}},
		{"labels", fstest.MapFS{"a.up.sql": up("a1", "", " store, a2"), "b.up.sql": up("a2", "", " shop, store, a2")}, []string{
			`sql/a.up.sql:3:26: branch_labels: label "a2" is the id of sql/b.up.sql`,
			`sql/b.up.sql:3:25: branch_labels: label "store" is already used by sql/a.up.sql`,
			`sql/b.up.sql:3:32: branch_labels: label "a2" is the id of sql/b.up.sql`,
		}},
		{"missing parent", fstest.MapFS{"a.up.sql": up("a1", " c0ffee", "")}, []string{`sql/a.up.sql:2:19: revision c0ffee does not exist`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			revs, problems, err := revision.Load(test.files, "sql")
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			_, problems = NewFiles(revs)
			problems.Sort()
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
