-- atlas:checkpoint

-- Create "account" table
CREATE TABLE "account" ("id" bigint NOT NULL, "name" character varying(50) NULL, PRIMARY KEY ("id"));
-- Create index "account_name" to table: "account"
CREATE INDEX "account_name" ON "account" ("name");
