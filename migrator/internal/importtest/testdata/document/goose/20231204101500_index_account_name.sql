-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY account_name ON account (name);
