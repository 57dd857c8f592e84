-- The schema of a version to come: wider, so that the version before still runs on it.
CREATE TABLE boot_test_widened (made_at timestamptz PRIMARY KEY);
ALTER TABLE job_history ADD COLUMN boot_test_note text;
