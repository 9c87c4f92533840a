-- +goose Up
CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50));

-- +goose Down
DROP TABLE account;
