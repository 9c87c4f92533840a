package revision

import (
	"fmt"
	"strings"
	"testing"
)

func TestNotesAreLinesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := NewScript("-- destroys: column public.t.a\nALTER TABLE t DROP a; -- destroys: table x\nSELECT '\n-- destroys: table y\n';\n" +
		"/*\n-- destroys: table z\n*/\n-- destroys: materialized view public.\"m ;\"\r\n-- asks for USING: column public.t.b\n--destroys: table w\n-- destroys: nothing\nSELECT 1;\n")
	var got []string
	for _, n := range s.Notes() {
		got = append(got, fmt.Sprintf("%d:%d %s [%s] [%s]", n.Line, n.Column, n.Word, n.Kind, n.Name))
	}
	want := `2:1 destroys [column] [public.t.a]
10:1 destroys [materialized view] [public."m ;"]
11:1 asks for USING [column] [public.t.b]
13:1 destroys [] [nothing]`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if notes := NewScript("SELECT 1;").Notes(); notes != nil {
		t.Error(notes)
	}
}

func TestAcceptanceNamesAnObject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		object, name string
		want         bool
	}{
		{"public.t", "public.t", true},
		{"T", "public.t", true},
		{"t", "app.t", true},
		{"t.a", "public.t.a", true},
		{"a", "public.t.a", false},
		{`"T, x"`, `public."T, x"`, true},
		{`"t, x"`, `public."T, x"`, false},
		{"t", `"a.b".t`, true},
		{"t", `"a"."b".t`, false},
		{"x", "public.t", false},
	} {
		if got := (Acceptance{AcceptDestroys, c.object}).Names(c.name); got != c.want {
			t.Errorf("%s names %s: %v", c.object, c.name, got)
		}
	}
	r, problems := Parse(Source{"a.up.sql", "-- revision: a\n-- down_revision:\n-- accept: destroys public.\"a, b\", irreversible\n"}, nil)
	if len(problems) > 0 || len(r.Accept) != 2 || !r.AcceptsDestroying(`public."a, b"`) {
		t.Errorf("%v, %v", r.Accept, problems)
	}
}
