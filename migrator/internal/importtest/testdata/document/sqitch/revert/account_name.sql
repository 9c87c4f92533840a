-- Revert account_name from pg

BEGIN;

DROP INDEX account_name;

COMMIT;
