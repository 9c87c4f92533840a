/* ambix down b2 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix down b2 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) 41 RETURNING 1)
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
