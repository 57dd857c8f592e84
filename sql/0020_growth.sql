-- outside a transaction
-- formerly 8464254516afc0df2962c7ab80702898b82b4556ecef4b9aeb0ab8cc485a29d1
-- What made a quarter of a year with ten million photos slow (docs/history.md).

-- The files that should be there are a small part of all that ever were: cleanup looks at each of
-- them, and their bytes are added up, without a look at those that are gone.
CREATE INDEX CONCURRENTLY media_object_stored ON media_object (media_id) INCLUDE (kind, size_bytes)
    WHERE cleaned_at IS NULL;

-- Photos that can be made again have an original now; most that failed had one once.
CREATE INDEX CONCURRENTLY job_history_left ON job_history (original_expires_at)
    WHERE original_expires_at IS NOT NULL AND status IN ('failed', 'timeout');

-- A fifth of such a table, after which PostgreSQL would vacuum it by itself, is weeks of photos.
ALTER TABLE job_history SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.01
);
ALTER TABLE media_object SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.01
);
