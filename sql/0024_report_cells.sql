-- outside a transaction
-- A report adds up photos, each of which it would look at: a busy day has a hundred thousand. Once
-- a quarter of an hour is long over and none of its photos is under way, nothing of them changes
-- any more, and cleanup adds them up once.
CREATE TABLE IF NOT EXISTS report_quarter (
    at                timestamptz PRIMARY KEY,
    slowest           jsonb NOT NULL           -- the photos that took longest
);

-- The photos of a quarter that are alike, and what was made again, which is none but costs.
CREATE TABLE IF NOT EXISTS report_cell (
    at                timestamptz NOT NULL REFERENCES report_quarter ON DELETE CASCADE,
    number            integer NOT NULL,
    slot_id           text NOT NULL,
    is_photo          boolean NOT NULL,
    status            text NOT NULL,
    provider          text,
    code              text NOT NULL,           -- provider_code, else failure_code, else unknown
    photos            integer NOT NULL,
    cost              numeric,
    fallbacks         integer NOT NULL,
    attempts          integer NOT NULL,
    input_size_bytes  bigint,
    result_size_bytes bigint,
    first_at          timestamptz NOT NULL,
    last_at           timestamptz NOT NULL,
    total_ms          integer[],               -- of each photo: percentiles stay exact
    provider_ms       integer[],
    PRIMARY KEY (at, number)
);

-- Whether a photo is made again may change at any time: those few are looked at.
CREATE INDEX CONCURRENTLY job_history_made_again ON job_history (started_at)
    WHERE rerun_by IS NOT NULL;
