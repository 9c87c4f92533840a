package revision_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator/revision"
)

// manyPairs returns n ordinary revisions: tables and indexes, in every tenth a function, and in every tenth a word that
// makes it not plain.
func manyPairs(n int) fstest.MapFS {
	files := make(fstest.MapFS, 2*n)
	for i := range n {
		id, parent := fmt.Sprintf("%012x", 0xa00000000000+i), ""
		if i > 0 {
			parent = fmt.Sprintf(" %012x", 0xa00000000000+i-1)
		}
		stem := fmt.Sprintf("%02d/2021-11-20_%s_create_table_%d", i%20, id, i)
		up := fmt.Sprintf("-- create table %d\n--\n-- revision: %s\n-- down_revision:%s\n-- branch_labels:\n-- depends_on:\n-- created: 2021-11-20T19:17:01Z\n\n"+
			"CREATE TABLE t%[1]d (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name varchar(50) NOT NULL DEFAULT 'no name', -- shown\n"+
			"    description varchar(200),\n    created_at timestamptz NOT NULL DEFAULT now()\n);\nCREATE INDEX t%[1]d_name ON t%[1]d (name);\n", i, id, parent)
		switch i % 10 {
		case 3:
			up += "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  NEW.name := 'x';\n  RETURN NEW;\nEND;\n$$;\n"
		case 7:
			up += "UPDATE t SET name = CASE WHEN name = '' THEN NULL ELSE name END;\n"
		}
		files[stem+".up.sql"] = &fstest.MapFile{Data: []byte(up)}
		files[stem+".down.sql"] = &fstest.MapFile{Data: []byte(fmt.Sprintf("-- revision: %s\n\nDROP TABLE t%d;\n", id, i))}
	}
	return files
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files := manyPairs(n)
			b.ReportAllocs()
			for b.Loop() {
				revisions, problems, err := revision.Load(files, "sql")
				if len(revisions) != n || len(problems) > 0 || err != nil {
					b.Fatal(len(revisions), problems, err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	files := manyPairs(2)
	var up, down revision.Source
	for name, f := range files {
		if strings.HasSuffix(name, "table_1.up.sql") {
			up = revision.Source{File: name, Text: string(f.Data)}
		} else if strings.HasSuffix(name, "table_1.down.sql") {
			down = revision.Source{File: name, Text: string(f.Data)}
		}
	}
	b.SetBytes(int64(len(up.Text) + len(down.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := revision.Parse(up, &down); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
