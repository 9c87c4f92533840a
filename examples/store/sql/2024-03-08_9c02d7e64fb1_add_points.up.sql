-- add points
--
-- revision: 9c02d7e64fb1
-- down_revision: 4a1f09c37b52
-- created: 2024-03-08T09:00:00Z

ALTER TABLE account ADD COLUMN points integer NOT NULL DEFAULT 0;
