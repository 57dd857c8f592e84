-- How the photos of an event ended, counted as they end: a list of fifty large evenings would
-- count hundreds of thousands.
CREATE TABLE event_count (
    event_id          uuid NOT NULL REFERENCES event ON DELETE CASCADE,
    slot_id           text NOT NULL,           -- so that slots do not wait for each other
    status            text NOT NULL,
    photos            integer NOT NULL,
    fallback          integer NOT NULL,        -- answered with the untouched photo
    PRIMARY KEY (event_id, slot_id, status)
);

CREATE FUNCTION event_count_photos() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- What ends while this is read ends afterwards, and is counted then.
LOCK TABLE job_history IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO event_count (event_id, slot_id, status, photos, fallback)
SELECT event_id, slot_id, status, count(*), count(*) FILTER (WHERE fallback)
  FROM job_history
 WHERE event_id IS NOT NULL AND source = 'ingest' AND status <> 'pending'
 GROUP BY 1, 2, 3;
CREATE TRIGGER event_count_inserted AFTER INSERT ON job_history
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION event_count_photos();
CREATE TRIGGER event_count_updated AFTER UPDATE ON job_history
    REFERENCING OLD TABLE AS opened NEW TABLE AS ended
    FOR EACH STATEMENT EXECUTE FUNCTION event_count_photos();
