package importer

import "testing"

func TestWithoutBlock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql, inside string // "=": unchanged
		all               bool
	}{
		{"the whole script", "BEGIN;\nSELECT 1;\nCOMMIT;\n", "SELECT 1;\n", true},
		{"on one line", "begin; select 1; end", " select 1;\n", true},
		{"with comments", "-- a\nBEGIN; -- b\nSELECT 1;\nCOMMIT -- c\n;\n-- d\n", "-- a\n -- b\nSELECT 1;\n-- d\n", true},
		{"long forms", "start  transaction;\nSELECT 1;\ncommit\nwork;", "SELECT 1;\n", true},
		{"CRLF", "BEGIN;\r\nSELECT 1;\r\nCOMMIT;\r\n", "SELECT 1;\n", true},
		{"something before", "SET x.y = 1;\nBEGIN;\nSELECT 1;\nCOMMIT;", "SET x.y = 1;\nSELECT 1;\n", false},
		{"something after", "BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;", "SELECT 1;\nSELECT 2;\n", false},
		{"nothing between", "BEGIN;\nCOMMIT;", "", true},
		{"two blocks", "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;", "=", false},
		{"only the end", "SELECT 1; COMMIT;", "=", false},
		{"only the beginning", "BEGIN; SELECT 1;", "=", false},
		{"in reverse order", "COMMIT; SELECT 1; BEGIN;", "=", false},
		{"with options", "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "=", false},
		{"chained", "BEGIN; SELECT 1; COMMIT AND CHAIN;", "=", false},
		{"in a body", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;\nDO $$ BEGIN PERFORM 1; END $$;", "=", false},
		{"in a string", "SELECT 'BEGIN; COMMIT;';", "=", false},
		{"empty", "", "=", false},
	} {
		want := c.inside
		if want == "=" {
			want = c.sql
		}
		if inside, all := withoutBlock(c.sql); inside != want || all != c.all {
			t.Errorf("%s: %q, %t", c.name, inside, all)
		}
	}
}

func TestTerminatedAddsASemicolon(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"":                             "",
		"-- nothing\n":                 "-- nothing\n",
		"SELECT 1;\n":                  "SELECT 1;\n",
		"SELECT 1 ;\n":                 "SELECT 1 ;\n",
		"SELECT 1\n":                   "SELECT 1;\n",
		"SELECT 1 -- a;\n":             "SELECT 1; -- a;\n",
		"SELECT 1 /* ; */":             "SELECT 1; /* ; */",
		"SELECT ';'":                   "SELECT ';';",
		"COPY t FROM stdin;\n1\n\\.\n": "COPY t FROM stdin;\n1\n\\.\n",
		"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)\n": "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);\n",
	} {
		if have := terminated(sql); have != want {
			t.Errorf("%q: %q, want %q", sql, have, want)
		}
	}
}

func TestConvertChoosesTheTransaction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql     string
		noTransaction bool
		want          string // the SQL
		transaction   bool
		findings      int
	}{
		{"plain", "SELECT 1;", false, "\nSELECT 1;\n", true, 0},
		{"byte order mark and blank lines", "\ufeff\r\n \n  SELECT 1;\n\n", false, "\n  SELECT 1;\n", true, 0},
		{"without a transaction", "SELECT 1;", true, "\nSELECT 1;\n", false, 0},
		{"without a transaction, with a block around all", "BEGIN; SELECT 1; COMMIT;", true, "\n SELECT 1;\n", true, 1},
		{"without a transaction, with a block around some", "BEGIN; SELECT 1; COMMIT; SELECT 2;", true, "\nBEGIN; SELECT 1; COMMIT; SELECT 2;\n", false, 0},
		{"cannot run in a transaction", "VACUUM;", false, "\nVACUUM;\n", false, 0},
		{"cannot run in a transaction, with others", "VACUUM; SELECT 1;", false, "\nVACUUM; SELECT 1;\n", false, 1},
		{"cannot run in a transaction, in a block", "BEGIN; VACUUM; COMMIT;", false, "\nBEGIN; VACUUM; COMMIT;\n", true, 0},
		{"psql command", "\\d\nVACUUM;", false, "\n\\d\nVACUUM;\n", true, 0},
		{"empty", " \n", false, "", true, 0},
	} {
		s := script{sql: c.sql, noTransaction: c.noTransaction}
		r := s.convert()
		if r.SQL() != c.want || r.Transactional != c.transaction || len(s.findings) != c.findings {
			t.Errorf("%s: %q, transaction %t, %v", c.name, r.SQL(), r.Transactional, s.findings)
		}
	}
}
