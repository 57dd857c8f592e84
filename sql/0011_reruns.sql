-- Photos that are to be made again: one row for an original job, whatever becomes of its reruns.
CREATE TABLE rerun (
    job_id            uuid PRIMARY KEY REFERENCES job_history ON DELETE CASCADE,
    event_id          uuid REFERENCES event ON DELETE SET NULL,
    slot_id           text NOT NULL REFERENCES slot,
    state             text NOT NULL CHECK (
        state IN ('queued', 'running', 'done', 'failed', 'cancelled')
    ),
    rerun_job_id      uuid NOT NULL,           -- drawn when it is queued; the job opens when it runs
    attempts          integer NOT NULL DEFAULT 0,
    requested_at      timestamptz NOT NULL,
    requested_by      text NOT NULL,
    claimed_at        timestamptz,
    finished_at       timestamptz,
    error             text                     -- provider_code, else failure_code
);
CREATE INDEX rerun_to_do ON rerun (state, requested_at) WHERE state IN ('queued', 'running');
CREATE INDEX rerun_event ON rerun (event_id, state);
CREATE UNIQUE INDEX rerun_job ON rerun (rerun_job_id);

CREATE INDEX job_history_rerun_of ON job_history (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX job_history_rerun_by ON job_history (rerun_by) WHERE rerun_by IS NOT NULL;
-- What can be made again, of an evening's thousands.
CREATE INDEX job_history_with_original ON job_history (event_id, slot_id)
    WHERE original_expires_at IS NOT NULL AND status IN ('failed', 'timeout');
