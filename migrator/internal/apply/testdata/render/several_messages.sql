/* ambix up d4 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up d4 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) 41 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
SET client_encoding = 'LATIN1';
-- next message
COPY account FROM stdin;
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
-- next message
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$d4$ambix1$, $ambix1$latin1 rows$ambix1$, ARRAY[$ambix1$c3$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 2, $ambix1$v1:0a4f2cd71fb5dd1c39d5c951e5a4823e1d417f61a1a758f37755173925281aaf$ambix1$, $ambix1$07eeda4b156997d4$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, NULL, NULL
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 42 AND p.revision OPERATOR(pg_catalog.=) $ambix1$a1$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
