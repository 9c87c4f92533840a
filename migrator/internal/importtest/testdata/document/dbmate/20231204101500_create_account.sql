-- migrate:up
CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50));

-- migrate:down
DROP TABLE account;
