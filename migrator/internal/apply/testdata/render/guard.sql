/* ambix up b2 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up b2 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '100ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) 41 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
SELECT pg_catalog.length(pg_catalog.set_config($ambix1$ambix.guard$ambix1$, $ambix1$tables $ambix1$ OPERATOR(pg_catalog.||) COALESCE(pg_catalog.json_object_agg(c.oid, pg_catalog.concat(c.relfilenode, ':', pg_catalog.pg_stat_get_xact_numscans(c.oid), ':', pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid), ':', pg_catalog.pg_stat_get_xact_tuples_updated(c.oid), ':', CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace WHERE t.oid OPERATOR(pg_catalog.=) ANY (pg_catalog.array_append(ARRAY(SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid)), c.oid)) AND (t.relname::pg_catalog.text OPERATOR(pg_catalog.=) $ambix1$account$ambix1$)) THEN 's' END))::pg_catalog.text, '{}'), true))
FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog."char"[]) AND c.relpersistence OPERATOR(pg_catalog.<>) 't' AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND c.oid OPERATOR(pg_catalog.<>) COALESCE(pg_catalog.to_regclass($ambix1$"public"."ambix_meta"$ambix1$), 0::pg_catalog.regclass)::pg_catalog.oid AND c.oid OPERATOR(pg_catalog.<>) COALESCE(pg_catalog.to_regclass($ambix1$"public"."ambix_revision"$ambix1$), 0::pg_catalog.regclass)::pg_catalog.oid AND c.oid OPERATOR(pg_catalog.<>) COALESCE(pg_catalog.to_regclass($ambix1$"public"."ambix_event"$ambix1$), 0::pg_catalog.regclass)::pg_catalog.oid;
PREPARE ambix_guard AS SELECT CASE WHEN COALESCE(pg_catalog.starts_with(pg_catalog.current_setting('ambix.guard', true), 'tables '), false) AND g.found IS NULL THEN 1
ELSE ('ambix:guard/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE(g.found, 'lost'))::pg_catalog.int4 END FROM (SELECT (WITH b AS (SELECT c.oid, c.relfilenode, c.reltuples, pg_catalog.string_to_array((SELECT CASE WHEN pg_catalog.starts_with(s.v, 'tables ') THEN pg_catalog.substr(s.v, 8)::pg_catalog.jsonb END FROM (SELECT pg_catalog.current_setting('ambix.guard', true) AS v) s) OPERATOR(pg_catalog.->>) c.oid::pg_catalog.text, ':') AS f
FROM pg_catalog.pg_class c
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog."char"[]) AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
AND (pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) 0 OR CASE WHEN pg_catalog.age(c.xmin) OPERATOR(pg_catalog.<=) 0 THEN pg_catalog.pg_xact_status(((pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>>) 32 OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.+) c.xmin::pg_catalog.text::pg_catalog.int8)::pg_catalog.text::pg_catalog.xid8) OPERATOR(pg_catalog.=) 'in progress' ELSE false END OR c.oid OPERATOR(pg_catalog.=) 0::pg_catalog.oid)),
c AS (SELECT oid, relfilenode, reltuples, f[1]::pg_catalog.oid AS file, f[2]::pg_catalog.int8 AS scans, f[3]::pg_catalog.int8 AS inserted, f[4]::pg_catalog.int8 AS updated, f[5] AS accepted FROM b WHERE f IS NOT NULL),
t AS (SELECT COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS root, pg_catalog.pg_table_size(c.oid) AS size, c.accepted,
CASE WHEN c.reltuples OPERATOR(pg_catalog.>) 0 THEN c.reltuples OPERATOR(pg_catalog./) (c.reltuples OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) OPERATOR(pg_catalog.-) c.inserted OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.-) c.updated) ELSE 1 END AS share,
c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
OR c.reltuples OPERATOR(pg_catalog.>) 0 AND (pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.-) c.updated) OPERATOR(pg_catalog.>=) (c.reltuples OPERATOR(pg_catalog.*) 0.9) AS rewritten FROM c
WHERE c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) c.scans),
g AS (SELECT root, pg_catalog.bool_or(rewritten) AS rewritten, pg_catalog.sum((size OPERATOR(pg_catalog.*) share)::pg_catalog.int8) AS size FROM t
WHERE NOT (accepted OPERATOR(pg_catalog.=) 'r' OR accepted OPERATOR(pg_catalog.=) 's' AND NOT rewritten) GROUP BY root)
SELECT pg_catalog.concat(CASE WHEN rewritten THEN 'rewrites' ELSE 'scans' END, '/', root, '/', size) FROM g
WHERE size OPERATOR(pg_catalog.>) 1073741824 ORDER BY size DESC, root LIMIT 1) AS found) g;
CREATE FUNCTION pg_temp.ambix_guard() RETURNS pg_catalog.event_trigger LANGUAGE plpgsql AS 'DECLARE
  large pg_catalog.text := (WITH b AS (SELECT c.oid, c.relfilenode, c.reltuples, pg_catalog.string_to_array((SELECT CASE WHEN pg_catalog.starts_with(s.v, ''tables '') THEN pg_catalog.substr(s.v, 8)::pg_catalog.jsonb END FROM (SELECT pg_catalog.current_setting(''ambix.guard'', true) AS v) s) OPERATOR(pg_catalog.->>) c.oid::pg_catalog.text, '':'') AS f
FROM pg_catalog.pg_class c
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY[''r'', ''m'']::pg_catalog."char"[]) AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
AND (pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) 0 OR CASE WHEN pg_catalog.age(c.xmin) OPERATOR(pg_catalog.<=) 0 THEN pg_catalog.pg_xact_status(((pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>>) 32 OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.+) c.xmin::pg_catalog.text::pg_catalog.int8)::pg_catalog.text::pg_catalog.xid8) OPERATOR(pg_catalog.=) ''in progress'' ELSE false END OR c.oid OPERATOR(pg_catalog.=) pg_catalog.pg_event_trigger_table_rewrite_oid())),
c AS (SELECT oid, relfilenode, reltuples, f[1]::pg_catalog.oid AS file, f[2]::pg_catalog.int8 AS scans, f[3]::pg_catalog.int8 AS inserted, f[4]::pg_catalog.int8 AS updated, f[5] AS accepted FROM b WHERE f IS NOT NULL),
t AS (SELECT COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS root, pg_catalog.pg_table_size(c.oid) AS size, c.accepted,
CASE WHEN c.reltuples OPERATOR(pg_catalog.>) 0 THEN c.reltuples OPERATOR(pg_catalog./) (c.reltuples OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) OPERATOR(pg_catalog.-) c.inserted OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.-) c.updated) ELSE 1 END AS share,
c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) pg_catalog.pg_event_trigger_table_rewrite_oid()
OR c.reltuples OPERATOR(pg_catalog.>) 0 AND (pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.-) c.updated) OPERATOR(pg_catalog.>=) (c.reltuples OPERATOR(pg_catalog.*) 0.9) AS rewritten FROM c
WHERE c.relfilenode OPERATOR(pg_catalog.<>) c.file OR c.oid OPERATOR(pg_catalog.=) pg_catalog.pg_event_trigger_table_rewrite_oid() OR pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) c.scans),
g AS (SELECT root, pg_catalog.bool_or(rewritten) AS rewritten, pg_catalog.sum((size OPERATOR(pg_catalog.*) share)::pg_catalog.int8) AS size FROM t
WHERE NOT (accepted OPERATOR(pg_catalog.=) ''r'' OR accepted OPERATOR(pg_catalog.=) ''s'' AND NOT rewritten) GROUP BY root)
SELECT pg_catalog.concat(CASE WHEN rewritten THEN ''rewrites'' ELSE ''scans'' END, ''/'', root, ''/'', size) FROM g
WHERE size OPERATOR(pg_catalog.>) 1073741824 ORDER BY size DESC, root LIMIT 1);
BEGIN
  IF large IS NOT NULL THEN
    RAISE EXCEPTION USING MESSAGE = ''ambix:guard/'' OPERATOR(pg_catalog.||) large, ERRCODE = ''P0004'';
  END IF;
END';
CREATE EVENT TRIGGER ambix_guard ON table_rewrite EXECUTE FUNCTION pg_temp.ambix_guard();
SET LOCAL statement_timeout = '60000ms';
ALTER TABLE account ADD name text;
EXECUTE ambix_guard;
INSERT INTO account VALUES (1, 'a;');
EXECUTE ambix_guard;
SET CONSTRAINTS ALL IMMEDIATE;
EXECUTE ambix_guard;
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
DROP EVENT TRIGGER IF EXISTS ambix_guard;
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$b2$ambix1$, $ambix1$it's "quoted"$ambix1$, ARRAY[$ambix1$a1$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 2, $ambix1$v1:b3afe493b0990f0999b8606aa291d4b879b55102f5bdd27d305e9911b95f67d0$ambix1$, $ambix1$1e77a34e7e66f064$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
ALTER TABLE account DROP name;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 42 AND p.revision OPERATOR(pg_catalog.=) $ambix1$a1$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
