package sqltext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var kindNames = [...]string{
	Space: "space", Comment: "comment", Word: "word", QuotedName: "name", String: "string", Dollar: "dollar",
	Number: "number", Param: "param", Operator: "op", Semicolon: "semicolon", MetaCommand: "command", CopyData: "rows",
}

// describe lists the tokens of src except white space, each as "kind text".
func describe(src string) []string {
	var tokens []string
	for t := range Tokens(src) {
		if t.Kind != Space {
			tokens = append(tokens, kindNames[t.Kind]+" "+src[t.Start:t.End])
		}
	}
	return tokens
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		"":                      nil,
		" \t\r\n\f\v":           nil,
		"\ufeffSELECT":          {"word SELECT"},
		"\ufeff  SELECT":        {"word SELECT"},
		" \ufeffSELECT":         {"word \ufeffSELECT"},
		"a\u00a0b":              {"word a\u00a0b"}, // a no-break space is a letter to the server
		"naïve_1$x é":           {"word naïve_1$x", "word é"},
		"a.b ,(c)[1]{":          {"word a", "op .", "word b", "op ,", "op (", "word c", "op )", "op [", "number 1", "op ]", "op {"},
		"a;;b":                  {"word a", "semicolon ;", "semicolon ;", "word b"},
		"(a;b);":                {"op (", "word a", "op ;", "word b", "op )", "semicolon ;"},
		"):;":                   {"op )", "op :", "semicolon ;"},
		"\x00\x01":              {"op \x00", "op \x01"},
		"\xff\xfe;":             {"word \xff\xfe", "semicolon ;"},
		"x\\":                   {"word x", "command \\"},
		"\\d foo  \n;":          {"command \\d foo", "semicolon ;"},
		"\\d foo\r\nx":          {"command \\d foo", "word x"},
		"\\d foo\rx":            {"command \\d foo\rx"}, // psql ends lines at \n only
		"a\\;b\\:c":             {"word a", "command \\;", "word b", "command \\:", "word c"},
		"\\restrict x1\nselect": {"command \\restrict x1", "word select"},

		// comments
		"a--b;\nc":            {"word a", "comment --b;", "word c"},
		"a--b\rc":             {"word a", "comment --b", "word c"},
		"--":                  {"comment --"},
		"- -":                 {"op -", "op -"},
		"---x":                {"comment ---x"},
		"/**/a":               {"comment /**/", "word a"},
		"/*/**/*/a":           {"comment /*/**/*/", "word a"},
		"/*/ */a":             {"comment /*/ */", "word a"},
		"/* /* */ ; */a":      {"comment /* /* */ ; */", "word a"},
		"/***/a/* **/b":       {"comment /***/", "word a", "comment /* **/", "word b"},
		"/*-- */a":            {"comment /*-- */", "word a"},
		"/* ' $$ \" */a":      {"comment /* ' $$ \" */", "word a"},
		"--/*\na":             {"comment --/*", "word a"},
		"a /* /* */ b":        {"word a", "comment /* /* */ b"},
		"/*":                  {"comment /*"},
		"/*/":                 {"comment /*/"},
		"*/*/*/":              {"op *", "comment /*/*/"},
		"//**/":               {"op /", "comment /**/"},
		"+/*x*/-":             {"op +", "comment /*x*/", "op -"},
		"<--x\na":             {"op <", "comment --x", "word a"},
		"@-/*x*/@--x":         {"op @-", "comment /*x*/", "op @", "comment --x"},
		"'/*' a '*/'":         {"string '/*'", "word a", "string '*/'"},
		"/* a */ b /* c */ d": {"comment /* a */", "word b", "comment /* c */", "word d"},

		// operators
		"a=-1":      {"word a", "op =", "op -", "number 1"},
		"a<-1":      {"word a", "op <", "op -", "number 1"},
		"a@-1":      {"word a", "op @-", "number 1"},
		"a=+-+1":    {"word a", "op =", "op +", "op -", "op +", "number 1"},
		"+-+-":      {"op +", "op -", "op +", "op -"},
		"*<>=":      {"op *<>="},
		"->>":       {"op ->>"},
		"?-|":       {"op ?-|"},
		"?-":        {"op ?-"},
		"=>-":       {"op =>", "op -"},
		"a::b":      {"word a", "op ::", "word b"},
		":::=":      {"op ::", "op :="},
		"a:=b":      {"word a", "op :=", "word b"},
		"1..2":      {"number 1", "op ..", "number 2"},
		"1...2":     {"number 1", "op ..", "number .2"},
		"..5":       {"op ..", "number 5"},
		"a.*":       {"word a", "op .", "op *"},
		"`#~%^&|!?": {"op `#~%^&|!?"},

		// numbers
		"1 1. .5 1.5 1e10 1E+5 1.e-5 .5e1": {"number 1", "number 1.", "number .5", "number 1.5", "number 1e10", "number 1E+5", "number 1.e-5", "number .5e1"},
		"1.5.5":                            {"number 1.5", "number .5"},
		"0x1F 0X_1f 0o17 0b101 1_000":      {"number 0x1F", "number 0X_1f", "number 0o17", "number 0b101", "number 1_000"},
		"1_000.5_0e1_0":                    {"number 1_000.5_0e1_0"},
		"1__0 1_ 0x 0b2":                   {"number 1", "word __0", "number 1", "word _", "number 0", "word x", "number 0", "word b2"},
		"1e 1e+ 1em":                       {"number 1", "word e", "number 1", "word e", "op +", "number 1", "word em"},
		"1END":                             {"number 1", "word END"},
		"1E'a\\'b'":                        {"number 1", "string E'a\\'b'"}, // up to PostgreSQL 14
		"-1":                               {"op -", "number 1"},

		// dollars
		"$1":                    {"param $1"},
		"$1$$;$$":               {"param $1", "dollar $$;$$"},
		"1$$;$$":                {"number 1", "dollar $$;$$"},
		"a$$;":                  {"word a$$", "semicolon ;"},
		"a $$;$$":               {"word a", "dollar $$;$$"},
		"$$a$b$$":               {"dollar $$a$b$$"},
		"$a$$$a$$b$a$":          {"dollar $a$$$a$", "dollar $b$a$"},
		"$a$ $b$ $a$ x":         {"dollar $a$ $b$ $a$", "word x"},
		"$a$ $A$ $a$":           {"dollar $a$ $A$ $a$"},
		"$a$x$a$a$":             {"dollar $a$x$a$", "word a$"},
		"$é$;$é$":               {"dollar $é$;$é$"},
		"$_1$;$_1$":             {"dollar $_1$;$_1$"},
		"$1a$;":                 {"param $1", "word a$", "semicolon ;"},
		"$a b$ ;":               {"op $", "word a", "word b$", "semicolon ;"},
		"$":                     {"op $"},
		"$;":                    {"op $", "semicolon ;"},
		"$$":                    {"dollar $$"},
		"$a":                    {"op $", "word a"},
		"$a$ $a":                {"dollar $a$ $a"},
		"$ambix1$'\"--$ambix1$": {"dollar $ambix1$'\"--$ambix1$"},
		"'$$'$$'$$":             {"string '$$'", "dollar $$'$$"},

		// strings
		"''":                    {"string ''"},
		"'a''b;'":               {"string 'a''b;'"},
		"'a\\'b":                {"string 'a\\'", "word b"},
		"E'a\\'b' e'\\\\'":      {"string E'a\\'b'", "string e'\\\\'"},
		"E'\\'''' x":            {"string E'\\''''", "word x"},
		"E'a\\":                 {"string E'a\\"},
		"nE'a\\'b":              {"word nE", "string 'a\\'", "word b"},
		"N'a\\' n'b'":           {"string N'a\\'", "string n'b'"},
		"B'01' x'1F'":           {"string B'01'", "string x'1F'"},
		"B'01''1'":              {"string B'01'", "string '1'"},
		"U&'\\0041' u&'a''b'":   {"string U&'\\0041'", "string u&'a''b'"},
		"U&'\\'x":               {"string U&'\\'", "word x"},
		"U& 'x' u & 'x'":        {"word U", "op &", "string 'x'", "word u", "op &", "string 'x'"},
		"aU&'x'":                {"word aU", "op &", "string 'x'"},
		"'a":                    {"string 'a"},
		"'a''":                  {"string 'a''"},
		"'a' 'b'":               {"string 'a'", "string 'b'"},
		"'a'\n'b'":              {"string 'a'\n'b'"},
		"'a'\r'b' c":            {"string 'a'\r'b'", "word c"},
		"'a' \t\n \f 'b'":       {"string 'a' \t\n \f 'b'"},
		"'a'--x\n'b'":           {"string 'a'--x\n'b'"},
		"'a'\n--x\n--y\n'b''c'": {"string 'a'\n--x\n--y\n'b''c'"},
		"'a'\n/*x*/'b'":         {"string 'a'", "comment /*x*/", "string 'b'"},
		"'a'/*\n*/'b'":          {"string 'a'", "comment /*\n*/", "string 'b'"},
		"'a'\n-'b'":             {"string 'a'", "op -", "string 'b'"},
		"'a'\n--x":              {"string 'a'", "comment --x"},
		"'a'\n--'b'":            {"string 'a'", "comment --'b'"},
		"E'a'\n'b\\'c;' d":      {"string E'a'\n'b\\'c;'", "word d"},
		"'a'\nE'b'":             {"string 'a'", "string E'b'"},
		"'a'\n'b\\' c":          {"string 'a'\n'b\\'", "word c"},
		"B'0'\n'1''1'":          {"string B'0'\n'1'", "string '1'"},
		"U&'a'\n'b'":            {"string U&'a'\n'b'"},
		"E'a'\n'b":              {"string E'a'\n'b"},
		"'a'\n\"b\"":            {"string 'a'", "name \"b\""},

		// quoted names
		`"a""b;" x`:          {`name "a""b;"`, "word x"},
		`U&"\0041" u&"x"`:    {`name U&"\0041"`, `name u&"x"`},
		`U& "x"`:             {"word U", "op &", `name "x"`},
		`"a"` + "\n" + `"b"`: {`name "a"`, `name "b"`},
		`""`:                 {`name ""`},
		`"a;`:                {`name "a;`},
		`"a""`:               {`name "a""`},
		`"--" "/*"`:          {`name "--"`, `name "/*"`},
		`e"a\"b`:             {"word e", `name "a\"`, "word b"},

		// rows
		"COPY t FROM stdin;\n1\n\\.\nx":         {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "rows 1\n\\.\n", "word x"},
		"COPY t FROM stdin;\n\\.\n":             {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "rows \\.\n"},
		"COPY t FROM stdin;":                    {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;"},
		"COPY t FROM stdin;\n":                  {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;"},
		"COPY t FROM stdin; -- x\n1;'\n":        {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "comment -- x", "rows 1;'\n"},
		"COPY t FROM stdin; 'x\n1\n\\.\ny":      {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "string 'x\n", "rows 1\n\\.\n", "word y"},
		"COPY t FROM stdin; /*x\n1\n\\.\ny":     {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "comment /*x\n", "rows 1\n\\.\n", "word y"},
		"(COPY t FROM stdin);\n1":               {"op (", "word COPY", "word t", "word FROM", "word stdin", "op )", "semicolon ;", "number 1"},
		"(a) COPY t FROM stdin;\n1":             {"op (", "word a", "op )", "word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "number 1"},
		"COPY t.(a) FROM stdin;\n1":             {"word COPY", "word t", "op .", "op (", "word a", "op )", "word FROM", "word stdin", "semicolon ;", "rows 1"},
		"COPY (a) FROM stdin;\n1":               {"word COPY", "op (", "word a", "op )", "word FROM", "word stdin", "semicolon ;", "number 1"}, // the server refuses it
		"COPY t FROM stdin\n1":                  {"word COPY", "word t", "word FROM", "word stdin", "number 1"},
		"COPY t FROM stdin;\r\n1\r\n\\.\r\n x":  {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "rows 1\r\n\\.\r\n", "word x"},
		"COPY t FROM stdin;\n\\.x\n \\.\n\\.":   {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "rows \\.x\n \\.\n\\."},
		"COPY t FROM stdin;\n\\.\\.\n\\.\r\n;x": {"word COPY", "word t", "word FROM", "word stdin", "semicolon ;", "rows \\.\\.\n\\.\r\n", "semicolon ;", "word x"},
	} {
		if diff := cmp.Diff(want, describe(src), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("tokens of %q (-want +got):\n%s", src, diff)
		}
		checkTokens(t, src)
	}
}

// checkTokens fails if there is a gap, an overlap or an empty token.
func checkTokens(t *testing.T, src string) {
	t.Helper()
	end := 0
	for token := range Tokens(src) {
		if token.Start != end || token.End <= token.Start || token.End > len(src) || int(token.Kind) >= len(kindNames) {
			t.Fatalf("token %+v behind offset %d of %q", token, end, src)
		}
		end = token.End
	}
	if end != len(src) {
		t.Fatalf("tokens end at %d of %d in %q", end, len(src), src)
	}
}

func TestTokensCanBeStopped(t *testing.T) {
	t.Parallel()
	var seen []string
	for token := range Tokens("a b c") {
		seen = append(seen, kindNames[token.Kind])
		if len(seen) == 2 {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "word space" {
		t.Errorf("tokens before the break: %s", got)
	}
}
