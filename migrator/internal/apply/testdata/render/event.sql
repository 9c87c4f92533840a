BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix ledger web-7f9c/12';
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END;
SET LOCAL role = 'app_owner';
INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
VALUES (pg_catalog.clock_timestamp(), $ambix1$failed$ambix1$, $ambix1$b2$ambix1$, NULL, $ambix1$up$ambix1$, (1000000::pg_catalog.text OPERATOR(pg_catalog.||) ' microseconds')::pg_catalog.interval, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, $ambix1$it's too late$ambix1$);
COMMIT;
