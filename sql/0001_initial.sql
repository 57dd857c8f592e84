-- The whole first schema: what a slot is, what happened to each photo, who changed what.
-- Times are UTC and always come from the daemon as parameters, so that one clock rules.

CREATE TABLE admin (
    username          text PRIMARY KEY,
    password_hash     text,                    -- NULL: no usable password yet
    permissions       text[] NOT NULL,
    token_version     integer NOT NULL DEFAULT 1,  -- tokens of an older version are void
    updated_at        timestamptz NOT NULL
);

CREATE TABLE revoked_token (
    jti               text PRIMARY KEY,
    username          text NOT NULL,
    expires_at        timestamptz NOT NULL
);

-- Failed logins and wrong ingest passwords, counted where every process and a restart see them.
CREATE TABLE attempt_counter (
    scope             text NOT NULL,
    key               text NOT NULL,
    attempts          integer NOT NULL,
    window_ends_at    timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);

-- One row. "stored" holds only what an administrator changed; defaults live in the program.
CREATE TABLE setting (
    singleton                   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version                     integer NOT NULL,
    stored                      jsonb NOT NULL,
    ingest_password_hash        text,
    ingest_password_updated_at  timestamptz,
    ingest_password_updated_by  text,
    updated_at                  timestamptz NOT NULL,
    updated_by                  text NOT NULL
);

CREATE TABLE template_media (
    media_id          uuid PRIMARY KEY,
    label             text NOT NULL,
    content_type      text NOT NULL,
    width             integer NOT NULL,
    height            integer NOT NULL,
    size_bytes        bigint NOT NULL,
    sha256            text NOT NULL,
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL
);

CREATE TABLE slot (
    slot_id                text PRIMARY KEY CHECK (slot_id ~ '^slot-0(0[1-9]|1[0-5])$'),
    version                integer NOT NULL,
    display_name           text NOT NULL,
    enabled                boolean NOT NULL,
    provider               text,
    operation              text,
    params                 jsonb NOT NULL,
    response_mode          text NOT NULL CHECK (response_mode IN ('json', 'image', 'text')),
    inline_preview         boolean NOT NULL,
    sync_response_seconds  integer CHECK (sync_response_seconds BETWEEN 10 AND 60),
    output                 jsonb NOT NULL,
    on_failure             text NOT NULL CHECK (on_failure IN ('error', 'original')),
    cost_cap_per_day       numeric CHECK (cost_cap_per_day >= 0),
    fallback               jsonb NOT NULL,
    updated_at             timestamptz NOT NULL,
    updated_by             text NOT NULL
);

CREATE TABLE slot_template_media (
    slot_id           text NOT NULL REFERENCES slot,
    position          integer NOT NULL,
    role              text NOT NULL,
    media_id          uuid NOT NULL REFERENCES template_media,
    PRIMARY KEY (slot_id, position)
);
CREATE INDEX slot_template_media_media_id ON slot_template_media (media_id);

CREATE TABLE slot_revision (
    slot_id           text NOT NULL REFERENCES slot,
    version           integer NOT NULL,
    config            jsonb NOT NULL,          -- the slot as the API gives it, bindings included
    action            text NOT NULL CHECK (action IN ('seed', 'update', 'reset', 'restore')),
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    PRIMARY KEY (slot_id, version)
);

CREATE TABLE job_history (
    job_id               uuid PRIMARY KEY,
    slot_id              text NOT NULL REFERENCES slot,
    slot_version         integer NOT NULL,
    source               text NOT NULL CHECK (source IN ('ingest', 'test')),
    status               text NOT NULL CHECK (status IN ('pending', 'done', 'timeout', 'failed')),
    failure_code         text,
    provider_code        text,
    provider             text,
    operation            text,
    attempts             jsonb NOT NULL DEFAULT '[]',
    client_fields        jsonb NOT NULL,
    client_address       text,
    request_id           text,
    input_content_type   text NOT NULL,
    input_width          integer NOT NULL,
    input_height         integer NOT NULL,
    input_size_bytes     bigint NOT NULL,
    input_sha256         text NOT NULL,
    result_content_type  text,
    result_width         integer,
    result_height        integer,
    result_size_bytes    bigint,
    result_sha256        text,
    timings              jsonb NOT NULL DEFAULT '{}',
    cost                 numeric,
    started_at           timestamptz NOT NULL,
    deadline_at          timestamptz NOT NULL,
    finished_at          timestamptz,
    result_expires_at    timestamptz,
    CHECK ((status = 'pending') = (finished_at IS NULL)),
    CHECK (status <> 'done' OR result_expires_at IS NOT NULL)
);
CREATE INDEX job_history_newest ON job_history (started_at DESC, job_id DESC);
CREATE INDEX job_history_slot_newest ON job_history (slot_id, started_at DESC, job_id DESC);
-- Lists that filter by slot, status or source take the newest of each combination from here.
CREATE INDEX job_history_filtered ON job_history
    (slot_id, status, source, started_at DESC, job_id DESC);
CREATE INDEX job_history_cost ON job_history (started_at, slot_id, cost) WHERE cost > 0;
CREATE INDEX job_history_pending ON job_history (deadline_at) WHERE status = 'pending';
CREATE INDEX job_history_result_expiry ON job_history (result_expires_at)
    WHERE result_expires_at IS NOT NULL;

-- A job leaves "pending" once; no code path can bring it back or change its outcome.
CREATE FUNCTION job_history_status_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'job % is % and stays so', OLD.job_id, OLD.status
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER job_history_status_is_final BEFORE UPDATE ON job_history
    FOR EACH ROW WHEN (OLD.status <> 'pending' AND NEW.status IS DISTINCT FROM OLD.status)
    EXECUTE FUNCTION job_history_status_is_final();

-- How cameras' photos ended, counted as they end, so that statistics never read job_history.
-- Each photo is counted in a stretch of a minute, of a quarter of an hour and of two hours:
-- the steps of the series that statistics of an hour, a day and a week show.
CREATE TABLE job_rollup (
    stretch_seconds   integer NOT NULL,
    stretch_at        timestamptz NOT NULL,
    slot_id           text NOT NULL,
    status            text NOT NULL,
    reason            text NOT NULL,           -- provider_code, else failure_code, else ''
    jobs              integer NOT NULL,
    input_bytes       bigint NOT NULL,
    result_bytes      bigint NOT NULL,
    cost              numeric NOT NULL,
    PRIMARY KEY (stretch_seconds, stretch_at, slot_id, status, reason)
);

-- The same photos by duration: one row for all within 5 % of each other, with their sum. The
-- stretches are longer (five minutes, an hour, six hours), for these rows are many.
CREATE TABLE job_rollup_duration (
    stretch_seconds   integer NOT NULL,
    stretch_at        timestamptz NOT NULL,
    slot_id           text NOT NULL,
    measure           text NOT NULL,           -- total_ms or provider_ms
    bucket            integer NOT NULL,        -- floor(log(duration in ms) / log(1.05))
    jobs              integer NOT NULL,
    sum_ms            double precision NOT NULL,
    PRIMARY KEY (stretch_seconds, stretch_at, slot_id, measure, bucket)
);

-- Counts every photo of a statement that has left "pending" by it. Rows are taken in the order
-- of their keys, so that two statements never wait for each other in a circle.
CREATE FUNCTION job_rollup_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    just_ended text := $sql$
        SELECT * FROM ended WHERE status <> 'pending' AND source = 'ingest' $sql$;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        just_ended := just_ended
            || $sql$ AND job_id IN (SELECT job_id FROM opened WHERE status = 'pending') $sql$;
    END IF;
    EXECUTE format($sql$
        INSERT INTO job_rollup AS held
               (stretch_seconds, stretch_at, slot_id, status, reason,
                jobs, input_bytes, result_bytes, cost)
        SELECT stretch.seconds,
               date_bin(make_interval(secs => stretch.seconds), started_at, 'epoch'),
               slot_id, status, coalesce(provider_code, failure_code, ''),
               count(*), sum(input_size_bytes), coalesce(sum(result_size_bytes), 0),
               coalesce(sum(cost), 0)
          FROM (%s) AS job CROSS JOIN (VALUES (60), (900), (7200)) AS stretch (seconds)
         GROUP BY 1, 2, 3, 4, 5
         ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (stretch_seconds, stretch_at, slot_id, status, reason) DO UPDATE
           SET jobs = held.jobs + excluded.jobs,
               input_bytes = held.input_bytes + excluded.input_bytes,
               result_bytes = held.result_bytes + excluded.result_bytes,
               cost = held.cost + excluded.cost
    $sql$, just_ended);
    EXECUTE format($sql$
        INSERT INTO job_rollup_duration AS held
               (stretch_seconds, stretch_at, slot_id, measure, bucket, jobs, sum_ms)
        SELECT stretch.seconds,
               date_bin(make_interval(secs => stretch.seconds), started_at, 'epoch'),
               slot_id, measure, floor(ln(greatest(ms, 1)) / ln(1.05))::integer,
               count(*), sum(ms)
          FROM (%s) AS job
          CROSS JOIN (VALUES (300), (3600), (21600)) AS stretch (seconds)
          CROSS JOIN LATERAL
               (VALUES ('total_ms', (timings ->> 'total_ms')::bigint),
                       ('provider_ms', nullif((timings ->> 'provider_ms')::bigint, 0))
               ) AS duration (measure, ms)
         WHERE ms IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5
         ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (stretch_seconds, stretch_at, slot_id, measure, bucket) DO UPDATE
           SET jobs = held.jobs + excluded.jobs, sum_ms = held.sum_ms + excluded.sum_ms
    $sql$, just_ended);
    RETURN NULL;
END
$$;
CREATE TRIGGER job_rollup_count_inserted AFTER INSERT ON job_history
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION job_rollup_count();
CREATE TRIGGER job_rollup_count_updated AFTER UPDATE ON job_history
    REFERENCING OLD TABLE AS opened NEW TABLE AS ended
    FOR EACH STATEMENT EXECUTE FUNCTION job_rollup_count();

CREATE TABLE media_object (
    media_id          uuid PRIMARY KEY,
    job_id            uuid NOT NULL REFERENCES job_history ON DELETE CASCADE,
    kind              text NOT NULL CHECK (kind IN ('provider_input', 'result', 'preview')),
    content_type      text NOT NULL,
    size_bytes        bigint NOT NULL,
    expires_at        timestamptz NOT NULL,
    cleaned_at        timestamptz                -- the file is gone; the row stays as a tombstone
);
CREATE INDEX media_object_job_id ON media_object (job_id);
CREATE INDEX media_object_to_clean ON media_object (expires_at) WHERE cleaned_at IS NULL;

CREATE TABLE idempotency_key (
    slot_id           text NOT NULL REFERENCES slot,
    key               text NOT NULL,
    photo_sha256      text NOT NULL,
    job_id            uuid NOT NULL REFERENCES job_history ON DELETE CASCADE,
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (slot_id, key)
);
CREATE INDEX idempotency_key_job_id ON idempotency_key (job_id);

-- Append-only: the trigger refuses what an application bug or a curious hand might try.
CREATE TABLE audit_log (
    audit_id          bigint PRIMARY KEY,      -- 1, 2, 3 … without a gap; part of the chain
    at                timestamptz NOT NULL,
    actor             text NOT NULL,
    action            text NOT NULL,
    entity            text NOT NULL,
    before            jsonb,
    after             jsonb,
    address           text,
    request_id        text,
    digest            bytea NOT NULL           -- keyed hash of this entry and the digest before it
);
CREATE INDEX audit_log_entity ON audit_log (entity, audit_id DESC);
CREATE INDEX audit_log_entity_kind ON audit_log (split_part(entity, ':', 1), audit_id DESC);
CREATE INDEX audit_log_entity_name ON audit_log (split_part(entity, ':', 2), audit_id DESC);
CREATE INDEX audit_log_actor ON audit_log (actor, audit_id DESC);
CREATE INDEX audit_log_action ON audit_log (action, audit_id DESC);

-- One row: where the log ends. It serialises the writers, and its seal, made with the same key,
-- lets a verifier notice that the newest entries were cut off.
CREATE TABLE audit_head (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    audit_id          bigint NOT NULL,
    digest            bytea NOT NULL,
    seal              bytea NOT NULL
);
INSERT INTO audit_head (audit_id, digest, seal) VALUES (0, '', '');

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_is_not_truncated BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

-- What happened in the last hour, for live views that resume by the last id they saw.
CREATE TABLE event (
    event_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind              text NOT NULL CHECK (kind IN ('job', 'slot', 'settings', 'health')),
    data              jsonb NOT NULL,
    at                timestamptz NOT NULL
);
CREATE INDEX event_at ON event (at);

-- Appends an event and wakes the listeners at commit. Identity values are drawn before the
-- commit, so without the lock a reader could see 8 while 7 is still uncommitted and never look
-- back for it. The lock is held until the transaction ends: this is its last statement.
CREATE FUNCTION publish_event(kind text, data jsonb, at timestamptz) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    new_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(x'70620001'::integer);
    INSERT INTO event (kind, data, at) VALUES (publish_event.kind, publish_event.data,
                                               publish_event.at)
    RETURNING event_id INTO new_id;
    PERFORM pg_notify('photobooth_event', '');
    RETURN new_id;
END
$$;

CREATE TABLE cleanup_run (
    run_id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    succeeded         boolean,
    counts            jsonb NOT NULL DEFAULT '{}',
    freed_bytes       bigint NOT NULL DEFAULT 0,
    error             text
);
CREATE INDEX cleanup_run_newest ON cleanup_run (started_at DESC);

-- The daemons that run: each says so every few seconds, and which version and configuration it has.
CREATE TABLE daemon_process (
    process_id        uuid PRIMARY KEY,
    host              text NOT NULL,
    pid               integer NOT NULL,
    version           text NOT NULL,
    config_digest     text NOT NULL,           -- keyed, so that it tells nothing of the secrets
    started_at        timestamptz NOT NULL,
    seen_at           timestamptz NOT NULL
);

CREATE TABLE backup_run (
    run_id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz NOT NULL,
    succeeded         boolean NOT NULL,
    location          text NOT NULL,
    size_bytes        bigint NOT NULL,
    error             text
);
CREATE INDEX backup_run_newest ON backup_run (started_at DESC);

-- Alerts that people have been told of and that are not over: a restart neither repeats them
-- nor forgets to say that they are over.
CREATE TABLE alert (
    name              text NOT NULL,
    subject           text NOT NULL,
    facts             jsonb NOT NULL,
    since             timestamptz NOT NULL,
    announced_at      timestamptz NOT NULL,
    PRIMARY KEY (name, subject)
);

-- One row: which process looks after the alerts. Its lease runs out if it dies.
CREATE TABLE alert_watch (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    holder            uuid NOT NULL,
    lease_ends_at     timestamptz NOT NULL
);

-- While a window is open alerts are quiet.
CREATE TABLE maintenance_window (
    window_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    reason            text NOT NULL,
    opened_by         text NOT NULL,
    CHECK (starts_at <= ends_at)
);
CREATE INDEX maintenance_window_end ON maintenance_window (ends_at);

-- The seeds: two administrators without a password, the settings' first version, fifteen empty slots.
INSERT INTO admin (username, permissions, updated_at)
SELECT username,
       ARRAY['slots:read', 'slots:write', 'settings:read', 'settings:write', 'media:write',
             'jobs:read', 'stats:read', 'audit:read'],
       statement_timestamp()
  FROM unnest(ARRAY['serg', 'igor']) AS username;

INSERT INTO setting (version, stored, updated_at, updated_by)
VALUES (1, '{}', statement_timestamp(), 'installation');

INSERT INTO slot (slot_id, version, display_name, enabled, params, response_mode, inline_preview,
                  output, on_failure, fallback, updated_at, updated_by)
SELECT format('slot-%s', lpad(n::text, 3, '0')), 1, format('Slot %s', n), false, '{}', 'json', false,
       '{"format": "jpeg", "quality": 90, "fit": "none", "max_edge_px": null}', 'error', '[]',
       statement_timestamp(), 'installation'
  FROM generate_series(1, 15) AS n;

INSERT INTO slot_revision (slot_id, version, config, action, created_at, created_by)
SELECT slot_id, 1,
       jsonb_build_object(
           'display_name', display_name, 'enabled', enabled, 'provider', provider,
           'operation', operation, 'params', params, 'template_media', '[]'::jsonb,
           'response_mode', response_mode, 'inline_preview', inline_preview,
           'sync_response_seconds', sync_response_seconds, 'output', output,
           'on_failure', on_failure, 'cost_cap_per_day', cost_cap_per_day, 'fallback', fallback),
       'seed', updated_at, updated_by
  FROM slot;
