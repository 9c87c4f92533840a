package migrator_test

import (
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
)

// Where rows have to be unique before a change and after it, in whatever way, there is no time in between in which they need
// not be: neither between two revisions nor between two statements that are not run in a transaction.
func TestDraftLeavesNoTimeWithoutAUniqueIndex(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE t (id int NOT NULL, v text, w text, n int NOT NULL); "
	const parted = "CREATE TABLE t (id int NOT NULL, v text, w text) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1) PARTITION BY LIST (id); CREATE TABLE t11 PARTITION OF t1 DEFAULT; CREATE TABLE t2 PARTITION OF t DEFAULT; "
	for name, c := range map[string]struct{ from, to, has string }{
		"constraint and partial index": {table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v)", table + "CREATE UNIQUE INDEX u ON t (v) WHERE n > 0; COMMENT ON INDEX u IS 'x'", "ALTER INDEX public.u__new RENAME TO u"},
		"constraint and expression":    {table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v)", table + "CREATE UNIQUE INDEX u ON t (lower(v))", "ALTER INDEX public.u__new RENAME TO u"},
		"index and constraint":         {table + "CREATE UNIQUE INDEX u ON t (v) WHERE n > 0", table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v)", "UNIQUE USING INDEX u__new"},
		"other constraint":             {table + "ALTER TABLE t ADD CONSTRAINT a UNIQUE (v)", table + "ALTER TABLE t ADD CONSTRAINT b UNIQUE (v, w)", "UNIQUE USING INDEX b"},
		"constraint and other index":   {table + "ALTER TABLE t ADD CONSTRAINT a UNIQUE (v)", table + "CREATE UNIQUE INDEX b ON t (lower(v))", "CREATE UNIQUE INDEX CONCURRENTLY b"},
		"same constraint":              {table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v)", table + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (v, w)", "UNIQUE USING INDEX u__new"},
		"same index":                   {table + "CREATE UNIQUE INDEX u ON t (v)", table + "CREATE UNIQUE INDEX u ON t (v, w)", "CONCURRENTLY u__new"},
		"same index, other type":       {table + "CREATE UNIQUE INDEX u ON t (v text_pattern_ops)", strings.Replace(table, "v text", "v int", 1) + "CREATE UNIQUE INDEX u ON t (v)", "-- scans: table public.t"},
		"other primary key":            {table + "ALTER TABLE t ADD CONSTRAINT a PRIMARY KEY (id)", table + "ALTER TABLE t ADD CONSTRAINT b PRIMARY KEY (n)", "PRIMARY KEY USING INDEX b"},
		"primary key of a reference":   {table + "ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE o (t int REFERENCES t)", table + "ALTER TABLE t ADD PRIMARY KEY (id, n); CREATE TABLE o (t int)", "t_pkey__new"},
		"referenced primary key":       {table + "ALTER TABLE t ADD CONSTRAINT a PRIMARY KEY (id); CREATE TABLE o (t int REFERENCES t)", table + "ALTER TABLE t ADD CONSTRAINT b PRIMARY KEY (n), ADD UNIQUE (id); CREATE TABLE o (t int REFERENCES t (id))", "PRIMARY KEY"},
		"swapped names":                {table + "ALTER TABLE t ADD CONSTRAINT a UNIQUE (v); CREATE UNIQUE INDEX b ON t (w)", table + "ALTER TABLE t ADD CONSTRAINT b UNIQUE (v); CREATE UNIQUE INDEX a ON t (w)", "a__new"},
		"partitioned":                  {parted + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id)", parted + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id, v)", "ADD CONSTRAINT u UNIQUE (id, v)"},
		"partitioned, other name":      {parted + "ALTER TABLE t ADD CONSTRAINT a UNIQUE (id)", parted + "ALTER TABLE t ADD CONSTRAINT b UNIQUE (id, v)", "ADD CONSTRAINT b UNIQUE (id, v)"},
		"partitioned, index":           {parted + "CREATE UNIQUE INDEX u ON t (id)", parted + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id)", "ADD CONSTRAINT u UNIQUE (id)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			m := schemaMigrator(projecttest.New(t).Add("a1", "", c.from, "-"), projecttest.Config(t, url), "")
			d := draft(t, m, c.to, migrator.DraftOptions{NoRename: true})
			if !strings.Contains(draftText(d), c.has) {
				t.Error(draftText(d))
			}
			pgtest.Exec(t, url, c.from)
			for _, r := range d.Revisions {
				keepsUnique(t, url, r.Up)
			}
			for i := range d.Revisions {
				keepsUnique(t, url, d.Revisions[len(d.Revisions)-1-i].Down)
			}
			if t.Failed() {
				t.Log(draftText(d))
			}
		})
	}
}

// keepsUnique runs a script, and fails the test if the table t has no unique index after one of its transactions.
func keepsUnique(t *testing.T, url string, script *revision.Script) {
	t.Helper()
	var statements []string
	for _, st := range script.Statements() {
		statements = append(statements, script.Text[st.Start:st.End])
	}
	if script.Transactional {
		statements = []string{"BEGIN; " + strings.Join(statements, ";\n") + "; COMMIT"}
	}
	for _, sql := range statements {
		pgtest.Exec(t, url, sql)
		if n := pgtest.Value(t, url, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisunique AND indisvalid"); n == "0" {
			t.Errorf("after %s rows need not be unique", sql)
		}
	}
}
