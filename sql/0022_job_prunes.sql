-- outside a transaction
-- formerly aec329362fbe71ef0b04724bd42589eb820a929a7781b0555ff49a7a2e596e57
-- Cleanup deletes old jobs by when their results expired, which has an index; this is one for those
-- that never had a result, so that neither looks at the days of jobs between.
CREATE INDEX CONCURRENTLY job_history_without_result ON job_history (started_at)
    WHERE result_expires_at IS NULL AND status <> 'pending';
