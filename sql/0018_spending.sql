-- What photos have cost on each day, counted as they end: a cap is looked at before every call,
-- and a busy day has more than a hundred thousand photos.
CREATE TABLE job_spending (
    day               date NOT NULL,           -- of UTC, on which the photo came
    slot_id           text NOT NULL,
    cost              numeric NOT NULL,
    PRIMARY KEY (day, slot_id)
);

-- What a photo in work may still cost: counted while it is pending, so that photos on all hosts
-- at one moment do not each take the last of the day's money.
ALTER TABLE job_history ADD COLUMN cost_reserved numeric;

CREATE FUNCTION job_spending_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    just_ended text := $sql$ SELECT * FROM ended WHERE status <> 'pending' AND cost > 0 $sql$;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        just_ended := just_ended
            || $sql$ AND job_id IN (SELECT job_id FROM opened WHERE status = 'pending') $sql$;
    END IF;
    -- In the order of their keys, so that two statements never wait for each other in a circle.
    EXECUTE format($sql$
        INSERT INTO job_spending AS held (day, slot_id, cost)
        SELECT (started_at AT TIME ZONE 'UTC')::date, slot_id, sum(cost) FROM (%s) AS job
         GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (day, slot_id) DO UPDATE SET cost = held.cost + excluded.cost
    $sql$, just_ended);
    RETURN NULL;
END
$$;

-- What ends while this is read ends afterwards, and is counted then.
LOCK TABLE job_history IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO job_spending (day, slot_id, cost)
SELECT (started_at AT TIME ZONE 'UTC')::date, slot_id, sum(cost)
  FROM job_history
 WHERE started_at >= date_trunc('day', statement_timestamp(), 'UTC') - interval '1 day' AND cost > 0
 GROUP BY 1, 2;
CREATE TRIGGER job_spending_count_inserted AFTER INSERT ON job_history
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION job_spending_count();
CREATE TRIGGER job_spending_count_updated AFTER UPDATE ON job_history
    REFERENCING OLD TABLE AS opened NEW TABLE AS ended
    FOR EACH STATEMENT EXECUTE FUNCTION job_spending_count();
