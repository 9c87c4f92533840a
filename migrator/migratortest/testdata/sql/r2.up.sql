-- add age to account
--
-- revision: r2
-- down_revision: r1

ALTER TABLE account ADD age int;
