-- What a recipe has made of somebody's own photo: a test run fills the gallery of recipes.
CREATE TABLE preset_sample (
    preset_id   text PRIMARY KEY,            -- a shipped one's name, or the id of one's own
    job_id      uuid NOT NULL,               -- the run; these go when its result is removed
    before_jpeg bytea NOT NULL,
    after_jpeg  bytea NOT NULL,
    made_at     timestamptz NOT NULL
);
CREATE INDEX preset_sample_job ON preset_sample (job_id);
-- Whose picture a recipe made of a slot shows, so that it goes with that picture.
ALTER TABLE preset ADD COLUMN after_job_id uuid;
