-- add email to account
--
-- revision: d04b8a6c13f2
-- down_revision: 2f7e5c9ad810
-- branch_labels:
-- depends_on:
-- created: 2022-01-18T15:20:09Z

ALTER TABLE account
    ADD COLUMN email varchar(254),
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT account_email_check CHECK (email LIKE '_%@_%');

CREATE UNIQUE INDEX account_email_key ON account (lower(email));
