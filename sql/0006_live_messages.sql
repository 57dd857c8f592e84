-- The live feed's messages give up the word "event": an event is an evening.
ALTER TABLE event RENAME TO live_message;
ALTER TABLE live_message RENAME COLUMN event_id TO message_id;
ALTER SEQUENCE event_event_id_seq RENAME TO live_message_message_id_seq;
ALTER INDEX event_at RENAME TO live_message_at;
ALTER TABLE live_message DROP CONSTRAINT event_kind_check;
ALTER TABLE live_message ADD CONSTRAINT live_message_kind CHECK (
    kind IN ('job', 'slot', 'event', 'settings', 'health')
);

-- Appends a message and wakes the listeners at commit. Identity values are drawn before the
-- commit, so without the lock a reader could see 8 while 7 is still uncommitted and never look
-- back for it. The lock is held until the transaction ends: this is its last statement.
CREATE FUNCTION publish_live_message(kind text, data jsonb, at timestamptz) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    new_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(x'70620001'::integer);
    INSERT INTO live_message (kind, data, at)
    VALUES (publish_live_message.kind, publish_live_message.data, publish_live_message.at)
    RETURNING message_id INTO new_id;
    PERFORM pg_notify('photobooth_live', '');
    RETURN new_id;
END
$$;

-- Yesterday's package publishes by this name while it is replaced, host after host.
CREATE OR REPLACE FUNCTION publish_event(kind text, data jsonb, at timestamptz) RETURNS bigint
    LANGUAGE sql AS $$ SELECT publish_live_message(kind, data, at) $$;
