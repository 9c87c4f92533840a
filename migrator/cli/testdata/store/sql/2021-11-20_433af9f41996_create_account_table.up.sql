-- create account table
--
-- revision: 433af9f41996
-- down_revision:
-- branch_labels: store

CREATE TABLE account (id int PRIMARY KEY, name varchar(50), description varchar(200));
