package catalog_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

// BenchmarkLargeSchema reads 1,000 tables with 15,000 objects. It reports the server's CPU time where the server runs on
// this machine, and the time that Read and Fingerprint take.
func BenchmarkLargeSchema(b *testing.B) {
	databaseURL := pgtest.Database(b)
	pgtest.Exec(b, databaseURL, `DO $$ BEGIN
FOR i IN 1..1000 LOOP
	EXECUTE format('CREATE TABLE t%1$s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, kind varchar(10) DEFAULT ''a'',
at timestamptz, total numeric(10,2), parent bigint, note text, CHECK (total >= 0), CHECK (kind IN (''a'', ''b'')));
CREATE INDEX ON t%1$s (name); CREATE INDEX ON t%1$s (lower(note)) WHERE note IS NOT NULL;
COMMENT ON TABLE t%1$s IS ''table %1$s''', i);
	IF i % 10 = 0 THEN
		EXECUTE format('CREATE VIEW v%1$s AS SELECT id, name FROM t%1$s WHERE total > 0; CREATE FUNCTION f%1$s(a int DEFAULT 1) RETURNS int LANGUAGE sql AS ''SELECT a''', i);
	END IF;
END LOOP; END $$`)
	pgtest.Exec(b, databaseURL, `DO $$ BEGIN FOR i IN 2..1000 LOOP
	EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (parent) REFERENCES t%s', i, i - 1); END LOOP; END $$`)
	pgtest.Exec(b, databaseURL, "ANALYZE")
	b.Run("message", func(b *testing.B) {
		conn := schematest.Connect(b, databaseURL)
		var size int
		started := serverCPU(conn.PID())
		for b.Loop() {
			a, err := schematest.Ask(b.Context(), conn)
			if err != nil {
				b.Fatal(err)
			}
			size = 0
			for _, rows := range a.Results {
				for _, row := range rows {
					size += len(strings.Join(row, ""))
				}
			}
		}
		b.ReportMetric(float64(serverCPU(conn.PID())-started)*10/float64(b.N), "server-ms/op")
		b.ReportMetric(float64(size), "bytes")
	})
	a := schematest.MustAsk(b, databaseURL)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			s, err := a.Read()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(s.Objects)), "objects")
		}
	})
	s, err := a.Read()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("fingerprint", func(b *testing.B) {
		for b.Loop() {
			_ = s.Fingerprint()
		}
	})
}

// serverCPU returns the CPU time of a process in hundredths of a second, or 0 if it is not known.
func serverCPU(pid uint32) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}
