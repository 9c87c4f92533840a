package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// Rename has to predict what is read after the server renamed an object.
func TestRenameAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		kind      schema.Kind
		key, name string
		sql       string
		left      []string // what compares as changed
	}{
		{schema.Table, "m.t", "t2", "ALTER TABLE m.t RENAME TO t2", nil},
		{schema.Table, "m.t", "odd name", `ALTER TABLE m.t RENAME TO "odd name"`, nil},
		{schema.Table, "m.r", "r2", "ALTER TABLE m.r RENAME TO r2", nil},
		{schema.Table, "m.part", "p2", "ALTER TABLE m.part RENAME TO p2", nil},
		{schema.Table, "m.parent", "p2", "ALTER TABLE m.parent RENAME TO p2", nil},
		{schema.Column, "m.t.a", "a2", "ALTER TABLE m.t RENAME a TO a2", []string{"VIEW m.v"}},
		{schema.Column, "m.t.id", "id2", "ALTER TABLE m.t RENAME id TO id2", []string{"VIEW m.v", "MATERIALIZED VIEW m.mv"}},
		{schema.Column, "m.t.i", "i2", "ALTER TABLE m.t RENAME i TO i2", nil},
		{schema.Column, "m.r.id", "id2", "ALTER TABLE m.r RENAME id TO id2", nil},
		{schema.Column, "m.pair.l", "l2", "ALTER TYPE m.pair RENAME ATTRIBUTE l TO l2 CASCADE", nil},
		{schema.Namespace, "m", "m9", "ALTER SCHEMA m RENAME TO m9", []string{}},
		{schema.Type, "m.mood", "mood2", "ALTER TYPE m.mood RENAME TO mood2", nil},
		{schema.Type, "m.pair", "pair2", "ALTER TYPE m.pair RENAME TO pair2", nil},
		{schema.Type, "m.span", "span2", "ALTER TYPE m.span RENAME TO span2", nil},
		{schema.Type, "m.base", "base2", "ALTER TYPE m.base RENAME TO base2", nil},
		{schema.Domain, "m.posint", "posint2", "ALTER DOMAIN m.posint RENAME TO posint2", nil},
		{schema.Function, "m.trg()", "trg2", "ALTER FUNCTION m.trg() RENAME TO trg2", nil},
		{schema.Sequence, "m.s", "s2", "ALTER SEQUENCE m.s RENAME TO s2", nil},
		{schema.View, "m.v", "v2", "ALTER VIEW m.v RENAME TO v2", nil},
		{schema.Constraint, "a_positive ON m.t", "c2", "ALTER TABLE m.t RENAME CONSTRAINT a_positive TO c2", nil},
		{schema.Index, "m.t_b", "i2", "ALTER INDEX m.t_b RENAME TO i2", nil},
		{schema.Trigger, "trg ON m.t", "trg2", "ALTER TRIGGER trg ON m.t RENAME TO trg2", nil},
		{schema.Policy, "pol ON m.t", "pol2", "ALTER POLICY pol ON m.t RENAME TO pol2", nil},
		{schema.Server, "srv", "srv2", "ALTER SERVER srv RENAME TO srv2", nil},
		{schema.Constraint, "t_pkey ON m.t", "t_key", "ALTER TABLE m.t RENAME CONSTRAINT t_pkey TO t_key", nil},
		{schema.Procedure, "m.p(integer)", "p2", "ALTER PROCEDURE m.p(int) RENAME TO p2", nil},
		{schema.MaterializedView, "m.mv", "mv2", "ALTER MATERIALIZED VIEW m.mv RENAME TO mv2", nil},
		{schema.Statistics, "m.st", "st2", "ALTER STATISTICS m.st RENAME TO st2", nil},
		{schema.Rule, "rl ON m.v", "rl2", "ALTER RULE rl ON m.v RENAME TO rl2", nil},
		{schema.Collation, "m.coll", "coll2", "ALTER COLLATION m.coll RENAME TO coll2", nil},
		{schema.ForeignTable, "m.ft", "ft2", "ALTER FOREIGN TABLE m.ft RENAME TO ft2", nil},
	} {
		renamed, err := lab.base.Rename(schema.Key{Kind: test.kind, Name: test.key}, test.name)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		differences := renamed.Compare(lab.mutate(t, test.sql))
		var left []string
		for _, d := range differences {
			left = append(left, d.Key.String())
		}
		slices.Sort(left)
		slices.Sort(test.left)
		if !slices.Equal(left, test.left) {
			t.Errorf("%s:\n%s\n%s", test.sql, cmp.Diff(test.left, left), schematest.Describe(differences))
		}
	}
	if d := lab.base.Compare(lab.mutate(t, "SELECT")); len(d) > 0 {
		t.Errorf("Rename changed the schema that it was given:\n%s", schematest.Describe(d))
	}
}

func TestImpossibleRenamesAreErrors(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		key        schema.Key
		name, want string
	}{
		{schema.Key{Kind: schema.Table, Name: "m.none"}, "x", "rename TABLE m.none to x: no such object"},
		{schema.Key{Kind: schema.Table, Name: "m.t"}, "r", "rename TABLE m.t to r: that name is already in use"},
		{schema.Key{Kind: schema.Table, Name: "m.t"}, "", `rename TABLE m.t to "": the new name is empty`},
		{schema.Key{Kind: schema.Cast, Name: "(boolean AS m.base)"}, "x", "rename CAST (boolean AS m.base) to x: objects of this kind cannot be renamed"},
	} {
		if _, err := lab.base.Rename(test.key, test.name); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", test.key, err)
		}
	}
}

// Details and the names of facts can contain the names of other objects. They have to be those that the server has then.
func TestRenameRewritesDetailsAndNamesOfFacts(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	const setup = `CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, note text);
CREATE TABLE app.r (id int REFERENCES app.t); ALTER TABLE app.t DISABLE TRIGGER ALL; ALTER TABLE app.r DISABLE TRIGGER ALL;
CREATE TYPE app.pair AS (l int, r text); CREATE FUNCTION app.f(x app.pair, y app.t) RETURNS app.pair LANGUAGE sql AS 'SELECT x';
CREATE PUBLICATION tables FOR TABLE app.t; ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC; `
	before := lab.mutate(t, setup)
	for _, test := range []struct {
		key       schema.Key
		name, sql string
	}{
		{schema.Key{Kind: schema.Table, Name: "app.t"}, "t2", "ALTER TABLE app.t RENAME TO t2"},
		{schema.Key{Kind: schema.Table, Name: "app.r"}, "Odd r", `ALTER TABLE app.r RENAME TO "Odd r"`},
		{schema.Key{Kind: schema.Namespace, Name: "app"}, "app2", "ALTER SCHEMA app RENAME TO app2"},
		{schema.Key{Kind: schema.Type, Name: "app.pair"}, "two", "ALTER TYPE app.pair RENAME TO two"},
		{schema.Key{Kind: schema.Constraint, Name: "t_pkey ON app.t"}, "key", "ALTER TABLE app.t RENAME CONSTRAINT t_pkey TO key"},
		{schema.Key{Kind: schema.Column, Name: "app.t.i"}, "j", "ALTER TABLE app.t RENAME i TO j"},
	} {
		renamed, err := before.Rename(test.key, test.name)
		if err != nil {
			t.Fatal(err)
		}
		after := lab.mutate(t, setup+test.sql)
		if d := renamed.Compare(after); len(d) > 0 {
			t.Errorf("%s:\n%s", test.sql, schematest.Describe(d))
		}
		if diff := cmp.Diff(outline(after), outline(renamed)); diff != "" {
			t.Errorf("%s:\n%s", test.sql, diff)
		}
	}
}

func TestRenameCandidates(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, test := range []struct {
		sql  string
		want []schema.Renaming
	}{
		{"SELECT", nil},
		{"ALTER TABLE m.t RENAME u TO v", []schema.Renaming{{Key: schema.Key{Kind: schema.Column, Name: "m.t.u"}, Name: "v"}}},
		{"ALTER TABLE m.r DROP n, ADD x text", nil},
		{"ALTER TABLE m.alone RENAME TO alone2; ALTER TABLE m.alone2 ADD z int", []schema.Renaming{{Key: schema.Key{Kind: schema.Table, Name: "m.alone"}, Name: "alone2"}}},
		{"DROP TABLE m.alone; CREATE TABLE m.alone2 (a text, b text)", nil},
		{"ALTER FUNCTION m.g(int) RENAME TO h", []schema.Renaming{{Key: schema.Key{Kind: schema.Function, Name: "m.g(integer)"}, Name: "h"}}},
		{"ALTER INDEX m.t_b RENAME TO t_b2", []schema.Renaming{{Key: schema.Key{Kind: schema.Index, Name: "m.t_b"}, Name: "t_b2"}}},
		{"DROP INDEX m.t_b; CREATE INDEX t_b2 ON m.t (b DESC)", nil},
		{"ALTER TABLE m.t RENAME CONSTRAINT a_positive TO above_zero", []schema.Renaming{{Key: schema.Key{Kind: schema.Constraint, Name: "a_positive ON m.t"}, Name: "above_zero"}}},
		{"ALTER TYPE m.mood RENAME TO feeling", []schema.Renaming{{Key: schema.Key{Kind: schema.Type, Name: "m.mood"}, Name: "feeling"}}},
		{"ALTER TABLE m.alone RENAME x TO p; ALTER TABLE m.alone ADD q int", []schema.Renaming{
			{Key: schema.Key{Kind: schema.Column, Name: "m.alone.x"}, Name: "p"}, {Key: schema.Key{Kind: schema.Column, Name: "m.alone.x"}, Name: "q"},
		}},
	} {
		if diff := cmp.Diff(test.want, lab.base.RenameCandidates(lab.mutate(t, test.sql))); diff != "" {
			t.Errorf("%s:\n%s", test.sql, diff)
		}
	}
}

// A column, a check and an attribute are renamed in all tables that have them from another one.
func TestRenameReachesChildren(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	const setup = `CREATE SCHEMA app; CREATE TABLE app.p (k int NOT NULL, v int NOT NULL, key int, hash int, date date, CONSTRAINT c CHECK (v > 0), PRIMARY KEY (k, v)) PARTITION BY LIST (k);
CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES IN (1) PARTITION BY LIST (v); CREATE TABLE app.p11 PARTITION OF app.p1 FOR VALUES IN (1); ALTER TABLE app.p11 ALTER v SET DEFAULT 7, ADD UNIQUE (v);
CREATE INDEX v ON app.p USING btree (v) WHERE v > 1; CREATE INDEX hash ON app.p USING hash (hash); CREATE INDEX date ON app.p (date);
CREATE TABLE app.o (k int, v int, o int REFERENCES app.p11 (v), FOREIGN KEY (k, v) REFERENCES app.p);
CREATE STATISTICS app.st ON k, v FROM app.p1; CREATE TRIGGER v BEFORE UPDATE OF v ON app.p11 FOR EACH ROW WHEN (OLD.v <> NEW.v) EXECUTE FUNCTION m.trg(); CREATE POLICY v ON app.p1 USING (v > 0);
CREATE TABLE app.a (x int, y serial, CONSTRAINT c CHECK (x > 0), CONSTRAINT n CHECK (x > 1) NO INHERIT); CREATE TABLE app.b (x int) INHERITS (app.a); CREATE TABLE app.c (z int) INHERITS (app.b); CREATE INDEX i ON app.c (x);
CREATE TYPE app.pair AS (l int, r text); CREATE TABLE app.t OF app.pair; CREATE TABLE app.t2 () INHERITS (app.t); CREATE INDEX t_l ON app.t (l); CREATE INDEX t2_l ON app.t2 (l);
CREATE TABLE app.d (date date, key int PRIMARY KEY, "check" int CHECK ("check" > 0), other date, kk int REFERENCES app.d); `
	before := lab.mutate(t, setup)
	for _, test := range []struct {
		kind           schema.Kind
		key, name, sql string
	}{
		{schema.Column, "app.p.v", "w", "ALTER TABLE app.p RENAME v TO w"},
		{schema.Column, "app.p.k", "w", "ALTER TABLE app.p RENAME k TO w"},
		{schema.Column, "app.p.hash", "w", "ALTER TABLE app.p RENAME hash TO w"},
		{schema.Column, "app.p.key", "w", "ALTER TABLE app.p RENAME key TO w"},
		{schema.Column, "app.p.date", "w", "ALTER TABLE app.p RENAME date TO w"},
		{schema.Constraint, "c ON app.p", "c2", "ALTER TABLE app.p RENAME CONSTRAINT c TO c2"},
		{schema.Column, "app.a.x", "w", "ALTER TABLE app.a RENAME x TO w"},
		{schema.Column, "app.a.y", "w", "ALTER TABLE app.a RENAME y TO w"},
		{schema.Constraint, "c ON app.a", "c2", "ALTER TABLE app.a RENAME CONSTRAINT c TO c2"},
		{schema.Constraint, "n ON app.a", "c2", "ALTER TABLE app.a RENAME CONSTRAINT n TO c2"},
		{schema.Column, "app.pair.l", "w", "ALTER TYPE app.pair RENAME ATTRIBUTE l TO w CASCADE"},
		{schema.Index, "app.v", "w", "ALTER INDEX app.v RENAME TO w"},
		{schema.Constraint, "p_pkey ON app.p", "w", "ALTER TABLE app.p RENAME CONSTRAINT p_pkey TO w"},
		{schema.Constraint, "p1_pkey ON app.p1", "w", "ALTER TABLE app.p1 RENAME CONSTRAINT p1_pkey TO w"},
		{schema.Column, "app.d.date", "w", "ALTER TABLE app.d RENAME date TO w"},
		{schema.Column, "app.d.key", "w", "ALTER TABLE app.d RENAME key TO w"},
		{schema.Column, "app.d.check", "w", `ALTER TABLE app.d RENAME "check" TO w`},
	} {
		renamed, err := before.Rename(schema.Key{Kind: test.kind, Name: strings.Replace(test.key, ".check", `."check"`, 1)}, test.name)
		if err != nil {
			t.Error(err)
			continue
		}
		after := lab.mutate(t, setup+test.sql)
		if d := renamed.Compare(after); len(d) > 0 {
			t.Errorf("%s:\n%s", test.sql, schematest.Describe(d))
		}
		if diff := cmp.Diff(outline(after), outline(renamed)); diff != "" {
			t.Errorf("%s:\n%s", test.sql, diff)
		}
	}
	for key, name := range map[schema.Key]string{
		{Kind: schema.Column, Name: "app.p11.v"}:       "app.p1.v",
		{Kind: schema.Column, Name: "app.b.x"}:         "app.a.x",
		{Kind: schema.Constraint, Name: "c ON app.p1"}: "c ON app.p",
		{Kind: schema.Column, Name: "app.t.l"}:         "app.pair.l",
	} {
		if _, err := before.Rename(key, "w"); err == nil || !strings.Contains(err.Error(), "it is inherited from") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// An object moves to another schema with all that the server moves along.
func TestMovesAgreeWithTheServer(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	const setup = `CREATE SCHEMA app; CREATE SCHEMA taken; CREATE TYPE app.mood AS ENUM ('a'); CREATE DOMAIN app.d AS int CONSTRAINT c CHECK (VALUE > 0); CREATE TYPE app.pair AS (l app.mood, r app.d);
CREATE SEQUENCE app.alone; CREATE TABLE app.t (id serial PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, m app.mood DEFAULT 'a', d app.d, UNIQUE (d), CONSTRAINT c CHECK (id > 0));
CREATE INDEX t_m ON app.t (m); CREATE STATISTICS app.st ON m, d FROM app.t; ALTER TABLE app.t ADD s int DEFAULT nextval('app.alone');
CREATE TABLE app.r (id int REFERENCES app.t, row app.t); CREATE VIEW app.v AS SELECT t.id, t.m FROM app.t; CREATE MATERIALIZED VIEW app.mv AS SELECT id FROM app.v; CREATE INDEX mv_i ON app.mv (id);
CREATE TABLE app.p (k int PRIMARY KEY) PARTITION BY LIST (k); CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES IN (1); CREATE INDEX p_k ON app.p (k); CREATE TABLE app.c (x int) INHERITS (app.r);
CREATE FUNCTION app.f(app.mood, app.t) RETURNS SETOF app.mood LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE app.proc(app.d) LANGUAGE sql AS 'SELECT 1'; CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW app.w AS SELECT app.f(1) AS x; CREATE TABLE app.checked (x int CHECK (app.f(x) > 0));
CREATE TRIGGER trg BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.trg(); CREATE POLICY pol ON app.t USING (EXISTS (SELECT FROM app.r)); CREATE RULE rl AS ON UPDATE TO app.v DO INSTEAD UPDATE app.t SET m = 'a';
CREATE PUBLICATION moved FOR TABLE app.t, app.r; CREATE COLLATION app.coll (locale = 'C'); CREATE TABLE app.coll_used (x text COLLATE app.coll); CREATE TABLE app.typed OF app.pair;
CREATE FOREIGN TABLE app.ft (x int) SERVER srv; CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE TEXT SEARCH CONFIGURATION app.cfg (COPY = simple);
CREATE TABLE taken.mv_i (x int); CREATE FUNCTION taken.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; `
	before := lab.mutate(t, setup)
	for _, test := range []struct {
		kind     schema.Kind
		key, sql string
	}{
		{schema.Table, "app.t", "TABLE app.t"},
		{schema.Table, "app.r", "TABLE app.r"},
		{schema.Table, "app.p", "TABLE app.p"},
		{schema.Table, "app.p1", "TABLE app.p1"},
		{schema.Table, "app.c", "TABLE app.c"},
		{schema.ForeignTable, "app.ft", "FOREIGN TABLE app.ft"},
		{schema.View, "app.v", "VIEW app.v"},
		{schema.MaterializedView, "app.mv", "MATERIALIZED VIEW app.mv"},
		{schema.Sequence, "app.alone", "SEQUENCE app.alone"},
		{schema.Type, "app.mood", "TYPE app.mood"},
		{schema.Type, "app.pair", "TYPE app.pair"},
		{schema.Domain, "app.d", "DOMAIN app.d"},
		{schema.Function, "app.f(app.mood, app.t)", "FUNCTION app.f(app.mood, app.t)"},
		{schema.Function, "app.f(integer)", "FUNCTION app.f(int)"},
		{schema.Function, "app.trg()", "FUNCTION app.trg()"},
		{schema.Procedure, "app.proc(app.d)", "PROCEDURE app.proc(app.d)"},
		{schema.Aggregate, "app.total(integer)", "AGGREGATE app.total(int)"},
		{schema.Collation, "app.coll", "COLLATION app.coll"},
		{schema.Operator, "app.=== (integer, integer)", "OPERATOR app.=== (int, int)"},
		{schema.SearchConfiguration, "app.cfg", "TEXT SEARCH CONFIGURATION app.cfg"},
		{schema.Statistics, "app.st", "STATISTICS app.st"},
	} {
		for _, to := range []string{"other", "public"} {
			renamed, key, err := before.Renamed(schema.Renaming{Key: schema.Key{Kind: test.kind, Name: test.key}, Schema: to})
			if err != nil {
				t.Error(err)
				continue
			}
			after := lab.mutate(t, setup+"CREATE SCHEMA IF NOT EXISTS "+to+"; ALTER "+test.sql+" SET SCHEMA "+to)
			if after.Object(key) == nil {
				t.Errorf("there is no %s", key)
			}
			if d := renamed.Compare(after, schema.Owner); len(d) > 0 {
				t.Errorf("%s to %s:\n%s", test.sql, to, schematest.Describe(d))
			}
			if diff := cmp.Diff(outline(after), outline(renamed)); diff != "" {
				t.Errorf("%s to %s:\n%s", test.sql, to, diff)
			}
		}
	}
	for r, want := range map[schema.Renaming]string{
		{Key: schema.Key{Kind: schema.MaterializedView, Name: "app.mv"}, Schema: "taken"}:                  "taken.mv_i already exists",
		{Key: schema.Key{Kind: schema.Function, Name: "app.f(integer)"}, Schema: "taken"}:                  "it has an object with that name",
		{Key: schema.Key{Kind: schema.Sequence, Name: "app.t_id_seq"}, Schema: "taken"}:                    "belongs to a column",
		{Key: schema.Key{Kind: schema.Type, Name: "m.span"}, Schema: "taken"}:                              "multirange",
		{Key: schema.Key{Kind: schema.Index, Name: "app.t_m"}, Schema: "taken"}:                            "have no schema of their own",
		{Key: schema.Key{Kind: schema.Table, Name: "app.none"}, Schema: "taken"}:                           "no such object",
		{Key: schema.Key{Kind: schema.MaterializedView, Name: "app.mv"}, Schema: "taken", Name: "renamed"}: "taken.mv_i already exists",
	} {
		if _, _, err := before.Renamed(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", r, err)
		}
	}
}
