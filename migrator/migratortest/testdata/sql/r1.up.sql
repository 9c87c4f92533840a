-- create account
--
-- revision: r1
-- down_revision:

CREATE TABLE account (id int PRIMARY KEY, name text);
