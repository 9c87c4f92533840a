package revision_test

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

// FuzzParse checks for arbitrary files that problems are sorted and have valid positions, and that files without problems
// survive Format.
func FuzzParse(f *testing.F) {
	f.Add("-- m\n--\n-- revision: a1\n-- down_revision: p, q\n-- created: 2021-11-20T19:17:01Z\n\nSELECT 1;\n", "-- revision: a1\n-- transaction: off\n\nVACUUM;")
	f.Add("\ufeff-- revision: a1\r\n-- down_revision:\r\n-- lock_timeout: 1.5s\r\n\r\nCOMMIT;", "-- down_revision: x\r-- y")
	f.Add("-- revison: a1\n\n-- down_revision:\n--\n", "")
	f.Add(good+"\nCOPY a FROM stdin;\n\\.\n$x$ $x$ E'\\'' /* /* */ \x00\xff", "-- \n--:\n--")
	f.Fuzz(func(t *testing.T, up, down string) {
		r, problems := revision.Parse(revision.Source{File: "up", Text: up}, &revision.Source{File: "down", Text: down})
		texts := map[string]string{"up": up, "down": down}
		for i, p := range problems {
			line := sqltext.Line(texts[p.File], p.Line)
			if p.Line < 1 || p.Column < 1 || p.Column > len([]rune(line))+1 || p.Text == "" {
				t.Errorf("%v is not in %q", p, line)
			}
			if i > 0 && problems[i-1].File == p.File && problems[i-1].Line > p.Line {
				t.Errorf("%v is before %v", problems[i-1], p)
			}
		}
		if !strings.HasPrefix(up[r.Up.SQLStart:], r.Up.SQL()) || len(r.Up.SQL()) != len(up)-r.Up.SQLStart {
			t.Errorf("SQL at %d of %q is %q", r.Up.SQLStart, up, r.Up.SQL())
		}
		for _, key := range []string{"revision", "depends_on", "x"} {
			r.Pos(key, r.ID)
		}
		if len(problems) == 0 {
			checkInverse(t, r)
		}
	})
}
