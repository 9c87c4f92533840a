package sqltext

import (
	"strings"
	"testing"
)

// ordinary is about a megabyte of common SQL.
var ordinary = strings.Repeat(`-- the orders of one account, newest first
CREATE TABLE IF NOT EXISTS store.purchase_order (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES store.account (id) ON DELETE RESTRICT,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'shipped')),
    total       numeric(12, 2) NOT NULL CHECK (total >= 0.00),
    "placed at" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX purchase_order_account_idx ON store.purchase_order (account_id, "placed at" DESC);
/* keeps the total in step */
CREATE OR REPLACE FUNCTION store.touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.total := (SELECT coalesce(sum(price * quantity), 0) FROM store.line WHERE order_id = NEW.id);
  RETURN NEW;
END;
$body$;
INSERT INTO store.purchase_order (account_id, state, total) VALUES (1, 'open', 10.50), (2, 'it''s paid', 1e3);
`, 1000)

// hostile sources provoke as much lookahead as possible.
var hostile = map[string]string{
	"unterminated dollar quotes": repeat("$a$b$c $"),
	"long dollar tag":            "$" + repeat("a") + "$" + repeat("a"),
	"half a dollar tag":          repeat("$a ") + "$" + repeat("b"),
	"many dollar tags in one":    "$a$" + repeat("$aa$a"),
	"parentheses":                repeat("("),
	"parentheses closed":         repeat(")") + ";",
	"comments opened":            repeat("/*"),
	"comments nested":            repeat("/*") + repeat("*/"),
	"slashes and stars":          repeat("/*/"),
	"signs":                      "a" + repeat("+-"),
	"signs after an operator":    repeat("=+-+"),
	"operator characters":        repeat("@") + "-",
	"quotes":                     repeat("'"),
	"backslashes in a string":    "E'" + repeat("\\\\"),
	"pieces of a string":         repeat("'a'\n"),
	"a string before blanks":     repeat("'a' \t "),
	"a string before comments":   "'a'" + repeat("\n--"),
	"strings before comments":    repeat("'a'\n-- '\n/**/"),
	"quoted names":               repeat(`"a`),
	"numbers":                    repeat("1.e"),
	"radix":                      repeat("0x"),
	"semicolons":                 repeat(";"),
	"statements":                 repeat("a;"),
	"keywords":                   "CREATE " + repeat("OR "),
	"options":                    "REINDEX (" + repeat("concurrently,"),
	"detached":                   "ALTER TABLE t " + repeat("DETACH PARTITION "),
	"subscription":               "CREATE SUBSCRIPTION " + repeat("WITH ("),
	"bodies":                     repeat("CREATE FUNCTION BEGIN ATOMIC "),
	"COPY without an end":        "COPY t FROM stdin;\n" + repeat("\\.x\n"),
	"many COPY":                  repeat("COPY t FROM stdin;\n\\.\n"),
	"COPY in COPY":               repeat("COPY t FROM stdin;"),
	"commands":                   repeat("\\d\n"),
	"commands in one line":       repeat("\\;"),
	"set_config":                 "SELECT " + repeat("set_config("),
	"set_config in many":         repeat("SELECT set_config();"),
	"settings":                   repeat("SET standard_conforming_strings = off;"),
	"after a setting":            "SELECT set_config('" + conforming + "');" + repeat("a;"),
	"settings in one":            "SELECT '" + conforming + "'" + repeat(", set_config("),
	"almost settings":            repeat("STANDARD_conforming_"),
	"dots":                       "SET a" + repeat(".a"),
	"errors":                     repeat("\\x\n\xff\x00"),
	"line ends":                  repeat("\r\n\r"),
	"tags of QuoteLiteral":       repeat("$ambix1$ambix22"),
	"invalid UTF-8":              repeat("\x80"),
}

func repeat(s string) string { return strings.Repeat(s, 1<<18/len(s)) }

// If a source takes quadratic time the test takes minutes; BenchmarkHostile shows the speed.
func TestHostileSourcesTakeLinearTime(t *testing.T) {
	t.Parallel()
	for name, src := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everything(src)
			checkTokens(t, src)
		})
	}
}

// everything calls each function that reads a whole source.
func everything(src string) {
	statements, _ := Split(src)
	for _, s := range statements {
		SettingName(src, s)
	}
	Checksum(src)
	QuoteLiteral(src)
	at := PositionAt(src, len(src))
	Line(src, at.Line)
}

func BenchmarkTokens(b *testing.B) {
	b.SetBytes(int64(len(ordinary)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range Tokens(ordinary) {
			n++
		}
		b.ReportMetric(float64(n), "tokens")
	}
}

func BenchmarkSplit(b *testing.B) {
	b.SetBytes(int64(len(ordinary)))
	b.ReportAllocs()
	for b.Loop() {
		statements, _ := Split(ordinary)
		b.ReportMetric(float64(len(statements)), "statements")
	}
}

func BenchmarkChecksum(b *testing.B) {
	b.SetBytes(int64(len(ordinary)))
	b.ReportAllocs()
	for b.Loop() {
		Checksum(ordinary)
	}
}

func BenchmarkPositionAt(b *testing.B) {
	b.SetBytes(int64(len(ordinary)))
	for b.Loop() {
		PositionAt(ordinary, len(ordinary))
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, src := range hostile {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				everything(src)
			}
		})
	}
}
