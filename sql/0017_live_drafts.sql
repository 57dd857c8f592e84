-- What live viewers are told is committed as a draft, with the change that it tells of, and gets
-- its number afterwards, many drafts at a time: no change waits for another one's commit.
CREATE TABLE live_draft (
    draft_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind              text NOT NULL CONSTRAINT live_draft_kind CHECK (
        kind IN ('job', 'slot', 'event', 'settings', 'health', 'cooldown')
    ),
    data              jsonb NOT NULL,
    at                timestamptz NOT NULL
);

ALTER TABLE live_message DROP CONSTRAINT live_message_kind;
ALTER TABLE live_message ADD CONSTRAINT live_message_kind CHECK (
    kind IN ('job', 'slot', 'event', 'settings', 'health', 'cooldown')
) NOT VALID;

-- Makes messages of the drafts that are committed, in their order, and wakes the listeners; tells
-- how many there were. The lock is the one of publish_live_message, which yesterday's package
-- calls while it is replaced: ids increase in the order of commits whoever gives them.
CREATE FUNCTION publish_live_drafts(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    published integer;
BEGIN
    PERFORM pg_advisory_xact_lock(x'70620001'::integer);
    WITH taken AS (
        DELETE FROM live_draft
         WHERE draft_id IN (SELECT draft_id FROM live_draft ORDER BY draft_id LIMIT most)
        RETURNING draft_id, kind, data, at
    )
    INSERT INTO live_message (kind, data, at)
    SELECT kind, data, at FROM taken ORDER BY draft_id;
    GET DIAGNOSTICS published = ROW_COUNT;
    IF published > 0 THEN
        PERFORM pg_notify('photobooth_live', '');
    END IF;
    RETURN published;
END
$$;
