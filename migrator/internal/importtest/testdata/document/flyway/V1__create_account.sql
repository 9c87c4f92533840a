CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50));
GRANT SELECT ON account TO ${owner};
