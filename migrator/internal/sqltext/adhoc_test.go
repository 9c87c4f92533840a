//go:build adhoc

package sqltext

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"
)

func connect(t *testing.T, v int) *pgconn.PgConn {
	c, err := pgconn.Connect(t.Context(), fmt.Sprintf("postgres://postgres@127.0.0.1:155%d/postgres?sslmode=disable", v))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAdhocParse(t *testing.T) {
	files, _ := filepath.Glob("/tmp/regress-sql/*.sql")
	for _, v := range []int{13, 14, 15, 16, 17, 18} {
		c := connect(t, v)
		codes := map[string]int{}
		out, _ := os.Create(fmt.Sprintf("/tmp/parse%d.txt", v))
		for _, f := range files {
			b, _ := os.ReadFile(f)
			src := string(b)
			st, _ := Split(src)
		next:
			for _, s := range st {
				for tok := range Tokens(src[s.Start:s.End]) {
					if tok.Kind == Command {
						continue next
					}
				}
				_, err := c.Prepare(context.Background(), "", src[s.Start:s.End], nil)
				var e *pgconn.PgError
				if errors.As(err, &e) {
					key := e.Code
					if e.Code == "42601" {
						if strings.Contains(e.Message, "multiple") {
							key = "MULTIPLE"
						}
						fmt.Fprintf(out, "%s %s %s\n   %q\n", filepath.Base(f), key, e.Message, src[s.Start:min(s.End, s.Start+300)])
					}
					codes[key]++
				} else if err != nil {
					t.Fatal(err)
				} else {
					codes["ok"]++
				}
			}
		}
		out.Close()
		t.Log(v, codes)
	}
}

var elements = []string{
	"'x;'", "E'\\';'", "e'a'\n'b\\';c'", "E'a' -- ;'\n  -- x\n '\\\\;\\''", "'a' -- ;\n 'b;'", "'a\\'", "U&'\\0041;'", "u&'x' uescape '!'", "b'01'", "x'1F'", "B'0'\n'1'", "n'x\\'", "N';'\n'\\'",
	"$$;$$", "$é$;$é$", "$a$ $ $b$ ; $a$", "$_1$;'$_1$", "1", "1.5e3", "1-1", "1=+-+1", "1<-1", "2*/*;*/3", "2/ /*;*/1", "4//*;/* ; */*/2", "(select 1)",
	`1 as "a;""b"`, `1 as U&"a;"`, "1 as a$$", "1 as a$b$", "1 as é$é$", "'x'::text", "-- ;\n 1", "/* ; /* ' */ */ 1", "1 --;\r", "@-1", "@ -1", "1.", ".5", "array[1,2,3][1:2]", "1 in (1, 2)", "case when true then 1 end",
	"1.as", "1as x", "'a'||'b'", "'a'\r\n'b;'", "'a'\f\n\t'b;'", "'a''b;'", "''", "'--'", "'/*'", `'"'`, "E'\\x27;'", "E'\\047;'", "E'\\u0027;'", "E'a\\\n';'' as x", "2--x\n", "- -1", "!!1=1 is null or true",
}

func genStatements(t *rapid.T, v int) string {
	var b strings.Builder
	n := rapid.IntRange(1, 5).Draw(t, "n")
	for i := 0; i < n; i++ {
		form := rapid.IntRange(0, 4).Draw(t, "form")
		list := func() {
			b.WriteString("select ")
			k := rapid.IntRange(1, 6).Draw(t, "k")
			for j := 0; j < k; j++ {
				if j > 0 {
					b.WriteString(",")
				}
				b.WriteString(rapid.SampledFrom(elements).Draw(t, "e"))
				b.WriteString(rapid.SampledFrom([]string{" ", "\n", "\r", "\t/* ; */", " --;\n"}).Draw(t, "g"))
			}
		}
		if form == 0 && v >= 14 {
			b.WriteString("create or replace function pg_temp.f() returns void begin atomic ")
			for range rapid.IntRange(0, 3).Draw(t, "inner") {
				switch rapid.IntRange(0, 4).Draw(t, "how") {
				case 0:
					b.WriteString("select 1 as end, 2 as case, 3 as begin")
				case 1:
					b.WriteString("select begin, t.end, t.case atomic from (select 1 as begin, 2 as end, 3 as \"case\") t")
				case 2:
					b.WriteString("select case when true then case 1 when 2 then 3 end else (case when false then 4 end) end")
				case 3:
					b.WriteString("select begin atomic from (select 1 as begin) t")
				default:
					list()
				}
				b.WriteString(" ;")
			}
			b.WriteString(" end;")
			continue
		}
		if form == 1 {
			b.WriteString(rapid.SampledFrom([]string{";", " ;-- x\n;", "/* ; */"}).Draw(t, "empty"))
		}
		list()
		b.WriteString(";")
	}
	return b.String()
}

func TestAdhocCount(t *testing.T) {
	for _, v := range []int{13, 14, 15, 16, 17, 18} {
		c := connect(t, v)
		bad, total, errs := 0, 0, map[string]int{}
		for seed := range 4000 {
			src := rapid.Custom(func(t *rapid.T) string { return genStatements(t, v) }).Example(seed)
			st, es := Split(src)
			if len(es) > 0 {
				t.Errorf("%q: %v", src, es)
				continue
			}
			rs, err := c.Exec(t.Context(), src).ReadAll()
			if err != nil {
				errs[err.Error()]++
				if len(errs) < 4 {
					t.Logf("%v %q", err, src)
				}
				continue
			}
			total++
			if len(rs) != len(st) {
				bad++
				t.Errorf("%d results, %d statements: %q", len(rs), len(st), src)
			}
		}
		t.Log(v, total, bad, errs)
	}
}

func TestAdhocClass(t *testing.T) {
	for _, v := range []int{13, 15, 18} {
		c := connect(t, v)
		for src, want := range classes {
			if want.class == CopyIn || want.class == CopyOut || strings.HasPrefix(src, "EXECUTE") {
				continue
			}
			c.Exec(t.Context(), "BEGIN; SELECT 1").ReadAll()
			_, err := c.Exec(t.Context(), src).ReadAll()
			code, msg := "", ""
			var e *pgconn.PgError
			if errors.As(err, &e) {
				code, msg = e.Code, e.Message
			}
			tx := c.TxStatus()
			c.Exec(t.Context(), "ROLLBACK; SELECT 1").ReadAll()
			refused := code == "25001" && !strings.Contains(msg, "must be called before")
			ended := tx == 'I'
			if refused != (want.class == NoTransaction || want.class == DiscardAll) || ended && want.class != TransactionControl {
				t.Logf("%d %q class %s: %s %s tx %c", v, src, classNames[want.class], code, msg, tx)
			}
			if want.class == TransactionControl && !ended && code == "" {
				t.Logf("%d %q class %s: %s %s tx %c", v, src, classNames[want.class], code, msg, tx)
			}
		}
	}
}
