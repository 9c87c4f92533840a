package sqltext

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// texts returns the texts of statements, those of a COPY with their rows after an arrow.
func texts(src string, statements []Statement) []string {
	var out []string
	for _, s := range statements {
		text := src[s.Start:s.End]
		if s.Class == CopyIn {
			text += " <- " + src[s.Data:s.DataEnd]
		}
		out = append(out, text)
	}
	return out
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		"":                                    nil,
		" ;; -- x\n ; /* ; */ ;":              nil,
		"\ufeff":                              nil,
		"\ufeffSELECT 1":                      {"SELECT 1"},
		"a":                                   {"a"},
		"a;b":                                 {"a", "b"},
		"a ; b ;":                             {"a", "b"},
		"-- x\n a -- y\n b /* ; */ -- z\n ;c": {"a -- y\n b", "c"},
		"a -- ;\n":                            {"a"},
		"a\r--;\rb;c":                         {"a\r--;\rb", "c"},
		"\\restrict x\na;\n\\unrestrict x\n":  {"a"},
		"':;' \";\" $$;$$ E'\\';' /*;*/ x;y":  {"':;' \";\" $$;$$ E'\\';' /*;*/ x", "y"},
		"E'a'\n'b\\'; c';d":                   {"E'a'\n'b\\'; c'", "d"},

		// parentheses
		"CREATE RULE r AS ON INSERT TO t DO (a; b;); c": {"CREATE RULE r AS ON INSERT TO t DO (a; b;)", "c"},
		"a (b; c":      {"a (b; c"},
		"a ) ; b":      {"a )", "b"},
		"a )( ; b );c": {"a )( ; b )", "c"},
		"a[1;2];b":     {"a[1", "2]", "b"},
		"a '(' ; b":    {"a '('", "b"},

		// function bodies
		"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; x":                                  {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", "x"},
		"create or replace procedure p() begin /*x*/ atomic ; end;x":                                               {"create or replace procedure p() begin /*x*/ atomic ; end", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC END;x":                                                                   {"CREATE FUNCTION f() BEGIN ATOMIC END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN b END; END;x":                                    {"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN b END; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE a WHEN CASE b WHEN 1 THEN 2 END THEN 3 END; SELECT 4; END;x": {"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE a WHEN CASE b WHEN 1 THEN 2 END THEN 3 END; SELECT 4; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT (CASE WHEN a THEN b END); END;x":                                  {"CREATE FUNCTION f() BEGIN ATOMIC SELECT (CASE WHEN a THEN b END); END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end; SELECT t.end, begin FROM t; END; x":                     {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end; SELECT t.end, begin FROM t; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS case; END; x":                                                {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS case; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; \"end\"; END; x":                                               {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; \"end\"; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC CREATE FUNCTION g() BEGIN ATOMIC a; END; b; END; x":                      {"CREATE FUNCTION f() BEGIN ATOMIC CREATE FUNCTION g() BEGIN ATOMIC a; END; b; END", "x"},
		"CREATE FUNCTION begin() RETURNS int AS 'x'; y":                                                            {"CREATE FUNCTION begin() RETURNS int AS 'x'", "y"},
		"CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC a; END; y":                                                 {"CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC a; END", "y"},
		"CREATE FUNCTION f(begin atomic) AS 'x'; y":                                                                {"CREATE FUNCTION f(begin atomic) AS 'x'", "y"},
		"CREATE FUNCTION f() AS $$BEGIN ATOMIC a; $$; y":                                                           {"CREATE FUNCTION f() AS $$BEGIN ATOMIC a; $$", "y"},
		"CREATE FUNCTION f() \"begin\" atomic a; y":                                                                {"CREATE FUNCTION f() \"begin\" atomic a", "y"},
		"CREATE FUNCTION f() BEGIN ATOMIC a; COPY t FROM stdin; END;\nx":                                           {"CREATE FUNCTION f() BEGIN ATOMIC a; COPY t FROM stdin; END", "x"},
		"CREATE FUNCTION f() BEGIN ATOMIC a; b":                                                                    {"CREATE FUNCTION f() BEGIN ATOMIC a; b"},
		"CREATE FUNCTION f() BEGIN ATOMIC a; END":                                                                  {"CREATE FUNCTION f() BEGIN ATOMIC a; END"},
		"END; CREATE FUNCTION f() BEGIN ATOMIC a; END; x":                                                          {"END", "CREATE FUNCTION f() BEGIN ATOMIC a; END", "x"},
		"CREATE TABLE f() BEGIN ATOMIC a; END;":                                                                    {"CREATE TABLE f() BEGIN ATOMIC a", "END"},
		"CREATE OR FUNCTION f() BEGIN ATOMIC a; END;":                                                              {"CREATE OR FUNCTION f() BEGIN ATOMIC a", "END"},
		"BEGIN ATOMIC; a; END;":                                                                                    {"BEGIN ATOMIC", "a", "END"},
		"CREATE FUNCTION f() BEGIN; a; END;":                                                                       {"CREATE FUNCTION f() BEGIN", "a", "END"},
		"CREATE -- x\nOR/**/REPLACE\nFUNCTION f() BEGIN ATOMIC a; END; COMMIT":                                     {"CREATE -- x\nOR/**/REPLACE\nFUNCTION f() BEGIN ATOMIC a; END", "COMMIT"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT (1; END; COMMIT":                                                  {"CREATE FUNCTION f() BEGIN ATOMIC SELECT (1; END; COMMIT"}, // the server refuses it whole

		// standard_conforming_strings
		"SET standard_conforming_strings = off; SELECT 'a\\';b'; SET standard_conforming_strings = on; SELECT 'a\\'; b":        {"SET standard_conforming_strings = off", "SELECT 'a\\';b'", "SET standard_conforming_strings = on", "SELECT 'a\\'", "b"},
		"set Local \"Standard_Conforming_Strings\" to 'OFF'; '\\';' n'\\';'; b":                                                {"set Local \"Standard_Conforming_Strings\" to 'OFF'", "'\\';' n'\\';'", "b"},
		"SET standard_conforming_strings TO f; '\\';' u&'\\' b'\\' E'\\';'; RESET ALL; '\\'; b":                                {"SET standard_conforming_strings TO f", "'\\';' u&'\\' b'\\' E'\\';'", "RESET ALL", "'\\'", "b"},
		"SET SESSION standard_conforming_strings = 0; '\\';'\n'\\';'; SET standard_conforming_strings TO DEFAULT; '\\'; b":     {"SET SESSION standard_conforming_strings = 0", "'\\';'\n'\\';'", "SET standard_conforming_strings TO DEFAULT", "'\\'", "b"},
		"SELECT 1, set_config('standard_conforming_strings', 'no', true); '\\';'; RESET standard_conforming_strings; '\\'; b":  {"SELECT 1, set_config('standard_conforming_strings', 'no', true)", "'\\';'", "RESET standard_conforming_strings", "'\\'", "b"},
		"SELECT 'SET standard_conforming_strings = off'; '\\'; b":                                                              {"SELECT 'SET standard_conforming_strings = off'", "'\\'", "b"},
		"SHOW standard_conforming_strings; '\\'; b":                                                                            {"SHOW standard_conforming_strings", "'\\'", "b"},
		"ALTER ROLE r SET standard_conforming_strings = off; '\\'; b":                                                          {"ALTER ROLE r SET standard_conforming_strings = off", "'\\'", "b"},
		"SET standard_conforming_strings = off; SET standard_conforming_strings FROM CURRENT; '\\';'; b":                       {"SET standard_conforming_strings = off", "SET standard_conforming_strings FROM CURRENT", "'\\';'", "b"},
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT set_config('standard_conforming_strings', 'off', false); END; '\\'; b":        {"CREATE FUNCTION f() BEGIN ATOMIC SELECT set_config('standard_conforming_strings', 'off', false); END", "'\\'", "b"},
		"SET standard_conforming_strings = off; SELECT set_config('standard_conforming_strings', v, false) FROM t; '\\';'; b":  {"SET standard_conforming_strings = off", "SELECT set_config('standard_conforming_strings', v, false) FROM t", "'\\';'", "b"},
		"SET standard_conforming_strings = off; SELECT set_config('standard_conforming_strings', E'\\157n', false); '\\';'; b": {"SET standard_conforming_strings = off", "SELECT set_config('standard_conforming_strings', E'\\157n', false)", "'\\';'", "b"},
		"WITH a AS (SELECT set_config('standard_conforming_strings', $$off$$, false)) TABLE a; '\\';'; b":                      {"WITH a AS (SELECT set_config('standard_conforming_strings', $$off$$, false)) TABLE a", "'\\';'", "b"},
		"_; -- standard_conforming_strings\nSET a = off; '\\'; b":                                                              {"_", "SET a = off", "'\\'", "b"},

		// rows
		"COPY t FROM stdin;\n1\ta\n2\t;\n\\.\nSELECT 1;":           {"COPY t FROM stdin <- 1\ta\n2\t;\n", "SELECT 1"},
		"COPY t FROM STDIN;\r\n1\r\n\\.\r\nSELECT 1;":              {"COPY t FROM STDIN <- 1\r\n", "SELECT 1"},
		"COPY t FROM stdin;\n\\.\nCOPY u FROM stdin;\n2\n\\.":      {"COPY t FROM stdin <- ", "COPY u FROM stdin <- 2\n"},
		"COPY t FROM stdin;\n1\n2":                                 {"COPY t FROM stdin <- 1\n2"},
		"COPY t FROM stdin;":                                       {"COPY t FROM stdin <- "},
		"COPY t FROM stdin":                                        {"COPY t FROM stdin <- "},
		"COPY t FROM stdin; -- rows\n1\n\\.\n":                     {"COPY t FROM stdin <- 1\n"},
		"COPY t FROM stdin; /* rows */ ;\n1\n\\.\nx":               {"COPY t FROM stdin <- 1\n", "x"},
		"COPY t FROM stdin\n;\n1\n\\.\nx":                          {"COPY t FROM stdin <- 1\n", "x"},
		"COPY t FROM stdin;\n\\.foo\n\\\\.\n \\.\n\\. \n\\.\nx":    {"COPY t FROM stdin <- \\.foo\n\\\\.\n \\.\n\\. \n", "x"},
		"COPY s.from (a, \"to\") FROM stdin WITH (FORMAT csv);\n1": {"COPY s.from (a, \"to\") FROM stdin WITH (FORMAT csv) <- 1"},
		"COPY t FROM 'stdin';\nSELECT 1;":                          {"COPY t FROM 'stdin'", "SELECT 1"},
		"COPY t TO stdout;\nSELECT 1;":                             {"COPY t TO stdout", "SELECT 1"},
	} {
		got, errs := Split(src)
		if diff := cmp.Diff(want, texts(src, got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("statements of %q (-want +got):\n%s", src, diff)
		}
		if len(errs) > 0 {
			t.Errorf("Split(%q): %v", src, errs)
		}
		checkSplit(t, src)
	}
}

func TestSplitReturnsOffsets(t *testing.T) {
	t.Parallel()
	src := "-- x\nSELECT 1 /* y */ ; ;COPY t FROM stdin; -- z\n1\n\\.\n\nCOMMIT -- end\n"
	got, _ := Split(src)
	want := []Statement{
		{Start: 5, End: 13, Next: 23, Class: Ordinary, Keywords: "SELECT"},
		{Start: 25, End: 42, Next: 54, Class: CopyIn, Keywords: "COPY", Data: 49, DataEnd: 51},
		{Start: 55, End: 61, Next: len(src), Class: TransactionControl, Keywords: "COMMIT"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statements of %q (-want +got):\n%s", src, diff)
	}
	if got, _ := Split("COPY t FROM stdin; -- x"); got[0].Next != 23 || got[0].Data != 23 || got[0].DataEnd != 23 {
		t.Errorf("a COPY whose line ends the source: %+v", got[0])
	}
}

func TestSplitReportsErrors(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		"a; 'b":                                {"3 unterminated string: ' is missing"},
		"a E'b\\'":                             {"2 unterminated string: ' is missing"},
		"'a'\n'b":                              {"0 unterminated string: ' is missing"},
		"a \"b":                                {`2 unterminated quoted name: " is missing`},
		"a u&\"b":                              {`2 unterminated quoted name: " is missing`},
		"a /* b /* */":                         {"2 unterminated comment: */ is missing"},
		"$$ a":                                 {"0 unterminated dollar-quoted string: $$ is missing"},
		"a $tag$ b":                            {"2 unterminated dollar-quoted string: $tag$ is missing"},
		"$" + strings.Repeat("é", 60) + "$":    {"0 unterminated dollar-quoted string: $" + strings.Repeat("é", 39) + "… is missing"},
		"a\x00b\x00":                           {"1 NUL byte: SQL cannot contain one"},
		"-- \xe9\xff\na;":                      {"3 invalid UTF-8: save the file as UTF-8"},
		"\ufffd a":                             nil, // the replacement character itself is valid
		"\ufffd\xff":                           {"3 invalid UTF-8: save the file as UTF-8"},
		"\xed\xa0\x80":                         {"0 invalid UTF-8: save the file as UTF-8"},
		"'\xff":                                {"0 unterminated string: ' is missing", "1 invalid UTF-8: save the file as UTF-8"},
		"\\restrict a1Z\nx;\\unrestrict a1Z\n": nil,
		"\\restrict a1Z  \r\nx;":               nil,
		"\\restrict":                           {`0 \restrict takes one argument, a key of letters and digits, and nothing else may follow on its line`},
		"\\restrict a b":                       {`0 \restrict takes one argument, a key of letters and digits, and nothing else may follow on its line`},
		"\\restrict a\\\\ COMMIT;":             {`0 \restrict takes one argument, a key of letters and digits, and nothing else may follow on its line`},
		"\\restrict a;COMMIT;":                 {`0 \restrict takes one argument, a key of letters and digits, and nothing else may follow on its line`},
		"\\unrestrict a\rCOMMIT;":              {`0 \unrestrict takes one argument, a key of letters and digits, and nothing else may follow on its line`},
		"\\restrict\u00a0a":                    {"0 psql meta-command \\restrict\\u00a0a: only \\restrict and \\unrestrict are allowed"},
		"\\RESTRICT a":                         {`0 psql meta-command \RESTRICT: only \restrict and \unrestrict are allowed`},
		"SELECT 1\n\\restrict a\n;":            {`9 psql meta-command \restrict inside a statement: is a semicolon missing before it?`},
		"SELECT 1 \\gset x\n;":                 {`9 psql meta-command \gset: only psql knows it; end the statement with a semicolon`},
		"SELECT 1 \\gexec":                     {`9 psql meta-command \gexec: only psql knows it; end the statement with a semicolon, and use EXECUTE in a DO block for what it would run`},
		"SELECT\u00a01;":                       {"6 invisible character U+00A0 (no-break space) outside a string or comment: remove it, or type a space in its place"},
		"\u200bSELECT 1;":                      {"0 invisible character U+200B (zero-width space) outside a string or comment: remove it, or type a space in its place"},
		"SELECT 1;\ufeff SELECT 2;":            {"9 invisible character U+FEFF (byte order mark) outside a string or comment: remove it, or type a space in its place"},
		"SELECT a\u00adb, c\u202e, d\u3000;":   {"8 invisible character U+00AD (soft hyphen) outside a string or comment: remove it, or type a space in its place", "14 invisible character U+202E (bidirectional control) outside a string or comment: remove it, or type a space in its place", "20 invisible character U+3000 (space) outside a string or comment: remove it, or type a space in its place"},
		"\ufeffSELECT '\u00a0', \"\u00ad\", $$\ufeff$$ /* \u202e */ AS می\u200cخواهم -- \u200b": nil,
		"SELECT (\\d\n);":            {`8 psql meta-command \d inside a statement: is a semicolon missing before it?`},
		"a;\n\\d t\nb;\\i x\n":       {`3 psql meta-command \d: only \restrict and \unrestrict are allowed`, `10 psql meta-command \i: only \restrict and \unrestrict are allowed`},
		"\\":                         {`0 psql meta-command \: only \restrict and \unrestrict are allowed`},
		"a\\;b\\: c":                 {`1 psql meta-command \;: write the character without the backslash`, `4 psql meta-command \:: write the character without the backslash`},
		"a;\n\\.\n":                  {`3 \. without rows: it ends the rows of COPY … FROM stdin`},
		"COPY t FROM 'f';\n1\n\\.\n": {`19 psql meta-command \. inside a statement: is a semicolon missing before it?`},
		"COPY t FROM stdin; SELECT 'x;\n1\n\\.\n": {"19 text after COPY … FROM stdin on the same line: move it to a new line after the rows"},
		"COPY t FROM stdin; \\x\n1\n\\.\n":        {"19 text after COPY … FROM stdin on the same line: move it to a new line after the rows"},
		"COPY t FROM stdin; /* x\n1\n\\.\n*/":     {"19 text after COPY … FROM stdin on the same line: move it to a new line after the rows"},
		"COPY t FROM stdin; COPY u FROM stdin;\n1\n\\.\nCOPY u FROM stdin; x\n'\n\\.\n": {
			"19 text after COPY … FROM stdin on the same line: move it to a new line after the rows",
			"62 text after COPY … FROM stdin on the same line: move it to a new line after the rows",
		},
		"COPY t FROM stdin;\n\x00":            {"19 NUL byte: SQL cannot contain one"},
		"'\\d' \"\\d\" $$\\d$$ /*\\d*/ --\\d": nil,
	} {
		statements, errs := Split(src)
		var got []string
		for _, e := range errs {
			got = append(got, fmt.Sprintf("%d %v", e.Offset, e))
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("errors of %q (-want +got):\n%s\nstatements: %q", src, diff, texts(src, statements))
		}
		checkSplit(t, src)
	}
}

// An error does not hide what follows.
func TestSplitContinuesAfterErrors(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		"\\d t\nCOMMIT;":                                  {"COMMIT"},
		"SELECT 1 \\gset\n; COMMIT;":                      {"SELECT 1", "COMMIT"},
		"COPY t FROM stdin; COMMIT;\n1\n\\.\nROLLBACK":    {"COPY t FROM stdin <- 1\n", "ROLLBACK"},
		"COPY t FROM stdin; SELECT '\n1\n\\.\nROLLBACK;x": {"COPY t FROM stdin <- 1\n", "ROLLBACK", "x"},
		"a\x00;\xff;COMMIT":                               {"a\x00", "\xff", "COMMIT"},
		"a; 'b":                                           {"a", "'b"},
	} {
		got, errs := Split(src)
		if diff := cmp.Diff(want, texts(src, got)); diff != "" || len(errs) == 0 {
			t.Errorf("statements of %q, errors %v (-want +got):\n%s", src, errs, diff)
		}
		checkSplit(t, src)
	}
}

// checkSplit fails if statements overlap, are outside the source, or include what they should not.
func checkSplit(t *testing.T, src string) {
	t.Helper()
	statements, errs := Split(src)
	next := 0
	for i, s := range statements {
		if s.Start < next || s.End <= s.Start || s.Next < s.End || s.Next > len(src) {
			t.Fatalf("statement %d of %q: %+v behind offset %d", i, src, s, next)
		}
		if s.Class == CopyIn && (s.Data < s.End || s.DataEnd < s.Data || s.Next < s.DataEnd) {
			t.Fatalf("rows of statement %d of %q: %+v", i, src, s)
		}
		if s.Class != CopyIn && (s.Data != 0 || s.DataEnd != 0) {
			t.Fatalf("statement %d of %q has rows: %+v", i, src, s)
		}
		next = s.Next
	}
	for i, e := range errs {
		if e.Offset < 0 || e.Offset >= len(src) || e.Message == "" || i > 0 && e.Offset < errs[i-1].Offset {
			t.Fatalf("error %d of %q: %+v", i, src, errs)
		}
	}
	if again := slices.Collect(Statements(src)); !slices.Equal(again, statements) {
		t.Fatalf("Statements of %q: %+v, and those of Split are %+v", src, again, statements)
	}
	checkResplit(t, src, statements, errs)
}

// checkResplit splits the statements again, without what was between them.
func checkResplit(t *testing.T, src string, statements []Statement, errs []Error) {
	t.Helper()
	if len(errs) > 0 {
		return
	}
	// Not at offset 0, where a byte order mark would be white space.
	joined := "\n"
	for i, s := range statements {
		joined += src[s.Start:s.End]
		if i == len(statements)-1 && s.Data == s.DataEnd {
			break // it may have parentheses open, where a semicolon would count
		}
		if s.Class == CopyIn {
			joined += ";\n" + strings.TrimSuffix(src[s.Data:s.DataEnd], "\n") + "\n\\.\n"
		} else {
			joined += ";"
		}
	}
	again, errs := Split(joined)
	if len(errs) > 0 || len(again) != len(statements) {
		t.Fatalf("%q cut again: %q, %v", joined, texts(joined, again), errs)
	}
	for i, s := range statements {
		a := again[i]
		if src[s.Start:s.End] != joined[a.Start:a.End] || s.Class != a.Class || s.Keywords != a.Keywords {
			t.Fatalf("statement %d of %q cut again: %+v %+v in %q", i, src, s, a, joined)
		}
	}
}
