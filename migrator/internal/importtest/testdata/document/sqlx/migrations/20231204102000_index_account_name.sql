-- no-transaction
CREATE INDEX CONCURRENTLY account_name ON shop.account (name);
