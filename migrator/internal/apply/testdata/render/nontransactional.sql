SELECT CASE WHEN pg_catalog.pg_try_advisory_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
-- next message
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up c3 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) 41 RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, checksum, digest, applied_at, applied_by, applied_from, binary_version, down_options, down_sql)
VALUES ($ambix1$c3$ambix1$, $ambix1$index names$ambix1$, ARRAY[$ambix1$b2$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applying$ambix1$, $ambix1$$ambix1$, $ambix1$7f7e8c8ef1fb4e39$ambix1$, pg_catalog.clock_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, NULL, NULL);
COMMIT;
-- next message
SET application_name = 'ambix up c3 web-7f9c/12';
SET search_path = 'app', 'public';
SET lock_timeout = '5000ms';
SET statement_timeout = '0';
SET idle_in_transaction_session_timeout = '0';
SELECT CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', false) END;
SET transaction_timeout = '0';
SET role = 'app_owner';
SET default_transaction_isolation = 'read committed';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', false) END;
SET idle_session_timeout = '0';
-- next message
SET ROLE store_owner;
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role = 'app_owner';
WITH u AS (UPDATE "public"."ambix_revision" SET statements_done = 1, checksum = $ambix1$v1:a914ae4897c7a4f434c9be6310adcf911729f9996d0cd8378bfa2cfb12fc041e$ambix1$
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 0
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) 4019470909::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) 3813647289::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
-- next message
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role = 'app_owner';
WITH u AS (UPDATE "public"."ambix_revision" SET statements_done = 1, checksum = $ambix1$sent:v1:a914ae4897c7a4f434c9be6310adcf911729f9996d0cd8378bfa2cfb12fc041e$ambix1$
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 1
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) 4019470909::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) 3813647289::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
-- next message
CREATE INDEX CONCURRENTLY account_name ON account (name);
-- next message
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role = 'app_owner';
WITH u AS (UPDATE "public"."ambix_revision" SET statements_done = 2, checksum = $ambix1$v1:11a913c4d1b3dd9272af812d0184b95fb13d73817ec0f7a3ff69d9bb5d46afb8$ambix1$
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 1
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) 4019470909::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) 3813647289::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
-- next message
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
SET LOCAL role = 'app_owner';
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) 42 RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
WITH u AS (UPDATE "public"."ambix_revision" SET state = $ambix1$applied$ambix1$, checksum = $ambix1$v1:f0008a16ba8ffb0443c5fe1b40392c8bce99d00d549d439d7f92ef463c20ff34$ambix1$, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at
  WHERE revision OPERATOR(pg_catalog.=) $ambix1$c3$ambix1$ AND state OPERATOR(pg_catalog.=) $ambix1$applying$ambix1$ AND statements_done OPERATOR(pg_catalog.=) 2
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
