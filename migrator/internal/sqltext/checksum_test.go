package sqltext

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Sources of one group have the same checksum, sources of different groups have not.
func TestChecksumIgnoresLayoutOnly(t *testing.T) {
	t.Parallel()
	groups := [][]string{
		{"", " \n", "-- c", "\ufeff", "/* /* */ */"},
		{"SELECT 1;", "select\t1 ;", "-- c\nSELECT/**/1--\n;\r\n", "\ufeffSELECT 1;"},
		{"SELECT 1"},
		{"SELECT 1;;"},
		{"SELECT1;"},
		{"SELECT 11;"},
		{"SELECT 1 1;"},
		{"SELECT 1.;"},
		{"SELECT 1 .;"},
		{"SELECT 1 2;"},
		{"SELECT 12;"},
		{"SELECT 1e5;", "SELECT 1E5;"},
		{"SELECT 1 e5;"},
		{"SELECT a;", "SELECT A;"},
		{"SELECT É;"}, // only ASCII folds
		{"SELECT é;"},
		{`SELECT "a";`},
		{`SELECT "A";`},
		{"SELECT 'a';"},
		{"SELECT 'A';"},
		{"SELECT 'a ';"},
		{"SELECT E'a';", "SELECT e'a';"},
		{"SELECT E 'a';"},
		{"SELECT N'a';", "SELECT n'a';"},
		{"SELECT U&'a';", "SELECT u&'a';"},
		{"SELECT U & 'a';", "SELECT u&  'a';"},
		{"SELECT $$a$$;"},
		{"SELECT $x$a$x$;"},
		{"SELECT $X$a$X$;"},
		{"SELECT $1;"},
		{"SELECT $ 1;"},
		{"SELECT 'ab';"},
		{"SELECT 'a' 'b';", "SELECT 'a'/**/'b';", "SELECT 'a'/*\n*/ 'b';", "SELECT 'a'/**/\n'b';"},
		{"SELECT 'a'\n'b';", "SELECT 'a' -- c\n\n  'b';", "SELECT 'a'\r'b';", "SELECT 'a'\r\n\t--\r\n'b';"},
		{"SELECT 'a'\n'b'\n'c';", "SELECT 'a'\n--\n'b'\r\n'c';"},
		{"SELECT 'a'\n'b' 'c';"},
		{"SELECT 'a''b';"},
		{"SELECT 'a\nb';", "SELECT 'a\r\nb';"},
		{"SELECT 'a\rb';"},
		{"SELECT 'a\n\nb';"},
		{"SELECT $$a\nb$$;", "SELECT $$a\r\nb$$;"},
		{"SELECT $$a\n b$$;"},
		{"SELECT $$a--x\nb$$;"},
		{"SELECT a=-1;", "SELECT a = - 1;", "SELECT a=/**/-1;"},
		{"SELECT a@-1;", "SELECT a @- 1;"},
		{"SELECT a@ -1;"},
		{"SELECT a::b;"},
		{"SELECT a: :b;"},
		{"SELECT a:=b;"},
		{"SELECT a < = b;"},
		{"SELECT a <= b;"},
		{"SELECT 1..2;"},
		{"SELECT 1. .2;"},
		{"COPY t FROM stdin;\n1\n2\n\\.\n", "copy t from stdin ; -- c\n1\n2\n\\.", "COPY t FROM stdin;\r\n1\r\n2\r\n\\.\r\n", "COPY t FROM stdin;\n1\n2\n"},
		{"COPY t FROM stdin;\n1\n2"},
		{"COPY t FROM stdin;\n1 \n2\n\\.\n"},
		{"COPY t FROM stdin;\n\n1\n2\n\\.\n"},
		{"COPY t FROM stdin;\n1\n-- c\n2\n\\.\n"},
		{"COPY t FROM stdin;\n\\.\n"},
		{"COPY t FROM 'stdin';\n1\n2\n"},
		{"\\restrict abc\nSELECT 5;\n\\unrestrict abc\n", "\\restrict xyz\nSELECT 5;\n\\unrestrict xyz\n", "SELECT 5;"},
		{"SET standard_conforming_strings=off;'\\';'\n'\\';';", "SET standard_conforming_strings = OFF; '\\';' --\n\n '\\';' ;"},
		{"SET standard_conforming_strings=off;'\\';'\n'\\'x';"},
		{"SELECT (5; 6);"},
		{"SELECT (5), 6;"},
	}
	seen := map[string]string{}
	for _, group := range groups {
		first := Checksum(group[0])
		if len(first) != len("v1:")+64 || !strings.HasPrefix(first, "v1:") {
			t.Errorf("checksum %q", first)
		}
		if other, found := seen[first]; found {
			t.Errorf("%q and %q have the same checksum", other, group[0])
		}
		seen[first] = group[0]
		for _, src := range group[1:] {
			if Checksum(src) != first {
				t.Errorf("%q and %q have different checksums", group[0], src)
			}
		}
	}
}

// Ledgers contain checksums of format v1.
func TestChecksumFormatNeverChanges(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"":        "v1:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		everyKind: "v1:a4aafdf567b34cb49c10d6e5755a1c2ea0ec18843be2a8d6ea3c4749f149d916",
	} {
		if got := Checksum(src); got != want {
			t.Errorf("Checksum(%.30q…) = %s, want %s", src, got, want)
		}
	}
}

// everyKind contains every kind of token.
const everyKind = "\ufeff-- c\nCREATE \"Table\" /* c */ U&\"x\" 'a'\r\n'b' E'\\'' $$ d $$ 1.5E3 $1 <> ;\n" +
	"\\restrict k\ncopy T from stdin;\n1\t2\n\\.\n"

func TestChecksumOfLongSource(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("SELECT 'a' , b; ", 10000)
	if Checksum(long) != Checksum(strings.ReplaceAll(long, " ", "\n/* c */")) || Checksum(long) == Checksum(long+";") {
		t.Error("the checksum of a long source depends on its white space or not on its end")
	}
}

// tokenTexts are sequences of tokens that stay the same in any order with white space between them.
var tokenTexts = rapid.SliceOf(rapid.SampledFrom([]string{
	"a", "select", `"a"`, `"A"`, "1", "1.5", "'a'", "''", "'a''b'", "E'\\''", "$$;$$", "$a$x$a$", "$1", "$", "+", "-", "<=", "::", ".",
	"(", ")", ",", ";", "é", "b'1'", "n'a'", "u&'a'", "'\n'", "create", "function", "begin", "atomic", "end",
}))

// The same tokens have the same checksum whatever is between them, and other tokens have another.
func TestChecksumIgnoresAddedSpace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := tokenTexts.Draw(t, "tokens"), tokenTexts.Draw(t, "other tokens")
		once, again := spaced(t, a), spaced(t, a)
		if Checksum(once) != Checksum(again) {
			t.Fatalf("%q and %q have different checksums", once, again)
		}
		if same := strings.Join(a, " ") == strings.Join(b, " "); (Checksum(spaced(t, a)) == Checksum(spaced(t, b))) != same {
			t.Fatalf("checksums of %q and %q", a, b)
		}
	})
}

// spaced puts white space and comments between tokens, but never only a line end: after a string it is significant.
func spaced(t *rapid.T, tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteString(token)
		b.WriteString(rapid.SampledFrom([]string{" ", "\t", "/**/", "/* ' */\n", " /* /* */ -- */ \r\n", "\f"}).Draw(t, "space"))
	}
	return b.String()
}
