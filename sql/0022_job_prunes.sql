-- Cleanup deletes old jobs by when their results expired, which has an index; this is one for those
-- that never had a result, so that neither looks at the days of jobs between.
CREATE INDEX job_history_without_result ON job_history (started_at)
    WHERE result_expires_at IS NULL AND status <> 'pending';
