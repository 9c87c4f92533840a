-- revision: d04b8a6c13f2

ALTER TABLE account
    DROP COLUMN created_at,
    DROP COLUMN email;
