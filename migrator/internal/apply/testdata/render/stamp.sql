/* ambix stamp */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix stamp web-7f9c/12';
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
SET LOCAL role = 'app_owner';
SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END;
WITH g AS (UPDATE "public"."ambix_meta" SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) 41 RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) COALESCE((SELECT generation FROM "public"."ambix_meta"), 0)::pg_catalog.text)::pg_catalog.int4 END;
DELETE FROM "public"."ambix_revision" WHERE revision OPERATOR(pg_catalog.=) $ambix1$b2$ambix1$;
INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, checksum, digest, applied_at, applied_by, applied_from, binary_version, down_options, down_sql)
VALUES ($ambix1$b2$ambix1$, $ambix1$it's "quoted"$ambix1$, ARRAY[$ambix1$a1$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, $ambix1$v1:b3afe493b0990f0999b8606aa291d4b879b55102f5bdd27d305e9911b95f67d0$ambix1$, $ambix1$1e77a34e7e66f064$ambix1$, pg_catalog.clock_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
ALTER TABLE account DROP name;
$ambix1$);
INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
VALUES (pg_catalog.clock_timestamp(), $ambix1$stamp$ambix1$, $ambix1$b2$ambix1$, $ambix1$it's "quoted"$ambix1$, $ambix1$up$ambix1$, NULL, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, NULL);
COMMIT;
