-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY account_name ON account (name);

-- migrate:down
