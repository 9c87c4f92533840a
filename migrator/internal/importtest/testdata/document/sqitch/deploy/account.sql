-- Deploy account to pg

BEGIN;

CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50));

COMMIT;
