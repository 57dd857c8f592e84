-- What each process finds wrong with its own host, so that whoever watches can tell of all.
ALTER TABLE daemon_process ADD COLUMN troubles jsonb NOT NULL DEFAULT '{}';
