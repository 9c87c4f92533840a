-- atlas:txmode none

-- Create index "account_name" to table: "account"
CREATE INDEX CONCURRENTLY "account_name" ON "account" ("name");
