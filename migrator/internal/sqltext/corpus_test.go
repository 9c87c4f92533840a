package sqltext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// corpus are sources that psql and the server read alike, so that psql can be the reference. Left out are backslashes in a
// string that an E'…' continues into, and names begin, case or end in a function.
var corpus = []string{
	"",
	";",
	"  ;; /* c */ ; -- d\n ; SELECT 1 ;;",
	"\ufeffSELECT 1;\nSELECT 2;",
	"SELECT 1;\r\n-- c\r\nSELECT 2\r\n;\r\n",
	"SELECT 1 -- c\rFROM ; t\r; SELECT 2;",
	"SELECT 1; SELECT 2",
	"SELECT 1 -- no semicolon",
	"SELECT 1 /* not closed ; SELECT 2;",
	"SELECT 'not closed ; SELECT 2;",
	"SELECT \"not closed ; SELECT 2;",
	"SELECT $t$ not closed $T$ ; SELECT 2;",
	"SELECT '-- no comment', \"/* none\" ; SELECT 2; -- ' \n SELECT 3; /* \" */ SELECT 4;",
	"/* a /* b ; */ c ; */ SELECT 1; /**/ SELECT /*/ ; */ 2; SELECT 3 /***/;",
	"SELECT 4 */*;*/ 2; SELECT 4 //*;*/ 2; SELECT 1 +--;\n1; SELECT 1 @-/*;*/ 1;",
	"SELECT 'it''s;'; SELECT 'a\\'; SELECT 'b'; SELECT E'a\\';b\\\\'; SELECT e'\\''';'';';",
	"SELECT N'a\\'; SELECT n'b;'; SELECT B'01;'; SELECT X'1F;'; SELECT U&'\\0041;\\'; SELECT U&\"\\0041;\";",
	"SELECT 'a'\n  'b;c' -- ;\n 'd'; SELECT 'a' -- 'b;\n 'c;'; SELECT E'a'\n'b;c';",
	"SELECT U& 'a;'; SELECT aE'b\\'; SELECT nE'x\\';",
	"SELECT \"a\"\"b;\"; SELECT \"\\\"; SELECT \"'\", ';\"';",
	"SELECT $$;$$; SELECT $a$ ; $$ ; $b$ ; $a$; SELECT $é$;$é$; SELECT $_1$;$_1$; SELECT $a$;$a;$a$;",
	"SELECT a$$; SELECT a$b$; SELECT 1$$;$$; SELECT $1$$;$$; SELECT $1; SELECT $1a$; SELECT $a; SELECT $;",
	"SELECT $$a$b$$; SELECT $a$$a$; SELECT $a$x$a$a$; SELECT $x$ $x $x$;",
	"SELECT 1..2, 1.5e-3, .5, 1., 0x1F, 1_000, 1e; SELECT a[1:2], b::text, c := d, e => f;",
	"SELECT (1; 2); SELECT 3;",
	"SELECT (1; SELECT 2; SELECT ')'; SELECT 3); SELECT 4;",
	"SELECT 1); SELECT 2); (SELECT 3;",
	"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b;); SELECT 1;",
	"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3;",
	"create or replace procedure p()\nbegin atomic\n  insert into t values (1);\n  select case when a then b else case c when 1 then 2 end end;\nend; select 3;",
	"CREATE FUNCTION f() BEGIN ATOMIC SELECT (SELECT CASE WHEN a THEN b END); SELECT ';'; SELECT $$END;$$; /* END; */ END; SELECT 3;",
	"CREATE FUNCTION f() BEGIN ATOMIC ; ; END; CREATE FUNCTION g() BEGIN ATOMIC END; SELECT 3;",
	"CREATE FUNCTION f() BEGIN ATOMIC SELECT \"end\"; SELECT \"case\"; END; SELECT 3;",
	"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;",
	"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; SELECT 3;",
	"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$; SELECT 3;",
	"CREATE FUNCTION f(a int DEFAULT (CASE WHEN true THEN 1 END)) RETURNS int LANGUAGE sql AS 'SELECT 1;'; SELECT 3;",
	"CREATE TABLE f (a int); BEGIN; SELECT 1; END; BEGIN ATOMIC; END;",
	"COPY t FROM stdin;\n1\t;\n'\n\\.\nSELECT 1;",
	"COPY t (a, b) FROM STDIN WITH (FORMAT csv);\r\n1,\"x;\r\ny\"\r\n\\.\r\nSELECT 1;",
	"COPY t FROM stdin;\n\\.\nCOPY u FROM stdout;\n2\n\\.\nSELECT 1;",
	"COPY BINARY t FROM stdin;\n\\.\nCOPY t FROM stdin USING DELIMITERS '|';\n1|2\n\\.\nSELECT 1;",
	"COPY s.t FROM -- c\n /* d */ stdin;\n\\.x\n \\.\n\\\\.\n\\.\nSELECT 1;",
	"COPY \"from\" FROM stdin; -- rows follow\n-- a row\n\\.\nSELECT 1;",
	"COPY t FROM stdin WHERE a > 1;\n1\n2",
	"COPY t FROM stdin",
	"COPY t FROM stdin;",
	"COPY (SELECT a FROM stdin) TO stdout;\nCOPY t TO STDOUT; COPY t FROM 'stdin'; COPY t FROM PROGRAM 'x'; SELECT 1;",
	"COPY t FROM stdin;\n" + strings.Repeat("a long row that fills psql's buffer more than once\n", 500) + "\\.\nSELECT 1;",
	"COPY t FROM stdin;\n" + strings.Repeat("x", 20000) + "\\.\n\\.\nSELECT 1;",
	"\\restrict again\nSELECT 1;\n\\unrestrict wrong\nSELECT 2;",
	"SELECT 1 \\gset\n + 2; SELECT '\\d'; SELECT 3;\\d\nSELECT 4;",
	"SELECT naïve, \"größe;\", '—;', a\u00a0b; SELECT '\u2028;';",
	"SET standard_conforming_strings = off;\nSELECT 'a\\';b', N'\\';', E'\\';', B'\\', $$\\$$;\nRESET standard_conforming_strings;\nSELECT 'a\\'; SELECT 2;",
	"select pg_catalog.set_config('standard_conforming_strings', 'off', false);\nSELECT 'a\\';b'\n'\\';c';\nSET LOCAL standard_conforming_strings TO ON;\nSELECT 'a\\'; SELECT 2;",
	"SELECT :a, :'b;', :\"c;\", d[1:e]; SELECT 1;",
	"SELECT 1;\f SELECT 2;\t;",
	"DO $do$ BEGIN EXECUTE $q$ SELECT ';' $q$; END; $do$; SELECT 1;",
	"SELECT 1 = -1, 1 <-1, a ->> 'b', a #>> '{;}', @ -1, !!1, ~1, 1 |/2, a ?| b, `x` ; SELECT 2;",
}

func TestSplitAgreesWithPsql(t *testing.T) {
	t.Parallel()
	compareWithPsql(t, corpus)
}

// The random scripts are the same in every run.
func TestSplitAgreesWithPsqlOnRandomScripts(t *testing.T) {
	t.Parallel()
	var sources []string
	for seed := range 1000 {
		sources = append(sources, scripts.Example(seed))
	}
	compareWithPsql(t, sources)
}

func compareWithPsql(t *testing.T, sources []string) {
	t.Helper()
	for i, messages := range psqlCuts(t, sources) {
		want, got := psqlStatements(messages), splitStatements(sources[i])
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sent{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("psql (-) and Split (+) disagree on %q:\n%s", sources[i], diff)
		}
	}
}

// scripts are sources that psql and the server read alike.
var scripts = rapid.Custom(func(t *rapid.T) string {
	var b strings.Builder
	for range rapid.IntRange(1, 6).Draw(t, "statements") {
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			b.WriteString(atomicBody(t))
		case 1:
			b.WriteString("\nx;copy " + rapid.SampledFrom(names).Draw(t, "table") + gap(t) + "from" + gap(t) + "stdin" + gap(t) + ";" +
				rapid.SampledFrom([]string{"", " ", " -- x", " /* x */", "\r"}).Draw(t, "rest") + "\n" +
				rapid.SampledFrom([]string{"", "1\n", ";\n'\n", "\\.x\n", "--\n/*\n", "1\r\n"}).Draw(t, "rows") +
				rapid.SampledFrom([]string{"\\.\n", "\\.\r\n"}).Draw(t, "end") +
				"x;") // psql since August 2026 takes a statement that begins with no word for another COPY, and skips the rest of the file
		default:
			pieces(t, &b, fragments)
			b.WriteString(rapid.SampledFrom([]string{";", ";;", "; ", ";\n", " ;\r\n"}).Draw(t, "end"))
		}
	}
	return b.String()
})

func atomicBody(t *rapid.T) string {
	var b strings.Builder
	// psql looks only at the first words of a statement, so the one before must end here.
	b.WriteString("\nx;create" + rapid.SampledFrom([]string{" function", gap(t) + "or" + gap(t) + "replace" + gap(t) + "procedure"}).Draw(t, "routine"))
	b.WriteString(" f(a int)" + gap(t) + "Begin" + gap(t) + "Atomic" + gap(t))
	for range rapid.IntRange(0, 3).Draw(t, "inner statements") {
		b.WriteString("select ")
		pieces(t, &b, closed)
		b.WriteString(rapid.SampledFrom([]string{"", "case when a then b end", "(case a when 1 then 2 end)", "(a; b)"}).Draw(t, "expression"))
		b.WriteString(gap(t) + ";" + gap(t))
	}
	return b.String() + gap(t) + "eNd" + gap(t) + ";"
}

func pieces(t *rapid.T, b *strings.Builder, of []string) {
	for range rapid.IntRange(0, 6).Draw(t, "pieces") {
		b.WriteString(rapid.SampledFrom(of).Draw(t, "piece"))
		if rapid.Bool().Draw(t, "apart") {
			b.WriteString(gap(t))
		}
	}
	b.WriteString(" ")
}

func gap(t *rapid.T) string {
	return rapid.SampledFrom([]string{" ", "\n", "\r\n", "\t", " -- ; '\n", "/* ; ' /* \" */ $$ */", "\r", "\n\n"}).Draw(t, "gap")
}

var (
	names = []string{"t", "s.t", `"a;b"`, `"from"`, `s."from"`, "t(a, b)", "t (to_x)"}
	// Fragments that are complete, whatever is next to them.
	closed = []string{
		"a ", "1", "$1", "é ", "a$$ ", "'x;'", "'it''s;'", "n'\\' ", "b'0;'", "x'1'", "u&';' ", `"a;""b"`, `u&";"`, "$$;$$",
		"$a$ ; $b$ ; $a$", "1$$;$$", "+-", "@-", "/", "*", "::", ".", ",", "$ ", "(a)", "(a; b)", "<", "1.5e3 ", "=>",
	}
	// Fragments that may extend into the next ones, for psql and the server alike.
	fragments = append([]string{"(", ")", "((", "/*", "*/", "--", "'", `"`, "$$", "$x$", " e'\\';' ", " E'\\\\'", "\\x", "\v"}, closed...)
)
