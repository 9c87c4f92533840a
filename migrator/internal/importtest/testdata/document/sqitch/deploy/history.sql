-- Deploy history to pg

BEGIN;

CREATE TABLE history (at timestamptz);

COMMIT;
