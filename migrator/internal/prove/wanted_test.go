package prove

// wantFindings are the findings of TestDownScriptsAreComparedWithWhatWasBefore: severity, rule and position, then what happens, why it
// matters, and what the down script lacks.
var wantFindings = map[string]string{
	"column lost": `danger not-inverse sql/r1.down.sql:3:1
the down script loses column public.account.name
after a rollback the database is not what it was before the revision
add to the down script: ALTER TABLE public.account ADD COLUMN name text DEFAULT 'x'::text NOT NULL;`,
	"comment": `warning not-inverse sql/r1.down.sql:3:1
the down script does not restore table public.account (comment: accounts -> none)
after a rollback the database is not what it was before the revision
add to the down script: COMMENT ON TABLE public.account IS 'accounts';`,
	"constraint lost": `danger not-inverse sql/r1.down.sql:3:1
the down script loses constraint account_kind_check ON public.account
the revision cannot be applied again: sql/r1.up.sql:6:1: constraint "account_kind_check" of relation "account" does not exist (42704)
add to the down script: ALTER TABLE public.account ADD CONSTRAINT account_kind_check CHECK ((kind > 0));`,
	"default lost": `danger not-inverse sql/r1.down.sql:3:1
the down script loses the default of public.account.name
after a rollback the database is not what it was before the revision
add to the down script: ALTER TABLE ONLY public.account ALTER COLUMN name SET DEFAULT 'x'::text;`,
	"differs": `danger not-inverse sql/r1.up.sql:6:1
applied again after it was reverted, the revision makes another schema: it adds table public.t
what the up script does depends on more than the schema, such as rows that the down script does not restore`,
	"enum value": `note not-inverse sql/r1.down.sql:1:1
the down script leaves value "glad" of enum type public.mood
after a rollback the database is not what it was before the revision
a value of an enum type cannot be removed: write ADD VALUE IF NOT EXISTS in the up script, and accept: not-inverse in its header`,
	"enum value and more": `danger not-inverse sql/r1.down.sql:3:1
the down script does not restore column public.account.name (not null: true -> false), leaves value "glad" of enum type public.mood
the revision cannot be applied again: sql/r1.up.sql:6:1: enum label "glad" already exists (42710)
add to the down script: ALTER TABLE public.account ALTER COLUMN name SET NOT NULL; and write ADD VALUE IF NOT EXISTS in the up script, because a value of an enum type cannot be removed`,
	"view swapped": `danger not-inverse sql/r1.down.sql:3:1
the down script does not restore view public.two (query)
after a rollback the database is not what it was before the revision
add to the down script: DROP VIEW public.two; CREATE VIEW public.two AS SELECT COALESCE(1, 0) AS one, 'FROM, '::text AS two; ALTER VIEW public.two OWNER TO postgres;`,
	"view moved": `note not-inverse sql/r1.down.sql:3:1
the down script does not restore view public.two (query: order of columns)
after a rollback the database is not what it was before the revision
add to the down script: DROP VIEW public.two; CREATE VIEW public.two AS SELECT COALESCE(1, 0) AS one, 'FROM, '::text AS two; ALTER VIEW public.two OWNER TO postgres;`,
	"moment lost": `danger not-inverse sql/r1.down.sql:3:1
the down script does not restore view public.born (query)
after a rollback the database is not what it was before the revision
add to the down script: CREATE OR REPLACE VIEW public.born AS SELECT 'MOMENT'::timestamp without time zone AS at, ('MOMENT'::timestamp with time zone > 'MOMENT' …;`,
	"extension left": `note not-inverse sql/r1.down.sql:1:1
the down script leaves extension pg_trgm
an extension is often left on purpose, because others may use it by now
add to the down script: DROP EXTENSION pg_trgm;`,
	"fails": `danger not-inverse sql/r1.down.sql:3:1
the down script fails: column "nik" of relation "account" does not exist (42703)
the revision cannot be reverted: down stops here, and what comes before it stays applied too
fix it, or delete the file if the revision is irreversible`,
	"replaced function": `danger not-inverse sql/r1.down.sql:1:1
the down script does not restore function public.one() (definition)
after a rollback the database is not what it was before the revision
add to the down script: CREATE OR REPLACE FUNCTION public.one() RETURNS integer LANGUAGE sql AS $function$SELECT 1$function$;`,
	"index lost": `danger not-inverse sql/r1.down.sql:3:1
the down script loses index public.account_kind
after a rollback the database is not what it was before the revision
add to the down script: CREATE INDEX account_kind ON public.account USING btree (kind);`,
	"moved": `note not-inverse sql/r1.down.sql:3:1
the down script puts public.account.name at another position among the columns
SELECT * and INSERT without a list of columns depend on the order, and no other statement does`,
	"none": `warning irreversible sql/r1.up.sql:6:1
the revision has no down script
down stops here: neither it nor what is below it can be reverted`,
	"not null": `danger not-inverse sql/r1.down.sql:1:1
the down script does not restore column public.account.name (not null: true -> false)
after a rollback the database is not what it was before the revision
add to the down script: ALTER TABLE public.account ALTER COLUMN name SET NOT NULL;`,
	"nothing done": `danger not-inverse sql/r1.down.sql:1:1
the down script leaves column public.account.nick
after a rollback the database is not what it was before the revision
add to the down script: ALTER TABLE public.account DROP COLUMN nick;`,
	"policy": `danger not-inverse sql/r1.down.sql:3:1
the down script does not restore table public.account (row security: false -> true)
after a rollback the database is not what it was before the revision
add to the down script: ALTER TABLE public.account DISABLE ROW LEVEL SECURITY;`,
	"privilege": `warning not-inverse sql/r1.down.sql:1:1
the down script does not restore table public.account (privileges)
after a rollback the database is not what it was before the revision
add to the down script: REVOKE SELECT ON TABLE public.account FROM PUBLIC;`,
	"rows left": `danger not-inverse sql/r1.down.sql:1:1
the down script leaves public.account with 3 rows instead of 2
the revision cannot be applied again: sql/r1.up.sql:6:1: duplicate key value violates unique constraint "account_pkey" (23505)`,
	"rows lost": `danger not-inverse sql/r1.down.sql:3:1
the down script leaves public.account with 0 rows instead of 2
after a rollback the database is not what it was before the revision`,
	"table left": `danger not-inverse sql/r1.down.sql:3:1
the down script leaves table public.u
the revision cannot be applied again: sql/r1.up.sql:6:25: relation "u" already exists (42P07)
add to the down script: DROP TABLE public.u;`,
	"table lost": `danger not-inverse sql/r1.down.sql:3:22
the down script loses table public.account
after a rollback the database is not what it was before the revision
add to the down script: CREATE TABLE public.account ( id bigint NOT NULL, name text DEFAULT 'x'::text NOT NULL, kind integer, CONSTRAINT account_kind_check CHECK ((kind > 0)) ); ALTER TABLE public.account OWNER TO postgres; COMMENT ON TABLE public.account IS 'accounts'; and 2 more statements`,
	"white space": `note not-inverse sql/r1.down.sql:3:1
the down script does not restore function public.one() (definition: white space and comments only)
after a rollback the database is not what it was before the revision
add to the down script: CREATE OR REPLACE FUNCTION public.one() RETURNS integer LANGUAGE sql AS $function$SELECT 1$function$;`,
}
