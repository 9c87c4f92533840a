package sqltest

import (
	"strings"
	"testing"
)

func TestUnqualifiedFindsNames(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT pg_catalog.length(x) FROM pg_catalog.pg_class c":                               "",
		"SELECT length(x) FROM pg_catalog.pg_class":                                            "unqualified function",
		"EXECUTE FUNCTION pg_temp.own()":                                                       "",
		"SELECT public.length(x)":                                                              "function outside pg_catalog",
		"SELECT 1 WHERE a OPERATOR(pg_catalog.=) 'x' AND (b OPERATOR(pg_catalog.+) 1) IS NULL": "",
		"SELECT 1 WHERE a = 'x'":                                                               "unqualified operator =",
		"SELECT a || 'x'":                                                                      "unqualified operator ||",
		"SELECT a - 1":                                                                         "unqualified operator -",
		"SELECT pg_catalog.abs(-1), pg_catalog.count(*)":                                       "",
		"SELECT 1 WHERE a OPERATOR(public.=) 1":                                                "unqualified operator",
		"SELECT a::text":                                                                       "unqualified type",
		"SELECT a::pg_catalog.text, b::integer":                                                "",
		"SELECT CAST(a AS integer)":                                                            "CAST",
		"SELECT * FROM t":                                                                      "unqualified table",
		"SELECT * FROM pg_catalog.pg_class a, pg_locks b":                                      "unqualified table",
		"SELECT * FROM pg_catalog.pg_class a JOIN pg_locks b ON true":                          "unqualified table",
		"SELECT * FROM pg_catalog.pg_class a, LATERAL pg_catalog.unnest(a.x) p(pid)":           "",
		"SELECT extract(epoch FROM x), (SELECT y FROM s.t)":                                    "",
		"WITH g AS (UPDATE s.t SET a = 1, b = b OPERATOR(pg_catalog.+) 1 WHERE c RETURNING 1) SELECT EXISTS (SELECT FROM g), x, y": "",
		"UPDATE s.t SET a = a = 1": "unqualified operator =",
		"UPDATE t SET a = 1":       "unqualified table",
		"INSERT INTO s.t (a, b) VALUES (1, ARRAY['x']::pg_catalog.text[])": "",
		"INSERT INTO t (a) VALUES (1)":                                     "unqualified",
		"SELECT FROM ONLY t":                                               "unqualified table",
		"DELETE FROM t":                                                    "unqualified table",
		"CREATE TABLE s.t (a integer, b pg_catalog.text COLLATE pg_catalog.\"C\", CONSTRAINT p PRIMARY KEY (a), CHECK (b))": "",
		"CREATE TABLE IF NOT EXISTS s.t (a text)":            "unqualified type",
		"CREATE TABLE t (a integer)":                         "unqualified table",
		"CREATE TABLE s.t (a pg_catalog.text COLLATE \"C\")": "unqualified collation",
		"COMMENT ON TABLE t IS 'x'":                          "unqualified table",
		"SELECT 1 WHERE a IN ('x')":                          "IN, which looks up an operator",
		"SELECT 1 WHERE a LIKE 'x'":                          "LIKE, which looks up an operator",
		"SELECT NULLIF(a, 1)":                                "NULLIF, which looks up an operator",
		"SELECT CASE a WHEN 1 THEN 2 END":                    "CASE with an operand",
		"SET LOCAL lock_timeout = '5s'":                      "",
	} {
		got := strings.Join(Unqualified(sql), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\nhave %q\nwant %q", sql, got, want)
		}
	}
}
