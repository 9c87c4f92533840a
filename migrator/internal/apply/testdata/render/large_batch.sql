/* ambix up r00 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r00 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
PREPARE "ambix_0123456789ab_lock" AS SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
EXECUTE "ambix_0123456789ab_lock";
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
PREPARE "ambix_0123456789ab_raise" AS UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) $1::pg_catalog.int8 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
EXECUTE "ambix_0123456789ab_raise" (0);
CREATE TABLE t0 (id int);
SET LOCAL synchronous_commit = 'off';
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$r00$ambix1$, $ambix1$step$ambix1$, '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:706d29fcbb52d2bd80e074616c7ee850e59c5e8b10797034e9a5b09989f692e3$ambix1$, $ambix1$d3f401d1cf409895$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp(), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 0;
$ambix1$
  FROM "public"."ambix_meta" m WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 1
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
/* ambix up r01 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r01 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (1);
ALTER TABLE t0 ADD c1 int;
SET LOCAL synchronous_commit = 'off';
PREPARE "ambix_0123456789ab_record" AS WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text[], $4::pg_catalog.text[], $5::pg_catalog.text[], $ambix1$applied$ambix1$, $6::pg_catalog.int4, $7::pg_catalog.text, $8::pg_catalog.text, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $9::pg_catalog.text, $10::pg_catalog.text
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) $11::pg_catalog.int8 AND p.revision OPERATOR(pg_catalog.=) $12::pg_catalog.text
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
EXECUTE "ambix_0123456789ab_record" ($ambix1$r01$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r00$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:19495f36e6a75885ffa762d7b826ea17b8c1dbf09c03ce10337651a5b6a7d940$ambix1$, $ambix1$a082072dcc539fc8$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 1;
$ambix1$, 2, $ambix1$r00$ambix1$);
COMMIT;
/* ambix up r02 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r02 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (2);
INSERT INTO t0 DEFAULT VALUES;
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r02$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r01$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:31a609dbfa5f0db8c5459ca0b74f739f48d33ee78f65764a71acda964236da15$ambix1$, $ambix1$b034b50bf1a79b39$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 2;
$ambix1$, 3, $ambix1$r01$ambix1$);
COMMIT;
/* ambix up r03 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r03 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (3);
CREATE INDEX i3 ON t0 (id);
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r03$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r02$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:5d6d427674b2906da5cf27c9894180676b6896e00e319bbaf8bb0c1e4a3a16b7$ambix1$, $ambix1$c6ce514fc959a66d$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 3;
$ambix1$, 4, $ambix1$r02$ambix1$);
COMMIT;
/* ambix up r04 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r04 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (4);
DO $$ BEGIN END $$;
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
  SELECT $ambix1$r04$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r03$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:caad4ff65ac4f7b984b06df1ae824a47098466fcacd77df0e0767451639063d2$ambix1$, $ambix1$b1e3aa01cc31cf05$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 4;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 5 AND p.revision OPERATOR(pg_catalog.=) $ambix1$r03$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
/* ambix up r05 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r05 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
PREPARE "ambix_0123456789ab_lock" AS SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
EXECUTE "ambix_0123456789ab_lock";
PREPARE "ambix_0123456789ab_raise" AS UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) $1::pg_catalog.int8 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
EXECUTE "ambix_0123456789ab_raise" (5);
COMMENT ON TABLE t0 IS '5';
SET LOCAL synchronous_commit = 'off';
PREPARE "ambix_0123456789ab_record" AS WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text[], $4::pg_catalog.text[], $5::pg_catalog.text[], $ambix1$applied$ambix1$, $6::pg_catalog.int4, $7::pg_catalog.text, $8::pg_catalog.text, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $9::pg_catalog.text, $10::pg_catalog.text
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) $11::pg_catalog.int8 AND p.revision OPERATOR(pg_catalog.=) $12::pg_catalog.text
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
EXECUTE "ambix_0123456789ab_record" ($ambix1$r05$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r04$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:ea2bfcd2c6c4429051094dcf24c40e1fe8f3f792c0f82ee812c00672d8ab0e89$ambix1$, $ambix1$0440bec46dd74ad9$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 5;
$ambix1$, 6, $ambix1$r04$ambix1$);
COMMIT;
/* ambix up r06 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r06 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (6);
CREATE TABLE t6 (id int);
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r06$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r05$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:67771088425d9581ac22be721d0955d81ad9168bd5118b03a2b9391c59050ba5$ambix1$, $ambix1$e8d483e94353f5c6$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 6;
$ambix1$, 7, $ambix1$r05$ambix1$);
COMMIT;
/* ambix up r07 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r07 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (7);
ALTER TABLE t0 ADD c7 int;
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r07$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r06$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:e49c8cd24cb85f84eb10560f32f31caf3703e338edaad275608b62e020c7e83d$ambix1$, $ambix1$16e0b0760bd1b8e4$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 7;
$ambix1$, 8, $ambix1$r06$ambix1$);
COMMIT;
/* ambix up r08 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r08 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (8);
INSERT INTO t0 DEFAULT VALUES;
SET CONSTRAINTS ALL IMMEDIATE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET client_encoding TO 'UTF8';
SET standard_conforming_strings TO on;
CLOSE ALL;
DISCARD TEMP;
DISCARD SEQUENCES;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r08$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r07$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:31a609dbfa5f0db8c5459ca0b74f739f48d33ee78f65764a71acda964236da15$ambix1$, $ambix1$b49780614653d943$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 8;
$ambix1$, 9, $ambix1$r07$ambix1$);
COMMIT;
/* ambix up r09 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r09 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (9);
CREATE INDEX i9 ON t0 (id);
SET LOCAL synchronous_commit = 'off';
EXECUTE "ambix_0123456789ab_record" ($ambix1$r09$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r08$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], 1, $ambix1$v1:724dc4114384e3b4e794a568a94fd546dac18f2ae3348791a4b01b7db32494d7$ambix1$, $ambix1$1a7ca5fbe72f6ca6$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 9;
$ambix1$, 10, $ambix1$r08$ambix1$);
COMMIT;
/* ambix up r10 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r10 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
EXECUTE "ambix_0123456789ab_lock";
EXECUTE "ambix_0123456789ab_raise" (10);
DO $$ BEGIN END $$;
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
  SELECT $ambix1$r10$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r09$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:caad4ff65ac4f7b984b06df1ae824a47098466fcacd77df0e0767451639063d2$ambix1$, $ambix1$5e93be810c2c2146$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 10;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 11 AND p.revision OPERATOR(pg_catalog.=) $ambix1$r09$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
/* ambix up r11 */ BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL application_name = 'ambix up r11 web-7f9c/12';
SET LOCAL search_path = 'app', 'public';
SET LOCAL lock_timeout = '5000ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '0';
SET LOCAL transaction_timeout = '0';
SET LOCAL role = 'app_owner';
PREPARE "ambix_0123456789ab_lock" AS SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(-1183247968517512263) THEN 1 ELSE ('ambix:busy/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END;
EXECUTE "ambix_0123456789ab_lock";
PREPARE "ambix_0123456789ab_raise" AS UPDATE "public"."ambix_meta" SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) $1::pg_catalog.int8 THEN generation OPERATOR(pg_catalog.+) 1 ELSE ('ambix:stale/'::pg_catalog.text OPERATOR(pg_catalog.||) generation::pg_catalog.text)::pg_catalog.int4 END;
EXECUTE "ambix_0123456789ab_raise" (11);
COMMENT ON TABLE t0 IS '11';
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
WITH u AS (INSERT INTO "public"."ambix_revision" (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT $ambix1$r11$ambix1$, $ambix1$step$ambix1$, ARRAY[$ambix1$r10$ambix1$]::pg_catalog.text[], '{}'::pg_catalog.text[], '{}'::pg_catalog.text[], $ambix1$applied$ambix1$, 1, $ambix1$v1:94793272417f2f4227d86374d8f7ff33f24d8a58d86eb31e764e21ecfde617f1$ambix1$, $ambix1$845c2a0310c55a03$ambix1$, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(p.applied_at, pg_catalog.transaction_timestamp()), SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$$ambix1$, $ambix1$
SELECT 11;
$ambix1$
  FROM "public"."ambix_meta" m, "public"."ambix_revision" p WHERE m.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid AND m.generation OPERATOR(pg_catalog.=) 12 AND p.revision OPERATOR(pg_catalog.=) $ambix1$r10$ambix1$
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail),
e AS (INSERT INTO "public"."ambix_event" (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), $ambix1$up$ambix1$, revision, message, $ambix1$up$ambix1$, duration, SESSION_USER, $ambix1$web-7f9c$ambix1$, $ambix1$v1.2.3$ambix1$, $ambix1$0123456789ab$ambix1$, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE ('ambix:lost/'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int4 END, (SELECT extract(epoch FROM duration) FROM u);
COMMIT;
