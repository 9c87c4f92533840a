-- create account table
--
-- revision: 433af9f41996
-- down_revision:
-- branch_labels: store
-- depends_on:
-- created: 2021-11-20T19:17:01Z

CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50) NOT NULL, description varchar(200));
