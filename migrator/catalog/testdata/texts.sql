-- Everything that a server prints as an expression or a query, for comparing versions. It can be loaded by PostgreSQL 13 to 18.
CREATE TABLE t (
	id int PRIMARY KEY,
	a text DEFAULT trim('  x  '),
	n int NOT NULL DEFAULT 1 + 1,
	k varchar(5) CHECK (k IN ('a', 'b')),
	at timestamptz,
	d int GENERATED ALWAYS AS (n * 2) STORED,
	CHECK (trim(a) <> ''),
	CHECK (extract(year FROM at AT TIME ZONE 'UTC') > 2000),
	CHECK (n BETWEEN 1 AND 10)
);
CREATE TABLE u (id int REFERENCES t ON DELETE CASCADE, t_id int, m money DEFAULT 1234.5, i interval DEFAULT '1 day 02:03', b bytea DEFAULT '\xff');
CREATE INDEX t_plain ON t (n, a DESC);
CREATE INDEX t_lower ON t (lower(a)) WHERE n > 0;
CREATE VIEW single AS SELECT id, a FROM t WHERE n > 0;
CREATE VIEW joined AS SELECT t.id, u.t_id FROM t JOIN u ON u.t_id = t.id;
CREATE MATERIALIZED VIEW totals AS SELECT n, count(*) AS c FROM t GROUP BY n;
CREATE RULE r AS ON INSERT TO single DO INSTEAD INSERT INTO t (id) VALUES (NEW.id);
CREATE POLICY p ON t USING (n > (SELECT min(t_id) FROM u)) WITH CHECK (true);
CREATE FUNCTION f(x text DEFAULT trim('y')) RETURNS text LANGUAGE sql AS 'SELECT x';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.n IS DISTINCT FROM NEW.n) EXECUTE FUNCTION trg();
CREATE DOMAIN dom AS text DEFAULT 'x' CHECK (trim(VALUE) <> '');
CREATE TYPE span AS RANGE (subtype = int4);
CREATE TABLE part (k date, v text) PARTITION BY RANGE (k);
CREATE TABLE part_2020 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE STATISTICS st ON n, a FROM t;
GRANT ALL ON t TO PUBLIC;

-- Arrays that are cast: empty, of arrays, of columns.
CREATE TABLE casts (
    "none" text[] DEFAULT ARRAY[]::text[],
    none_of_precision numeric(8,2)[] DEFAULT ARRAY[]::numeric(8,2)[],
    none_of_none text[] DEFAULT ARRAY[ARRAY[]::character varying[]]::text[],
    pushed bigint[] DEFAULT ARRAY[ARRAY[1, -2], ARRAY[3, 4]]::bigint[],
    arrays text[] DEFAULT (ARRAY[[1, 2], [3, 4]]::integer[])::text[],
    a integer[],
    b integer[],
    c character varying,
    d character varying,
    e text DEFAULT array_to_string((ARRAY['x'::character varying, 'y']), ',')
);
CREATE VIEW casts_view AS SELECT array_length((ARRAY[a, b])::text[], 2) AS n, c IN (d, 'x') AS found, array_to_string(ARRAY[a, b]::text[], ',') AS joined FROM casts;
