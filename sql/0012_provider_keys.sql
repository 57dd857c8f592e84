-- Providers' keys that an administrator gave in the browser: sealed under a key that no table has.
CREATE TABLE provider_key (
    provider          text PRIMARY KEY,
    sealed_key        bytea NOT NULL,
    updated_at        timestamptz NOT NULL,
    updated_by        text NOT NULL
);
-- Read with the settings when a photo is admitted, so that a new key is in force for the next one.
ALTER TABLE setting ADD COLUMN provider_keys_version integer NOT NULL DEFAULT 0;

UPDATE admin SET permissions = permissions || '{providers:write}'
 WHERE username IN ('serg', 'igor') AND NOT permissions @> '{providers:write}';
