/* ambix up a1 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up a1 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
CREATE TABLE "public"."ambix_meta" (
    format integer NOT NULL,
    generation bigint NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT "ambix_meta_pkey" PRIMARY KEY (one),
    CONSTRAINT "ambix_meta_one" CHECK (one)
);
CREATE TABLE "public"."ambix_revision" (
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
CREATE TABLE "public"."ambix_event" (
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
INSERT INTO "public"."ambix_meta" (format, generation) VALUES (1, 0);
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) 0 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
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
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SET LOCAL synchronous_commit = 'off';
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$a1$ambix1$, $ambix1$create account$ambix1$, '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], ARRAY[$ambix1$store$ambix1$]::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:52116839b163ef41f68f32a2c7bdd0876fcae78395d4d95f860588befb36f24a$ambix1$, $ambix1$9bc795766901fac8$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
DROP TABLE account;
$ambix1$
  FROM "public"."ambix_meta" m WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 1
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
/* ambix up b2 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up b2 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '100ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) 1 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
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
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SET LOCAL synchronous_commit = 'off';
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$b2$ambix1$, $ambix1$it's "quoted"$ambix1$, ARRAY[$ambix1$a1$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 2, $ambix1$v1:b3afe493b0990f0999b8606aa291d4b879b55102f5bdd27d305e9911b95f67d0$ambix1$, $ambix1$1e77a34e7e66f064$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
ALTER TABLE account DROP name;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 2 AND p.revision OPERATOR(pg_catalog.=) $ambix1$a1$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
/* ambix down b2 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix down b2 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) 2 RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
UPDATE "public"."ambix_revision" SET state = $ambix1$reverting$ambix1$, statements_done = 0, checksum = '', applied_at = pg_catalog.clock_timestamp() WHERE revision OPERATOR(pg_catalog.=) $ambix1$b2$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applied$ambix1$;
ALTER TABLE account DROP name;
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
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
WITH u AS (DELETE FROM "public"."ambix_revision"
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$b2$ambix1$ AND xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, CASE WHEN pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(down_sql, 'UTF8')), 'hex') OPERATOR(pg_catalog.<>) '6db7b71e5fc81fccb3cc894b06a1d4fb8abe7cc09665203e548a9b056d54bff9' THEN $ambix1$ran the down script of the file, which differs from the one in the ledger$ambix1$ END::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$down$ambix1$, revision, message, $ambix1$down$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
