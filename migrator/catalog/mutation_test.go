package catalog_test

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

// mutation changes one fact of testdata/kinds.sql. ROLE is an ordinary role.
type mutation struct {
	since int // the first major version that has the statement
	sql   string
}

// structural mutations change both fingerprints.
var structural = []mutation{
	{0, "CREATE SCHEMA another"},
	{0, "ALTER SCHEMA m2 RENAME TO m3"},
	{0, "CREATE EXTENSION citext"},
	{0, "ALTER EXTENSION pgcrypto SET SCHEMA m2"},
	{0, "DROP EXTENSION pgcrypto"},
	{0, "ALTER TYPE m.mood ADD VALUE 'happy'"},
	{0, "ALTER TYPE m.mood ADD VALUE 'happy' BEFORE 'ok'"},
	{0, "ALTER TYPE m.mood RENAME VALUE 'ok' TO 'fine'"},
	{0, "ALTER TYPE m.mood SET SCHEMA m2"},
	{0, "ALTER TYPE m.pair ADD ATTRIBUTE x int CASCADE"},
	{0, "ALTER TYPE m.pair ALTER ATTRIBUTE l TYPE bigint CASCADE"},
	{0, "ALTER TYPE m.pair DROP ATTRIBUTE l CASCADE, ADD ATTRIBUTE l int CASCADE"},
	{0, "DROP TYPE m.span; CREATE TYPE m.span AS RANGE (subtype = int8)"},
	{0, "DROP TYPE m.span; CREATE TYPE m.span AS RANGE (subtype = int4, subtype_diff = int4range_subdiff)"},
	{14, "DROP TYPE m.span; CREATE TYPE m.span AS RANGE (subtype = int4, multirange_type_name = m.spans)"},
	{0, `DROP TYPE m.span; CREATE TYPE m.span AS RANGE (subtype = text, collation = "C")`},
	{0, "DROP TYPE m.span; CREATE TYPE m.span AS RANGE (subtype = int4, subtype_opclass = m.ints)"},
	{0, "ALTER DOMAIN m.posint SET DEFAULT 2"},
	{0, "ALTER DOMAIN m.posint DROP DEFAULT"},
	{0, "ALTER DOMAIN m.posint SET NOT NULL"},
	{17, "ALTER DOMAIN m.posint ADD CONSTRAINT custom NOT NULL"},
	{0, "ALTER DOMAIN m.posint ADD CONSTRAINT small CHECK (VALUE < 10)"},
	{0, "ALTER DOMAIN m.posint ADD CONSTRAINT small CHECK (VALUE < 10) NOT VALID"},
	{0, "ALTER DOMAIN m.posint RENAME CONSTRAINT positive TO above_zero"},
	{0, "DROP DOMAIN m.posint; CREATE DOMAIN m.posint AS bigint DEFAULT 1 CONSTRAINT positive CHECK (VALUE > 0)"},
	{0, `CREATE DOMAIN m.c AS text COLLATE "C"`},
	{0, "ALTER TYPE m.base SET (RECEIVE = m.base_recv)"},
	{0, "ALTER TYPE m.base SET (SEND = m.base_send)"},
	{0, "ALTER TYPE m.base SET (ANALYZE = range_typanalyze)"},
	{0, "ALTER TYPE m.base SET (TYPMOD_IN = bpchartypmodin)"},
	{0, "ALTER TYPE m.base SET (TYPMOD_OUT = bpchartypmodout)"},
	{14, "ALTER TYPE m.base SET (SUBSCRIPT = raw_array_subscript_handler)"},
	{0, "CREATE TYPE m.shell"},
	{0, "CREATE OR REPLACE FUNCTION m.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'"},
	{0, "ALTER FUNCTION m.f(int) STABLE"},
	{0, "ALTER FUNCTION m.f(int) STRICT"},
	{0, "ALTER FUNCTION m.f(int) SECURITY DEFINER"},
	{0, "ALTER FUNCTION m.f(int) LEAKPROOF"},
	{0, "ALTER FUNCTION m.f(int) COST 7"},
	{0, "ALTER FUNCTION m.f(int) PARALLEL SAFE"},
	{0, "ALTER FUNCTION m.f(int) SUPPORT generate_series_int4_support"},
	{0, "ALTER FUNCTION m.f(int) SET work_mem = '1MB'"},
	{0, "ALTER FUNCTION m.f(int) RENAME TO f2"},
	{0, "CREATE OR REPLACE FUNCTION m.g(a int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT $1'"},
	{14, "CREATE OR REPLACE FUNCTION m.f(int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1"},
	{0, "CREATE OR REPLACE PROCEDURE m.p(int) LANGUAGE sql AS 'SELECT $1 + 1'"},
	{0, "DROP AGGREGATE m.total(int); CREATE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')"},
	{0, "DROP AGGREGATE m.total(int); CREATE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4mi, STYPE = int, INITCOND = '0')"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', PARALLEL = SAFE)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = m.f)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', SSPACE = 100)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', SORTOP = <)"},
	{0, "CREATE OR REPLACE AGGREGATE m.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int)"},
	{0, "ALTER SEQUENCE m.s INCREMENT 2"},
	{0, "ALTER SEQUENCE m.s START 2"},
	{0, "ALTER SEQUENCE m.s MAXVALUE 99"},
	{0, "ALTER SEQUENCE m.s MINVALUE 0"},
	{0, "ALTER SEQUENCE m.s CACHE 2"},
	{0, "ALTER SEQUENCE m.s CYCLE"},
	{0, "ALTER SEQUENCE m.s AS integer"},
	{0, "ALTER SEQUENCE m.s OWNED BY m.t.a"},
	{15, "ALTER SEQUENCE m.s SET UNLOGGED"},
	{0, "ALTER TABLE m.parent SET UNLOGGED"},
	{0, "ALTER TABLE m.t SET (fillfactor = 70)"},
	{0, "ALTER TABLE m.t SET (toast.autovacuum_enabled = off)"},
	{0, "ALTER TABLE m.t REPLICA IDENTITY FULL"},
	{0, "ALTER TABLE m.t REPLICA IDENTITY NOTHING"},
	{0, "ALTER TABLE m.t REPLICA IDENTITY USING INDEX t_pkey"},
	{0, "ALTER TABLE m.t ENABLE ROW LEVEL SECURITY"},
	{0, "ALTER TABLE m.t FORCE ROW LEVEL SECURITY"},
	{0, "ALTER TABLE m.alone INHERIT m.parent"},
	{0, "ALTER TABLE m.child NO INHERIT m.parent"},
	{0, "ALTER TABLE m.typed NOT OF"},
	{0, "ALTER TABLE m.part ATTACH PARTITION m.part2 FOR VALUES IN (2)"},
	{0, "ALTER TABLE m.part DETACH PARTITION m.part1"},
	{0, "ALTER TABLE m.part DETACH PARTITION m.part1; ALTER TABLE m.part ATTACH PARTITION m.part1 FOR VALUES IN (3)"},
	{0, "ALTER TABLE m.t RENAME TO t2"},
	{0, "ALTER TABLE m.part2 SET SCHEMA m2"},
	{0, "DROP TABLE m.part2; CREATE TABLE m.part2 (k int, v int) PARTITION BY HASH (k)"},
	{0, "DROP TABLE m.part2; CREATE TABLE m.part2 (k int, v int) USING heap2"},
	{15, "ALTER TABLE m.part2 SET ACCESS METHOD heap2"},
	{0, "ALTER TABLE m.t ADD COLUMN z int"},
	{0, "ALTER TABLE m.t DROP COLUMN u"},
	{0, "ALTER TABLE m.t RENAME COLUMN u TO z"},
	{0, "ALTER TABLE m.t ALTER COLUMN u TYPE bigint"},
	{0, "ALTER TABLE m.t ALTER COLUMN c TYPE varchar(20)"},
	{0, `ALTER TABLE m.t ALTER COLUMN c TYPE varchar(10) COLLATE "C"`},
	{0, "ALTER TABLE m.t ALTER COLUMN u SET NOT NULL"},
	{0, "ALTER TABLE m.r ALTER COLUMN n DROP NOT NULL"},
	{18, "ALTER TABLE m.r RENAME CONSTRAINT r_n_not_null TO custom"},
	{18, "ALTER TABLE m.r ALTER CONSTRAINT r_n_not_null NO INHERIT"},
	{18, "ALTER TABLE m.r ALTER COLUMN n DROP NOT NULL, ADD CONSTRAINT r_n_not_null NOT NULL n NOT VALID"},
	{0, "ALTER TABLE m.t ALTER COLUMN a SET DEFAULT 2"},
	{0, "ALTER TABLE m.t ALTER COLUMN a DROP DEFAULT"},
	{0, "ALTER TABLE m.t ALTER COLUMN g DROP EXPRESSION"},
	{17, "ALTER TABLE m.t ALTER COLUMN g SET EXPRESSION AS (id * 3)"},
	{18, "ALTER TABLE m.r ADD COLUMN w int GENERATED ALWAYS AS (n) VIRTUAL"},
	{0, "ALTER TABLE m.t ALTER COLUMN i SET GENERATED BY DEFAULT"},
	{0, "ALTER TABLE m.t ALTER COLUMN i DROP IDENTITY"},
	{0, "ALTER TABLE m.t ALTER COLUMN i SET INCREMENT BY 5"},
	{0, "ALTER SEQUENCE m.t_i_seq RENAME TO other"},
	{15, "ALTER SEQUENCE m.t_i_seq SET UNLOGGED"},
	{0, "ALTER TABLE m.t ALTER COLUMN b SET STORAGE EXTERNAL"},
	{14, "ALTER TABLE m.t ALTER COLUMN b SET COMPRESSION pglz"},
	{0, "ALTER TABLE m.t ALTER COLUMN b SET STATISTICS 50"},
	{0, "ALTER TABLE m.t ALTER COLUMN b SET (n_distinct = 5)"},
	{0, "DROP TABLE m.child; CREATE TABLE m.child (x int, z int) INHERITS (m.parent)"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT a_positive"},
	{0, "ALTER TABLE m.t RENAME CONSTRAINT a_positive TO above_zero"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT a_positive, ADD CONSTRAINT a_positive CHECK (a > 1)"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT a_positive, ADD CONSTRAINT a_positive CHECK (a > 0) NOT VALID"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT a_positive, ADD CONSTRAINT a_positive CHECK (a > 0) NO INHERIT"},
	{18, "ALTER TABLE m.t DROP CONSTRAINT a_positive, ADD CONSTRAINT a_positive CHECK (a > 0) NOT ENFORCED"},
	{0, "ALTER TABLE m.r ALTER CONSTRAINT r_fk DEFERRABLE"},
	{0, "ALTER TABLE m.r ALTER CONSTRAINT r_fk DEFERRABLE INITIALLY DEFERRED"},
	{0, "ALTER TABLE m.r DROP CONSTRAINT r_fk, ADD CONSTRAINT r_fk FOREIGN KEY (id) REFERENCES m.t ON DELETE CASCADE"},
	{0, "ALTER TABLE m.r DROP CONSTRAINT r_fk, ADD CONSTRAINT r_fk FOREIGN KEY (id) REFERENCES m.t NOT VALID"},
	{0, "ALTER TABLE m.r DISABLE TRIGGER ALL"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT u_key, ADD CONSTRAINT u_key UNIQUE (u)"},
	{15, "ALTER TABLE m.t DROP CONSTRAINT u_key, ADD CONSTRAINT u_key UNIQUE NULLS NOT DISTINCT (u) DEFERRABLE"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT u_key, ADD CONSTRAINT u_key UNIQUE (u) WITH (fillfactor = 50) DEFERRABLE"},
	{0, "ALTER TABLE m.t DROP CONSTRAINT c_excl, ADD CONSTRAINT c_excl EXCLUDE USING btree (c WITH =) WHERE (u > 0)"},
	{0, "ALTER TABLE m.t CLUSTER ON t_pkey"},
	{0, "ALTER TABLE m.t CLUSTER ON t_b"},
	{0, "ALTER INDEX m.t_b SET (fillfactor = 50)"},
	{0, "ALTER INDEX m.t_b RENAME TO t_b2"},
	{0, "ALTER INDEX m.t_lower ALTER COLUMN 1 SET STATISTICS 99"},
	{0, "ALTER INDEX m.part_v ATTACH PARTITION m.part1_v"},
	{0, "DROP INDEX m.t_b; CREATE INDEX t_b ON m.t (b DESC)"},
	{0, "DROP INDEX m.t_b; CREATE INDEX t_b ON m.t (b) INCLUDE (u)"},
	{0, "DROP INDEX m.t_b; CREATE INDEX t_b ON m.t (b) WHERE u > 0"},
	{0, "DROP INDEX m.t_b; CREATE INDEX t_b ON m.t USING hash (b)"},
	{0, "DROP INDEX m.t_b; CREATE UNIQUE INDEX t_b ON m.t (b)"},
	{0, "CREATE OR REPLACE VIEW m.v AS SELECT id, a FROM m.t WHERE a > 0"},
	{0, "CREATE OR REPLACE VIEW m.v AS SELECT id, a, b FROM m.t"},
	{0, "ALTER VIEW m.v SET (security_barrier)"},
	{0, "CREATE OR REPLACE VIEW m.v AS SELECT id, a FROM m.t WITH LOCAL CHECK OPTION"},
	{15, "ALTER VIEW m.v SET (security_invoker)"},
	{0, "ALTER VIEW m.v ALTER COLUMN a SET DEFAULT 5"},
	{0, "DROP MATERIALIZED VIEW m.mv; CREATE MATERIALIZED VIEW m.mv AS SELECT id, c AS b FROM m.t"},
	{0, "ALTER MATERIALIZED VIEW m.mv SET (fillfactor = 50)"},
	{0, "ALTER MATERIALIZED VIEW m.mv ALTER COLUMN b SET STORAGE PLAIN"},
	{0, "ALTER STATISTICS m.st SET STATISTICS 50"},
	{0, "DROP STATISTICS m.st; CREATE STATISTICS m.st (mcv) ON a, b FROM m.t"},
	{14, "DROP STATISTICS m.st; CREATE STATISTICS m.st ON a, (u + 1) FROM m.t"},
	{0, "ALTER TABLE m.t DISABLE TRIGGER trg"},
	{0, "ALTER TABLE m.t ENABLE ALWAYS TRIGGER trg"},
	{0, "ALTER TRIGGER trg ON m.t RENAME TO trg2"},
	{0, "DROP TRIGGER trg ON m.t; CREATE TRIGGER trg AFTER UPDATE ON m.t FOR EACH STATEMENT EXECUTE FUNCTION m.trg()"},
	{0, "DROP TRIGGER trg ON m.t; CREATE TRIGGER trg AFTER UPDATE ON m.t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION m.trg()"},
	{0, "ALTER TABLE m.part1 DISABLE TRIGGER part_trg"},
	{0, "CREATE OR REPLACE RULE rl AS ON DELETE TO m.v DO INSTEAD DELETE FROM m.t"},
	{0, "ALTER TABLE m.r DISABLE RULE on_table"},
	{0, "ALTER POLICY pol ON m.t USING (a > 1)"},
	{0, "ALTER POLICY pol ON m.t WITH CHECK (a > 1)"},
	{0, "ALTER POLICY pol ON m.t TO ROLE"},
	{0, "DROP POLICY pol ON m.t; CREATE POLICY pol ON m.t AS RESTRICTIVE USING (a > 0)"},
	{0, "DROP POLICY pol ON m.t; CREATE POLICY pol ON m.t FOR SELECT USING (a > 0)"},
	{0, "ALTER OPERATOR m.=== (int, int) SET (RESTRICT = eqsel)"},
	{0, "ALTER OPERATOR m.=== (int, int) SET (JOIN = eqjoinsel)"},
	{0, "DROP OPERATOR m.=== (int, int); CREATE OPERATOR m.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne)"},
	{0, "DROP OPERATOR m.=== (int, int); CREATE OPERATOR m.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = OPERATOR(m.===))"},
	{0, "DROP OPERATOR m.=== (int, int); CREATE OPERATOR m.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, NEGATOR = OPERATOR(m.!==)); CREATE OPERATOR m.!== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne, NEGATOR = OPERATOR(m.===))"},
	{0, "DROP OPERATOR m.=== (int, int); CREATE OPERATOR m.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, HASHES, MERGES)"},
	{0, "ALTER OPERATOR FAMILY m.fam USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 (int4, int8) btint48cmp(int4, int8)"},
	{0, "CREATE OPERATOR CLASS m.defaulted DEFAULT FOR TYPE m.base USING hash AS STORAGE m.base"},
	{0, "ALTER OPERATOR CLASS m.cls USING hash RENAME TO cls2"},
	{0, "DROP CAST (bool AS m.base); CREATE CAST (bool AS m.base) WITH FUNCTION m.to_base(bool) AS IMPLICIT"},
	{0, "DROP CAST (bool AS m.base)"},
	{0, "DROP CONVERSION m.conv; CREATE DEFAULT CONVERSION m.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"},
	{0, "DROP CONVERSION m.conv; CREATE CONVERSION m.conv FOR 'LATIN2' TO 'UTF8' FROM iso8859_to_utf8"},
	{0, "DROP COLLATION m.coll; CREATE COLLATION m.coll (locale = 'POSIX')"},
	{0, "DROP COLLATION m.coll; CREATE COLLATION m.coll (lc_collate = 'C', lc_ctype = 'POSIX')"},
	{17, "DROP COLLATION m.coll; CREATE COLLATION m.coll (provider = builtin, locale = 'C')"},
	{0, "DROP LANGUAGE lang CASCADE; CREATE TRUSTED LANGUAGE lang HANDLER plpgsql_call_handler; CREATE TRANSFORM FOR int LANGUAGE lang (FROM SQL WITH FUNCTION prsd_lextype(internal))"},
	{0, "CREATE OR REPLACE LANGUAGE lang HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler"},
	{0, "CREATE OR REPLACE LANGUAGE lang HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator"},
	{0, "CREATE OR REPLACE TRANSFORM FOR int LANGUAGE lang (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))"},
	{0, "DROP ACCESS METHOD am1; CREATE ACCESS METHOD am1 TYPE INDEX HANDLER spghandler"},
	{0, "DROP TEXT SEARCH PARSER m.prs; CREATE TEXT SEARCH PARSER m.prs (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)"},
	{0, "ALTER TEXT SEARCH TEMPLATE m.tmpl RENAME TO tmpl2"},
	{0, "ALTER TEXT SEARCH DICTIONARY m.dict (StopWords = 'english')"},
	{0, "ALTER TEXT SEARCH CONFIGURATION m.cfg ALTER MAPPING FOR word WITH m.dict"},
	{0, "ALTER TEXT SEARCH CONFIGURATION m.cfg DROP MAPPING FOR word"},
	{0, "ALTER FOREIGN DATA WRAPPER w OPTIONS (x 'y')"},
	{0, "ALTER FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator"},
	{0, "ALTER SERVER srv VERSION '2'"},
	{0, "ALTER SERVER srv OPTIONS (host 'h')"},
	{0, "DROP SERVER srv CASCADE; CREATE SERVER srv TYPE 't' FOREIGN DATA WRAPPER w"},
	{0, "DROP USER MAPPING FOR PUBLIC SERVER srv"},
	{0, "ALTER FOREIGN TABLE m.ft OPTIONS (x 'y')"},
	{0, "ALTER FOREIGN TABLE m.ft ALTER COLUMN x OPTIONS (y 'z')"},
	{0, "ALTER EVENT TRIGGER evt DISABLE"},
	{0, "DROP EVENT TRIGGER evt; CREATE EVENT TRIGGER evt ON ddl_command_start WHEN TAG IN ('CREATE CONVERSION') EXECUTE FUNCTION m.et()"},
	{0, "DROP EVENT TRIGGER evt; CREATE EVENT TRIGGER evt ON ddl_command_end WHEN TAG IN ('DROP CONVERSION') EXECUTE FUNCTION m.et()"},
	{0, "ALTER PUBLICATION pub SET (publish = 'insert')"},
	{0, "ALTER PUBLICATION pub SET (publish_via_partition_root = true)"},
	{0, "ALTER PUBLICATION pub ADD TABLE m.r"},
	{0, "DROP PUBLICATION pub; CREATE PUBLICATION pub FOR ALL TABLES"},
	{15, "ALTER PUBLICATION pub SET TABLE m.t (id, a)"},
	{15, "ALTER PUBLICATION pub SET TABLE m.t WHERE (id > 0)"},
	{15, "ALTER PUBLICATION pub ADD TABLES IN SCHEMA m2"},
	{18, "ALTER PUBLICATION pub SET (publish_generated_columns = stored)"},
}

// onFacets are mutations that only change the fingerprint with facets.
var onFacets = []mutation{
	{0, "ALTER TABLE m.t OWNER TO ROLE"},
	{0, "ALTER SCHEMA m2 OWNER TO ROLE"},
	{0, "ALTER FUNCTION m.f(int) OWNER TO ROLE"},
	{0, "ALTER TYPE m.mood OWNER TO ROLE"},
	{0, "ALTER VIEW m.v OWNER TO ROLE"},
	{0, "ALTER SEQUENCE m.s OWNER TO ROLE"},
	{0, "ALTER SERVER srv OWNER TO CURRENT_USER; GRANT USAGE ON FOREIGN SERVER srv TO ROLE"},
	{0, "ALTER PUBLICATION pub OWNER TO CURRENT_USER; COMMENT ON PUBLICATION pub IS 'text'"},
	{0, "GRANT SELECT ON m.t TO ROLE"},
	{0, "GRANT SELECT ON m.t TO ROLE WITH GRANT OPTION"},
	{0, "GRANT ALL ON m.v TO PUBLIC"},
	{0, "REVOKE DELETE ON m.t FROM CURRENT_USER"},
	{0, "GRANT UPDATE (a) ON m.t TO ROLE"},
	{17, "GRANT MAINTAIN ON m.t TO ROLE"},
	{0, "GRANT USAGE ON SCHEMA m TO ROLE"},
	{0, "GRANT USAGE ON SEQUENCE m.s TO ROLE"},
	{0, "GRANT USAGE ON SEQUENCE m.t_i_seq TO ROLE"},
	{0, "REVOKE EXECUTE ON FUNCTION m.f(int) FROM PUBLIC"},
	{0, "REVOKE USAGE ON TYPE m.mood FROM PUBLIC"},
	{0, "GRANT USAGE ON FOREIGN DATA WRAPPER w TO ROLE"},
	{0, "ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO PUBLIC"},
	{0, "ALTER DEFAULT PRIVILEGES IN SCHEMA m GRANT USAGE ON SEQUENCES TO ROLE"},
	{0, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"},
	{0, "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC"},
	{0, "COMMENT ON TABLE m.t IS 'text'"},
	{0, "COMMENT ON COLUMN m.t.a IS 'text'"},
	{0, "COMMENT ON SCHEMA m IS 'text'"},
	{0, "COMMENT ON FUNCTION m.f(int) IS 'text'"},
	{0, "COMMENT ON INDEX m.t_b IS 'text'"},
	{0, "COMMENT ON INDEX m.t_pkey IS 'text'"},
	{0, "COMMENT ON CONSTRAINT t_pkey ON m.t IS 'text'"},
	{0, "COMMENT ON CONSTRAINT positive ON DOMAIN m.posint IS 'text'"},
	{0, "COMMENT ON SEQUENCE m.t_i_seq IS 'text'"},
	{0, "COMMENT ON TRIGGER trg ON m.t IS 'text'"},
	{0, "COMMENT ON RULE rl ON m.v IS 'text'"},
	{0, "COMMENT ON POLICY pol ON m.t IS 'text'"},
	{0, "COMMENT ON TYPE m.span IS 'text'"},
	{0, "COMMENT ON COLUMN m.pair.l IS 'text'"},
	{0, "COMMENT ON OPERATOR m.=== (int, int) IS 'text'"},
	{0, "COMMENT ON CAST (bool AS m.base) IS 'text'"},
	{0, "COMMENT ON TEXT SEARCH CONFIGURATION m.cfg IS 'text'"},
	{0, "COMMENT ON EVENT TRIGGER evt IS 'text'"},
	{0, "COMMENT ON STATISTICS m.st IS 'text'"},
	{0, "COMMENT ON LANGUAGE lang IS 'text'"},
	{0, "COMMENT ON ACCESS METHOD am1 IS 'text'"},
}

// without are statements that change nothing that is compared.
var without = []mutation{
	{0, "SELECT nextval('m.s')"},
	{0, "INSERT INTO m.parent VALUES (1, 1); ANALYZE m.parent"},
	{0, "REFRESH MATERIALIZED VIEW m.mv WITH NO DATA"},
	{0, "GRANT ALL ON m.t TO CURRENT_USER"},
	{0, "ALTER TABLE m.part2 ADD COLUMN w int; ALTER TABLE m.part2 DROP COLUMN w"},
	{0, "ALTER TABLE m.part2 ALTER COLUMN k SET STORAGE PLAIN"},
	{0, "ALTER TABLE m.part2 DROP COLUMN k; ALTER TABLE m.part2 ADD COLUMN k int"},
	{0, "CREATE TEMPORARY TABLE x (id serial PRIMARY KEY, t text); CREATE VIEW pg_temp.y AS SELECT * FROM x"},
	{0, "ALTER SCHEMA public OWNER TO ROLE; GRANT ALL ON SCHEMA public TO ROLE; COMMENT ON SCHEMA public IS 'text'"},
	{0, "COMMENT ON EXTENSION pgcrypto IS 'text'"},
	{0, "SELECT lo_create(0)"},
}

func TestEachMutationChangesTheFingerprint(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, m := range structural {
		if lab.major >= m.since {
			changed := lab.mutate(t, m.sql)
			if changed.Fingerprint() == lab.base.Fingerprint() || changed.FullFingerprint() == lab.base.FullFingerprint() {
				t.Errorf("nothing changed: %s", m.sql)
			}
		}
	}
}

func TestFacetsChangeTheFullFingerprintOnly(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, m := range onFacets {
		if lab.major < m.since {
			continue
		}
		changed := lab.mutate(t, m.sql)
		if changed.FullFingerprint() == lab.base.FullFingerprint() {
			t.Errorf("nothing changed: %s", m.sql)
		}
		if changed.Fingerprint() != lab.base.Fingerprint() {
			t.Errorf("the structure changed: %s\n%s", m.sql, describe(lab.base.Compare(changed)))
		}
	}
}

func TestStateThatIsNotSchemaDoesNotCount(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, m := range without {
		changed := lab.mutate(t, m.sql)
		if d := lab.base.Compare(changed); len(d) > 0 || changed.FullFingerprint() != lab.base.FullFingerprint() {
			t.Errorf("%s\n%s", m.sql, describe(d))
		}
	}
}

// lab is a database with an object of every kind. Mutations are rolled back.
type lab struct {
	conn  *pg.Conn
	role  string
	major int
	base  *schema.Schema
}

func newLab(t *testing.T) *lab {
	t.Helper()
	databaseURL := pgtest.Database(t)
	role, err := url.Parse(pgtest.Role(t, databaseURL))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("testdata/kinds.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, databaseURL, string(src))
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	l := &lab{conn: conn, role: role.User.Username(), major: conn.ServerVersion() / 10000}
	l.base = l.mutate(t, "SELECT")
	return l
}

// mutate returns the schema after the statements.
func (l *lab) mutate(t *testing.T, sql string) *schema.Schema {
	t.Helper()
	version := l.conn.ServerVersion()
	message := catalog.Message(version)
	begin, rest, _ := strings.Cut(message, ";\n")
	message = strings.TrimSuffix(rest, "COMMIT") + "ROLLBACK"
	if err := l.conn.Exec(t.Context(), begin[:len("BEGIN")]+"; SET LOCAL client_min_messages = error; "+strings.ReplaceAll(sql, "ROLE", l.role)); err != nil {
		_ = l.conn.Exec(t.Context(), "ROLLBACK")
		t.Errorf("%s\n%v", sql, err)
		return l.base
	}
	var results [][]catalog.Row
	_, err := l.conn.Send(t.Context(), pg.Message{SQL: message}, pg.Handler{Row: func(statement int, fields [][]byte) {
		results = catalog.Append(results, statement+1, fields)
	}})
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		t.Fatalf("%s\n%v\n%s", sql, err, strings.Split(message, ";\n")[failed.Statement])
	}
	s, err := catalog.Read(version, results)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return s
}
