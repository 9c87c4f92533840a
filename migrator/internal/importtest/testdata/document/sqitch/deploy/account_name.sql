-- Deploy account_name to pg

BEGIN;

CREATE INDEX account_name ON account (name);

COMMIT;
