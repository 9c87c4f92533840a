package migrator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// withRows has what is awkward to copy: seed rows, triggers, keys in a circle, generated and identity columns, partitions,
// inheritance, and names to quote.
const withRows = `
CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, twice text GENERATED ALWAYS AS (name || name) STORED, first_order bigint, born date);
CREATE TABLE orders (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, total money);
COMMENT ON CONSTRAINT orders_account_id_fkey ON orders IS 'pays';
ALTER TABLE account ADD CONSTRAINT first_order FOREIGN KEY (first_order) REFERENCES orders;
CREATE TABLE boss (id int PRIMARY KEY, above int NOT NULL REFERENCES boss);
CREATE SCHEMA "Odd.x"; CREATE TABLE "Odd.x"."a""b" ("c d" text[]); CREATE TABLE "Odd.x".heir (e interval) INHERITS ("Odd.x"."a""b");
CREATE TABLE entry (id int, at date) PARTITION BY RANGE (at); CREATE TABLE entry_21 PARTITION OF entry FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE kind (id int PRIMARY KEY, name text); INSERT INTO kind VALUES (1, 'seed'), (2, 'seed');
CREATE MATERIALIZED VIEW sums AS SELECT account_id, count(*) AS n FROM orders GROUP BY 1;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no rows''; END';
CREATE TRIGGER refuse BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse(); ALTER TABLE orders ENABLE ALWAYS TRIGGER refuse;
CREATE TRIGGER off BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse(); ALTER TABLE orders DISABLE TRIGGER off;
`

// rows are what somebody has inserted since.
const rows = `SET session_replication_role = replica;
INSERT INTO account (name, first_order, born) OVERRIDING SYSTEM VALUE SELECT 'secret' || i, i, date '2000-01-02' FROM generate_series(1, 50) i; UPDATE account SET name = NULL WHERE id = 50;
ALTER TABLE orders DISABLE TRIGGER refuse; INSERT INTO orders (account_id, total) SELECT 51 - i, i FROM generate_series(1, 50) i; ALTER TABLE orders ENABLE ALWAYS TRIGGER refuse;
INSERT INTO boss VALUES (1, 2), (2, 1), (3, 1); INSERT INTO "Odd.x"."a""b" VALUES (E'{"a\tb","\\\\"}'); INSERT INTO "Odd.x".heir VALUES (NULL, '1 day');
INSERT INTO entry VALUES (1, '2021-05-05'), (2, '2021-05-06'); UPDATE kind SET name = 'changed' WHERE id = 2; INSERT INTO kind VALUES (3, 'new');
`

// counted raises everything that must be as in the database, so that it is in a finding.
const counted = `DO $$ DECLARE found text; BEGIN
SELECT concat_ws(' ', (SELECT count(*) FROM account), (SELECT max(twice) = 'secret9secret9' FROM account), (SELECT sum(total) FROM orders), (SELECT count(*) FROM boss),
(SELECT "c d"[1] FROM ONLY "Odd.x"."a""b") = E'a\tb', (SELECT e FROM "Odd.x".heir), (SELECT count(*) FROM entry), (SELECT string_agg(name, ',' ORDER BY id) FROM kind), (SELECT count(*) FROM sums),
nextval('orders_id_seq'), (SELECT string_agg(tgenabled::text, '' ORDER BY tgname, tgrelid) FROM pg_trigger WHERE NOT tgisinternal),
(SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated), obj_description((SELECT oid FROM pg_constraint WHERE conname = 'orders_account_id_fkey'), 'pg_constraint')) INTO found;
EXECUTE format('ALTER TABLE account RENAME COLUMN born TO %I', found); END $$;`

func sourceOfRows(t *testing.T, p *projecttest.Project) string {
	t.Helper()
	source := pgtest.Database(t)
	if _, err := p.Migrator(migrator.Config{}).Up(t.Context(), projecttest.Config(t, source), "a1"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, source, rows)
	return source
}

// scratchRoles are a superuser, and a role that may only create databases.
func scratchRoles(t *testing.T) map[string]migrator.Config {
	t.Helper()
	plain := projecttest.Config(t, pgtest.Role(t, pgtest.Shared(t).URL("postgres"), "CREATEDB"))
	return map[string]migrator.Config{"superuser": rehearsing(t), "plain": {Scratch: migrator.Scratch{Server: plain}}}
}

func TestRowsOfADatabaseAreCopied(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", withRows, "SELECT 1;").Add("b2", "a1", counted, "SELECT 1;")
	source := sourceOfRows(t, p)
	reader := readerOf(t, source)
	before := pgtest.Value(t, source, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
	for name, config := range scratchRoles(t) {
		r, err := p.Migrator(config).Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: reader})
		if err != nil {
			t.Fatal(name, err)
		}
		if f := findingOf(r, rehearse.Renames); !strings.Contains(f.Text, " to 50 t $1,275.00 3 t 1 day 2 seed,changed,new 50 51 DOA 3 pays;") {
			t.Errorf("%s: %s", name, listFindings(r))
		}
		if r.Data == nil || r.Data.Rows != 50+50+3+2+2+3 || r.Data.Tables != 7 || len(r.Data.Left)+len(r.Data.Differs) > 0 || fmt.Sprint(r.Data.At) != "[a1]" {
			t.Errorf("%s: %+v", name, r.Data)
		}
	}
	if after := pgtest.Value(t, source, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"); before != after {
		t.Errorf("%s rows were written before, %s after", before, after)
	}
}

// readerOf returns a role that may read every table of a database, and nothing else.
func readerOf(t *testing.T, source string) *pgconn.Config {
	t.Helper()
	cfg := projecttest.Config(t, pgtest.Role(t, source))
	name := schema.QuoteIdent(cfg.User)
	pgtest.Exec(t, source, `GRANT USAGE ON SCHEMA public, "Odd.x" TO `+name+`; GRANT SELECT ON ALL TABLES IN SCHEMA public, "Odd.x" TO `+name+"; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "+name)
	return cfg
}

// What was left out is not missed by foreign keys, and is told.
func TestRowsBeyondTheLimitAreLeftOut(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", withRows, "SELECT 1;").Add("b2", "a1", "ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES account;", "ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey1;")
	source := sourceOfRows(t, p)
	for name, config := range scratchRoles(t) {
		r, err := p.Migrator(config).Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, source), DataRows: 30})
		if err != nil {
			t.Fatal(name, err)
		}
		left := map[string]int64{}
		for _, l := range r.Data.Left {
			left[string(l.Reason)+" "+l.Table] = l.Rows
		}
		// The accounts 1 to 30 are of the orders 21 to 50, and the orders 1 to 30 are of the accounts 21 to 50.
		if _, ok := left["limit public.account"]; !ok || left["references public.orders"] != 20 || left["references public.account"] != 20 || len(left) != 4 || r.Data.Rows != 10+10+3+2+2+3 || !r.Data.Limited() {
			t.Errorf("%s: %v %d", name, left, r.Data.Rows)
		}
		if f := findingOf(r, rehearse.Fails); f.Text != "" {
			t.Errorf("%s: %s", name, listFindings(r))
		}
	}
}

// Whose rows they are need not be known to who reads the findings.
func TestValuesOfCopiedRowsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, up := range []string{
		"ALTER TABLE account DROP COLUMN twice; ALTER TABLE account ALTER name TYPE integer USING name::integer;",
		"ALTER TABLE account DROP COLUMN twice; ALTER TABLE account ALTER name TYPE varchar(3);",
		"ALTER TABLE account ALTER name SET NOT NULL;",
		"CREATE UNIQUE INDEX ON account ((left(name, 6)));",
		"ALTER TABLE account ADD CHECK (name <> 'secret7');",
		"DO $$ BEGIN RAISE '%', (SELECT name FROM account LIMIT 1); END $$;",
		"DO $$ BEGIN RAISE WARNING '%', (SELECT name FROM account LIMIT 1); END $$;",
	} {
		p := projecttest.New(t).Add("a1", "", withRows, "SELECT 1;").Add("b2", "a1", up, strings.Replace(up, "7", "8", 1))
		source := sourceOfRows(t, p)
		m := p.Migrator(rehearsing(t))
		r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, source)})
		if err != nil {
			t.Fatal(err)
		}
		found := strings.ReplaceAll(listFindings(r), "name <> 'secret7'", "")
		if strings.Contains(found, "secret") || !strings.Contains(up, "WARNING") && findingOf(r, rehearse.Fails).Text == "" {
			t.Error(up, found)
		}
		_, err = m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, source), From: []string{"b2"}})
		if e, ok := errors.AsType[*migrator.RevisionError](err); strings.Contains(up, "WARNING") == ok || ok && strings.Contains(fmt.Sprint(e, e.Excerpt(), e.Hint), "secret1") {
			t.Error(up, err)
		}
	}
}

// A database that is not as its revisions make it is copied as far as it fits, and what does not is named without values.
func TestRowsOfAnotherSchemaAreToldApart(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t).Add("a1", "", withRows, "SELECT 1;").Add("b2", "a1", "SELECT 1;", "SELECT 1;")
	source := sourceOfRows(t, p)
	pgtest.Exec(t, source, "CREATE TABLE extra (a int); ALTER TABLE kind ADD COLUMN more int;")
	m := p.Migrator(rehearsing(t))
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, source)})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Data.Left); got != "[{public.extra not made 0 []} {public.kind columns 0 [more]}]" || len(r.Data.Differs) != 2 {
		t.Errorf("%s %v", got, r.Data.Differs)
	}
	pgtest.Exec(t, source, "ALTER TABLE kind DROP CONSTRAINT kind_pkey; INSERT INTO kind VALUES (3, 'secret')")
	_, err = m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, source)})
	if e, ok := errors.AsType[*migrator.DataError](err); !ok || e.Table != "public.kind" || e.Constraint != "kind_pkey" || e.SQLState != "23505" || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	_, err = m.Rehearse(t.Context(), migrator.RehearseOptions{DataFrom: projecttest.Config(t, pgtest.Database(t))})
	if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || !strings.Contains(e.Reason, "no ledger") {
		t.Errorf("%v", err)
	}
}
