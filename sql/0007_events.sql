-- An event is an evening: a name, a window, some slots, and what guests and the client get of it.
CREATE TABLE event (
    event_id          uuid PRIMARY KEY,
    version           integer NOT NULL,
    name              text NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    slot_ids          text[] NOT NULL,         -- empty: all
    frozen            boolean NOT NULL,
    gallery_enabled   boolean NOT NULL,
    gallery_token     text NOT NULL UNIQUE,    -- the unguessable part of the gallery's link
    gallery_pin_hash  text,
    gallery_archive   boolean NOT NULL,
    guest             jsonb NOT NULL,          -- what guests' pages look like
    logo_media_id     uuid REFERENCES template_media ON DELETE SET NULL,
    stamp             jsonb,
    keep_originals    text NOT NULL CHECK (keep_originals IN ('never', 'failed', 'all')),
    rerun             text NOT NULL CHECK (rerun IN ('manual', 'auto')),
    result_ttl_hours  integer CHECK (result_ttl_hours BETWEEN 1 AND 2160),
    silent_minutes    integer CHECK (silent_minutes BETWEEN 5 AND 120),
    updated_at        timestamptz NOT NULL,
    updated_by        text NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX event_newest ON event (starts_at DESC, event_id DESC);

-- What a job has of its event. Everything has a default, for yesterday's package writes jobs
-- while it is replaced, host after host.
ALTER TABLE job_history
    ADD COLUMN event_id uuid REFERENCES event ON DELETE SET NULL,
    ADD COLUMN guest_key text,                 -- lets the guest delete the picture
    ADD COLUMN hidden boolean NOT NULL DEFAULT false,
    ADD COLUMN fallback boolean NOT NULL DEFAULT false,   -- answered with the untouched photo
    ADD COLUMN rerun_of uuid,
    ADD COLUMN rerun_by uuid,
    ADD COLUMN original_expires_at timestamptz,
    ADD COLUMN result_removed_at timestamptz,
    DROP CONSTRAINT job_history_source_check,
    ADD CONSTRAINT job_history_source CHECK (source IN ('ingest', 'test', 'rerun'));
CREATE INDEX job_history_event ON job_history (event_id, started_at DESC, job_id DESC)
    WHERE event_id IS NOT NULL;

ALTER TABLE media_object
    DROP CONSTRAINT media_object_kind_check,
    ADD CONSTRAINT media_object_kind CHECK (
        kind IN ('provider_input', 'result', 'preview', 'original')
    );

UPDATE admin SET permissions = permissions || '{events:read,events:write,jobs:write}'
 WHERE username IN ('serg', 'igor') AND NOT permissions @> '{events:write}';
