-- index account name
-- so that people are found
--
-- revision: 9f3c0a1b2c3d
-- down_revision: 433af9f41996
-- transaction: off
-- lock_timeout: 10s

CREATE INDEX CONCURRENTLY account_name ON account (name);
