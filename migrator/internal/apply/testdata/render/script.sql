-- From base to d4, for the ledger public.ambix.
-- Run it with: psql -f FILE

\set ON_ERROR_STOP on
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;

-- upgrade a1: create account
/* ambix up a1 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up a1 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) c.relowner JOIN pg_catalog.pg_roles me ON me.rolname OPERATOR(pg_catalog.=) CURRENT_USER
JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
WHERE n.nspname OPERATOR(pg_catalog.=) $ambix1$public$ambix1$::pg_catalog.name AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[$ambix1$ambix_meta$ambix1$, $ambix1$ambix_revision$ambix1$, $ambix1$ambix_event$ambix1$]::pg_catalog.text[]::pg_catalog.name[]) AND NOT (c.relkind OPERATOR(pg_catalog.=) 'r' AND (c.relowner OPERATOR(pg_catalog.=) me.oid OR o.rolsuper OR c.relowner OPERATOR(pg_catalog.=) n.nspowner OR c.relowner OPERATOR(pg_catalog.=) d.datdba
  OR NOT me.rolsuper AND pg_catalog.pg_has_role(c.relowner, 'MEMBER') OR o.rolname OPERATOR(pg_catalog.=) $ambix1$$ambix1$::pg_catalog.name))) THEN ('a table of the ledger belongs to a role that is not trusted'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(pg_catalog.pg_backend_pid()::pg_catalog.text, 1, 0))::pg_catalog.int4 END;
CREATE TABLE IF NOT EXISTS "public"."ambix_meta" (
    format integer NOT NULL,
    generation bigint NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT "ambix_meta_pkey" PRIMARY KEY (one),
    CONSTRAINT "ambix_meta_one" CHECK (one)
);
CREATE TABLE IF NOT EXISTS "public"."ambix_revision" (
    revision pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
    message pg_catalog.text NOT NULL,
    down_revision pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    depends_on pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    branch_labels pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    state pg_catalog.text NOT NULL,
    statements_done integer DEFAULT 0 NOT NULL,
    checksum pg_catalog.text NOT NULL,
    digest pg_catalog.text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    duration interval,
    applied_by pg_catalog.text NOT NULL,
    applied_from pg_catalog.text NOT NULL,
    binary_version pg_catalog.text NOT NULL,
    down_options pg_catalog.text,
    down_sql pg_catalog.text,
    CONSTRAINT "ambix_revision_pkey" PRIMARY KEY (revision)
);
CREATE TABLE IF NOT EXISTS "public"."ambix_event" (
    event bigint GENERATED ALWAYS AS IDENTITY,
    at timestamp with time zone NOT NULL,
    action pg_catalog.text NOT NULL,
    revision pg_catalog.text COLLATE pg_catalog."C",
    message pg_catalog.text,
    direction pg_catalog.text,
    duration interval,
    applied_by pg_catalog.text NOT NULL,
    applied_from pg_catalog.text NOT NULL,
    binary_version pg_catalog.text NOT NULL,
    run pg_catalog.text NOT NULL,
    detail pg_catalog.text,
    CONSTRAINT "ambix_event_pkey" PRIMARY KEY (event)
);
COMMENT ON TABLE "public"."ambix_meta" IS $ambix1$ambix ledger: its format version, and a generation that every change increments$ambix1$;
COMMENT ON TABLE "public"."ambix_revision" IS $ambix1$ambix ledger: one row per applied revision, with its down script$ambix1$;
COMMENT ON TABLE "public"."ambix_event" IS $ambix1$ambix ledger: event log, append-only$ambix1$;
INSERT INTO "public"."ambix_meta" (format, generation) VALUES (1, 0) ON CONFLICT DO NOTHING;
SELECT CASE WHEN COALESCE((SELECT pg_catalog.array_agg(revision ORDER BY revision) FROM "public"."ambix_revision"), '{}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) '{}'::pg_catalog.text[]
  AND NOT EXISTS (SELECT FROM "public"."ambix_revision" WHERE state OPERATOR(pg_catalog.<>) $ambix1$applied$ambix1$)
  THEN pg_catalog.set_config('ambix.generation', (SELECT generation::pg_catalog.text FROM "public"."ambix_meta"), false)
  ELSE ('the script starts at base, and this database is not there'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(pg_catalog.pg_backend_pid()::pg_catalog.text, 1, 0))::pg_catalog.int4::pg_catalog.text END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) (pg_catalog.current_setting('ambix.generation')::pg_catalog.int8 OPERATOR(pg_catalog.+) 0) THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
CREATE TABLE account (id int);
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
DEALLOCATE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$a1$ambix1$, $ambix1$create account$ambix1$, '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], ARRAY[$ambix1$store$ambix1$]::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:52116839b163ef41f68f32a2c7bdd0876fcae78395d4d95f860588befb36f24a$ambix1$, $ambix1$9bc795766901fac8$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
DROP TABLE account;
$ambix1$
  FROM "public"."ambix_meta" m WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
SELECT pg_catalog.set_config('ambix.generation', (SELECT (generation OPERATOR(pg_catalog.-) 1)::pg_catalog.text FROM "public"."ambix_meta"), false);
COMMIT;

-- upgrade b2: it's "quoted"
/* ambix up b2 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up b2 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '100ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) (pg_catalog.current_setting('ambix.generation')::pg_catalog.int8 OPERATOR(pg_catalog.+) 1) THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
SET LOCAL statement_timeout = '60000ms';
ALTER TABLE account ADD name text;
INSERT INTO account VALUES (1, 'a;');
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
DEALLOCATE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$b2$ambix1$, $ambix1$it's "quoted"$ambix1$, ARRAY[$ambix1$a1$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 2, $ambix1$v1:b3afe493b0990f0999b8606aa291d4b879b55102f5bdd27d305e9911b95f67d0$ambix1$, $ambix1$1e77a34e7e66f064$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
ALTER TABLE account DROP name;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND p.revision OPERATOR(pg_catalog.=) $ambix1$a1$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
SELECT pg_catalog.set_config('ambix.generation', (SELECT (generation OPERATOR(pg_catalog.-) 2)::pg_catalog.text FROM "public"."ambix_meta"), false);
COMMIT;

-- upgrade c3: index names
SELECT CASE WHEN pg_catalog.pg_try_advisory_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up c3 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) (pg_catalog.current_setting('ambix.generation')::pg_catalog.int8 OPERATOR(pg_catalog.+) 2) RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, checksum, digest, applied_at, applied_by, applied_from, binary_version, down_options, down_sql)
VALUES ($ambix1$c3$ambix1$, $ambix1$index names$ambix1$, ARRAY[$ambix1$b2$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applying$ambix1$, $ambix1$$ambix1$, $ambix1$7f7e8c8ef1fb4e39$ambix1$, pg_catalog.clock_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, NULL, NULL);
COMMIT;
SET application_name = 'ambix up c3 web-7f9c/12';
SET search_path = 'app', 'public';
SET lock_timeout = '5000ms';
SET statement_timeout = '0';
SET idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL THEN pg_catalog.set_config('client_connection_check_interval', '500ms', false) END;
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', false) END;
SET role = 'app_owner';
SET default_transaction_isolation = 'read committed';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', false) END;
SELECT CASE WHEN EXISTS (SELECT FROM "public"."ambix_revision" WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 0) THEN true ELSE pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) END;
BEGIN;
SET ROLE store_owner;
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role = 'app_owner';
WITH u AS (UPDATE "public"."ambix_revision" SET statements_done = 1, checksum = $ambix1$v1:a914ae4897c7a4f434c9be6310adcf911729f9996d0cd8378bfa2cfb12fc041e$ambix1$
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 0
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) 4019470909::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) 3813647289::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
COMMIT;
SELECT CASE WHEN EXISTS (SELECT FROM "public"."ambix_revision" WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 1) THEN true ELSE pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) END;
CREATE INDEX CONCURRENTLY account_name ON account (name);
BEGIN;
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role = 'app_owner';
WITH u AS (UPDATE "public"."ambix_revision" SET statements_done = 2, checksum = $ambix1$v1:11a913c4d1b3dd9272af812d0184b95fb13d73817ec0f7a3ff69d9bb5d46afb8$ambix1$
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 1
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) 4019470909::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) 3813647289::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
COMMIT;
SELECT CASE WHEN EXISTS (SELECT FROM "public"."ambix_revision" WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 2) THEN true ELSE pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) END;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
DEALLOCATE ALL;
UNLISTEN *;
SELECT pg_catalog.set_config('ambix.generation', (SELECT (generation OPERATOR(pg_catalog.-) 3)::pg_catalog.text FROM "public"."ambix_meta"), false);
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
SET LOCAL role = 'app_owner';
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) (pg_catalog.current_setting('ambix.generation')::pg_catalog.int8 OPERATOR(pg_catalog.+) 3) RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
WITH u AS (UPDATE "public"."ambix_revision" SET state = $ambix1$applied$ambix1$, checksum = $ambix1$v1:f0008a16ba8ffb0443c5fe1b40392c8bce99d00d549d439d7f92ef463c20ff34$ambix1$, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 2
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
DEALLOCATE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SELECT pg_catalog.set_config('ambix.generation', (SELECT (generation OPERATOR(pg_catalog.-) 4)::pg_catalog.text FROM "public"."ambix_meta"), false);

-- upgrade d4: latin1 rows
/* ambix up d4 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up d4 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) (pg_catalog.current_setting('ambix.generation')::pg_catalog.int8 OPERATOR(pg_catalog.+) 4) THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
SET client_encoding = 'LATIN1';
COPY account FROM stdin;
2	b
\.
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
DEALLOCATE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN pg_catalog.set_config('transaction_timeout', '0', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$d4$ambix1$, $ambix1$latin1 rows$ambix1$, ARRAY[$ambix1$c3$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 2, $ambix1$v1:0a4f2cd71fb5dd1c39d5c951e5a4823e1d417f61a1a758f37755173925281aaf$ambix1$, $ambix1$07eeda4b156997d4$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, NULL, NULL
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND p.revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
SELECT pg_catalog.set_config('ambix.generation', (SELECT (generation OPERATOR(pg_catalog.-) 5)::pg_catalog.text FROM "public"."ambix_meta"), false);
COMMIT;
