-- Create "account" table
CREATE TABLE "account" ("id" bigint NOT NULL, "name" character varying(50) NULL, PRIMARY KEY ("id"));
