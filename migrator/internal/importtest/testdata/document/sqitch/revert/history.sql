-- Revert history from pg

BEGIN;

DROP TABLE history;

COMMIT;
