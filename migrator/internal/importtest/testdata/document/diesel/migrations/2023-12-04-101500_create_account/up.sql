CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50), updated_at timestamptz);
