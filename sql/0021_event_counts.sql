-- outside a transaction
-- formerly efb2ec1d9fd81c4a053f14db6bba3edc0b88b7c0dab7fcdc633db5e341c3ac03
-- How the photos of an event ended, counted as they end: a list of fifty large evenings would
-- count hundreds of thousands.
CREATE TABLE IF NOT EXISTS event_count (
    event_id          uuid NOT NULL REFERENCES event ON DELETE CASCADE,
    slot_id           text NOT NULL,           -- so that slots do not wait for each other
    status            text NOT NULL,
    photos            integer NOT NULL,
    fallback          integer NOT NULL,        -- answered with the untouched photo
    PRIMARY KEY (event_id, slot_id, status)
);

CREATE OR REPLACE FUNCTION event_count_photos() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    just_ended text := $sql$
        SELECT * FROM ended
         WHERE status <> 'pending' AND source = 'ingest' AND event_id IS NOT NULL $sql$;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        just_ended := just_ended
            || $sql$ AND job_id IN (SELECT job_id FROM opened WHERE status = 'pending') $sql$;
    END IF;
    -- In the order of their keys, so that two statements never wait for each other in a circle.
    EXECUTE format($sql$
        INSERT INTO event_count AS held (event_id, slot_id, status, photos, fallback)
        SELECT event_id, slot_id, status, count(*), count(*) FILTER (WHERE fallback)
          FROM (%s) AS job
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (event_id, slot_id, status) DO UPDATE
           SET photos = held.photos + excluded.photos, fallback = held.fallback + excluded.fallback
    $sql$, just_ended);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER event_count_inserted AFTER INSERT ON job_history
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION event_count_photos();
CREATE OR REPLACE TRIGGER event_count_updated AFTER UPDATE ON job_history
    REFERENCING OLD TABLE AS opened NEW TABLE AS ended
    FOR EACH STATEMENT EXECUTE FUNCTION event_count_photos();

-- What ended before that is counted event by event, each in a transaction of its own, in which
-- no photo of that event ends: ten million photos take minutes, and a camera waits for one event.
DO $$
DECLARE
    of_event uuid;
BEGIN
    FOR of_event IN SELECT event_id FROM event ORDER BY starts_at LOOP
        -- An event whose row is held gets no new photo.
        PERFORM FROM event WHERE event_id = of_event FOR UPDATE;
        IF EXISTS (SELECT FROM job_history WHERE event_id = of_event AND status = 'pending') THEN
            -- Held only against who changes the event, for photos that come are waited for; and
            -- what is read before they are held up is in memory.
            ROLLBACK;
            PERFORM count(fallback) FROM job_history WHERE event_id = of_event;
            PERFORM FROM event WHERE event_id = of_event FOR KEY SHARE;
            LOCK TABLE job_history IN SHARE ROW EXCLUSIVE MODE;
        END IF;
        DELETE FROM event_count WHERE event_id = of_event;
        INSERT INTO event_count (event_id, slot_id, status, photos, fallback)
        SELECT event_id, slot_id, status, count(*), count(*) FILTER (WHERE fallback)
          FROM job_history
         WHERE event_id = of_event AND source = 'ingest' AND status <> 'pending'
         GROUP BY 1, 2, 3;
        COMMIT;
    END LOOP;
END
$$;
