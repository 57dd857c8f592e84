-- What providers were asked for in words, guests' answers put in: kept and forgotten with the job.
ALTER TABLE job_history ADD COLUMN prompts jsonb NOT NULL DEFAULT '[]';
