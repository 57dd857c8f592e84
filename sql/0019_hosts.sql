-- How much room each host's disk has, so that one of them can warn of all.
ALTER TABLE daemon_process
    ADD COLUMN free_bytes bigint,
    ADD COLUMN hours_until_full double precision;
