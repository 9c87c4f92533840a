-- add email
-- It is what people log in with.
--
-- revision: ae1027a6acf1
-- down_revision: 433af9f41996
-- created: 2021-12-01T08:00:00Z

ALTER TABLE account ADD email text;
