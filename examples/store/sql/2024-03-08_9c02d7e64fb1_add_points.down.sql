ALTER TABLE account DROP COLUMN points;
