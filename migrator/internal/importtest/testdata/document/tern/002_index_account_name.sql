---- tern: disable-tx ----
CREATE INDEX CONCURRENTLY account_name ON account (name);

---- create above / drop below ----

DROP INDEX account_name;
