-- The default of provider_concurrency rises from 8 to 30: with 8, the ninth to fifteenth
-- booth waited for a whole answer. Defaults are not stored, so whoever never changed it gets
-- the new one. Who chose 8 keeps it: the audit log knows, for then it was another value before.
DO $$
DECLARE
    chosen jsonb;
BEGIN
    SELECT after -> 'provider_concurrency' INTO chosen
      FROM audit_log
     WHERE entity = 'settings' AND after ? 'provider_concurrency'
     ORDER BY audit_id DESC
     LIMIT 1;
    IF chosen = '8' THEN
        UPDATE setting SET stored = stored || '{"provider_concurrency": 8}';
        RAISE WARNING 'provider_concurrency stays 8, as an administrator chose; the default is 30 now';
    ELSIF chosen IS NULL AND EXISTS (
        SELECT FROM setting
         WHERE (version > 1 OR EXISTS (SELECT FROM job_history))
           AND coalesce(stored -> 'provider_concurrency', '8') = '8'
    ) THEN
        UPDATE setting SET stored = stored - 'provider_concurrency';
        RAISE WARNING 'provider_concurrency is raised from 8 to 30, the new default';
    END IF;
END
$$;
